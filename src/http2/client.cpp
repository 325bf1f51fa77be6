#include "http2/client.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <utility>

#include "base/outcome.hpp"
#include "base/text.hpp"
#include "http2/session.hpp"

namespace utakata::http2 {
namespace {

using reactor::Co;
using reactor::Stream;

}  // namespace

class ClientSession final : public Session {
 public:
  ClientSession(std::unique_ptr<Stream> below, ClientFacts facts)
      : Session(std::move(below), facts.idle), facts_(std::move(facts)), settled_(loop()) {
    nghttp2_session* made = nullptr;
    ensure(nghttp2_session_client_new2(&made, callbacks(), this, options()) == 0, "no memory for a connection");
    begin(made);
  }

  Co<void> serve() {
    co_await run();
    settled_.tell();
  }
  Co<bool> ready(Duration patience) {
    const auto self = shared_from_this();
    if (!established_ && !over()) co_await settled_.wait(patience);
    co_return established_&& usable();
  }
  [[nodiscard]] bool usable() const { return !over() && !leaving_; }
  [[nodiscard]] bool has_room() const {
    const std::uint32_t theirs =
        nghttp2_session_get_remote_settings(session(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
    return usable() && ends_ < std::min(theirs, streams_max);
  }
  std::unique_ptr<Stream> open() {
    ++ends_;
    return std::make_unique<End>(shared_from_this(), std::make_shared<Transfer>());
  }
  void leave() {
    if (over() || std::exchange(leaving_, true)) return;
    nghttp2_submit_goaway(session(), NGHTTP2_FLAG_NONE, 0, NGHTTP2_NO_ERROR, nullptr, 0);
    wake();
  }

 private:
  // Of streams that the server begins there are none.
  std::shared_ptr<Transfer> begin_headers(const nghttp2_frame&) override { return nullptr; }

  bool add_header(Transfer& transfer, std::string_view name, std::string_view value) override {
    if (name != ":status") return transfer.in.add(name, value);
    transfer.in.start.status = value;
    return true;
  }

  void end_headers(Transfer& transfer, const nghttp2_frame& frame) override {
    if (transfer.in.head_whole()) return;  // trailers
    const auto status = static_cast<int>(parse_integer(transfer.in.start.status).value_or(0));
    const bool last = (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    transfer.in.end_response_head(status, last, transfer.to_head);
    note(transfer, EPOLLIN);
  }

  void frame_came(const nghttp2_frame& frame) override {
    if (frame.hd.type == NGHTTP2_GOAWAY) leaving_ = true;
    if (frame.hd.type != NGHTTP2_SETTINGS || std::exchange(established_, true)) return;
    settled_.tell();
  }

  bool read_head(Transfer& transfer) override {
    Outbound& out = transfer.out;
    http::BodyFraming framing;
    if (http::view_request_head(out.head, http::own_head, request_) || http::body_framing(request_, framing))
      return false;
    out.body = http::BodyReader(framing);
    out.head_whole = true;
    transfer.to_head = request_.method == "HEAD";
    return true;
  }

  void submit_head(Transfer& transfer, const nghttp2_data_provider* provider) override {
    auto& fields = this->fields();
    fields.clear();
    add_field(fields, ":method", request_.method);
    add_field(fields, ":scheme", facts_.secure ? "https" : "http");
    if (const auto* host = request_.find(http::HeaderKind::host)) add_field(fields, ":authority", *host);
    add_field(fields, ":path", request_.target);
    for (std::size_t i = 0; i < request_.headers.size(); ++i) {
      const http::HeaderView& header = request_.headers[i];
      switch (request_.kinds[i]) {
        case http::HeaderKind::connection:
        case http::HeaderKind::host:
        case http::HeaderKind::malformed:
        case http::HeaderKind::transfer_encoding:
        case http::HeaderKind::upgrade:
          break;
        case http::HeaderKind::hop_by_hop:
          if (equals_ignoring_case(header.name, "te") && header.value == "trailers")
            add_field(fields, "te", "trailers");
          break;
        default:
          add_field(fields, header.name, header.value);
      }
    }
    transfer.id = nghttp2_submit_request(session(), nullptr, fields.data(), fields.size(), provider, &transfer);
    transfer.out.head.clear();
    if (transfer.id > 0) return add(transfer.shared_from_this());
    leaving_ = true;  // it has used up its numbers
    fail(transfer);
  }

  void end_dropped(Transfer& transfer) override {
    --ends_;
    if (!transfer.closed && transfer.id > 0) reset(transfer, NGHTTP2_CANCEL);
  }

  [[nodiscard]] bool all_read(const Transfer& transfer) const override { return transfer.in.ended(); }
  // The streams are of many clients, and one that does not read may not keep the others waiting.
  [[nodiscard]] bool holds_connection_back() const override { return false; }
  [[nodiscard]] bool ending() const override { return facts_.ending(); }

  ClientFacts facts_;
  http::RequestHeadView request_;
  std::uint32_t ends_ = 0;
  bool established_ = false, leaving_ = false;
  reactor::Event settled_;
};

Client::Client(std::unique_ptr<Stream> stream, ClientFacts facts)
    : session_(std::make_shared<ClientSession>(std::move(stream), std::move(facts))) {
  // The session lives for as long as its connection.
  reactor::start([](std::shared_ptr<ClientSession> session) -> Co<void> { co_await session->serve(); }(session_));
}
Client::~Client() { session_->leave(); }

Co<bool> Client::ready(Duration patience) { return session_->ready(patience); }
bool Client::usable() const { return session_->usable(); }
bool Client::has_room() const { return session_->has_room(); }
std::unique_ptr<Stream> Client::open() { return session_->open(); }

}  // namespace utakata::http2

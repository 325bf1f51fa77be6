#include "http2/server.hpp"

#include <array>
#include <utility>

#include "base/outcome.hpp"
#include "http2/session.hpp"

namespace utakata::http2 {
namespace {

using reactor::Co;
using reactor::Stream;

constexpr std::size_t requests_max = 10'000;              // facts: platform.md A6
constexpr std::size_t compressed_headers_max = 8 * 1024;  // the same
// Streams that the client has reset leave their place at once, what serves them a little later.
constexpr std::size_t served_max = 2 * streams_max;
// A client that takes back most of what it asks for makes us work for nothing (CVE-2023-44487), as does one that lets
// us reset it for its errors (CVE-2025-8671).
constexpr std::size_t resets_max = 200;
constexpr Duration lingering = seconds(2);  // for the rest of a request that has been answered

class ServerSession final : public Session {
 public:
  ServerSession(std::unique_ptr<Stream> below, ServerFacts facts)
      : Session(std::move(below), facts.idle), facts_(std::move(facts)), begun_(loop().now()) {
    nghttp2_session* made = nullptr;
    ensure(nghttp2_session_server_new2(&made, callbacks(), this, options()) == 0, "no memory for a connection");
    begin(made);
  }
  Co<void> serve() { return run(); }

 private:
  void frame_begins(const nghttp2_frame_hd& head) override {
    if (head.type != NGHTTP2_HEADERS && head.type != NGHTTP2_CONTINUATION) return;
    if (head.type == NGHTTP2_HEADERS) compressed_ = 0;
    compressed_ += head.length + frame_head_size;
    if (compressed_ > compressed_headers_max + frame_head_size) terminate(NGHTTP2_ENHANCE_YOUR_CALM);
  }

  std::shared_ptr<Transfer> begin_headers(const nghttp2_frame& frame) override {
    auto transfer = std::make_shared<Transfer>();
    transfer->id = frame.hd.stream_id;
    if (served_ < served_max) return transfer;
    reset(*transfer, NGHTTP2_REFUSED_STREAM);
    return nullptr;
  }

  bool add_header(Transfer& transfer, std::string_view name, std::string_view value) override {
    Inbound& in = transfer.in;
    if (in.head_whole() || !name.starts_with(':')) return in.add(name, value);
    if (name == ":method") in.start.method = value;
    if (name == ":path") in.start.path = value;
    if (name == ":authority") in.start.authority = value;
    return true;
  }

  void end_headers(Transfer& transfer, const nghttp2_frame& frame) override {
    if (transfer.in.head_whole()) return;  // trailers
    transfer.to_head = transfer.in.start.method == "HEAD";
    transfer.in.end_request_head((frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0);
    begun_streams_.push_back(transfer.shared_from_this());
    if (++requests_ >= requests_max || loop().now() - begun_ >= facts_.age_max) leave();
  }

  // RFC 9113 6.8: what the client has sent before it hears of it is still answered.
  void leave() {
    if (requests_ >= requests_max + streams_max) return terminate(NGHTTP2_NO_ERROR);
    if (std::exchange(leaving_, true)) return;
    nghttp2_submit_shutdown_notice(session());
    nghttp2_submit_ping(session(), NGHTTP2_FLAG_NONE, nullptr);
  }

  void frame_came(const nghttp2_frame& frame) override {
    const bool answer = frame.hd.type == NGHTTP2_PING && (frame.hd.flags & NGHTTP2_FLAG_ACK) != 0;
    if (answer && leaving_)
      nghttp2_submit_goaway(session(), NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session()),
                            NGHTTP2_NO_ERROR, nullptr, 0);
  }

  void after_frames() override {
    for (auto& transfer : std::exchange(begun_streams_, {})) {
      if (transfer->closed || over()) continue;
      ++served_;
      reactor::start(facts_.serve(std::make_unique<End>(shared_from_this(), std::move(transfer))));
    }
  }

  bool read_head(Transfer& transfer) override {
    Outbound& out = transfer.out;
    http::BodyFraming framing;
    if (http::view_response_head(out.head, answer_, http::own_head.count) ||
        http::body_framing(answer_, transfer.to_head, framing))
      return false;
    if (answer_.status == 101) return false;  // it has not been asked for
    if (answer_.status < 200) {
      submit_answer(transfer, nullptr);
      out.head.clear();
      return true;
    }
    out.body = http::BodyReader(framing);
    out.head_whole = true;
    return true;
  }

  void submit_head(Transfer& transfer, const nghttp2_data_provider* provider) override {
    submit_answer(transfer, provider);
    transfer.out.head.clear();
  }

  void submit_answer(const Transfer& transfer, const nghttp2_data_provider* provider) {
    auto& fields = this->fields();
    fields.clear();
    const std::array<char, 3> status{static_cast<char>('0' + answer_.status / 100),
                                     static_cast<char>('0' + answer_.status / 10 % 10),
                                     static_cast<char>('0' + answer_.status % 10)};
    add_field(fields, ":status", {status.data(), status.size()});
    for (std::size_t i = 0; i < answer_.headers.size(); ++i) {
      switch (answer_.kinds[i]) {
        case http::HeaderKind::connection:
        case http::HeaderKind::hop_by_hop:
        case http::HeaderKind::malformed:
        case http::HeaderKind::transfer_encoding:
        case http::HeaderKind::upgrade:
          break;
        default:
          add_field(fields, answer_.headers[i].name, answer_.headers[i].value);
      }
    }
    if (answer_.status < 200)
      nghttp2_submit_headers(session(), NGHTTP2_FLAG_NONE, transfer.id, nullptr, fields.data(), fields.size(), nullptr);
    else
      nghttp2_submit_response(session(), transfer.id, fields.data(), fields.size(), provider);
  }

  void message_sent(Transfer& transfer) override {
    ++answered_;
    if (transfer.in.ended()) return;
    // RFC 9113 8.1: the rest of the request is not needed. Some clients take a reset that comes with the answer for its
    // loss, and mostly the rest is on its way already.
    loop().after(lingering, [weak = weak_from_this(), id = transfer.id] {
      const auto self = weak.lock();
      if (self && !self->over()) std::static_pointer_cast<ServerSession>(self)->give_up(id);
    });
  }

  // Without an answer; those that whoever serves them has left without one are not the client's.
  void stream_ended(const Transfer& transfer) override {
    if (transfer.out.sent || transfer.out.cut) return;
    if (++resets_ > resets_max + answered_) terminate(NGHTTP2_ENHANCE_YOUR_CALM);
  }

  void give_up(std::int32_t id) {
    if (!knows(id)) return;
    nghttp2_submit_rst_stream(session(), NGHTTP2_FLAG_NONE, id, NGHTTP2_NO_ERROR);
    wake();
  }

  void end_dropped(Transfer& transfer) override {
    --served_;
    if (transfer.closed || transfer.out.whole()) return;
    transfer.out.cut = true;
    if (transfer.out.submitted)
      go_on(transfer);
    else
      reset(transfer, NGHTTP2_INTERNAL_ERROR);
  }

  [[nodiscard]] bool all_read(const Transfer& transfer) const override {
    return transfer.out.whole() || transfer.in.ended();
  }
  [[nodiscard]] bool holds_connection_back() const override { return true; }
  [[nodiscard]] bool ending() const override { return facts_.ending(); }

  ServerFacts facts_;
  Instant begun_;
  std::vector<std::shared_ptr<Transfer>> begun_streams_;
  http::ResponseHeadView answer_;
  std::size_t compressed_ = 0;  // of the header block that is coming
  std::size_t requests_ = 0, answered_ = 0, resets_ = 0, served_ = 0;
  bool leaving_ = false;
};

}  // namespace

Co<void> serve_connection(std::unique_ptr<Stream> stream, ServerFacts facts) {
  const auto session = std::make_shared<ServerSession>(std::move(stream), std::move(facts));
  co_await session->serve();
}

}  // namespace utakata::http2

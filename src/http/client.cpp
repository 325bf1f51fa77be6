#include "http/client.hpp"

#include "base/text.hpp"
#include "http/body.hpp"
#include "reactor/fair_share.hpp"

namespace utakata::http {
namespace {

constexpr std::size_t client_read_size = 32 * 1024;
constexpr std::size_t client_share_of_a_round = std::size_t{1024} * 1024;

Ending ending_of(reactor::Trouble trouble) {
  switch (trouble) {
    case reactor::Trouble::refused:
      return Ending::refused;
    case reactor::Trouble::timed_out:
      return Ending::connect_timed_out;
    case reactor::Trouble::none:
    case reactor::Trouble::reset:
    case reactor::Trouble::closed:
      return Ending::reset;
    case reactor::Trouble::unreachable:
    case reactor::Trouble::exhausted:
    case reactor::Trouble::protocol:
      return Ending::unreachable;
  }
  return Ending::unreachable;
}

std::string print(const ClientRequest& request, std::string_view host) {
  std::string text = cat(request.method, " ", request.target, " HTTP/1.1\r\n");
  bool has_host = false;
  for (const Header& header : request.headers) {
    has_host = has_host || equals_ignoring_case(header.name, "host");
    text += cat(header.name, ": ", header.value, "\r\n");
  }
  if (!has_host) text += cat("Host: ", host, "\r\n");
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT")
    text += cat("Content-Length: ", request.body.size(), "\r\n");
  return text + "\r\n" + request.body;
}

}  // namespace

std::unique_ptr<reactor::Stream> Client::take_kept() {
  while (!kept_.empty()) {
    auto stream = std::move(kept_.back());
    kept_.pop_back();
    if (!stream->hung_up()) return stream;
  }
  return nullptr;
}

reactor::Co<Exchange> Client::send(ClientRequest request, Duration patience) {
  const std::string text = print(request, host_);
  const Instant deadline = loop_.now() + patience;
  auto stream = take_kept();
  bool kept = stream != nullptr;
  while (true) {
    if (!stream) {
      auto connected = co_await reactor::connect_tcp(loop_, address_, std::min(limits_.connect, deadline - loop_.now()),
                                                     limits_.origin);
      if (!connected.stream) co_return Exchange{.ending = ending_of(connected.trouble)};
      if (limits_.layer)
        stream = co_await limits_.layer(std::move(connected.stream), deadline - loop_.now());
      else
        stream = std::move(connected.stream);
      if (!stream) co_return Exchange{.ending = deadline <= loop_.now() ? Ending::timed_out : Ending::reset};
    }
    bool reusable = false;
    Exchange result = co_await exchange(*stream, text, request.method == "HEAD", deadline, reusable);
    const bool nothing_came = result.ending == Ending::reset && result.status == 0;
    if (kept && nothing_came) {
      stream = nullptr;
      kept = false;
      continue;
    }
    if (reusable && limits_.reuse) kept_.push_back(std::move(stream));
    co_return result;
  }
}

reactor::Co<Exchange> Client::exchange(reactor::Stream& stream, std::string text, bool head_request, Instant deadline,
                                       bool& reusable) {
  Exchange result;
  const auto left = [&] { return std::max(deadline - loop_.now(), nanoseconds(1)); };
  const auto ended = [&](Ending ending) {
    result.ending = ending;
    return result;
  };
  const reactor::Trouble sent = co_await stream.write(text, left());
  if (sent == reactor::Trouble::timed_out) co_return ended(Ending::timed_out);
  std::string buffer;
  ResponseHead head;
  BodyReader body;
  bool have_head = false;
  std::size_t body_size = 0;
  reactor::FairShare share(loop_, client_share_of_a_round);
  while (true) {
    const std::size_t before = buffer.size();
    buffer.resize(before + client_read_size);
    const auto got = co_await stream.read(std::span(buffer).subspan(before), left());
    buffer.resize(before + got.count);
    if (got.trouble == reactor::Trouble::timed_out) co_return ended(Ending::timed_out);
    if (got.count == 0) {
      if (have_head && got.trouble == reactor::Trouble::none && body.may_end()) co_return result;
      co_return ended(Ending::reset);
    }
    while (!have_head) {
      const std::size_t length = head_length(buffer);
      if (length == 0) break;
      head = {};
      if (parse_response_head(std::string_view(buffer).substr(0, length), head_request, head))
        co_return ended(Ending::malformed);
      buffer.erase(0, length);
      have_head = head.status >= 200;  // 1xx announce the real one
    }
    if (!have_head && buffer.size() > HeadLimits{}.all) co_return ended(Ending::malformed);
    if (!have_head) continue;
    if (result.status == 0) {
      result.status = head.status;
      result.headers = head.headers;
      body = BodyReader(head.framing, head.content_length);
    }
    std::string_view rest = buffer;
    const std::size_t kept = result.body.size();
    if (!body.take(rest, result.body)) co_return ended(Ending::malformed);
    body_size += result.body.size() - kept;
    if (!limits_.keep_body) result.body.clear();
    if (body_size > limits_.body) co_return limits_.keep_body ? ended(Ending::malformed) : result;
    buffer.erase(0, buffer.size() - rest.size());
    if (body.done()) {
      reusable = head.keep_alive && buffer.empty() && !stream.hung_up();
      co_return result;
    }
    if (share.used_up(got.count)) co_await loop_.next_round();
    if (loop_.now() >= deadline) co_return ended(Ending::timed_out);
  }
}

}  // namespace utakata::http

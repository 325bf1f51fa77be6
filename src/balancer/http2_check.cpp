#include "balancer/http2_check.hpp"

#include <array>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "http/body.hpp"

namespace utakata::balancer {
namespace {

using reactor::Co;
using reactor::Stream;
using reactor::Trouble;

constexpr std::size_t checked_head_max = std::size_t{32} * 1024;

CheckResult failed() { return {CheckResult::Kind::failed, 0}; }
CheckResult unanswered(Trouble trouble) {
  return {trouble == Trouble::timed_out ? CheckResult::Kind::timed_out : CheckResult::Kind::failed, 0};
}

// A message of gRPC without content: not compressed, of length 0.
std::string call(const Http2Question& question) {
  return cat("POST ", question.path, " HTTP/1.1\r\nHost: ", question.authority,
             "\r\nUser-Agent: ELB-HealthChecker/2.0\r\nContent-Type: application/grpc\r\nTE: trailers\r\n"
             "Content-Length: 5\r\n\r\n",
             std::string(5, '\0'));
}
std::string get(const Http2Question& question) {
  return cat("GET ", question.path, " HTTP/1.1\r\nHost: ", question.authority,
             "\r\nUser-Agent: ELB-HealthChecker/2.0\r\nAccept-Encoding: gzip, compressed\r\n\r\n");
}

std::optional<int> grpc_status(std::string_view name, std::string_view value) {
  if (!equals_ignoring_case(name, "grpc-status")) return {};
  const auto status = parse_integer(value);
  if (!status || *status < 0 || *status > 99) return {};
  return static_cast<int>(*status);
}

std::optional<int> grpc_status(const http::ResponseHeadView& head, std::string_view trailers) {
  for (const http::HeaderView& header : head.headers)
    if (const auto status = grpc_status(header.name, header.value)) return status;
  while (!trailers.empty()) {
    const std::string_view line = trailers.substr(0, trailers.find("\r\n"));
    const std::size_t colon = line.find(':');
    if (const auto status = grpc_status(line.substr(0, colon), trim(line.substr(colon + 1)))) return status;
    trailers.remove_prefix(line.size() + 2);
  }
  return {};
}

struct Answer {
  Stream& stream;
  Instant deadline;
  std::string text = {};

  Co<Trouble> more() {
    std::array<char, 4096> space;
    const Duration left = deadline - stream.loop().now();
    if (left.ns <= 0) co_return Trouble::timed_out;  // also of what never ends
    const auto got = co_await stream.read(space, left);
    text.append(space.data(), got.count);
    co_return got.count > 0 ? Trouble::none : got.trouble == Trouble::none ? Trouble::closed : got.trouble;
  }
};

Co<CheckResult> hear(Answer& answer, bool grpc) {
  std::size_t length = 0;
  http::ResponseHeadView head;
  while (true) {
    while ((length = http::head_length(answer.text)) == 0) {
      if (answer.text.size() > checked_head_max) co_return failed();
      if (const Trouble trouble = co_await answer.more(); trouble != Trouble::none) co_return unanswered(trouble);
    }
    if (http::view_response_head(std::string_view(answer.text).substr(0, length), head)) co_return failed();
    if (head.status >= 200) break;
    answer.text.erase(0, length);
  }
  if (!grpc) co_return CheckResult{CheckResult::Kind::answered, head.status};
  http::BodyFraming framing;
  if (head.status != 200 || http::body_framing(head, false, framing)) co_return failed();
  const std::string head_text = answer.text.substr(0, length);
  http::view_response_head(head_text, head);  // which stays where it is
  answer.text.erase(0, length);
  http::BodyReader body(framing);
  std::string ignored;
  while (true) {
    std::string_view rest = answer.text;
    ignored.clear();
    if (!body.take(rest, ignored)) co_return failed();
    answer.text.clear();
    if (body.done()) break;
    if (const Trouble trouble = co_await answer.more(); trouble != Trouble::none) co_return unanswered(trouble);
  }
  const auto status = grpc_status(head, body.trailers());
  co_return status ? CheckResult{CheckResult::Kind::answered, *status} : failed();
}

}  // namespace

Co<CheckResult> check_http2(std::unique_ptr<Stream> connection, Http2Question question, http2::ClientFacts facts,
                            Duration patience) {
  const Instant deadline = connection->loop().now() + patience;
  reactor::Loop& loop = connection->loop();
  http2::Client client(std::move(connection), std::move(facts));
  if (!co_await client.ready(patience)) {
    const bool late = client.usable() && loop.now() >= deadline;
    co_return unanswered(late ? Trouble::timed_out : Trouble::closed);
  }
  const auto stream = client.open();
  const std::string text = question.grpc ? call(question) : get(question);
  if (const Trouble trouble = co_await stream->write(text, deadline - loop.now()); trouble != Trouble::none)
    co_return unanswered(trouble);
  Answer answer{.stream = *stream, .deadline = deadline};
  co_return co_await hear(answer, question.grpc);
}

}  // namespace utakata::balancer

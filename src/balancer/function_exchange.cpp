#include "balancer/function_exchange.hpp"

#include <algorithm>

#include "balancer/function_event.hpp"
#include "base/outcome.hpp"
#include "base/text.hpp"

namespace utakata::balancer {
namespace {

using ports::FunctionResult;
using reactor::Co;
using reactor::Stream;
using reactor::Trouble;

// A call under way, kept by whoever is to finish it and by whoever waits.
struct Call {
  explicit Call(reactor::Loop& loop) : ended(loop) {}
  reactor::Event ended;
  std::optional<FunctionResult> result;
};

std::shared_ptr<Call> begin_call(Shared& shared, const str& arn, std::string event) {
  auto call = std::make_shared<Call>(shared.loop);
  shared.functions().invoke(arn, std::move(event), [call, known = shared.weak_from_this()](FunctionResult result) {
    const auto there = known.lock();  // the function may take longer than the balancer lives
    if (!there) return;
    there->loop.post([call, result = std::move(result)]() mutable {
      call->result = std::move(result);
      call->ended.tell();
    });
  });
  return call;
}

// What is held of a request's body, counted for all together.
class Held {
 public:
  Held(Shared& shared, std::size_t bytes) : shared_(shared), bytes_(bytes) { shared_.function_bytes += bytes_; }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() { shared_.function_bytes -= bytes_; }

 private:
  Shared& shared_;
  std::size_t bytes_;
};

enum class Body : std::uint8_t { whole, too_large, malformed, timed_out, gone };

Co<Body> read_body(Shared& shared, Stream& client, Bytes& bytes, http::BodyReader reader, Duration idle,
                   std::string& body, Record& record) {
  while (true) {
    std::string_view rest = bytes.text();
    const std::size_t before = rest.size();
    if (!reader.take(rest, body)) co_return Body::malformed;
    record.received_bytes += static_cast<i64>(before - rest.size());
    bytes.drop(before - rest.size());
    if (body.size() > function_body_max) co_return Body::too_large;
    if (reader.done()) co_return Body::whole;
    if (shared.ending || !co_await client.readiness().readable(idle)) co_return Body::timed_out;
    const auto got = client.try_read(bytes.room());
    if (!got) continue;
    if (got->count == 0) co_return got->trouble == Trouble::none ? Body::malformed : Body::gone;
    bytes.came(got->count);
  }
}

Ended refused(Body body) {
  switch (body) {
    case Body::too_large:
      return {Cause::lambda_request_too_large_413, 413, false};
    case Body::timed_out:
      return {Cause::bad_request, 408, false};
    case Body::gone:
      return {Cause::client_closed_460, 0, false};
    default:
      return {Cause::bad_request, 400, false};
  }
}

// Why there is no answer of the function to send.
Ended failed(FunctionResult::Ending ending) {
  switch (ending) {
    case FunctionResult::Ending::missing:
      return {Cause::lambda_missing_502, 502};
    case FunctionResult::Ending::unreachable:
      return {Cause::lambda_timeout_504, 504};
    default:
      return {Cause::lambda_failed_502, 502};
  }
}

std::string event_of(const Workspace& work, const BalancerTargetGroup& group, std::string_view body) {
  http::RequestHeadView head;
  ensure(!http::view_request_head(work.out, http::own_head, head), "a head of our own cannot be read");
  return function_event({.target_group_arn = group.arn,
                         .method = head.method,
                         .target = head.target,
                         .headers = head.headers,
                         .body = body,
                         .multi_value = group.multi_value_headers});
}

std::string lines_of_answer(const Shared& shared, const BalancerConfig& config, const Incoming& request,
                            const Target& target, const FunctionAnswer& answer) {
  std::vector<http::HeaderView> headers;
  for (const auto& [name, value] : answer.headers) headers.push_back({.name = name, .value = value});
  std::string lines;
  if (request.binding.any()) lines = binding_lines(shared.seal, request.binding, target, headers, wall_clock());
  if (config.target_header) lines += cat("X-Utakata-Target: ", target.name, "\r\n");
  return lines;
}

}  // namespace

Co<Ended> call_function(Shared& shared, const BalancerConfig& config, Stream& client, std::unique_ptr<Workspace>& work,
                        const Incoming& request, const Destination& to, Record& record) {
  if (request.websocket) co_return Ended{Cause::bad_request, 400, false};
  const bool chunked = request.body.framing == http::Framing::chunked;
  if (request.body.length > function_body_max) co_return refused(Body::too_large);
  const std::size_t most = chunked ? function_body_max : static_cast<std::size_t>(request.body.length);
  if (shared.function_bytes + most > function_bytes_max) co_return Ended{Cause::exhausted_503, 503, most == 0};
  const Held held(shared, most);
  const Lease lease(shared, to.target);
  const Duration idle = seconds(config.idle_timeout_seconds);
  const http::BodyReader reader(request.body);
  if (request.expects_continue && !reader.done() && work->from_client.empty())
    if (co_await client.write(continue_line, idle) == Trouble::none)
      record.sent_bytes += static_cast<i64>(continue_line.size());
  std::string body;
  const Body read = co_await read_body(shared, client, work->from_client, reader, idle, body, record);
  if (read != Body::whole) co_return refused(read);
  record.dispatched = wall_clock();
  const auto call = begin_call(shared, to.target->address, event_of(*work, to.group->config, body));
  const Instant deadline = shared.loop.now() + idle;
  while (!call->result) {
    const Duration left = deadline - shared.loop.now();
    if (client.broken()) co_return Ended{Cause::client_closed_460, 0, false};
    if (left.ns <= 0 || shared.ending) co_return Ended{Cause::lambda_timeout_504, 504};
    client.readiness().on_hang_up = [&call] { call->ended.tell(); };
    co_await call->ended.wait(left);
    client.readiness().on_hang_up = nullptr;
  }
  if (to.target->gone) co_return Ended{Cause::deregistered_502, 502};
  if (call->result->ending != FunctionResult::Ending::answered) co_return failed(call->result->ending);
  if (call->result->payload.size() > function_answer_max) co_return Ended{Cause::lambda_answer_too_large_502, 502};
  const auto answer = read_function_answer(call->result->payload, to.group->config.multi_value_headers);
  if (!answer) co_return Ended{Cause::lambda_invalid_answer_502, 502};
  record.answered = wall_clock();
  record.target_status = answer->status;
  const bool keep_alive = request.keep_alive && !request.close_connections;
  const std::string text = write_function_answer(*answer, keep_alive, request.head_method,
                                                 lines_of_answer(shared, config, request, *to.target, *answer));
  const Trouble sent = co_await client.write(text, idle);
  if (sent != Trouble::none) co_return Ended{Cause::client_closed_460, 0, false};
  record.status = answer->status;
  record.sent_bytes += static_cast<i64>(text.size());
  co_return Ended{cause_of(answer->status), 0, keep_alive};
}

Co<CheckResult> check_function(Shared& shared, const BalancerTargetGroup& group, str arn) {
  const HealthCheckRule rule = group.health_check;
  const bool multi_value = group.multi_value_headers;
  const auto call = begin_call(shared, arn, function_check_event(group.arn, rule.path, multi_value));
  if (!co_await call->ended.wait(seconds(rule.timeout_seconds)) || !call->result)
    co_return CheckResult{.kind = CheckResult::Kind::timed_out};
  const auto answer = call->result->ending == FunctionResult::Ending::answered
                          ? read_function_answer(call->result->payload, multi_value)
                          : std::nullopt;
  if (!answer) co_return CheckResult{};
  co_return CheckResult{.kind = CheckResult::Kind::answered, .status = answer->status};
}

}  // namespace utakata::balancer

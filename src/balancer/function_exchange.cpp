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

enum class Body : std::uint8_t { whole, too_large, no_room, malformed, timed_out, gone };

// A request's body as far as it has come, counted for all together: what has not come yet takes no room from others.
class Held {
 public:
  Held(Shared& shared, Record& record) : shared_(shared), record_(record) {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() { shared_.function_bytes -= counted_; }

  [[nodiscard]] const std::string& text() const { return text_; }
  /// Takes what belongs to the body from `bytes`.
  Body take(http::BodyReader& reader, Bytes& bytes) {
    std::string_view rest = bytes.text();
    const std::size_t before = rest.size();
    const bool sound = reader.take(rest, text_);
    bytes.drop(before - rest.size());
    record_.received_bytes += static_cast<i64>(before - rest.size());
    shared_.function_bytes += text_.size() - counted_;
    counted_ = text_.size();
    if (!sound) return Body::malformed;
    if (text_.size() > function_body_max) return Body::too_large;
    return shared_.function_bytes > function_bytes_max ? Body::no_room : Body::whole;
  }

 private:
  Shared& shared_;
  Record& record_;
  std::string text_;
  std::size_t counted_ = 0;
};

Co<Body> read_body(Held& held, Stream& client, Bytes& bytes, http::BodyReader& reader, Duration patience) {
  const Instant deadline = client.loop().now() + patience;
  while (true) {
    const Body taken = held.take(reader, bytes);
    if (taken != Body::whole || reader.done()) co_return taken;
    const Duration left = deadline - client.loop().now();
    if (left.ns <= 0) co_return Body::timed_out;
    if (!co_await client.readiness().readable(left)) co_return Body::timed_out;
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
    case Body::no_room:
      return {Cause::exhausted_503, 503, false};
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
  if (request.body.length > function_body_max) co_return refused(Body::too_large);
  Held held(shared, record);
  const Lease lease(shared, to.target);
  const Duration idle = seconds(config.idle_timeout_seconds);
  http::BodyReader reader(request.body);
  if (request.expects_continue && !reader.done() && work->from_client.empty())
    if (co_await client.write(continue_line, idle) == Trouble::none)
      record.sent_bytes += static_cast<i64>(continue_line.size());
  const Body read = co_await read_body(held, client, work->from_client, reader, idle);
  if (read != Body::whole) co_return refused(read);
  record.dispatched = wall_clock();
  const auto call = begin_call(shared, to.target->address, event_of(*work, to.group->config, held.text()));
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
  const bool ended_before = client.hung_up();
  const Trouble sent = co_await client.write(text, idle);
  if (sent != Trouble::none || (ended_before && co_await has_left(client))) {
    forget_answer(record, record.sent_bytes);
    co_return Ended{Cause::client_closed_460, 0, false};
  }
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

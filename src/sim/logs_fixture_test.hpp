#pragma once

#include <array>

#include "core/machine.hpp"
#include "services/logs/group_ops.hpp"
#include "services/logs/module.hpp"
#include "services/logs/public.hpp"
#include "services/logs/stream_ops.hpp"
#include "sim/memory_log_store.hpp"

// A machine with CloudWatch Logs alone, a log store's twin, and calls to it as a client makes them.
namespace utakata::logs::test {

struct AppendRequest {
  str group;
  str stream;
  list<LogLine> lines;
};
inline Outcome<api::Empty> append_lines(Tx& tx, const AppendRequest& request) {
  TRY_VOID(append(tx, tx.world(), request.group, request.stream, request.lines));
  return api::Empty{};
}

inline constexpr std::array<void (*)(Schema&), 1> modules{declare};

struct Bench {
  Machine machine{7, modules};
  sim::MemoryLogStore store;
  Instant now = *parse_iso8601("2026-05-06T11:42:34Z");
  World world{"111122223333", "ap-northeast-1"};
  Step step = {};

  [[nodiscard]] i64 now_ms() const { return now.ns / 1'000'000; }

  template <auto Handler, class Response, class Request>
  Outcome<Response> call(const Request& request) {
    static constexpr Operation made = operation<Handler>("Test");
    Response response;
    step = machine.step(now, ApiCall{world, &made, &request, &response, false});
    if (step.asked) {
      const auto answer = answer_to(*step.asked);
      if (!answer) return std::unexpected(answer.error());
      step = machine.step(now, ApiCall{world, &made, &request, &response, false, {}, &*answer});
    }
    perform();
    if (step.fault) return std::unexpected(*step.fault);
    return response;
  }
  Outcome<Answer> answer_to(const Question& question) {
    if (const auto* query = std::get_if<LogQuery>(&question)) return TRY(store.read(*query));
    ensure(store.append({std::get<LogAppend>(question)}).at(0).has_value(), "the store takes everything");
    return LogAppended{};
  }
  void perform() {
    const auto effects = step.effects;
    for (const Effect& effect : effects) {
      if (const auto* stored = std::get_if<StoreLog>(&effect)) {
        ensure(store.append({stored->append}).at(0).has_value(), "the store takes everything");
        machine.step(now, Report(LogStored{.id = stored->id}));
      }
      if (const auto* expire = std::get_if<ExpireLogs>(&effect))
        for (const str& stream : expire->streams) store.expire(stream, expire->before);
      if (const auto* remove = std::get_if<RemoveLogs>(&effect))
        for (const str& stream : remove->streams) store.remove(stream);
    }
  }
  void pass(Duration span) {
    now = now + span;
    while (machine.next_due() <= now) {
      step = machine.step(now, Tick{});
      perform();
    }
  }

  Outcome<api::Empty> create(const str& group) {
    return call<create_log_group, api::Empty>(api::CreateLogGroupRequest{.logGroupName = group});
  }
  Outcome<api::Empty> append(const str& group, const str& stream, const list<LogLine>& lines) {
    return call<append_lines, api::Empty>(AppendRequest{.group = group, .stream = stream, .lines = lines});
  }
  Outcome<api::PutLogEventsResponse> put(const list<api::InputLogEvent>& events) {
    return call<put_log_events, api::PutLogEventsResponse>(
        api::PutLogEventsRequest{.logGroupName = "/app", .logStreamName = "s", .logEvents = events});
  }
  api::GetLogEventsResponse get(api::GetLogEventsRequest request) {
    if (!request.logGroupIdentifier) request.logGroupName = "/app";
    if (request.logStreamName.empty()) request.logStreamName = "s";
    auto response = call<get_log_events, api::GetLogEventsResponse>(request);
    return response ? *response : api::GetLogEventsResponse{};
  }
  Outcome<api::FilterLogEventsResponse> filter(api::FilterLogEventsRequest request) {
    request.logGroupName = "/app";
    return call<filter_log_events, api::FilterLogEventsResponse>(request);
  }
};

inline list<str> texts(const list<api::OutputLogEvent>& events) {
  list<str> all;
  for (const auto& event : events) all.push_back(*event.message);
  return all;
}
inline list<str> texts(const list<api::FilteredLogEvent>& events) {
  list<str> all;
  for (const auto& event : events) all.push_back(*event.message);
  return all;
}

}  // namespace utakata::logs::test

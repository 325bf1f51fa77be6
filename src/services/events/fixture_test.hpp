#pragma once

#include <array>

#include "core/facts.hpp"
#include "core/machine.hpp"
#include "services/events/bus_ops.hpp"
#include "services/events/event_ops.hpp"
#include "services/events/module.hpp"
#include "services/events/rule_ops.hpp"
#include "services/events/tag_ops.hpp"
#include "services/events/target_ops.hpp"

// A machine with EventBridge, SQS and CloudWatch Logs, and calls to it as a client makes them.
namespace utakata::events::test {

struct FactRequest {
  str body;
};
inline Outcome<api::Empty> publish_event(Tx& tx, const FactRequest& request) {
  tx.publish({.kind = facts::event, .key = tx.world().key("thing"), .body = request.body});
  return api::Empty{};
}

extern const std::array<void (*)(Schema&), 3> modules;
inline const str queue_arn = "arn:aws:sqs:ap-northeast-1:111122223333:q";

struct Bench {
  Machine machine{7, modules};
  Instant now = *parse_iso8601("2026-05-06T11:42:34Z");
  World world{"111122223333", "ap-northeast-1"};
  Step step = {};

  template <auto Handler, class Response, class Request>
  Outcome<Response> call(const Request& request) {
    static constexpr Operation made = operation<Handler>("Test");
    Response response;
    step = machine.step(now, ApiCall{world, &made, &request, &response, false});
    if (step.fault) return std::unexpected(*step.fault);
    return response;
  }
  // In SQS and CloudWatch Logs; what was received of a queue is followed by its ERROR_CODE, if it has one.
  void create_queue(const str& name);
  void create_group(const str& name);
  list<str> received(const str& queue = "q");
  list<str> logged(const str& group);

  Outcome<api::PutRuleResponse> rule(const str& name, const str& pattern, const opt<str>& bus = {}) {
    return call<put_rule, api::PutRuleResponse>(
        api::PutRuleRequest{.Name = name, .EventPattern = pattern, .EventBusName = bus});
  }
  Outcome<api::PutTargetsResponse> target(const str& rule, const api::Target& target) {
    return call<put_targets, api::PutTargetsResponse>(api::PutTargetsRequest{.Rule = rule, .Targets = {target}});
  }
  Outcome<api::PutEventsResponse> put(const api::PutEventsRequestEntry& entry) {
    return call<put_events, api::PutEventsResponse>(api::PutEventsRequest{.Entries = {entry}});
  }
  Outcome<api::PutEventsResponse> put(const str& source, const str& detail) {
    return put({.Source = source, .DetailType = "T", .Detail = detail});
  }
};

}  // namespace utakata::events::test

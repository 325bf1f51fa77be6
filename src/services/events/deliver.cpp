#include "services/events/deliver.hpp"

#include "core/arn.hpp"
#include "services/logs/public.hpp"
#include "services/sqs/public.hpp"

namespace utakata::events {
namespace {

str group_of_arn(std::string_view arn) { return str(split(arn, ':')[6]); }

// A transformer for a log group yields {"timestamp": milliseconds, "message": text} (facts: platform.md §D2).
Outcome<logs::LogLine> log_line(const api::Target& target, const str& input, Instant event_time) {
  if (!target.InputTransformer) return logs::LogLine{.at = event_time, .text = input};
  const auto json = Json::parse(input, {.depth = 1'000});
  const Json* timestamp = json ? json->find("timestamp") : nullptr;
  const Json* message = json ? json->find("message") : nullptr;
  if (timestamp == nullptr || message == nullptr)
    return refuse("INVALID_JSON", "The input for a log group has no timestamp and message.");
  const auto at = timestamp->is_text() ? parse_integer(timestamp->text()) : timestamp->integer();
  const auto instant = timestamp->is_text() ? parse_iso8601(timestamp->text()) : std::optional<Instant>();
  constexpr i64 latest = 9'000'000'000'000;  // milliseconds; an Instant ends in 2262
  if (!instant && (!at || *at < 0 || *at > latest))
    return refuse("INVALID_JSON", cat("The timestamp for a log group is no time: ", timestamp->write()));
  return logs::LogLine{.at = instant ? *instant : Instant{} + milliseconds(*at),
                       .text = message->is_text() ? message->text() : message->write()};
}

Outcome<> attempt(Tx& tx, const api::Target& target, const str& input, Instant event_time) {
  const World world = world_of_arn(target.Arn);
  if (target_kind(target.Arn) == TargetKind::queue)
    return sqs::send(tx, world, target.Arn, input, *target.SqsParameters->MessageGroupId);
  const logs::LogLine line = TRY(log_line(target, input, event_time));
  return logs::append(tx, world, group_of_arn(target.Arn), tx.uuid(), {line});
}

// The names of facts: platform.md §D2.
std::string_view dead_letter_code(const Fault& fault) {
  if (fault.code == "INVALID_JSON") return fault.code;
  if (fault.code == "QueueDoesNotExist" || fault.code == "ResourceNotFoundException") return "NO_RESOURCE";
  return "INVALID_PARAMETER";
}

void bury(Tx& tx, const api::Target& target, const Occasion& occasion, const str& input, const Fault& fault) {
  if (!target.DeadLetterConfig->Arn) return;
  const str& queue = *target.DeadLetterConfig->Arn;
  const dict<str> attributes{{"RULE_ARN", occasion.rule_arn},
                             {"TARGET_ARN", target.Arn},
                             {"ERROR_CODE", str(dead_letter_code(fault))},
                             {"ERROR_MESSAGE", fault.message},
                             {"RETRY_ATTEMPTS", "0"}};
  // A dead-letter queue that is gone, too, loses the event, as on AWS.
  (void)sqs::send(tx, world_of_arn(queue), queue, input, attributes);
}

}  // namespace

TargetKind target_kind(std::string_view arn) {
  const auto parts = split(arn, ':');
  if (parts.size() < 6 || parts[0] != "arn" || parts[3].empty() || parts[4].empty()) return TargetKind::none;
  if (parts[2] == "sqs" && parts.size() == 6) return TargetKind::queue;
  const bool group = parts[2] == "logs" && parts[5] == "log-group" && parts.size() >= 7 && !parts[6].empty();
  return group ? TargetKind::log_group : TargetKind::none;
}

void deliver(Tx& tx, const api::Target& target, const Occasion& occasion, Instant event_time) {
  const auto input = input_for(target, occasion);
  if (!input) return bury(tx, target, occasion, occasion.event_text, input.error());
  if (const auto done = attempt(tx, target, *input, event_time); !done)
    bury(tx, target, occasion, *input, done.error());
}

}  // namespace utakata::events

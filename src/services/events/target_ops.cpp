#include "services/events/target_ops.hpp"

#include "services/events/deliver.hpp"
#include "services/events/limits.hpp"

namespace utakata::events {
namespace {

Outcome<> check_retry(const api::Target& target) {
  const i32 attempts = target.RetryPolicy->MaximumRetryAttempts.value_or(185);
  const i32 age = target.RetryPolicy->MaximumEventAgeInSeconds.value_or(86'400);
  if (attempts < 0 || attempts > 185)
    return invalid(cat("MaximumRetryAttempts for target ", target.Id, " must be between 0 and 185."));
  if (age < 60 || age > 86'400)
    return invalid(cat("MaximumEventAgeInSeconds for target ", target.Id, " must be between 60 and 86400."));
  return {};
}

/// What makes the whole call fail.
Outcome<> check(const api::Target& target) {
  if (!is_name(target.Id, limits::name_characters))
    return invalid(cat("1 validation error detected: Value '", target.Id.substr(0, 100),
                       "' at 'targets.member.id' failed to satisfy constraint: Member must satisfy regular expression "
                       "pattern: [\\.\\-_A-Za-z0-9]+, with 1 to 64 characters"));
  if (split(target.Arn, ':').size() < 6 || !target.Arn.starts_with("arn:"))
    return invalid(cat("Parameter ", target.Arn, " is not valid. Reason: Provided Arn is not in correct format."));
  TRY_VOID(check_input(target));
  TRY_VOID(check_retry(target));
  if (target.Arn.ends_with(".fifo") && !target.SqsParameters->MessageGroupId)
    return invalid(cat("Parameter(s) SqsParameters must be specified for target: ", target.Id, "."));
  const auto& dead_letters = target.DeadLetterConfig->Arn;
  if (dead_letters && (target_kind(*dead_letters) != TargetKind::queue || dead_letters->ends_with(".fifo")))
    return invalid(cat("DeadLetterConfig for target ", target.Id, ": ", *dead_letters,
                       " is not the ARN of a standard SQS queue."));
  return {};
}

}  // namespace

Outcome<api::PutTargetsResponse> put_targets(Tx& tx, const api::PutTargetsRequest& request) {
  const Key rule = TRY(find_rule(tx, request.Rule, request.EventBusName));
  if (request.Targets.empty() || request.Targets.size() > limits::list_results)
    return invalid(
        "1 validation error detected: Value at 'targets' failed to satisfy constraint: Member must have length between "
        "1 and 100");
  api::PutTargetsResponse response{.FailedEntries = list<api::PutTargetsResultEntry>{}};
  for (const api::Target& target : request.Targets) {
    TRY_VOID(check(target));
    if (target_kind(target.Arn) == TargetKind::none) {
      response.FailedEntries->push_back(
          {.TargetId = target.Id,
           .ErrorCode = str("UnsupportedTarget"),
           .ErrorMessage = cat("Target ", target.Arn, " is not supported: a target is an SQS queue or a log group.")});
      continue;
    }
    const Key key = target_key(rule, target.Id);
    if (tx.find<Target>(key) == nullptr && target_keys(tx, rule).size() >= limits::targets_of_rule) return too_many();
    tx.put(key, Target{.target = target});
  }
  response.FailedEntryCount = static_cast<i32>(response.FailedEntries->size());
  return response;
}

Outcome<api::RemoveTargetsResponse> remove_targets(Tx& tx, const api::RemoveTargetsRequest& request) {
  const Key rule = TRY(find_rule(tx, request.Rule, request.EventBusName));
  api::RemoveTargetsResponse response{.FailedEntries = list<api::RemoveTargetsResultEntry>{}};
  for (const str& id : request.Ids) {
    const Key key = target_key(rule, id);
    if (is_name(id, limits::name_characters) && tx.find<Target>(key) != nullptr)
      tx.erase<Target>(key);
    else
      response.FailedEntries->push_back(
          {.TargetId = id,
           .ErrorCode = str("ResourceNotFoundException"),
           .ErrorMessage = cat("Rule '", request.Rule, "' does not have a target with the Id '", id, "'.")});
  }
  response.FailedEntryCount = static_cast<i32>(response.FailedEntries->size());
  return response;
}

Outcome<api::ListTargetsByRuleResponse> list_targets_by_rule(Tx& tx, const api::ListTargetsByRuleRequest& request) {
  const Key rule = TRY(find_rule(tx, request.Rule, request.EventBusName));
  const PageBounds bounds = TRY(page_bounds(request.NextToken, request.Limit));
  api::ListTargetsByRuleResponse response{.Targets = list<api::Target>{}};
  for (const Key& key : target_keys(tx, rule)) {
    const api::Target& target = tx.find<Target>(key)->target;
    if (target.Id < bounds.from) continue;
    if (response.Targets->size() == bounds.most) {
      response.NextToken = page_token(target.Id);
      break;
    }
    response.Targets->push_back(target);
  }
  return response;
}

}  // namespace utakata::events

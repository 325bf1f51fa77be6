#include "services/ecs/inside_ops.hpp"

#include "services/ecs/errors.hpp"
#include "services/ecs/protection_ops.hpp"
#include "services/ecs/state.hpp"
#include "services/ecs/task_life.hpp"
#include "services/sts/public.hpp"

namespace utakata::ecs {
namespace {

// SDKs ask again some minutes before the end, so what is given out is good for longer than that.
constexpr Duration credentials_life = hours(6);
constexpr Duration renewed_before_end = hours(1);

Outcome<Key> find_living(const Tx& tx, const str& arn) {
  for (const Key& key : tx.where<TaskRow>(TaskRow::by_arn, arn))
    if (world_of(key) == tx.world() && tx.find<TaskRow>(key)->last_status != "STOPPED") return key;
  return task_not_found();
}

}  // namespace

Outcome<inside::Facts> task_facts(Tx& tx, const inside::Question& question) {
  const Key key = TRY(find_living(tx, question.task_arn));
  const TaskRow& task = *tx.find<TaskRow>(key);
  inside::Facts facts{.desired_status = task.desired_status, .tags = {}};
  for (const api::Tag& tag : task.tags) facts.tags[tag.key.value_or("")] = tag.value.value_or("");
  return facts;
}

Outcome<inside::Credentials> task_credentials(Tx& tx, const inside::Question& question) {
  const Key key = TRY(find_living(tx, question.task_arn));
  const TaskRow& task = *tx.find<TaskRow>(key);
  const str role = task_role(tx, tx.world(), task);
  if (role.empty())
    return refuse("AccessDeniedException", "Invalid Request: no task IAM role credentials available for task");
  std::optional<sts::Session> session = sts::session_of(tx, task.arn, tx.now() + renewed_before_end);
  if (!session)
    session = TRY(sts::begin_session(tx, {.account = tx.world().account,
                                          .role_arn = role,
                                          .session_name = task.id,
                                          .owner = task.arn,
                                          .life = credentials_life}));
  return inside::Credentials{.role_arn = session->role_arn,
                             .access_key = session->access_key,
                             .secret = session->secret,
                             .token = session->token,
                             .expires_at = session->expires_at};
}

Outcome<inside::Protection> task_protection(Tx& tx, const inside::ProtectionQuestion& question) {
  const Key key = TRY(find_living(tx, question.task_arn));
  const bool enabling = question.enable && *question.enable;
  if (const auto failure = protection_failure(tx, question.task_arn, tx.find<TaskRow>(key), enabling))
    return inside::Protection{
        .enabled = false, .until = {}, .failure = *failure->reason, .detail = failure->detail.value_or("")};
  if (question.enable) TRY_VOID(protect(tx, key, *question.enable, question.minutes));
  const TaskRow& task = *tx.find<TaskRow>(key);
  return inside::Protection{
      .enabled = task.protected_until.set(), .until = task.protected_until, .failure = {}, .detail = {}};
}

}  // namespace utakata::ecs

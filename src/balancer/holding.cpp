#include "balancer/holding.hpp"

#include <utility>

namespace utakata::balancer {
namespace {

// Reports can be lost: the group is said to be wanted for as long as it is.
constexpr Duration say_again = seconds(1);

reactor::Co<void> say_wanted(Shared& shared, std::shared_ptr<Group> group) {
  group->said_wanted = true;
  while (!group->waiting.empty() && !shared.ending) {
    shared.sink(TargetGroupWantedReport{.target_group_arn = group->config.arn,
                                        .held = static_cast<i32>(group->waiting.size())});
    co_await shared.loop.sleep(say_again);
  }
  group->said_wanted = false;
  if (!shared.ending) shared.sink(TargetGroupWantedReport{.target_group_arn = group->config.arn, .held = 0});
}

}  // namespace

bool has_to_wait(const Group& group, std::string_view zone) {
  return group.config.hold.seconds > 0 && health_of(group.candidates, group.config, zone).healthy == 0;
}

bool may_wait(const Group& group) {
  return group.waiting.size() < static_cast<std::size_t>(group.config.hold.requests);
}

reactor::Co<bool> wait_for_target(Shared& shared, std::shared_ptr<Group> group, reactor::Stream& client, str zone) {
  reactor::Event woken(shared.loop);
  const Instant deadline = shared.loop.now() + seconds(group->config.hold.seconds);
  group->waiting.push_back(&woken);
  if (!group->said_wanted) reactor::start(say_wanted(shared, group));
  bool stays = true;
  while (has_to_wait(*group, zone) && !shared.ending) {
    stays = !client.hung_up();
    if (!stays) break;
    const Duration left = deadline - shared.loop.now();
    if (left.ns <= 0) break;
    client.readiness().on_hang_up = [&woken] { woken.tell(); };
    co_await woken.wait(left);
  }
  client.readiness().on_hang_up = nullptr;
  std::erase(group->waiting, &woken);
  co_return stays && !client.broken();
}

}  // namespace utakata::balancer

#include "sim/courier.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace utakata::sim {
namespace {

constexpr Duration least = microseconds(200);
constexpr Duration most = milliseconds(5);
constexpr Duration repeat_most = seconds(10);
constexpr std::string_view inventory_route = "inventory";

struct RouteOf {
  std::string operator()(const StartTask& e) const { return "to " + e.spec.arn; }
  std::string operator()(const StopTask& e) const { return "to " + e.task_arn; }
  std::string operator()(const KillTask& e) const { return "to " + e.task_arn; }
  std::string operator()(const ConfigureBalancer& e) const { return "to " + e.config.arn; }
  std::string operator()(const RemoveBalancer& e) const { return "to " + e.arn; }
  std::string operator()(const StoreLog&) const { return "logs"; }
  std::string operator()(const ExpireLogs&) const { return "logs"; }
  std::string operator()(const RemoveLogs&) const { return "logs"; }
  std::string operator()(const ConfigureVpcs&) const { return "to network"; }
  std::string operator()(const ChangeVpc&) const { return "to network"; }
  std::string operator()(const IssueCertificate& e) const { return "certificate " + e.arn; }
  std::string operator()(const CertificateReport& r) const { return "certificate " + r.arn; }
  std::string operator()(const TaskReport& r) const { return "from " + r.task_arn; }
  std::string operator()(const TargetHealthReport& r) const { return cat("from ", r.target_group_arn, r.address); }
  std::string operator()(const TargetIdleReport& r) const { return cat("from ", r.target_group_arn, r.address); }
  std::string operator()(const TargetAnomalyReport& r) const { return cat("from ", r.target_group_arn, r.address); }
  std::string operator()(const TargetGroupWantedReport& r) const { return "from " + r.target_group_arn; }
  std::string operator()(const BalancerReport& r) const { return "from " + r.arn; }
  std::string operator()(const LogReport& r) const { return "logs " + r.stream; }
  std::string operator()(const LogStored&) const { return "logs"; }
  std::string operator()(const InventoryReport&) const { return std::string(inventory_route); }
  std::string operator()(const PublicBlockReport&) const { return "public block"; }
  std::string operator()(const CapacityReport&) const { return "capacity"; }
  std::string operator()(const RegistryReport&) const { return "registry"; }
};

bool is_about_logs(const Effect& effect) {
  return std::holds_alternative<StoreLog>(effect) || std::holds_alternative<ExpireLogs>(effect) ||
         std::holds_alternative<RemoveLogs>(effect);
}

}  // namespace

// The log store is in the daemon itself. A late configuration that came after a newer one would stay, so only orders
// that name one task are repeated late.
void Courier::send(const Effect& effect) {
  if (is_about_logs(effect)) return doors_.perform(effect);
  const bool of_a_task = std::holds_alternative<StartTask>(effect) || std::holds_alternative<StopTask>(effect) ||
                         std::holds_alternative<KillTask>(effect);
  carry(std::visit(RouteOf{}, effect), of_a_task, [this, effect] { doors_.perform(effect); });
}

void Courier::send(const Report& report) {
  const std::string route = std::visit(RouteOf{}, report);
  const bool of_a_task = std::holds_alternative<TaskReport>(report);
  const bool can_be_lost = of_a_task || std::holds_alternative<TargetHealthReport>(report) ||
                           std::holds_alternative<TargetIdleReport>(report);
  if (can_be_lost && dice_.chance(faults_.report_lost, route, "lost", sent_[route])) {
    ++sent_[route];
    queue_.after(dice_.between(seconds(1), faults_.resync, route, "resync", sent_[route]),
                 [this, report, life = life_] {
                   if (life == life_) doors_.lost(report);
                 });
    return;
  }
  carry(route, of_a_task, [this, report] { doors_.deliver(report); });
}

void Courier::carry(const std::string& route, bool may_repeat, std::function<void()> arrive) {
  const std::uint64_t nth = sent_[route]++;
  Duration takes = dice_.between(least, most, route, "takes", nth);
  // What runs is asked for and answered on the daemon's own host before anything else happens there.
  if (route != inventory_route && dice_.chance(faults_.late, route, "late", nth))
    takes = takes + dice_.between(Duration{}, faults_.late_most, route, "lateness", nth);
  Instant& busy = busy_until_[route];
  busy = std::max(busy, queue_.now() + takes);
  const auto still_alive = [this, life = life_, arrive = std::move(arrive)] {
    if (life == life_) arrive();
  };
  queue_.at(busy, still_alive);
  if (may_repeat && dice_.chance(faults_.repeated, route, "repeated", nth))
    queue_.at(busy + dice_.between(Duration{}, repeat_most, route, "repeat", nth), still_alive);
}

}  // namespace utakata::sim

#include "sim/mischief.hpp"

#include <array>

#include "base/text.hpp"
#include "sim/json_text.hpp"

namespace utakata::sim {
namespace {

constexpr std::array<std::string_view, 3> service_names{"api", "front", "batch"};
constexpr std::array<std::string_view, 8> image_names{"good",     "good",  "slow",   "deaf",
                                                      "careless", "short", "broken", "missing"};
constexpr int tries_max = 60;

bool lost_connection(const Outcome<>& outcome) { return !outcome && outcome.error().code == "ConnectionClosed"; }

}  // namespace

Mischief::Mischief(Simulator& sim, Customer& customer, Checkers& checkers)
    : sim_(sim), customer_(customer), checkers_(checkers), whole_(sim.settings.capacity) {
  sim.images.set("slow", {.boot = {seconds(10), seconds(40)}});
  sim.images.set("deaf", {.on_stop = OnStop::ignores});
  sim.images.set("careless", {.on_stop = OnStop::drops, .exit_code = 143});
  sim.images.set("short", {.life = seconds(90)});
  sim.images.set("broken", {.cannot_start = true});
  sim.images.set("missing", {.pull_failure = PullFailure::missing});
}

ServicePlan Mischief::plan_of(const std::string& name) const {
  ServicePlan plan{.name = name, .family = name, .desired = 3};
  if (name == "batch") {
    plan.strategy = {{.provider = "FARGATE_SPOT", .base = 0, .weight = 1}};
    plan.minimum_percent = 0;
    return plan;
  }
  plan.strategy = {{.provider = "FARGATE", .base = 2, .weight = 0},
                   {.provider = "FARGATE_SPOT", .base = 0, .weight = 1}};
  plan.balanced_port = 80;
  plan.grace_seconds = 60;
  plan.circuit_breaker = name == "front";
  return plan;
}

Outcome<> Mischief::prepare() {
  TRY_VOID(customer_.make_cluster("chaos"));
  for (const std::string_view name : service_names) {
    const ServicePlan plan = plan_of(std::string(name));
    (void)TRY(customer_.register_task(plan.family, {{.image = "good", .port = plan.balanced_port}}));
    TRY_VOID(customer_.make_service(plan));
    checkers_.wanted(plan.name, plan.desired);
  }
  return {};
}

void Mischief::act() {
  static constexpr std::array acts{
      Act{"scale", 6, &Mischief::scale},
      Act{"deploy", 4, &Mischief::deploy},
      Act{"deploy again", 2, &Mischief::deploy_again},
      Act{"stop task", 4, &Mischief::stop_task},
      Act{"crash container", 4, &Mischief::crash_container},
      Act{"reclaim", 6, &Mischief::reclaim},
      Act{"change capacity", 2, &Mischief::change_capacity},
      Act{"make or delete", 2, &Mischief::make_or_delete},
      Act{"run task", 2, &Mischief::run_task},
      Act{"kill control plane", 2, &Mischief::kill_control_plane},
      Act{"kill in the middle", 4, &Mischief::kill_in_the_middle},
      Act{"restart host", 1, &Mischief::restart_host},
      Act{"hang runtime", 2, &Mischief::hang_runtime},
  };
  ++acts_;
  unsigned all = 0;
  for (const Act& act : acts) all += act.weight;
  std::uint64_t chosen = pick(all, "act");
  for (const Act& act : acts) {
    if (chosen < act.weight) {
      (this->*act.perform)();
      break;
    }
    chosen -= act.weight;
  }
  if (acts_ % 5 == 0) checkers_.check_acknowledged();
  // Many acts in a row now and then, else with time to settle a little.
  sim_.run_for(
      sim_.dice.between(milliseconds(1), pick(3, "burst") == 0 ? seconds(1) : seconds(60), "mischief", "pause", acts_));
}

std::uint64_t Mischief::pick(std::uint64_t bound, std::string_view purpose) {
  return sim_.dice.below(bound, "mischief", purpose, acts_);
}

bool Mischief::count(const Outcome<>& outcome) {
  ++calls;
  if (!outcome) ++refused;
  return outcome.has_value();
}

std::string Mischief::any_service() { return std::string(service_names[pick(service_names.size(), "service")]); }

std::string Mischief::any_task() {
  const auto running = sim_.runtime.running();
  return running.empty() ? "" : running[pick(running.size(), "task")];
}

// Until the answer both counts are right; after a lost connection they stay so.
Outcome<> Mischief::scale_to(const std::string& service, std::int64_t tasks) {
  const auto before = checkers_.wanted_now(service);
  checkers_.maybe_wanted(service, tasks);
  const auto done = customer_.update_service(service, object({{"desiredCount", tasks}}));
  if (count(done))
    checkers_.wanted(service, tasks);
  else if (!lost_connection(done))
    checkers_.set_wanted(service, before);
  return done;
}

void Mischief::scale() { (void)scale_to(any_service(), static_cast<std::int64_t>(pick(8, "count"))); }

Outcome<> Mischief::deploy_image(const std::string& service, const std::string& image) {
  const ServicePlan plan = plan_of(service);
  const auto revision = customer_.register_task(plan.family, {{.image = image, .port = plan.balanced_port}});
  if (!revision) return std::unexpected(revision.error());
  return customer_.update_service(service, object({{"taskDefinition", *revision}}));
}

void Mischief::deploy() {
  count(deploy_image(any_service(), std::string(image_names[pick(image_names.size(), "image")])));
}

void Mischief::deploy_again() {
  count(customer_.update_service(any_service(), object({{"forceNewDeployment", true}})));
}

void Mischief::stop_task() {
  if (const std::string task = any_task(); !task.empty()) count(customer_.stop_task(task));
}

void Mischief::crash_container() {
  if (const std::string task = any_task(); !task.empty())
    sim_.runtime.crash(task, static_cast<int>(pick(2, "code")) * 137);
}

void Mischief::reclaim() {
  const int refuse = pick(3, "blackout") == 0 ? static_cast<int>(pick(600, "refuse")) : 0;
  const auto taken = customer_.reclaim(pick(2, "whose") == 0 ? "" : any_service(),
                                       1 + static_cast<int>(pick(5, "count")), refuse, acts_);
  if (taken) reclaims += static_cast<i64>(taken->size());
  count(taken ? Outcome<>{} : Outcome<>(std::unexpected(taken.error())));
}

void Mischief::change_capacity() {
  const auto share = static_cast<i32>(1 + pick(4, "share"));
  sim_.offer({.cpu_units = whole_.cpu_units / 4 * share, .memory_mib = whole_.memory_mib / 4 * share});
}

void Mischief::make_or_delete() {
  const std::string name = "batch";
  if (pick(2, "which") == 0) {
    checkers_.forget(name);
    count(customer_.delete_service(name));
    return;
  }
  const ServicePlan plan = plan_of(name);
  if (count(customer_.make_service(plan))) checkers_.wanted(name, plan.desired);
}

void Mischief::run_task() { count(customer_.run_task("batch")); }

void Mischief::kill_control_plane() {
  sim_.crash(sim_.dice.between(milliseconds(100), seconds(30), "mischief", "down", acts_));
}

// Nothing that it has promised may be lost, and nothing that it had begun may stay undone.
void Mischief::kill_in_the_middle() {
  ++acts_;
  const std::string service = any_service();
  const auto tasks = static_cast<std::int64_t>(pick(8, "count"));
  checkers_.maybe_wanted(service, tasks);
  const bool known = !checkers_.wanted_now(service).empty();
  sim_.ask("ecs", "UpdateService",
           object({{"cluster", customer_.cluster()}, {"service", service}, {"desiredCount", tasks}}),
           [this, service, tasks, known](const Outcome<Json>& answer) {
             if (answer && known) checkers_.wanted(service, tasks);
           });
  if (const std::string task = any_task(); !task.empty())
    sim_.ask("ecs", "StopTask", object({{"cluster", customer_.cluster()}, {"task", task}}),
             [](const Outcome<Json>&) {});
  sim_.run_for(sim_.dice.between(Duration{}, milliseconds(8), "mischief", "in the middle", acts_));
  sim_.crash(sim_.dice.between(milliseconds(100), seconds(10), "mischief", "down", acts_));
}

void Mischief::restart_host() {
  sim_.restart_host(sim_.dice.between(seconds(10), seconds(60), "mischief", "host down", acts_));
}

// The runtime hangs for a while: what its containers do and what it is asked is dealt with later.
void Mischief::hang_runtime() {
  sim_.hang_runtime(sim_.dice.between(milliseconds(100), seconds(10), "mischief", "deaf", acts_));
}

template <class Try>
void Mischief::insist(Try&& attempt) {
  for (int i = 0; i < tries_max; ++i) {
    const Outcome<> done = attempt();
    if (done) return;
    sim_.run_for(seconds(30));
    if (i + 1 == tries_max) checkers_.fail(cat("refused in peace: ", done.error().code, ": ", done.error().message));
  }
}

void Mischief::revive(const std::string& name) {
  insist([&]() -> Outcome<> {
    const auto found = customer_.service(name);
    if (found && found->text_at({"status"}) == "ACTIVE") return {};
    return customer_.make_service(plan_of(name));
  });
}

void Mischief::make_peace() {
  sim_.settings.faults = {};
  sim_.offer(whole_);
  sim_.run_for(minutes(1));
  insist([&] { return customer_.end_refusal(); });
  for (const std::string_view service : service_names) {
    const std::string name(service);
    checkers_.check_acknowledged();
    revive(name);
    insist([&] { return deploy_image(name, "good"); });
    const auto tasks = static_cast<std::int64_t>(pick(5, name));
    insist([&] { return customer_.update_service(name, object({{"desiredCount", tasks}})); });
    checkers_.wanted(name, tasks);
  }
  insist([&] { return customer_.stop_single_tasks(); });
}

}  // namespace utakata::sim

#include <doctest/doctest.h>

#include "base/text.hpp"
#include "ports/log_store_contract.hpp"
#include "ports/vpc_network_contract.hpp"
#include "sim/balancer.hpp"
#include "sim/inside_fixture_test.hpp"
#include "sim/memory_log_store.hpp"
#include "sim/program_test.hpp"
#include "sim/simulator.hpp"
#include "sim/task_desk.hpp"
#include "sim/task_runtime.hpp"
#include "sim/workload.hpp"

using namespace utakata;       // NOLINT: a test
using namespace utakata::sim;  // NOLINT: a test

namespace {

constexpr Instant t0{1'000'000'000'000};

ContainerModel quick() {
  return {.pull = {seconds(1), seconds(1)},
          .start = {Duration{}, Duration{}},
          .boot = {seconds(2), seconds(2)},
          .drain = {seconds(1), seconds(1)}};
}

struct Bench {
  EventQueue queue{t0};
  Images images;
  Workload workload{queue};
  std::string story;
  TaskReport last;
  std::vector<TargetHealthReport> health;
  std::vector<TargetIdleReport> idle;
  Network network{[this](const std::string&, const std::string& address) { balancer.network_changed(address); }};
  TaskRuntime runtime{queue,
                      Dice(1),
                      images,
                      {.report = [this](const Report& r) { hear(r); },
                       .endpoint =
                           [this](const EndpointChange& change) {
                             workload.endpoint(change);
                             balancer.endpoint(change);
                           },
                       .tell = [this](const std::string&, const std::string& line) { say(line); }}};
  Balancer balancer{queue, Dice(1), runtime, &network, workload, [this](const Report& r) { hear(r); }};

  void say(std::string_view line) {
    story += cat(story.empty() ? "" : "; ", (queue.now() - t0).milliseconds() / 1000, " ", line);
  }
  void hear(const Report& report) {
    if (const auto* task = std::get_if<TaskReport>(&report)) last = *task;
    if (const auto* task = std::get_if<TaskReport>(&report))
      if (!story.ends_with(task->status.name())) say(task->status.name());
    if (const auto* h = std::get_if<TargetHealthReport>(&report)) {
      health.push_back(*h);
      say(h->state.name());
    }
    if (const auto* i = std::get_if<TargetIdleReport>(&report)) idle.push_back(*i);
  }
  /// Every address may reach every other, or none.
  void network_lets(bool all) {
    const SecurityRule inward{.cidr = "0.0.0.0/0"};
    const SecurityRule outward{.egress = true, .cidr = "0.0.0.0/0"};
    ChangeVpc change{.vpc_id = "vpc", .cidr = "10.0.0.0/16", .groups = {{.id = "sg"}}};
    if (all) change.groups[0].rules = {inward, outward};
    for (const std::string address : {"10.0.9.9", "10.0.0.1", "10.0.0.2"})
      change.interfaces.push_back({.id = "eni-" + address, .address = address, .groups = {"sg"}});
    network.change(change);
  }
  Bench() { network_lets(true); }
  void start(const std::string& arn, const std::string& address, int stop_timeout = 30) {
    runtime.start(
        {.arn = arn,
         .network = {.address = address},
         .containers = {
             {.name = "app", .image = "app", .stop_timeout_seconds = stop_timeout, .container_ports = {80}}}});
  }
  void target(const std::string& address, bool draining = false) {
    balancer.configure(
        {.arn = "lb",
         .vpc_id = "vpc",
         .addresses = {"10.0.9.9"},
         .target_groups = {{.arn = "tg",
                            .health_check = {.interval_seconds = 5, .healthy_threshold = 2, .unhealthy_threshold = 2},
                            .targets = {{.address = address, .port = 80, .draining = draining}}}}});
  }
  void run(std::int64_t secs) { queue.run_until(queue.now() + seconds(secs)); }
};

// Nothing is sent: a task's answers are those of the rules.
class SimulatedVpcs final : public ports::test::VpcHost {
 public:
  ports::VpcNetwork& network() override { return network_; }
  void start_task(const str&, const InterfaceConfig&) override {}
  bool connects(const str& vpc_id, const str& from, const str& to, i32 port) override {
    return network_.may_connect(vpc_id, {.from = from, .to = to, .port = port});
  }
  list<str> resolves(const str& vpc_id, const str&, const str& name) override {
    const VpcPicture* vpc = network_.vpc(vpc_id);
    const auto at = vpc == nullptr ? dict<DnsName>::const_iterator() : vpc->names.find(name);
    return vpc == nullptr || at == vpc->names.end() ? list<str>() : at->second.addresses;
  }

 private:
  Network network_;
};

class SimulatedDesk final : public ports::test::DeskHost {
 public:
  SimulatedDesk() { ports::test::make_tasks(simulator_, *this); }
  ports::TaskDesk& desk() override { return desk_; }
  void run() override { simulator_.run_for(milliseconds(1)); }
  void stop_task(const str& task_arn) override {
    simulator_.runtime.kill(task_arn);
    simulator_.run_for(minutes(1));
  }

 private:
  Simulator simulator_{test::program(), {}};
  TaskDesk desk_{simulator_.control, Dice(1)};
};

}  // namespace

TEST_CASE("sim task desk: keeps the contract of its port") {
  SimulatedDesk host;
  ports::test::hold_to_contract(host);
}

TEST_CASE("sim network: keeps the contract of its port") {
  SimulatedVpcs host;
  ports::test::hold_to_contract(host);
}

TEST_CASE("sim log store: keeps the contract of its port") {
  MemoryLogStore store;
  ports::test::hold_to_contract(store);
}

TEST_CASE("sim runtime: a task pulls, starts, answers and finishes what it does when it is told to stop") {
  Bench bench;
  bench.images.set("app", quick());
  bench.start("t", "10.0.0.1");
  bench.run(2);
  CHECK(!bench.runtime.answers("10.0.0.1", 80));
  bench.run(2);
  CHECK(bench.runtime.answers("10.0.0.1", 80));
  bench.runtime.stop("t");
  CHECK(!bench.runtime.answers("10.0.0.1", 80));
  bench.run(5);
  CHECK(bench.story == "1 RUNNING; 4 STOPPING; 4 stop signal to app; 5 app exits with 0; 5 STOPPED");
}

TEST_CASE("sim runtime: what ignores its stop signal is killed at its stop timeout") {
  Bench bench;
  ContainerModel deaf = quick();
  deaf.on_stop = OnStop::ignores;
  bench.images.set("app", deaf);
  bench.start("t", "10.0.0.1", 7);
  bench.run(10);
  bench.runtime.stop("t");
  CHECK(bench.runtime.answers("10.0.0.1", 80));
  bench.run(10);
  CHECK(bench.story.ends_with("17 SIGKILL to app; 17 app exits with 137; 17 STOPPED"));
  CHECK(bench.runtime.running().empty());
}

TEST_CASE("sim runtime: an exit while the daemon is away is reported when it is back") {
  Bench bench;
  bench.images.set("app", quick());
  bench.start("t", "10.0.0.1");
  bench.run(5);
  bench.runtime.pause();
  bench.runtime.crash("t", 1);
  bench.run(5);
  CHECK(!bench.story.ends_with("STOPPED"));
  CHECK(bench.runtime.running().empty());
  bench.runtime.resume();
  CHECK(bench.story.ends_with("STOPPED"));
}

TEST_CASE("sim runtime: an image that is not there and a command that does not exist stop the task") {
  Bench bench;
  bench.images.set("app", {.pull_failure = PullFailure::missing});
  bench.start("t", "10.0.0.1");
  bench.run(5);
  CHECK(bench.story.ends_with("STOPPED"));
  Bench other;
  other.images.set("app", {.cannot_start = true});
  other.start("t", "10.0.0.1");
  other.run(5);
  CHECK(other.story.ends_with("STOPPED"));
}

TEST_CASE("sim runtime: a pull that fails says why in AWS's words, and when it began and ended") {
  for (const auto& [why, says] : std::initializer_list<std::pair<PullFailure, std::string_view>>{
           {PullFailure::missing, "not found"},
           {PullFailure::denied, "pull access denied"},
           {PullFailure::refused, "connection refused"},
           {PullFailure::timeout, "i/o timeout"},
           {PullFailure::platform, "does not contain descriptor matching platform"}}) {
    Bench bench;
    bench.images.set("app", {.pull_failure = why});
    bench.start("t", "10.0.0.1");
    bench.run(5);
    CHECK((bench.last.status == "STOPPED"));
    CHECK((bench.last.stop_code == "TaskFailedToStart"));
    CHECK(bench.last.reason.starts_with("CannotPullContainerError: "));
    CHECK(bench.last.reason.contains(says));
    CHECK(bench.last.containers[0].reason == bench.last.reason);
    CHECK(bench.last.pull_started_at == t0);
    CHECK(bench.last.pull_stopped_at == t0 + seconds(1));
  }
}

TEST_CASE("sim runtime: a repeated start is a report, and one of a forgotten task is noticed") {
  Bench bench;
  bench.images.set("app", quick());
  bench.start("t", "10.0.0.1");
  bench.run(5);
  bench.start("t", "10.0.0.1");
  CHECK(bench.runtime.started_twice().empty());
  bench.runtime.stop("t");
  bench.run(3600);
  bench.start("t", "10.0.0.1");
  CHECK(bench.runtime.started_twice() == std::vector<std::string>{"t"});
}

TEST_CASE("sim balancer: a target is healthy at its first good check and unhealthy after two bad ones") {
  Bench bench;
  bench.images.set("app", quick());
  bench.start("t", "10.0.0.1");
  bench.run(5);
  bench.target("10.0.0.1");
  bench.run(2);
  REQUIRE(bench.health.size() == 2);
  CHECK((bench.health[0].state == "initial"));
  CHECK((bench.health[1].state == "healthy"));
  bench.runtime.crash("t", 1);
  bench.run(60);
  REQUIRE(bench.health.size() == 3);
  CHECK((bench.health[2].state == "unhealthy"));
  CHECK(bench.health[2].reason == "Target.FailedHealthChecks");
  CHECK(bench.balancer.targets().size() == 1);
}

TEST_CASE("sim balancer: a target that its security groups keep from it is unhealthy until they let it") {
  Bench bench;
  bench.images.set("app", quick());
  bench.start("t", "10.0.0.1");
  bench.run(5);
  bench.network_lets(false);
  bench.target("10.0.0.1");
  bench.run(30);
  CHECK((bench.health.back().state == "unhealthy"));
  bench.network_lets(true);
  bench.run(30);
  CHECK((bench.health.back().state == "healthy"));
  bench.network_lets(false);
  bench.run(30);
  CHECK((bench.health.back().state == "unhealthy"));
}

TEST_CASE("sim balancer: checks that change nothing cost no event, and are counted") {
  Bench bench;
  bench.images.set("app", quick());
  bench.start("t", "10.0.0.1");
  bench.target("10.0.0.1");
  bench.run(60);
  const auto events = bench.queue.events_run();
  bench.run(86'400);
  CHECK(bench.queue.events_run() - events <= 1);
  bench.target("10.0.0.1");
  CHECK(bench.balancer.checks_made() >= 86'400 / 5);
  CHECK((bench.health.back().state == "healthy"));
}

TEST_CASE("sim balancer: a draining target is idle when its last request has been answered") {
  Bench bench;
  bench.images.set("app", quick());
  bench.start("t", "10.0.0.1");
  bench.target("10.0.0.1");
  bench.run(10);
  bench.workload.flow("tg", 10, seconds(2));
  bench.run(10);
  bench.target("10.0.0.1", true);
  bench.run(1);
  CHECK(bench.idle.empty());
  bench.run(1);
  CHECK(bench.idle.size() == 1);
  CHECK(bench.balancer.targets().empty());
}

TEST_CASE("sim workload: every request has one fate") {
  Bench bench;
  ContainerModel careless = quick();
  careless.on_stop = OnStop::drops;
  bench.images.set("app", careless);
  bench.start("t", "10.0.0.1");
  bench.target("10.0.0.1");
  bench.run(10);
  bench.workload.flow("tg", 100, milliseconds(300));
  bench.run(10);
  bench.runtime.stop("t");
  bench.run(5);
  const Fates fates = bench.workload.fates("tg");
  CHECK(fates.sent == 1501);
  CHECK(fates.lost_in_flight == 30);
  CHECK(fates.refused == 499);
  CHECK(fates.answered == fates.sent - fates.lost());
}

TEST_CASE("sim workload: with the balancer gone all requests are lost to it, and come back with it") {
  Bench bench;
  bench.images.set("app", quick());
  bench.start("t", "10.0.0.1");
  bench.target("10.0.0.1");
  bench.run(10);
  bench.workload.flow("tg", 100, milliseconds(300));
  bench.run(10);
  bench.balancer.stop();
  bench.run(2);
  bench.balancer.restart();
  bench.target("10.0.0.1");
  bench.run(10);
  const Fates fates = bench.workload.fates("tg");
  CHECK(fates.balancer_gone == 230);
  CHECK(fates.lost() == 230);
}

TEST_CASE("sim workload: two targets take turns, and only the lost one's requests are lost") {
  Bench bench;
  ContainerModel careless = quick();
  careless.on_stop = OnStop::drops;
  bench.images.set("app", careless);
  bench.start("a", "10.0.0.1");
  bench.start("b", "10.0.0.2");
  bench.run(5);
  bench.workload.flow("tg", 100, milliseconds(300));
  bench.workload.rotation("tg", {{"10.0.0.1", 80}, {"10.0.0.2", 80}});
  bench.run(10);
  bench.runtime.stop("a");
  bench.run(1);
  CHECK(bench.workload.fates("tg").lost_in_flight == 15);
}

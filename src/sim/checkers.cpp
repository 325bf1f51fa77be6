#include "sim/checkers.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "sim/json_text.hpp"

namespace utakata::sim {
namespace {

constexpr Duration warning_most = seconds(120);
// From the end of a stop timeout to the end of the process, with the ways there and back.
constexpr Duration margin = seconds(5);
constexpr std::size_t failures_max = 50;
// A control plane that works so much within a minute goes round in circles.
constexpr std::uint64_t steps_a_minute_max = 5'000;

std::string address_of(const Json& task) {
  for (const Json& attachment : items_at(task, "attachments"))
    for (const Json& detail : items_at(attachment, "details"))
      if (detail.text_at({"name"}) == "privateIPv4Address") return std::string(detail.text_at({"value"}));
  return "";
}

}  // namespace

Checkers::Checkers(Simulator& sim, Customer& customer, std::uint64_t every)
    : sim_(sim), customer_(customer), every_(every) {
  sim.watch({.step = [this](const Step&) { step(); },
             .event = [this](const Json& e) { event(e); },
             .effect =
                 [this](const Effect& effect) {
                   const auto* start = std::get_if<StartTask>(&effect);
                   if (start == nullptr) return;
                   Duration all;
                   for (const ContainerSpec& c : start->spec.containers) all = all + seconds(c.stop_timeout_seconds);
                   stop_takes_[start->spec.arn] = all;
                   cpu_[start->spec.arn] = start->spec.cpu;
                 }});
}

void Checkers::fail(const std::string& what) {
  if (failures_.size() >= failures_max || !known_.insert(what).second) return;
  failures_.push_back(cat(iso8601(sim_.queue.now(), 3), " ", what));
}

void Checkers::step() {
  if (sim_.queue.now() - minute_began_ >= minutes(1)) {
    minute_began_ = sim_.queue.now();
    steps_before_minute_ = sim_.control.steps();
  }
  if (sim_.control.steps() - steps_before_minute_ > steps_a_minute_max) fail("the control plane goes round in circles");
  if (sim_.control.steps() % every_ != 0) return;
  for (const std::string& sentence : sim_.control.machine().broken_invariants()) fail(sentence);
  check_hosts();
}

void Checkers::check_hosts() {
  for (const std::string& arn : sim_.runtime.started_twice()) fail(cat("started afresh after it had run: ", arn));
}

void Checkers::event(const Json& event) {
  const Json* detail = event.find("detail");
  if (detail == nullptr || detail->text_at({"stopCode"}) != "SpotInterruption") return;
  const std::string arn(detail->text_at({"taskArn"}));
  if (reclaimed_.insert(arn).second) reclaimed(arn);
}

// The warning is two minutes at most, and what does not heed the signal is killed at its stop timeout.
void Checkers::reclaimed(const std::string& arn) {
  if (!sim_.runtime.runs(arn)) return;
  const Duration late = sim_.settings.faults.late.part > 0 ? sim_.settings.faults.late_most * 2 : Duration{};
  const Instant end = sim_.queue.now() + std::min(stop_takes_[arn], warning_most) + late + margin;
  sim_.queue.at(end, [this, arn, began = sim_.queue.now(), end] { overdue(arn, began, end); });
}

// While the daemon does not run nobody kills; what it missed it makes up afterwards.
void Checkers::overdue(const std::string& arn, Instant began, Instant end) {
  if (!sim_.runtime.runs(arn)) return;
  const Instant allowed = end + sim_.down_since(began);
  if (allowed <= sim_.queue.now()) return fail(cat("a reclaimed task outlived its stop timeout: ", arn));
  sim_.queue.at(allowed, [this, arn, began, end] { overdue(arn, began, end); });
}

void Checkers::wanted(const std::string& service, std::int64_t tasks) { wanted_[service] = {tasks}; }

// Of a service that nothing was acknowledged of, nothing is expected.
void Checkers::maybe_wanted(const std::string& service, std::int64_t tasks) {
  if (const auto at = wanted_.find(service); at != wanted_.end()) at->second.insert(tasks);
}

std::set<std::int64_t> Checkers::wanted_now(const std::string& service) const {
  const auto at = wanted_.find(service);
  return at == wanted_.end() ? std::set<std::int64_t>{} : at->second;
}

void Checkers::set_wanted(const std::string& service, std::set<std::int64_t> counts) {
  if (counts.empty())
    wanted_.erase(service);
  else
    wanted_[service] = std::move(counts);
}

void Checkers::check_acknowledged() {
  const auto expected = wanted_;
  for (const auto& [service, counts] : expected) {
    const auto found = customer_.service(service);
    if (!found) {
      if (found.error().code != "ConnectionClosed") fail(cat("an acknowledged service is gone: ", service));
      continue;
    }
    if (wanted_[service] != counts) continue;  // something was asked for while this was looked up
    if (!counts.contains(found->integer_at({"desiredCount"})))
      fail(cat("an acknowledged write is lost: service ", service, " wants ", found->integer_at({"desiredCount"})));
  }
}

void Checkers::check_rest() {
  for (const std::string& fault : sim_.control.journal_faults()) fail(fault);
  check_acknowledged();
  check_hosts();
  std::set<std::string> tasks;
  std::set<std::string> addresses;
  for (const std::string& name : customer_.services()) check_service_at_rest(name, tasks, addresses);
  i64 cpu = 0;
  for (const std::string& arn : sim_.runtime.running()) {
    cpu += cpu_[arn];
    if (!tasks.contains(arn)) fail(cat("a task runs that nobody wants: ", arn));
  }
  if (cpu > sim_.settings.capacity.cpu_units) fail("the running tasks use more than the pool has");
  for (const auto& [address, port] : sim_.balancer.targets())
    if (!addresses.contains(address)) fail(cat("a target without a running task: ", address));
}

void Checkers::check_service_at_rest(const std::string& name, std::set<std::string>& tasks,
                                     std::set<std::string>& addresses) {
  const auto stable = customer_.stable(name);
  if (!stable || !*stable) fail(cat("service ", name, " has not become stable"));
  const auto running = customer_.tasks(name);
  if (!running) return fail(cat("tasks of ", name, ": ", running.error().message));
  const bool balanced = !customer_.target_group(name).empty();
  for (const Json& task : *running) {
    const std::string arn(task.text_at({"taskArn"}));
    const std::string address = address_of(task);
    tasks.insert(arn);
    if (!addresses.insert(address).second) fail(cat("two tasks have the address ", address));
    if (!sim_.runtime.runs(arn)) fail(cat("a task is said to run and does not: ", arn));
    const bool registered =
        std::ranges::any_of(sim_.balancer.targets(), [&](const auto& t) { return t.first == address; });
    if (balanced && !registered) fail(cat("a running task is no target: ", arn));
  }
}

}  // namespace utakata::sim

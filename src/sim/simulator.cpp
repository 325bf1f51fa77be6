#include "sim/simulator.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "sim/tap.hpp"
#include "wire/json.hpp"

namespace utakata::sim {
namespace {

constexpr Duration boot_takes = milliseconds(300);

const Operation* find_operation(wire::Services services, std::string_view service, std::string_view operation) {
  for (const wire::Service* each : services)
    if (each->name == service)
      if (const Operation* found = each->find(operation); found != nullptr) return found;
  return nullptr;
}

std::vector<void (*)(Schema&)> modules_of(const Program& program, bool with_tap) {
  std::vector<void (*)(Schema&)> modules(program.modules.begin(), program.modules.end());
  if (with_tap) modules.push_back(declare_tap);
  return modules;
}

}  // namespace

Simulator::Simulator(Program program, SimulatorSettings given)
    : settings(std::move(given)),
      modules_(modules_of(program, settings.events)),
      queue(settings.start),
      dice(settings.seed),
      workload(queue),
      courier_(queue, dice, settings.faults,
               {.perform = [this](const Effect& effect) { perform(effect); },
                .deliver = [this](const Report& report) { deliver(report); },
                .lost = [this](const Report& report) { say_again(report); }}),
      runtime(queue, dice, images,
              {.report = [this](const Report& report) { courier_.send(report); },
               .endpoint =
                   [this](const EndpointChange& change) {
                     workload.endpoint(change);
                     balancer.endpoint(change);
                   },
               .tell = [this](const std::string& arn, const std::string& line) { happening(arn, line); }}),
      network([this](const std::string&, const std::string& address) { balancer.network_changed(address); }),
      balancer(
          queue, dice, runtime, &network, workload, [this](const Report& report) { courier_.send(report); },
          [this](const std::string& address, const std::string& line) { happening(address, line); }),
      control(queue, {.modules = modules_, .services = program.services}, settings.seed,
              {.commit_takes = settings.commit_takes},
              {.perform = [this](const Effect& effect) { courier_.send(effect); },
               .stepped = [this](const Step& step) { stepped(step); }}) {
  boot();
  run_for(seconds(1));
}

// What the host offers and what it runs come first; only then is everything looked at again (app/platform.cpp).
void Simulator::boot() {
  control.start();
  balancer.restart();
  courier_.send(settings.capacity);
  runtime.resume();
  queue.after(boot_takes, [this] { runtime.recover(); });
}

void Simulator::crash(Duration down) {
  if (!control.runs()) return;
  const bool survives = dice.chance({1, 2}, "journal", "commit survives", static_cast<std::uint64_t>(crashes_));
  ++crashes_;
  down_.emplace_back(queue.now(), queue.now() + down + boot_takes);
  courier_.lose_everything();
  runtime.pause();
  balancer.stop();
  control.crash(survives);
  queue.after(down, [this] { boot(); });
}

void Simulator::restart_host(Duration down) {
  if (!control.runs()) return;
  crash(down);
  runtime.lose_everything();
}

void Simulator::hang_runtime(Duration span) {
  if (!control.runs()) return;
  down_.emplace_back(queue.now(), queue.now() + span);
  runtime.pause();
  queue.after(span, [this] {
    if (control.runs()) runtime.resume();
  });
}

Duration Simulator::down_since(Instant then) const {
  Duration all;
  for (const auto& [from, until] : down_)
    all = all + std::max(std::min(until, queue.now()) - std::max(from, then), Duration{});
  return all;
}

void Simulator::offer(CapacityReport capacity) {
  settings.capacity = capacity;
  if (control.runs()) courier_.send(capacity);
}

void Simulator::perform(const Effect& effect) {
  struct Perform {
    Simulator& sim;
    void operator()(const StartTask& e) const { sim.runtime.start(e.spec); }
    void operator()(const StopTask& e) const { sim.runtime.stop(e.task_arn); }
    void operator()(const KillTask& e) const { sim.runtime.kill(e.task_arn); }
    void operator()(const ConfigureBalancer& e) const { sim.balancer.configure(e.config); }
    void operator()(const RemoveBalancer& e) const { sim.balancer.remove(e.arn); }
    void operator()(const StoreLog& e) const { sim.control.store(e); }
    void operator()(const ExpireLogs& e) const { sim.control.expire(e); }
    void operator()(const RemoveLogs& e) const { sim.control.remove(e); }
    void operator()(const ConfigureVpcs& e) const { sim.network.configure(e); }
    void operator()(const ChangeVpc& e) const { sim.network.change(e); }
    // The simulated authority signs nothing; its texts only differ by what they are for.
    void operator()(const IssueCertificate& e) const {
      sim.courier_.send(CertificateReport{.arn = e.arn,
                                          .certificate = cat("certificate of ", join(e.domain_names, " ")),
                                          .chain = "the simulated authority",
                                          .private_key = cat("key of ", e.arn)});
    }
  };
  if (settings.withheld && settings.withheld(effect)) return;
  for (const Watcher& watcher : watchers_)
    if (watcher.effect) watcher.effect(effect);
  std::visit(Perform{*this}, effect);
}

void Simulator::deliver(const Report& report) {
  control.input(report);
  if (std::holds_alternative<InventoryReport>(report)) control.input(Recovered{});
}

// Ports describe what is: after a loss they say it again, as it is by then.
void Simulator::say_again(const Report& report) {
  if (const auto* task = std::get_if<TaskReport>(&report)) runtime.repeat(task->task_arn);
  if (const auto* health = std::get_if<TargetHealthReport>(&report))
    balancer.repeat(health->target_group_arn, {health->address, health->port});
  if (const auto* idle = std::get_if<TargetIdleReport>(&report))
    balancer.repeat(idle->target_group_arn, {idle->address, idle->port});
}

void Simulator::stepped(const Step& step) {
  for (const Watcher& watcher : watchers_)
    if (watcher.step) watcher.step(step);
  if (settings.events) tell_events(step);
  const std::uint64_t nth = control.steps();
  if (!dice.chance(settings.faults.crash_at_step, "control plane", "crash", nth)) return;
  const Duration within = dice.between(Duration{}, settings.commit_takes + settings.commit_takes, "control plane",
                                       "crash within the commit", nth);
  const Duration down = dice.between(seconds(1), settings.faults.down_most, "control plane", "down", nth);
  queue.after(within, [this, down] { crash(down); });
}

void Simulator::tell_events(const Step& step) {
  const auto events = tapped(step);
  if (!events) return;
  if (events->at != tapped_at_) tapped_ = 0;
  tapped_at_ = events->at;
  for (; tapped_ < events->bodies.size(); ++tapped_) {
    const auto event = Json::parse(events->bodies[tapped_]);
    ensure(event.has_value(), "an event is no JSON");
    for (const Watcher& watcher : watchers_)
      if (watcher.event) watcher.event(*event);
  }
}

void Simulator::happening(const std::string& about, const std::string& what) {
  for (const Watcher& watcher : watchers_)
    if (watcher.happening) watcher.happening(about, what);
}

void Simulator::ask(std::string_view service, std::string_view operation, const Json& request,
                    const std::function<void(Outcome<Json>)>& answer) {
  const Operation* found = find_operation(control.program().services, service, operation);
  if (found == nullptr) return answer(refuse("InvalidAction", cat(service, " has no operation ", operation)));
  auto input = found->new_input();
  wire::ReadNotes notes;
  if (auto read = wire::read_json(*found->input, input.get(), request.write(), notes); !read)
    return answer(std::unexpected(std::move(read).error()));
  control.call(settings.world, *found, std::move(input), [found, answer](Outcome<Operation::Object> output) {
    if (!output) return answer(std::unexpected(std::move(output).error()));
    answer(Json::parse(wire::write_json(*found->output, output->get())));
  });
}

Outcome<Json> Simulator::call(std::string_view service, std::string_view operation, const Json& request) {
  std::optional<Outcome<Json>> answer;
  ask(service, operation, request, [&answer](Outcome<Json> a) { answer = std::move(a); });
  while (!answer) ensure(queue.run_next(Instant::never()), "nothing more happens and a call has no answer");
  return *std::move(answer);
}

}  // namespace utakata::sim

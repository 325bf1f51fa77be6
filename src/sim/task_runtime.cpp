#include "sim/task_runtime.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace utakata::sim {
namespace {

// A stopped task is remembered as long, so that an order that comes late does not run it again.
constexpr Duration remembered_for = minutes(10);
// Longer than any report is on its way.
constexpr Duration heard_of_after = minutes(2);
constexpr Duration health_check_takes = milliseconds(20);
constexpr Duration kill_takes = milliseconds(1);
constexpr Duration pull_refused_after = seconds(1);
constexpr int killed_code = 137;

}  // namespace

void TaskRuntime::start(const TaskSpec& spec) {
  if (const auto known = tasks_.find(spec.arn); known != tasks_.end()) {
    around_.report(known->second->run.report());
    return;
  }
  if (!ever_.insert(spec.arn).second) started_twice_.push_back(spec.arn);
  Task& task = *tasks_.emplace(spec.arn, std::make_unique<Task>(spec)).first->second;
  task.dice_name = cat(spec.family, " ", ++started_of_[spec.family]);
  for (const ContainerSpec& container : task.run.spec().containers)
    task.containers[container.name] = {.spec = &container, .model = images_.of(container.image)};
  prepare(spec.arn, task);
}

void TaskRuntime::stop(const std::string& arn) {
  if (!tasks_.contains(arn)) return around_.report(TaskReport{.task_arn = arn, .status = "STOPPED"});
  hear(arn, [this](agent::TaskRun& run) { return run.stop(queue_.now()); });
}

void TaskRuntime::kill(const std::string& arn) {
  if (!tasks_.contains(arn)) return around_.report(TaskReport{.task_arn = arn, .status = "STOPPED"});
  hear(arn, [this](agent::TaskRun& run) { return run.kill(queue_.now()); });
}

void TaskRuntime::recover() {
  InventoryReport inventory;
  for (const auto& [arn, task] : tasks_) inventory.tasks.push_back(task->run.report());
  around_.report(std::move(inventory));
}

void TaskRuntime::lose_everything() {
  missed_.clear();
  for (auto& [arn, task] : tasks_) {
    queue_.cancel(task->advance);
    for (auto& [name, container] : task->containers) container.answers = false;
    publish(*task, true);
    // Whoever has not heard yet that it ran may start it once more.
    const Instant started = task->run.report().started_at;
    if (!started.set() || queue_.now() - started < heard_of_after) ever_.erase(arn);
  }
  tasks_.clear();
}

void TaskRuntime::repeat(const std::string& arn) {
  if (const auto at = tasks_.find(arn); at != tasks_.end()) around_.report(at->second->run.report());
}

void TaskRuntime::pause() { paused_ = true; }

void TaskRuntime::resume() {
  paused_ = false;
  auto missed = std::move(missed_);
  missed_.clear();
  for (auto& [arn, what] : missed) hear(arn, std::move(what));
}

std::vector<std::string> TaskRuntime::running() const {
  std::vector<std::string> all;
  for (const auto& [arn, task] : tasks_)
    if (runs(arn)) all.push_back(arn);
  return all;
}

bool TaskRuntime::runs(const std::string& arn) const {
  const auto at = tasks_.find(arn);
  return at != tasks_.end() &&
         std::ranges::any_of(at->second->containers, [](const auto& c) { return c.second.process; });
}

bool TaskRuntime::answers(const std::string& address, i32 port) const { return answering_.contains({address, port}); }

// What happens to a container is heard by its TaskRun at once, or when the daemon is back.
void TaskRuntime::hear(const std::string& arn, Hear what) {
  if (paused_) {
    missed_.emplace_back(arn, std::move(what));
    return;
  }
  const auto at = tasks_.find(arn);
  if (at == tasks_.end()) return;
  carry_out(arn, what(at->second->run));
  arm(arn, *at->second);
}

void TaskRuntime::arm(const std::string& arn, Task& task) {
  queue_.cancel(task.advance);
  task.advance = {};
  const Instant due = task.run.next_due();
  if (due == Instant::never()) return;
  task.advance =
      queue_.at(due, [this, arn] { hear(arn, [this](agent::TaskRun& run) { return run.advance(queue_.now()); }); });
}

void TaskRuntime::carry_out(const std::string& arn, const std::vector<agent::Action>& actions) {
  struct Carry {
    TaskRuntime& runtime;
    const std::string& arn;
    void operator()(const agent::StartContainer& a) const { runtime.begin(arn, a.name); }
    void operator()(const agent::SignalContainer& a) const { runtime.signal(arn, a.name); }
    void operator()(const agent::KillContainer& a) const {
      runtime.tell(arn, cat("SIGKILL to ", a.name));
      runtime.queue_.after(kill_takes, [r = &runtime, task = arn, name = a.name] { r->exit(task, name, killed_code); });
    }
    void operator()(const agent::CheckHealth& a) const {
      runtime.queue_.after(health_check_takes,
                           [r = &runtime, task = arn, name = a.name] { r->check_health(task, name); });
    }
    void operator()(const agent::SendReport&) const { runtime.around_.report(runtime.tasks_.at(arn)->run.report()); }
    void operator()(const agent::CleanUp&) const { runtime.clean_up(arn); }
  };
  for (const agent::Action& action : actions) std::visit(Carry{*this, arn}, action);
}

namespace {

// facts/ecs.md §2.4, as images/pull_fault says it on a real host.
std::string pull_failure_text(PullFailure why, const std::string& image) {
  const std::string manifest = "CannotPullContainerError: pull image manifest has been retried 1 time(s): ";
  const std::string resolve = cat(manifest, "failed to resolve ref ", image, ": ");
  switch (why) {
    case PullFailure::denied:
      return cat(resolve,
                 "pull access denied, repository does not exist or may require authorization: server message: "
                 "unauthorized: authentication required");
    case PullFailure::refused:
      return cat(resolve, "failed to do request: dial tcp: connect: connection refused");
    case PullFailure::timeout:
      return cat(resolve, "failed to do request: dial tcp: i/o timeout");
    case PullFailure::platform:
      return cat(manifest, "image Manifest does not contain descriptor matching platform 'linux/amd64'");
    case PullFailure::none:
    case PullFailure::missing:
      break;
  }
  return cat(resolve, image, ": not found: manifest unknown");
}

}  // namespace

// Images are pulled side by side: the task waits for the slowest.
void TaskRuntime::prepare(const std::string& arn, Task& task) {
  const Instant began = queue_.now();
  const auto fail = [&](const std::string& reason) {
    queue_.after(seconds(1), [this, arn, reason] {
      hear(arn, [this, reason](agent::TaskRun& run) { return run.failed_to_prepare(queue_.now(), reason); });
    });
  };
  if (!task.run.spec().cannot_start.empty()) return fail(task.run.spec().cannot_start);
  task.run.pull_began(began);
  Duration longest;
  for (const auto& [name, container] : task.containers) {
    if (container.model.pull_failure != PullFailure::none) {
      queue_.after(pull_refused_after,
                   [this, arn, which = name, why = container.model.pull_failure, image = container.spec->image] {
                     hear(arn, [this, which, reason = pull_failure_text(why, image)](agent::TaskRun& run) {
                       return run.pull_failed(queue_.now(), which, reason);
                     });
                   });
      return;
    }
    longest = std::max(longest, draw(container.model.pull, task, container, "pull"));
  }
  queue_.after(longest, [this, arn, began] {
    hear(arn, [this, began](agent::TaskRun& run) {
      for (const ContainerSpec& container : run.spec().containers)
        run.pulled(began, queue_.now(), container.name, cat("sha256:", container.image));
      return run.prepared(queue_.now());
    });
  });
}

TaskRuntime::Container* TaskRuntime::find(const std::string& arn, const std::string& name) {
  const auto at = tasks_.find(arn);
  return at == tasks_.end() ? nullptr : &at->second->containers.at(name);
}

Duration TaskRuntime::draw(const ContainerModel::Span& span, const Task& task, const Container& container,
                           std::string_view purpose) const {
  return dice_.between(span.least, span.most, cat(task.dice_name, "/", container.spec->name), purpose);
}

void TaskRuntime::begin(const std::string& arn, const std::string& name) {
  const Container& container = tasks_.at(arn)->containers.at(name);
  queue_.after(draw(container.model.start, *tasks_.at(arn), container, "start"),
               [this, arn, name] { begun(arn, name); });
}

void TaskRuntime::begun(const std::string& arn, const std::string& name) {
  Container* found = find(arn, name);
  if (found == nullptr) return;
  Container& container = *found;
  const ContainerModel& model = container.model;
  if (model.cannot_start) {
    const std::string reason = "CannotStartContainerError: its command does not exist";
    return hear(arn, [=, this](agent::TaskRun& run) { return run.failed_to_start(queue_.now(), name, reason); });
  }
  container.process = true;
  const auto pid = static_cast<std::int64_t>(2 + dice_.below(4'000'000, tasks_.at(arn)->dice_name, name));
  const Instant at = queue_.now();
  hear(arn, [=](agent::TaskRun& run) { return run.started(at, name, pid, cat("sim-", name)); });
  queue_.after(draw(model.boot, *tasks_.at(arn), container, "boot"), [this, arn, name] { booted(arn, name); });
  if (model.life) queue_.after(*model.life, [this, arn, name, code = model.life_exit_code] { exit(arn, name, code); });
}

void TaskRuntime::booted(const std::string& arn, const std::string& name) {
  Container* container = find(arn, name);
  if (container == nullptr || !container->process || container->leaving || container->model.sick) return;
  container->answers = true;
  publish(*tasks_.at(arn), false);
}

void TaskRuntime::signal(const std::string& arn, const std::string& name) {
  Container& container = tasks_.at(arn)->containers.at(name);
  const ContainerModel& model = container.model;
  tell(arn, cat("stop signal to ", name));
  if (!container.process || model.on_stop == OnStop::ignores) return;
  if (model.on_stop == OnStop::drops) {
    queue_.after(milliseconds(10), [this, arn, name, code = model.exit_code] { exit(arn, name, code); });
    return;
  }
  container.leaving = true;
  container.answers = false;
  publish(*tasks_.at(arn), false);
  queue_.after(draw(model.drain, *tasks_.at(arn), container, "drain"),
               [this, arn, name, code = model.exit_code] { exit(arn, name, code); });
}

void TaskRuntime::exit(const std::string& arn, const std::string& name, int code) {
  Container* container = find(arn, name);
  if (container == nullptr || !container->process) return;
  // A finishing container that is killed loses what it had not finished; one that exits by itself has finished.
  const bool dropped = container->answers || (container->leaving && code == killed_code);
  container->answers = false;
  publish(*tasks_.at(arn), dropped);
  container->process = false;
  tell(arn, cat(name, " exits with ", code));
  const Instant at = queue_.now();
  hear(arn, [=](agent::TaskRun& run) { return run.exited(at, name, code, ""); });
}

void TaskRuntime::crash(const std::string& arn, int exit_code) {
  const auto at = tasks_.find(arn);
  if (at == tasks_.end()) return;
  for (const auto& [name, container] : at->second->containers) {
    if (!container.process) continue;
    exit(arn, name, exit_code);
    return;
  }
}

void TaskRuntime::check_health(const std::string& arn, const std::string& name) {
  const Container* container = find(arn, name);
  if (container == nullptr) return;
  const bool well = container->process && (container->answers || container->leaving);
  hear(arn, [=, this](agent::TaskRun& run) { return run.health_checked(queue_.now(), name, well); });
}

void TaskRuntime::clean_up(const std::string& arn) {
  queue_.after(remembered_for, [this, arn] { tasks_.erase(arn); });
}

// A task answers when each of its essential containers does: nginx without the php behind it has nothing to say.
void TaskRuntime::publish(Task& task, bool dropped) {
  const auto answering = [](const auto& c) { return !c.second.spec->essential || c.second.answers; };
  const bool answers = std::ranges::all_of(task.containers, answering);
  const bool changed = answers != task.answers;
  task.answers = answers;
  for (const auto& [name, container] : task.containers) {
    if (!container.process || (!changed && !dropped)) continue;
    for (const i32 port : container.spec->container_ports) {
      const std::string& address = task.run.spec().network.address;
      if (answers)
        answering_.insert({address, port});
      else
        answering_.erase({address, port});
      if (around_.endpoint)
        around_.endpoint({.address = address, .port = port, .answers = answers, .dropped = dropped});
    }
  }
}

}  // namespace utakata::sim

#include "agent/task_run.hpp"

#include <algorithm>

#include "base/outcome.hpp"
#include "base/text.hpp"

namespace utakata::agent {

TaskRun::TaskRun(TaskSpec spec) : spec_(std::move(spec)) {
  for (const ContainerSpec& each : spec_.containers) {
    Container container{.spec = &each};
    container.state.name = each.name;
    containers_.push_back(std::move(container));
  }
}

TaskRun::Container& TaskRun::container(const std::string& name) {
  const auto at = std::ranges::find(containers_, name, [](const Container& c) { return c.spec->name; });
  ensure(at != containers_.end(), cat("the task has no container named ", name));
  return *at;
}

const TaskRun::Container* TaskRun::find(const std::string& name) const {
  const auto at = std::ranges::find(containers_, name, [](const Container& c) { return c.spec->name; });
  return at == containers_.end() ? nullptr : &*at;
}

void TaskRun::pulled(Instant began, Instant ended, const std::string& name, const std::string& digest) {
  if (!pull_started_at_.set() || began < pull_started_at_) pull_started_at_ = began;
  pull_stopped_at_ = std::max(pull_stopped_at_, ended);
  container(name).state.image_digest = digest;
}

std::vector<Action> TaskRun::pull_failed(Instant now, const std::string& name, const std::string& reason) {
  if (stopped()) return {};
  Container& c = container(name);
  c.state.status = "STOPPED";
  c.state.reason = reason;
  pull_stopped_at_ = now;
  return failed_to_prepare(now, reason);
}

std::vector<Action> TaskRun::prepared(Instant now) {
  std::vector<Action> actions;
  if (phase_ == Phase::preparing) phase_ = Phase::starting;
  next_steps(now, actions);
  return actions;
}

std::vector<Action> TaskRun::failed_to_prepare(Instant now, const std::string& reason) {
  std::vector<Action> actions;
  if (stopped()) return actions;
  reason_ = reason;
  failed_to_start_ = true;
  begin_stopping(now);
  next_steps(now, actions);
  return actions;
}

std::vector<Action> TaskRun::started(Instant now, const std::string& name, std::int64_t pid,
                                     const std::string& runtime_id) {
  std::vector<Action> actions;
  Container& c = container(name);
  if (c.ended() || c.running()) return actions;
  c.asked_to_start = true;  // also when it was found running after a restart
  c.state.status = "RUNNING";
  c.state.pid = pid;
  c.state.runtime_id = runtime_id;
  c.started_at = now;
  if (c.spec->health_check) c.check_at = now + seconds(c.spec->health_check->interval_seconds);
  actions.emplace_back(SendReport{});
  next_steps(now, actions);
  return actions;
}

std::vector<Action> TaskRun::failed_to_start(Instant now, const std::string& name, const std::string& reason) {
  std::vector<Action> actions;
  Container& c = container(name);
  if (c.ended()) return actions;
  c.state.status = "STOPPED";
  c.state.reason = reason;
  // A container that the task was already ending is no failure of the task.
  if (phase_ == Phase::starting || phase_ == Phase::running) {
    failed_to_start_ = !started_at_.set();
    reason_ = reason;
    begin_stopping(now);
  }
  actions.emplace_back(SendReport{});
  next_steps(now, actions);
  return actions;
}

std::vector<Action> TaskRun::exited(Instant now, const std::string& name, std::optional<int> exit_code,
                                    const std::string& reason) {
  std::vector<Action> actions;
  Container& c = container(name);
  if (c.ended()) return actions;
  if (may_restart(now, c, exit_code)) {
    const int restarts = c.state.restarts + 1;
    c.state = {.name = name, .image_digest = c.state.image_digest, .restarts = restarts};
    c.restarted_at = now;
    c.check_at = Instant::never();
    c.checking = false;
    c.failed_checks = 0;
    actions.emplace_back(StartContainer{.name = name, .restarts = restarts});
    actions.emplace_back(SendReport{});
    return actions;
  }
  c.state.status = "STOPPED";
  if (exit_code) c.state.exit_code = *exit_code;
  c.state.reason = reason;
  c.state.exited_at = now;
  c.state.pid = 0;
  c.kill_at = c.check_at = Instant::never();
  const bool ours = phase_ == Phase::starting || phase_ == Phase::running;
  if (c.spec->essential && ours) {
    essential_exited_ = true;
    reason_ = "Essential container in task exited";
    begin_stopping(now);
  }
  actions.emplace_back(SendReport{});
  next_steps(now, actions);
  return actions;
}

// facts/ecs.md §3.4: only after it has run for the period of its policy; of the task's own stop there is no way back.
bool TaskRun::may_restart(Instant now, const Container& c, std::optional<int> exit_code) const {
  if (!c.spec->restart || !exit_code || (phase_ != Phase::starting && phase_ != Phase::running)) return false;
  const RestartSpec& policy = *c.spec->restart;
  if (std::ranges::find(policy.ignored_exit_codes, *exit_code) != policy.ignored_exit_codes.end()) return false;
  const Instant since = c.restarted_at.set() ? c.restarted_at : c.started_at;
  return now - since >= seconds(policy.attempt_period_seconds);
}

void TaskRun::restarted_before(const std::string& name, int restarts, Instant last) {
  Container& c = container(name);
  c.state.restarts = restarts;
  c.restarted_at = last;
}

// facts/ecs.md §3.3: success makes it healthy also in the start period; failures count after that, or after a success.
std::vector<Action> TaskRun::health_checked(Instant now, const std::string& name, bool healthy) {
  std::vector<Action> actions;
  Container& c = container(name);
  c.checking = false;
  if (!c.running() || !c.spec->health_check) return actions;
  const HealthCheckSpec& rule = *c.spec->health_check;
  c.check_at = now + seconds(rule.interval_seconds);
  const auto before = c.state.health;
  if (healthy) {
    c.failed_checks = 0;
    c.state.health = "HEALTHY";
  } else {
    const bool in_start_period = now < c.started_at + seconds(rule.start_period_seconds);
    if (before == "UNKNOWN" && in_start_period) return actions;
    if (++c.failed_checks >= rule.retries) c.state.health = "UNHEALTHY";
  }
  if (c.state.health != before) actions.emplace_back(SendReport{});
  next_steps(now, actions);
  return actions;
}

std::vector<Action> TaskRun::stop(Instant now) {
  std::vector<Action> actions;
  if (phase_ == Phase::stopping || stopped()) return actions;
  begin_stopping(now);
  actions.emplace_back(SendReport{});
  next_steps(now, actions);
  return actions;
}

std::vector<Action> TaskRun::kill(Instant now) {
  std::vector<Action> actions = stop(now);
  killing_ = true;
  for (Container& c : containers_) kill_container(c, now, actions);
  return actions;
}

void TaskRun::kill_container(Container& c, Instant now, std::vector<Action>& actions) {
  if (!c.running() || c.state.killed_at.set()) return;
  c.state.killed_at = now;
  c.kill_at = Instant::never();
  actions.emplace_back(KillContainer{c.spec->name});
}

std::vector<Action> TaskRun::advance(Instant now) {
  std::vector<Action> actions;
  for (Container& c : containers_) {
    if (c.kill_at <= now && c.running()) {
      c.kill_at = Instant::never();
      c.state.killed_at = now;
      actions.emplace_back(KillContainer{c.spec->name});
    }
    if (c.check_at <= now && c.running() && !c.checking) {
      c.check_at = Instant::never();
      c.checking = true;
      actions.emplace_back(CheckHealth{c.spec->name});
    }
  }
  check_start_timeouts(now);
  next_steps(now, actions);
  return actions;
}

// facts/ecs.md §3.2: startTimeout counts from the dependency's own start and ends when its condition is met.
Instant TaskRun::start_deadline(const Container& waiting) const {
  Instant deadline = Instant::never();
  if (waiting.asked_to_start || waiting.ended()) return deadline;
  for (const ContainerDependencySpec& dependency : waiting.spec->depends_on) {
    const Container* on = find(dependency.container);
    if (on == nullptr || !on->spec->start_timeout_seconds || !on->started_at.set() || met(dependency)) continue;
    deadline = std::min(deadline, on->started_at + seconds(*on->spec->start_timeout_seconds));
  }
  return deadline;
}

void TaskRun::check_start_timeouts(Instant now) {
  if (phase_ != Phase::starting && phase_ != Phase::running) return;
  for (const Container& c : containers_) {
    if (start_deadline(c) > now) continue;
    reason_ = cat("Task dependencies cannot be resolved, taskArn: ", spec_.arn, ": container ", c.spec->name,
                  " waits for one that did not get ready within its startTimeout");
    failed_to_start_ = !started_at_.set();
    begin_stopping(now);
    return;
  }
}

Instant TaskRun::next_due() const {
  Instant due = Instant::never();
  for (const Container& c : containers_) {
    if (c.running()) due = std::min({due, c.kill_at, c.checking ? Instant::never() : c.check_at});
    if (phase_ == Phase::starting || phase_ == Phase::running) due = std::min(due, start_deadline(c));
  }
  return due;
}

bool TaskRun::met(const ContainerDependencySpec& dependency) const {
  const Container* on = find(dependency.container);
  if (on == nullptr) return false;
  if (dependency.condition == "START") return on->running() || on->ended();
  if (dependency.condition == "COMPLETE") return on->ended();
  if (dependency.condition == "SUCCESS") return on->ended() && on->state.exit_code && *on->state.exit_code == 0;
  return on->running() && on->state.health == "HEALTHY";
}

bool TaskRun::can_never_be_met(const ContainerDependencySpec& dependency) const {
  const Container* on = find(dependency.container);
  if (on == nullptr) return true;
  if (!on->ended()) return false;
  return (dependency.condition == "SUCCESS" && !met(dependency)) || dependency.condition == "HEALTHY";
}

bool TaskRun::somebody_depends_on(const Container& c) const {
  return std::ranges::any_of(containers_, [&](const Container& other) {
    return other.alive() && std::ranges::any_of(other.spec->depends_on, [&](const ContainerDependencySpec& d) {
             return d.container == c.spec->name;
           });
  });
}

void TaskRun::begin_stopping(Instant) { phase_ = Phase::stopping; }

void TaskRun::next_steps(Instant now, std::vector<Action>& actions) {
  if (phase_ == Phase::starting || phase_ == Phase::running) {
    for (const Container& c : containers_) {
      if (c.asked_to_start) continue;
      for (const ContainerDependencySpec& dependency : c.spec->depends_on) {
        if (!can_never_be_met(dependency)) continue;
        reason_ = cat("Task dependencies cannot be resolved, taskArn: ", spec_.arn, ": container ", c.spec->name,
                      " depends on ", dependency.container, " being ", dependency.condition.name());
        failed_to_start_ = !started_at_.set();
        begin_stopping(now);
      }
    }
  }
  if (phase_ == Phase::starting || phase_ == Phase::running) start_ready_containers(actions);
  if (phase_ == Phase::stopping) signal_ready_containers(now, actions);
  settle(now, actions);
}

void TaskRun::start_ready_containers(std::vector<Action>& actions) {
  for (Container& c : containers_) {
    if (c.asked_to_start) continue;
    if (!std::ranges::all_of(c.spec->depends_on, [&](const ContainerDependencySpec& d) { return met(d); })) continue;
    c.asked_to_start = true;
    actions.emplace_back(StartContainer{.name = c.spec->name});
  }
}

// Reverse order of depends_on: nobody is signalled while another that depends on it still runs.
void TaskRun::signal_ready_containers(Instant now, std::vector<Action>& actions) {
  for (Container& c : containers_) {
    if (!c.asked_to_start && !c.ended()) c.state.status = "STOPPED";  // it never ran: no exit code
    // One that was being started when the task was killed comes up now.
    if (killing_) {
      kill_container(c, now, actions);
      continue;
    }
    const bool told = c.state.signalled_at.set() || c.state.killed_at.set();
    if (!c.running() || told || somebody_depends_on(c)) continue;
    c.state.signalled_at = now;
    c.kill_at = now + seconds(c.spec->stop_timeout_seconds);
    actions.emplace_back(SignalContainer{c.spec->name});
  }
}

void TaskRun::settle(Instant now, std::vector<Action>& actions) {
  if (phase_ == Phase::starting) {
    const bool all = std::ranges::all_of(containers_, [](const Container& c) { return c.running() || c.ended(); });
    if (all) {
      phase_ = Phase::running;
      started_at_ = now;
      actions.emplace_back(SendReport{});
    }
  }
  // A task whose every container has ended by itself has ended, essential or not.
  const bool none_alive = std::ranges::none_of(containers_, [](const Container& c) { return c.alive(); });
  const bool all_ended = std::ranges::all_of(containers_, [](const Container& c) { return c.ended(); });
  if ((phase_ == Phase::stopping && none_alive) || (phase_ == Phase::running && all_ended)) {
    phase_ = Phase::stopped;
    stopped_at_ = now;
    actions.emplace_back(CleanUp{});
    actions.emplace_back(SendReport{});
  }
}

TaskReport TaskRun::report() const {
  TaskReport report{.task_arn = spec_.arn};
  switch (phase_) {
    case Phase::preparing:
    case Phase::starting:
      report.status = "PENDING";
      break;
    case Phase::running:
      report.status = "RUNNING";
      break;
    case Phase::stopping:
      report.status = "STOPPING";
      break;
    case Phase::stopped:
      report.status = "STOPPED";
      break;
  }
  for (const Container& c : containers_) report.containers.push_back(c.state);
  report.pull_started_at = pull_started_at_;
  report.pull_stopped_at = pull_stopped_at_;
  report.started_at = started_at_;
  report.stopped_at = stopped_at_;
  report.reason = reason_;
  report.warnings = warnings_;
  if (failed_to_start_)
    report.stop_code = "TaskFailedToStart";
  else if (essential_exited_)
    report.stop_code = "EssentialContainerExited";
  return report;
}

}  // namespace utakata::agent

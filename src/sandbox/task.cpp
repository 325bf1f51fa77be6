#include "sandbox/task.hpp"

#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <iterator>

#include "base/text.hpp"
#include "reactor/process.hpp"
#include "sandbox/firewall.hpp"
#include "sandbox/health_command.hpp"
#include "sandbox/log_plan.hpp"
#include "sandbox/runtime.hpp"
#include "sandbox/supervise.hpp"

namespace utakata::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr Duration log_interval = seconds(2);

}  // namespace

Task::Task(Host& host, TaskSpec spec) : host_(host), run_(std::move(spec)) {
  for (const ContainerSpec& each : run_.spec().containers) {
    ContainerFolder place(cat(folder(), "/containers/", each.name));  // apart from the task's own files
    containers_.emplace(each.name, Container{.spec = &each, .folder = std::move(place)});
  }
}

Task::Container& Task::container(const str& name) { return containers_.at(name); }

TaskStorage Task::storage() const {
  return {.image = folder() + "/storage.ext4",
          .inside = folder() + "/storage",
          .outside = cat(host_.outside_dir(), "/", run_.spec().id),
          .owner = users_.first};
}

str Task::root_for_all(const str& name) const { return cat(host_.roots_dir(), "/", run_.spec().id, "-", name); }

str Task::folder() const { return cat(host_.tasks_dir(), "/", run_.spec().id); }

void Task::start() {
  if (!run_.spec().cannot_start.empty()) return act(run_.failed_to_prepare(wall_clock(), run_.spec().cannot_start));
  run_.pull_began(wall_clock());
  host_.sink(run_.report());
  pulls_left_ = containers_.size();
  for (const auto& [name, c] : containers_) reactor::start(pull_image(name));
}
void Task::stop() { act(run_.stop(wall_clock())); }
void Task::kill() { act(run_.kill(wall_clock())); }

std::optional<Task::Running> Task::running(const str& name) const {
  const auto at = containers_.find(name);
  if (at == containers_.end() || !at->second.folder.started() || at->second.folder.has("exit")) return {};
  return Running{.folder = at->second.folder.path(), .runtime_id = cat(run_.spec().id, "-", name)};
}

void Task::act(const std::vector<agent::Action>& actions) {
  struct Perform {
    Task& task;
    void operator()(const agent::StartContainer& a) const { reactor::start(task.run_container(a.name, a.restarts)); }
    void operator()(const agent::SignalContainer& a) const {
      const Container& c = task.container(a.name);
      task.signal(c, signal_number(c.stop_signal));
    }
    void operator()(const agent::KillContainer& a) const { task.signal(task.container(a.name), SIGKILL); }
    void operator()(const agent::CheckHealth& a) const { reactor::start(task.check_health(a.name)); }
    void operator()(const agent::SendReport&) const { task.host_.sink(task.run_.report()); }
    void operator()(const agent::CleanUp&) const { reactor::start(task.clean_up()); }
  };
  for (const agent::Action& action : actions) {
    std::visit(Perform{*this}, action);
    if (std::holds_alternative<agent::CleanUp>(action)) return;  // which reports the end once nothing is left
  }
  arm();
}

void Task::arm() {
  host_.loop.cancel(timer_);
  const Instant due = run_.next_due();
  if (due == Instant::never()) return;
  timer_ = host_.loop.after(std::max(due - wall_clock(), Duration{}),
                            [self = shared_from_this()] { self->act(self->run_.advance(wall_clock())); });
}

void Task::signal(const Container& c, int number) {
  const auto started = c.folder.started();
  if (!started || c.folder.has("exit")) return;
  signal_child_of_supervisor(started->pid, c.folder.path(), number);
}

// Images come side by side; the first that cannot be had ends the task, the last that comes begins it.
reactor::Co<void> Task::pull_image(str name) {
  const auto self = shared_from_this();
  Container& c = container(name);
  opt<images::Credential> credential;
  if (const auto& given = c.spec->registry_credential)
    credential = images::Credential{.user_name = given->user_name, .password = given->password};
  const Instant began = wall_clock();
  auto image = co_await host_.images.image(c.spec->image, std::move(credential), run_.spec().id);
  if (run_.stopped()) {
    co_await reactor::offload(host_.pool, host_.loop, [this] {
      host_.images.release(run_.spec().id);
      return true;
    });
    co_return;
  }
  if (!image) {
    act(run_.pull_failed(wall_clock(), name, image.error().message));
    co_return;
  }
  c.image = *std::move(image);
  run_.pulled(began, wall_clock(), name, c.image.digest);
  if (--pulls_left_ == 0) co_await prepare_and_begin();
}

reactor::Co<void> Task::prepare_and_begin() {
  const auto self = shared_from_this();
  preparing_ = true;
  const Outcome<> prepared = co_await reactor::offload(host_.pool, host_.loop, [this] { return prepare(); });
  preparing_ = false;
  for (const str& warning : warnings_) {
    run_.warn(warning);
    host_.tell(cat("task ", run_.spec().id, ": ", warning));
  }
  if (prepared) {
    open_public_door();
    act(run_.prepared(wall_clock()));
  } else {
    act(run_.failed_to_prepare(wall_clock(), prepared.error().message));
  }
}

void Task::open_public_door() {
  const InterfaceSpec& network = run_.spec().network;
  std::set<i32> ports;
  for (const ContainerSpec& each : run_.spec().containers)
    ports.insert(each.container_ports.begin(), each.container_ports.end());
  if (network.public_address.empty() || ports.empty()) return;
  public_door_ = std::make_unique<PublicDoor>(
      host_.loop,
      PublicDoor::Way{
          .public_address = network.public_address,
          .task_address = network.address,
          .ports = {ports.begin(), ports.end()},
          .origin = {.namespace_fd = host_.network.router(network.vpc_id), .address = str(internet_address)},
          .lets_in =
              [this](i32 port) {
                const InterfaceSpec& own = run_.spec().network;
                return host_.network.may_connect(own.vpc_id,
                                                 {.from = str(internet_address), .to = own.address, .port = port});
              }},
      host_.tell);
}

reactor::Co<void> Task::run_container(str name, int restarts) {
  const auto self = shared_from_this();
  Container& c = container(name);
  if (restarts > 0) {
    co_await delete_container(host_, cat(run_.spec().id, "-", name));
    c.folder.forget_run(restarts, wall_clock());
  }
  if (restarts > 0 || c.prepared_for != host_.runtime)
    co_await reactor::offload(host_.pool, host_.loop, [&] {
      renew_bundle(c);
      return true;
    });
  const auto spawned = co_await begin_container(name);
  if (!spawned) {
    act(run_.failed_to_start(wall_clock(), name, spawned.error().message));
    co_return;
  }
  if (const auto started = c.folder.started()) {
    host_.filters.keep(std::exchange(c.filter_rules, {}), compiled_filter_file(host_, cat(run_.spec().id, "-", name)));
    act(run_.started(started->at, name, started->pid, docker_id(name)));
    reactor::start(report_logs());
    co_await watch_container(name, spawned->pidfd, spawned->pid);
    co_return;
  }
  {
    reactor::Descriptor ended(host_.loop, spawned->pidfd);
    co_await ended.readable();
  }
  reap(spawned->pid);
  co_await undo_start(name);
  act(run_.failed_to_start(wall_clock(), name, c.folder.failure()));
}

// Until it runs or could not be started.
reactor::Co<Outcome<Supervisor>> Task::begin_container(str name) {
  const auto self = shared_from_this();
  const reactor::Gate::Place place = co_await host_.starts.enter();
  host_.attach_window.keep_open();
  if (const auto marked = container(name).folder.write(asked_mark, ""); !marked)
    co_return std::unexpected(marked.error());
  if (starting_++ == 0) host_.cgroups.limit_cpu(run_.spec().id, 0);
  auto spawned = spawn_supervisor(host_, container(name).folder.path(), cat(run_.spec().id, "-", name));
  if (spawned) {
    reactor::Descriptor ready(host_.loop, spawned->ready_fd);
    co_await ready.readable();
  }
  if (--starting_ == 0) host_.cgroups.limit_cpu(run_.spec().id, run_.spec().cpu);
  co_return spawned;
}

// A supervisor that was killed leaves the runtime alone with what it was doing.
reactor::Co<void> Task::undo_start(str name) {
  const auto self = shared_from_this();
  const str id = cat(run_.spec().id, "-", name);
  co_await reactor::offload(host_.pool, host_.loop, [&] {
    abandon_start(host_, container(name).folder.path(), id);
    return true;
  });
  co_await delete_container(host_, id);
}

// A task that was caught half started is ended, and whoever wanted it starts another.
reactor::Co<void> Task::end_half_started(str name) {
  const auto self = shared_from_this();
  co_await undo_start(name);
  act(run_.failed_to_start(
      wall_clock(), name,
      "ResourceInitializationError: the platform was restarted while the container was being started"));
}

// Until the supervisor is gone; then the exit that it wrote down.
reactor::Co<void> Task::watch_container(str name, int supervisor_fd, int supervisor_pid) {
  const auto self = shared_from_this();
  Container& c = container(name);
  if (supervisor_fd >= 0) {
    reactor::Descriptor ended(host_.loop, supervisor_fd);
    co_await ended.readable();
  }
  if (supervisor_pid != 0) reap(supervisor_pid);
  const auto end = c.folder.ended();
  // Also when it was a child of the container's first process that the kernel killed, as docker tells it.
  const bool out_of_memory = host_.cgroups.ran_out_of_memory(run_.spec().id, name);
  co_await delete_container(host_, cat(run_.spec().id, "-", name));
  const str reason = out_of_memory ? "OutOfMemoryError: Container killed due to memory usage" : "";
  act(run_.exited(end ? end->at : wall_clock(), name, end ? std::optional(end->code) : std::nullopt, reason));
}

reactor::Co<void> Task::check_health(str name) {
  const auto self = shared_from_this();
  const HealthCheckSpec& rule = *container(name).spec->health_check;
  const str id = cat(run_.spec().id, "-", name);
  std::vector<str> argv = runtime_words(host_, runtime_of(host_, id));
  const ContainerFolder& folder = container(name).folder;
  const str pid_file = cat(folder.path(), "/", health_pid_file);
  unlink(pid_file.c_str());  // of the check before
  argv.insert(argv.end(), {"exec", "--pid-file", pid_file, id});
  const bool shell = !rule.command.empty() && rule.command.front() == "CMD-SHELL";
  if (shell) argv.insert(argv.end(), {"/bin/sh", "-c"});
  argv.insert(argv.end(), rule.command.begin() + (rule.command.empty() ? 0 : 1), rule.command.end());
  const auto result = co_await reactor::run_process(host_.loop, std::move(argv), seconds(rule.timeout_seconds));
  if (result && result->timed_out)
    co_await reactor::offload(host_.pool, host_.loop, [&folder] {
      kill_health_command(folder);
      return true;
    });
  act(run_.health_checked(wall_clock(), name, result && !result->timed_out && result->exit_code == 0));
  note_health(container(name));
}

// Says what the container's stream holds now, if it has grown, and what was lost of its output.
reactor::Co<void> Task::report_log(Container& c) {
  if (host_.logs == nullptr || !c.spec->log || c.spec->log->id.empty()) co_return;
  struct Seen {
    LogReport holds;
    str lost;
  };
  auto seen = co_await reactor::offload(host_.pool, host_.loop, [this, &c] {
    return Seen{.holds = host_.logs->holds(c.spec->log->id), .lost = lost_output(c.folder.path())};
  });
  if (seen.holds.bytes > 0 && seen.holds.bytes != std::exchange(c.logged_bytes, seen.holds.bytes))
    host_.sink(seen.holds);
  if (seen.lost == c.lost) co_return;
  c.lost = seen.lost;
  host_.tell(cat("task ", run_.spec().id, ", container ", c.spec->name, ": of its output, ", c.lost));
}

reactor::Co<void> Task::report_logs() {
  const auto self = shared_from_this();
  if (std::exchange(reporting_logs_, true)) co_return;
  while (!gone_) {
    for (auto& [name, c] : containers_) co_await report_log(c);
    if (!gone_) co_await host_.loop.sleep(log_interval);
  }
}

// What the runtime still has of a container whose supervisor or whose deletion was killed.
void Task::forget_runtime(const Container& c) {
  const str id = cat(run_.spec().id, "-", c.spec->name);
  if (access(cat(host_.runtime_root(), "/", id).c_str(), F_OK) != 0) return;
  abandon_start(host_, c.folder.path(), id);
  delete_container_blocking(host_, id);
}

reactor::Co<void> Task::clean_up() {
  const auto self = shared_from_this();
  host_.loop.cancel(timer_);
  // What prepare() still makes would be left behind.
  while (preparing_) co_await host_.loop.sleep(milliseconds(10));
  public_door_.reset();
  host_.endpoint->close(run_.spec().arn);
  co_await reactor::offload(host_.pool, host_.loop, [this] {
    for (const auto& [name, c] : containers_) forget_runtime(c);
    host_.network.remove_task(run_.spec().id, run_.spec().network);
    for (const auto& [name, c] : containers_) {
      unmount_folder(root_for_all(name));
      while (umount2(c.folder.root().c_str(), MNT_DETACH) == 0) {
      }
    }
    release_pid_namespace(folder());
    host_.cgroups.remove_task(run_.spec().id);
    host_.users.remove(run_.spec().id);
    host_.users.give_back(users_);
    return storage().unmount();
  });
  host_.sink(run_.report());
  for (auto& [name, c] : containers_) co_await report_log(c);
  gone_ = true;
  co_await reactor::offload(host_.pool, host_.loop, [this] {
    for (const auto& [name, c] : containers_) c.folder.remove();
    host_.images.release(run_.spec().id);
    std::error_code error;
    fs::remove_all(folder(), error);
    return true;
  });
  host_.on_gone(run_.spec().arn);
}

// What the folder says has happened is told to the run again, in its order.
std::vector<agent::Action> Task::replay(Container& c) {
  const str& name = c.spec->name;
  c.stop_signal = c.folder.read("stop-signal");
  if (const auto restarted = c.folder.restarted()) run_.restarted_before(name, restarted->count, restarted->at);
  if (const auto started = c.folder.started()) return run_.started(started->at, name, started->pid, docker_id(name));
  if (c.folder.has("failed")) return run_.failed_to_start(wall_clock(), name, c.folder.failure());
  return {};
}

void Task::adopt() {
  Outcome<> endpoint = choose_endpoint_ids();
  if (endpoint) endpoint = open_endpoint();
  if (!endpoint) host_.tell(cat("task ", run_.spec().id, " has no endpoint any more: ", endpoint.error().message));
  users_ = {parse_integer(ContainerFolder(folder()).read("first-id")).value_or(0)};
  host_.users.adopt(users_);
  host_.cgroups.limit_cpu(run_.spec().id, run_.spec().cpu);  // the daemon may have ended while it was lifted
  open_public_door();
  std::vector<agent::Action> wanted = run_.prepared(wall_clock());
  for (auto& [name, c] : containers_) std::ranges::move(replay(c), std::back_inserter(wanted));
  const bool prepared = ContainerFolder(folder()).has(prepared_mark);
  for (auto& [name, c] : containers_) {
    if (c.folder.started())
      reactor::start(watch_container(name, open_supervisor(c.folder.path()), 0));
    else if (!c.folder.has("failed") && (!prepared || c.folder.has(asked_mark)))
      reactor::start(end_half_started(name));
  }
  // What was started, or was about to be, is not started again; what still waited for others is.
  std::erase_if(wanted, [&](const agent::Action& action) {
    const auto* start = std::get_if<agent::StartContainer>(&action);
    return start != nullptr && (!prepared || container(start->name).folder.has(asked_mark));
  });
  reactor::start(report_logs());
  act(wanted);
}

}  // namespace utakata::sandbox

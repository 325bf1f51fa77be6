#pragma once

#include <functional>
#include <map>
#include <memory>

#include "agent/task_run.hpp"
#include "ports/ports.hpp"
#include "reactor/offload.hpp"
#include "sandbox/cgroups.hpp"
#include "sandbox/container.hpp"
#include "sandbox/images.hpp"
#include "sandbox/log_tail.hpp"
#include "sandbox/network.hpp"

namespace utakata::sandbox {

/// What every task of one sandbox uses.
struct Host {
  reactor::Loop loop;
  reactor::Pool pool{4};
  str state_dir, runtime, supervisor;
  ImageStore images;
  Network network;
  Cgroups cgroups;
  ports::ReportSink sink;
  std::function<void(const str& task_arn)> on_gone = {};
  bool ending = false;  // logs are not waited for any more

  [[nodiscard]] str tasks_dir() const { return state_dir + "/tasks"; }
  [[nodiscard]] str runtime_root() const { return state_dir + "/runtime"; }
};

/// One real task: carries out what its TaskRun asks for. Lives on the host's loop; kept alive by what is still under
/// way.
class Task : public std::enable_shared_from_this<Task> {
 public:
  Task(Host&, TaskSpec);
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  void start();
  void stop();
  void kill();
  /// After a restart of the daemon: its containers as their folders tell.
  void adopt();
  void acknowledge_log(const str& container, i64 offset);
  [[nodiscard]] TaskReport report() const { return run_.report(); }
  [[nodiscard]] bool gone() const { return gone_; }
  /// Where a running container of it is, for a command inside; nothing when there is none of that name.
  struct Running {
    str folder, runtime_id;
  };
  [[nodiscard]] std::optional<Running> running(const str& container) const;

 private:
  struct Container {
    const ContainerSpec* spec;
    ContainerFolder folder;
    str stop_signal;
    Process process;
    UserIds user;
    LogTail log;
  };
  Container& container(const str& name);
  [[nodiscard]] str folder() const;
  void act(const std::vector<agent::Action>&);
  void arm();
  void signal(const Container&, int number);
  Outcome<> prepare();
  Outcome<> prepare_container(Container&, const str& network);
  void tail_logs();
  reactor::Co<void> prepare_and_begin();
  reactor::Co<void> run_container(str name);
  reactor::Co<void> watch_container(str name, int supervisor_fd, int supervisor_pid);
  reactor::Co<void> check_health(str name);
  reactor::Co<void> clean_up();
  void replay(Container&);

  Host& host_;
  agent::TaskRun run_;
  std::map<str, Container> containers_;
  reactor::Loop::Timer timer_;
  bool tailing_ = false;
  bool gone_ = false;
};

Instant wall_clock();

}  // namespace utakata::sandbox

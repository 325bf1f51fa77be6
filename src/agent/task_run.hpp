#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/report.hpp"
#include "core/task_spec.hpp"

// The life of one task on its host, without the host: what has happened goes in, what is to be done comes out. The
// sandbox does it with an OCI runtime, the simulator with modelled containers (docs/decisions/0005).
namespace utakata::agent {

/// What the host is asked to do. Each start and each signal is asked for once.
struct StartContainer {
  std::string name;
  int restarts = 0;  // more than 0: it has run before, and goes on with the files it had
};
struct SignalContainer {  // its image's stop signal, else SIGTERM
  std::string name;
};
struct KillContainer {  // SIGKILL
  std::string name;
};
struct CheckHealth {  // run the container's health check once; answer with health_checked()
  std::string name;
};
struct SendReport {  // the whole state, TaskRun::report()
};
/// Nothing of the task runs any more: its network and its files may go. The last thing asked for.
struct CleanUp {};
using Action = std::variant<StartContainer, SignalContainer, KillContainer, CheckHealth, SendReport, CleanUp>;

/// One task. Every input takes the present moment and gives back what to do now; call advance() at next_due().
class TaskRun {
 public:
  explicit TaskRun(TaskSpec spec);
  TaskRun(const TaskRun&) = delete;
  TaskRun& operator=(const TaskRun&) = delete;

  /// Images are there and the network is made: containers may start.
  std::vector<Action> prepared(Instant now);
  /// The task cannot be started at all, in AWS's words: "CannotPullContainerError: ...".
  std::vector<Action> failed_to_prepare(Instant now, const std::string& reason);
  std::vector<Action> started(Instant now, const std::string& container, std::int64_t pid,
                              const std::string& runtime_id);
  std::vector<Action> failed_to_start(Instant now, const std::string& container, const std::string& reason);
  /// `reason` only when it is not an ordinary exit ("OutOfMemoryError: ...").
  std::vector<Action> exited(Instant now, const std::string& container, std::optional<int> exit_code,
                             const std::string& reason);
  std::vector<Action> health_checked(Instant now, const std::string& container, bool healthy);
  /// After a restart of the daemon, before anything else is told of the container: how often its restart policy has
  /// started it again, and when last.
  void restarted_before(const std::string& container, int restarts, Instant last);
  std::vector<Action> stop(Instant now);
  std::vector<Action> kill(Instant now);
  std::vector<Action> advance(Instant now);

  /// When advance() must be called; Instant::never() if nothing is due.
  [[nodiscard]] Instant next_due() const;
  [[nodiscard]] TaskReport report() const;
  [[nodiscard]] const TaskSpec& spec() const { return spec_; }
  [[nodiscard]] bool stopped() const { return phase_ == Phase::stopped; }
  /// A sentence for people: what this host could not give as it was asked for.
  void warn(const std::string& sentence) { warnings_.push_back(sentence); }
  void pull_began(Instant now) { pull_started_at_ = now; }
  /// The image of this container cannot be had, and so the task cannot be started.
  std::vector<Action> pull_failed(Instant now, const std::string& container, const std::string& reason);
  void pulled(Instant began, Instant ended, const std::string& container, const std::string& digest);

 private:
  enum class Phase : std::uint8_t { preparing, starting, running, stopping, stopped };
  struct Container {
    const ContainerSpec* spec = nullptr;
    ContainerState state;
    bool asked_to_start = false;
    Instant started_at;                   // its last start
    Instant restarted_at;                 // by its restart policy
    Instant kill_at = Instant::never();   // the end of its stop timeout
    Instant check_at = Instant::never();  // its next health check
    bool checking = false;
    int failed_checks = 0;

    [[nodiscard]] bool running() const { return state.status == "RUNNING"; }
    [[nodiscard]] bool ended() const { return state.status == "STOPPED"; }
    [[nodiscard]] bool alive() const { return asked_to_start && !ended(); }
  };

  Container& container(const std::string& name);
  [[nodiscard]] const Container* find(const std::string& name) const;
  void next_steps(Instant now, std::vector<Action>& actions);
  void start_ready_containers(std::vector<Action>& actions);
  void signal_ready_containers(Instant now, std::vector<Action>& actions);
  void begin_stopping(Instant now);
  void kill_container(Container&, Instant now, std::vector<Action>& actions);
  void settle(Instant now, std::vector<Action>& actions);
  void check_start_timeouts(Instant now);
  [[nodiscard]] bool may_restart(Instant now, const Container&, std::optional<int> exit_code) const;
  [[nodiscard]] bool met(const ContainerDependencySpec&) const;
  [[nodiscard]] bool can_never_be_met(const ContainerDependencySpec&) const;
  [[nodiscard]] Instant start_deadline(const Container&) const;
  [[nodiscard]] bool somebody_depends_on(const Container&) const;

  TaskSpec spec_;
  std::vector<Container> containers_;
  Phase phase_ = Phase::preparing;
  Instant pull_started_at_, pull_stopped_at_, started_at_, stopped_at_;
  std::string reason_;
  std::vector<std::string> warnings_;
  bool failed_to_start_ = false;
  bool essential_exited_ = false;
  bool killing_ = false;  // whatever runs is killed, also what comes up only now
};

}  // namespace utakata::agent

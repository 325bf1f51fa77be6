#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "agent/task_run.hpp"
#include "ports/ports.hpp"
#include "sim/container_model.hpp"
#include "sim/dice.hpp"
#include "sim/event_queue.hpp"

namespace utakata::sim {

/// A change of what clients find at an address.
struct EndpointChange {
  std::string address;
  i32 port = 0;
  bool answers = false;  // new connections get an answer; otherwise they are refused
  bool dropped = false;  // whatever was in flight is lost with this change
};

/// The task runtime's simulated twin: the same TaskRun as on a real host, with modelled containers under it.
class TaskRuntime final : public ports::TaskRuntime {
 public:
  struct Surroundings {
    ports::ReportSink report;
    std::function<void(const EndpointChange&)> endpoint;                   // may be empty
    std::function<void(const std::string& arn, const std::string&)> tell;  // one line of the trace; may be empty
  };

  TaskRuntime(EventQueue& queue, Dice dice, const Images& images, Surroundings around)
      : queue_(queue), dice_(dice), images_(images), around_(std::move(around)) {}

  void start(const TaskSpec&) override;
  void stop(const std::string& task_arn) override;
  void kill(const std::string& task_arn) override;
  void recover() override;

  /// The daemon is gone: containers go on, but nobody hears of their exits and nobody kills them in time.
  void pause();
  void resume();
  /// The host restarts: no container is left, and nothing is known of any task.
  void lose_everything();
  /// Reports the task's state once more, if it is known.
  void repeat(const std::string& task_arn);
  /// A container exits by itself; nothing happens if it does not run.
  void crash(const std::string& task_arn, int exit_code);

  /// Every task that has a process at this moment.
  [[nodiscard]] std::vector<std::string> running() const;
  [[nodiscard]] bool runs(const std::string& task_arn) const;
  [[nodiscard]] bool answers(const std::string& address, i32 port) const;
  /// Tasks that were started afresh although they had run before. Must stay empty.
  [[nodiscard]] const std::vector<std::string>& started_twice() const { return started_twice_; }

 private:
  struct Container {
    const ContainerSpec* spec = nullptr;
    ContainerModel model;
    bool process = false;
    bool answers = false;
    bool leaving = false;  // finishes what is in flight
  };
  struct Task {
    explicit Task(TaskSpec spec) : run(std::move(spec)) {}
    agent::TaskRun run;
    std::string dice_name;  // "FAMILY 3": the same in two runs that differ elsewhere
    std::map<std::string, Container> containers;
    bool answers = false;  // as clients see it
    EventQueue::Handle advance;
  };
  using Hear = std::function<std::vector<agent::Action>(agent::TaskRun&)>;

  void hear(const std::string& arn, Hear);
  void carry_out(const std::string& arn, const std::vector<agent::Action>&);
  void arm(const std::string& arn, Task&);
  void prepare(const std::string& arn, Task&);
  void begin(const std::string& arn, const std::string& container);
  void begun(const std::string& arn, const std::string& container);
  void booted(const std::string& arn, const std::string& container);
  void signal(const std::string& arn, const std::string& container);
  void exit(const std::string& arn, const std::string& container, int code);
  void check_health(const std::string& arn, const std::string& container);
  void clean_up(const std::string& arn);
  void publish(Task&, bool dropped);
  Container* find(const std::string& arn, const std::string& container);
  Duration draw(const ContainerModel::Span&, const Task&, const Container&, std::string_view purpose) const;
  void tell(const std::string& arn, const std::string& line) const {
    if (around_.tell) around_.tell(arn, line);
  }

  EventQueue& queue_;
  Dice dice_;
  const Images& images_;
  Surroundings around_;
  std::map<std::string, std::unique_ptr<Task>> tasks_;
  std::set<std::string> ever_;
  std::map<std::string, std::uint64_t> started_of_;  // tasks of a family so far
  std::set<std::pair<std::string, i32>> answering_;
  std::vector<std::string> started_twice_;
  bool paused_ = false;
  std::deque<std::pair<std::string, Hear>> missed_;
};

}  // namespace utakata::sim

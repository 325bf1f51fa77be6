#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/machine.hpp"
#include "shell/group_commit.hpp"

namespace utakata::shell {

/// One API call under way. Lives until its answer has left.
struct PendingCall {
  World world;
  Origin origin;
  const Operation* operation = nullptr;
  Operation::Object input{nullptr, nullptr};
  Operation::Object output{nullptr, nullptr};
  std::vector<std::string> stored;      // of its input: what is kept without effect
  Instant wait_ends{};                  // of a call that was parked once: later parking does not move it
  std::function<void(Outcome<>)> done;  // once, on the engine's thread, when the answer may leave
};

/// What the engine needs of the loop that it lives on.
struct Surroundings {
  std::function<Instant()> clock;                   // wall time
  std::function<void(std::function<void()>)> post;  // run on the engine's thread; callable from any thread
  std::function<void(Instant)> wake_at;             // call tick() then; a later call replaces an earlier one
  std::function<void(const Effect&)> perform;
  std::function<void(const Fault&)> journal_failed;  // said once per failure
  /// Has a question answered that an operation asked; `done` is called once, on the engine's thread.
  std::function<void(Question, std::function<void(Outcome<Answer>)> done)> ask;
};

/// How the engine stands.
struct EngineState {
  std::uint64_t steps = 0, not_durable = 0;
  std::size_t parked_calls = 0;
  bool journal_fails = false;
};

/// The turn of the loop: inputs go into the machine one by one; answers and effects wait until their step is durable.
/// Everything but report() is called on one thread.
class Engine {
 public:
  Engine(Machine&, ports::JournalStore&, std::uint64_t durable_sequence, Surroundings);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine();

  void call(std::unique_ptr<PendingCall>);
  /// From any thread.
  void report(Report);
  void recovered();
  void tick();

  [[nodiscard]] Machine& machine() { return machine_; }
  [[nodiscard]] Instant now();
  [[nodiscard]] EngineState state() const {
    return {.steps = submitted_,
            .not_durable = submitted_ - durable_,
            .parked_calls = parked_.size(),
            .journal_fails = journal_fails_};
  }

 private:
  using Release = std::function<void()>;
  struct Held {
    std::uint64_t sequence;
    Release release;
  };
  struct Parked {
    std::unique_ptr<PendingCall> call;
    Instant until;
  };
  void run(const Input&);
  void try_call(std::unique_ptr<PendingCall>, bool last_try, const Answer* answer = nullptr);
  void ask(std::unique_ptr<PendingCall>, Question);
  void take(Step&, Release answer);
  void wake(const std::vector<std::string>& channels);
  void wake_overdue();
  void progress(GroupCommit::Progress);
  void rearm();

  Machine& machine_;
  Surroundings around_;
  std::uint64_t submitted_;
  std::uint64_t durable_;
  bool journal_fails_ = false;
  Fault journal_fault_;
  Instant last_now_;
  std::deque<Held> held_;
  std::multimap<std::string, Parked> parked_;
  std::multiset<Instant> parked_until_;
  std::shared_ptr<Engine*> self_;  // cleared at the end: what is still posted then finds nothing
  std::unique_ptr<GroupCommit> commit_;
};

}  // namespace utakata::shell

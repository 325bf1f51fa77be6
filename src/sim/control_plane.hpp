#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/machine.hpp"
#include "sim/dice.hpp"
#include "sim/event_queue.hpp"
#include "sim/memory_log_store.hpp"
#include "sim/memory_metric_store.hpp"
#include "sim/memory_store.hpp"
#include "wire/service.hpp"

namespace utakata::sim {

/// What the simulated program is made of.
struct Program {
  std::span<void (*const)(Schema&)> modules;
  wire::Services services;
};

/// The control plane's process: the machine, its journal and its turn (src/shell's engine in virtual time). Answers and
/// effects leave when their step is durable; a crash takes with it what is not.
class ControlPlane {
 public:
  using Reply = std::function<void(Outcome<Operation::Object>)>;
  struct Surroundings {
    std::function<void(const Effect&)> perform;
    std::function<void(const Step&)> stepped;  // after each step; may be empty
  };
  struct Settings {
    Duration commit_takes;  // zero: a step is durable at once
  };

  ControlPlane(EventQueue&, Program, std::uint64_t seed, Settings, Surroundings);

  /// Loads the journal. The first inputs are then the host's capacity, its inventory and Recovered.
  void start();
  /// kill -9. Of a commit under way all or nothing is durable, as `commit_survives` says.
  void crash(bool commit_survives);
  [[nodiscard]] bool runs() const { return machine_ != nullptr; }

  /// An answer always comes: a fault named ConnectionClosed when the process dies first.
  void call(const World&, const Operation&, Operation::Object input, Reply, const Origin& = {});
  void input(const Input&);

  /// What the effects on logs ask for, at once.
  void store(const StoreLog&);
  void expire(const ExpireLogs&);
  void remove(const RemoveLogs&);
  [[nodiscard]] MemoryLogStore& logs() { return logs_; }
  [[nodiscard]] MemoryMetricStore& metrics() { return metrics_; }

  [[nodiscard]] Machine& machine() { return *machine_; }
  [[nodiscard]] std::uint64_t steps() const { return steps_; }
  /// Over every life of the process.
  [[nodiscard]] std::uint64_t history_hash() const;
  [[nodiscard]] std::string history() const;  // the same in 16 hex digits
  [[nodiscard]] const Program& program() const { return program_; }
  /// Restarts at which the journal did not give back what the process had held.
  [[nodiscard]] const std::vector<std::string>& journal_faults() const { return journal_faults_; }

 private:
  using Release = std::function<void()>;
  struct Pending {
    World world;
    const Operation* operation = nullptr;
    std::shared_ptr<void> input;
    Origin origin;
    Reply answer;
    Instant until;
  };
  struct Write {
    std::vector<Change> changes;
    std::uint64_t sequence;
  };
  struct Held {
    std::uint64_t sequence;
    Release release;
    Release abandon;  // the process died first
  };

  void attempt(Pending, bool last_try, const Answer* answer = nullptr);
  void ask(Pending, const Question&);
  Outcome<Answer> measured(const Question&);
  void take(Step, Release release, Release abandon);
  void commit();
  void committed();
  void wake(const std::vector<std::string>& channels);
  void rearm();
  void tick();

  EventQueue& queue_;
  Program program_;
  std::uint64_t seed_;
  Settings settings_;
  Surroundings around_;
  void compare_with_journal();

  std::vector<std::string> journal_faults_;
  MemoryStore store_;
  MemoryLogStore logs_;
  MemoryMetricStore metrics_;
  Instant metrics_expired_;
  std::unique_ptr<Machine> machine_;
  std::uint64_t submitted_ = 0, durable_ = 0;
  std::vector<Write> waiting_, writing_;
  std::deque<Held> held_;
  std::multimap<std::string, Pending> parked_;
  EventQueue::Handle tick_, commit_;
  Instant tick_at_ = Instant::never();
  std::uint64_t steps_ = 0;
  std::uint64_t former_lives_ = 0;  // hash of their histories
};

}  // namespace utakata::sim

#pragma once

#include <optional>
#include <queue>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/effect.hpp"
#include "core/operation.hpp"
#include "core/report.hpp"
#include "core/tx.hpp"

namespace utakata {

struct ApiCall {
  World world;
  const Operation* operation;
  const void* input;  // of operation->input
  void* output;       // of operation->output, filled when the step succeeds
  bool last_try = false;
  Origin origin = {};
  const Answer* answer = nullptr;  // to what the call asked for when it was made before
};
/// The control plane has started: everything is looked at again.
struct Recovered {};
/// Time has come; whatever is due fires.
struct Tick {};

using Input = std::variant<ApiCall, Report, Recovered, Tick>;

/// One change of one row, as the store keeps it.
struct Change {
  std::string table;
  Key key;
  std::optional<std::string> row;  // nothing: the row is gone
};

/// What one step did. Effects and the answer may leave once `changes` are durable.
struct Step {
  std::uint64_t sequence = 0;
  Instant at;
  std::optional<Fault> fault;  // of an ApiCall; nothing changed then
  std::vector<Change> changes;
  std::vector<Effect> effects;
  std::vector<std::string> woken;   // channels whose parked calls are due
  std::string parked_on;            // the call waits on this channel...
  Instant parked_until;             // ...until then
  std::optional<Question> asked;    // the call is to be made again with the answer
  std::vector<std::string> stored;  // of the call's input: what is kept without effect
};

/// The core: a value that moves only when stepped. Same seed and inputs, same steps (design.md §2).
class Machine {
 public:
  Machine(std::uint64_t seed, std::span<void (*const)(Schema&)> modules);
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  /// Puts back one row of the store, before the first step. Refused: unknown table, a row that cannot be read.
  Outcome<> load(std::string_view table, const Key&, std::string_view row);
  /// Continues the numbering of steps after those of the store.
  void resume_after(std::uint64_t sequence) { sequence_ = sequence; }

  Step step(Instant now, const Input&);

  /// When the next Tick is due; Instant::never() if nothing is.
  [[nodiscard]] Instant next_due();
  /// A running hash over every change of every step: equal histories, equal hashes.
  [[nodiscard]] std::uint64_t history_hash() const { return history_; }
  /// Over every row and the next instant at which anything is due: what a restart from the journal must give back.
  [[nodiscard]] std::uint64_t fingerprint();
  /// What is wrong between the rows now, one sentence each; empty when all is well.
  [[nodiscard]] std::vector<std::string> broken_invariants();

  /// Reads rows between steps: machine.read(now, [](const Tx& tx) { ... }).
  template <class Look>
  auto read(Instant now, Look&& look) {
    Tx tx(schema_, now, seed_, sequence_);
    return look(static_cast<const Tx&>(tx));
  }

 private:
  struct Due {
    Instant at;
    std::uint64_t order;  // ties fire in the order in which they were armed
    std::size_t table;
    Key key;
    friend bool operator>(const Due& a, const Due& b) { return std::pair(a.at, a.order) > std::pair(b.at, b.order); }
  };
  Outcome<> perform(Tx&, const Input&);
  void fire_due(Tx&);
  void reconcile(Tx&);
  void commit(Tx&, Step&);
  void arm(const TableBase&, const Key&);
  [[nodiscard]] bool current(const Due&) const;

  Schema schema_;
  std::uint64_t seed_;
  std::uint64_t sequence_ = 0;
  std::uint64_t history_ = 0;
  std::uint64_t armed_ = 0;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
};

}  // namespace utakata

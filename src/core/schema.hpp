#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/table.hpp"

namespace utakata {

struct Report;  // core/report.hpp

/// Something that happened and that other modules may want to hear of: published by one, listened to by others.
struct Fact {
  std::string_view kind;  // "event", "target_health", ... : the publisher's public.hpp says which and what they carry
  Key key;                // what it is about, a key with its world
  std::string body;       // in the form that public.hpp says
};

/// What the modules of one machine declare: tables, reconcilers, listeners. Filled once, before the first step.
class Schema {
 public:
  template <class Row>
  void table(TableRules<Row> rules = {}) {
    tags_.push_back(&tag<Row>);
    tables_.push_back(std::make_unique<Table<Row>>(std::move(rules)));
  }
  /// Looks at one thing again: compares wanted with actual and takes the next step. Runs after Tx::mark(name, key).
  void reconciler(std::string_view name, void (*look)(Tx&, const Key&)) { reconcilers_[std::string(name)] = look; }
  void listen(std::string_view kind, void (*hear)(Tx&, const Fact&)) { listeners_[std::string(kind)].push_back(hear); }
  /// Takes in one kind of report; every module that declares a handler of the kind gets it.
  void report(std::size_t kind, void (*take)(Tx&, const Report&)) { reports_[kind].push_back(take); }
  /// Runs in the first step after a start: marks whatever must be looked at again, emits the whole configuration again.
  void on_recover(void (*recover)(Tx&)) { recoveries_.push_back(recover); }
  /// A relation between rows that must hold after each step (tests, the simulator); returns what is wrong, or "".
  void invariant(std::string_view name, std::string (*check)(const Tx&)) { invariants_.emplace_back(name, check); }

 private:
  friend class Tx;
  friend class Machine;
  template <class Row>
  static constexpr char tag = 0;

  template <class Row>
  [[nodiscard]] Table<Row>& of() const {
    for (std::size_t i = 0; i < tags_.size(); ++i)
      if (tags_[i] == &tag<Row>) return static_cast<Table<Row>&>(*tables_[i]);
    ensure(false, "a table is used that no module declares");
    __builtin_unreachable();
  }

  std::vector<const char*> tags_;
  std::vector<std::unique_ptr<TableBase>> tables_;
  std::map<std::string, void (*)(Tx&, const Key&), std::less<>> reconcilers_;
  std::map<std::string, std::vector<void (*)(Tx&, const Fact&)>, std::less<>> listeners_;
  std::map<std::size_t, std::vector<void (*)(Tx&, const Report&)>> reports_;
  std::vector<void (*)(Tx&)> recoveries_;
  std::vector<std::pair<std::string, std::string (*)(const Tx&)>> invariants_;
};

}  // namespace utakata

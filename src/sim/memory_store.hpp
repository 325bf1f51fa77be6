#pragma once

#include <map>
#include <string>

#include "ports/journal_store.hpp"

namespace utakata::sim {

/// A journal that outlives the control plane but not the run: what is committed is durable.
class MemoryStore final : public ports::JournalStore {
 public:
  explicit MemoryStore(std::uint64_t seed) : head_{.seed = seed} {}

  [[nodiscard]] Outcome<Head> load(const Row& each) override {
    for (const auto& [table, rows] : tables_)
      for (const auto& [key, row] : rows) TRY_VOID(each(table, key, row));
    return head_;
  }
  [[nodiscard]] Outcome<> commit(const std::vector<Change>& changes, std::uint64_t sequence) override {
    for (const Change& change : changes) {
      if (change.row)
        tables_[change.table][change.key] = *change.row;
      else
        tables_[change.table].erase(change.key);
    }
    head_.sequence = sequence;
    return {};
  }

 private:
  Head head_;
  std::map<std::string, std::map<Key, std::string>> tables_;
};

}  // namespace utakata::sim

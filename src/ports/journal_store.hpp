#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "base/outcome.hpp"
#include "core/machine.hpp"

namespace utakata::ports {

/// Where rows are durable. One process writes; a second one is refused when the store is opened.
class JournalStore {
 public:
  struct Head {
    std::uint64_t seed = 0;      // of the core's dice, chosen once for the store
    std::uint64_t sequence = 0;  // of the newest durable step
  };
  using Row = std::function<Outcome<>(std::string_view table, const Key&, std::string_view row)>;

  JournalStore() = default;
  JournalStore(const JournalStore&) = delete;
  JournalStore& operator=(const JournalStore&) = delete;
  virtual ~JournalStore() = default;

  [[nodiscard]] virtual Outcome<Head> load(const Row& each) = 0;
  /// Durable when it returns: all of them or, with a Fault (disk full, ...), none. Blocks.
  [[nodiscard]] virtual Outcome<> commit(const std::vector<Change>& changes, std::uint64_t sequence) = 0;
};

}  // namespace utakata::ports

#pragma once

#include <memory>
#include <optional>
#include <string>

#include "ports/journal_store.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace utakata::store {

/// Rows in one SQLite file: write-ahead log, full durability, one transaction a commit.
class SqliteStore final : public ports::JournalStore {
 public:
  /// Opens or makes FILE. Refused: another process has it (code InUse), it is no store of ours, the disk is full or
  /// read-only.
  static Outcome<std::unique_ptr<SqliteStore>> open(const std::string& file, std::uint64_t seed_if_new);
  /// The process that has FILE open, if it can be seen from here. Not for a file that this process has open: asking
  /// would end its own locks (fcntl(2)).
  static std::optional<int> holder(const std::string& file);
  ~SqliteStore() override;

  Outcome<Head> load(const Row& each) override;
  Outcome<> commit(const std::vector<Change>& changes, std::uint64_t sequence) override;

 private:
  struct CloseDatabase {
    void operator()(sqlite3*) const;
  };
  struct FinishStatement {
    void operator()(sqlite3_stmt*) const;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, FinishStatement>;

  explicit SqliteStore(sqlite3* database) : database_(database) {}
  Outcome<> run(const char* sql);
  Outcome<Statement> prepare(const char* sql);
  Outcome<> prepare_schema(std::uint64_t seed_if_new);
  Outcome<> write(const std::vector<Change>& changes, std::uint64_t sequence);
  Outcome<> finish(sqlite3_stmt*);
  [[nodiscard]] std::unexpected<Fault> fault(std::string_view doing) const;

  std::unique_ptr<sqlite3, CloseDatabase> database_;
  Statement put_, erase_, set_sequence_;
};

}  // namespace utakata::store

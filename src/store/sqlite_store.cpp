#include "store/sqlite_store.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include "base/text.hpp"

namespace utakata::store {
namespace {

// The format of this file's tables; a newer program reads older formats, never the other way round.
constexpr std::int64_t format = 1;

int length(std::string_view text) { return static_cast<int>(text.size()); }

void bind_text(sqlite3_stmt* statement, int at, std::string_view text) {
  sqlite3_bind_text(statement, at, text.data(), length(text), SQLITE_STATIC);
}

std::string_view column_text(sqlite3_stmt* statement, int at) {
  const void* data = sqlite3_column_blob(statement, at);
  return {static_cast<const char*>(data), static_cast<std::size_t>(sqlite3_column_bytes(statement, at))};
}

}  // namespace

void SqliteStore::CloseDatabase::operator()(sqlite3* database) const { sqlite3_close(database); }
void SqliteStore::FinishStatement::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

SqliteStore::~SqliteStore() = default;

std::unexpected<Fault> SqliteStore::fault(std::string_view doing) const {
  return refuse("ServiceUnavailable", cat("the journal cannot be ", doing, ": ", sqlite3_errmsg(database_.get())), 503);
}

Outcome<> SqliteStore::run(const char* sql) {
  if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) return fault("written");
  return {};
}

Outcome<SqliteStore::Statement> SqliteStore::prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(database_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK)
    return fault("read");
  return Statement(statement);
}

Outcome<std::unique_ptr<SqliteStore>> SqliteStore::open(const std::string& file, std::uint64_t seed_if_new) {
  sqlite3* database = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int opened = sqlite3_open_v2(file.c_str(), &database, flags, nullptr);
  std::unique_ptr<SqliteStore> store(new SqliteStore(database));
  if (opened != SQLITE_OK) return store->fault(cat("opened (", file, ")"));
  sqlite3_extended_result_codes(database, 1);
  // EXCLUSIVE keeps other processes out and spares the shared-memory index; FULL makes each commit durable. A
  // checkpoint is paid by the commit that reaches its number of pages, so small ones keep the slowest writes short.
  for (const char* pragma : {"PRAGMA locking_mode=EXCLUSIVE", "PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL",
                             "PRAGMA wal_autocheckpoint=250", "PRAGMA cache_size=-8192", "PRAGMA temp_store=MEMORY"})
    if (Outcome<> ran = store->run(pragma); !ran) {
      if ((sqlite3_errcode(database) & 0xff) == SQLITE_BUSY) ran.error().code = "InUse";
      return std::unexpected(std::move(ran).error());
    }
  TRY_VOID(store->prepare_schema(seed_if_new));
  return store;
}

std::optional<int> SqliteStore::holder(const std::string& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  const bool asked = fcntl(fd, F_GETLK, &lock) == 0;
  close(fd);
  if (!asked || lock.l_type == F_UNLCK || lock.l_pid <= 0) return {};
  return lock.l_pid;
}

Outcome<> SqliteStore::prepare_schema(std::uint64_t seed_if_new) {
  TRY_VOID(run("BEGIN IMMEDIATE"));
  TRY_VOID(
      run("CREATE TABLE IF NOT EXISTS rows (name TEXT NOT NULL, key TEXT NOT NULL, row BLOB NOT NULL, "
          "PRIMARY KEY (name, key)) WITHOUT ROWID"));
  TRY_VOID(run("CREATE TABLE IF NOT EXISTS head (format INTEGER, seed INTEGER, sequence INTEGER)"));
  TRY_VOID(run(cat("INSERT INTO head SELECT ", format, ", ", static_cast<std::int64_t>(seed_if_new),
                   ", 0 WHERE NOT EXISTS (SELECT * FROM head)")
                   .c_str()));
  TRY_VOID(run("COMMIT"));
  put_ = TRY(prepare("INSERT INTO rows VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET row = excluded.row"));
  erase_ = TRY(prepare("DELETE FROM rows WHERE name = ? AND key = ?"));
  set_sequence_ = TRY(prepare("UPDATE head SET sequence = ?"));
  return {};
}

Outcome<SqliteStore::Head> SqliteStore::load(const Row& each) {
  const Statement head = TRY(prepare("SELECT format, seed, sequence FROM head"));
  if (sqlite3_step(head.get()) != SQLITE_ROW) return fault("read");
  if (sqlite3_column_int64(head.get(), 0) > format)
    return refuse("ServiceUnavailable", "the journal was written by a newer version of utakata", 503);
  const Head result{.seed = static_cast<std::uint64_t>(sqlite3_column_int64(head.get(), 1)),
                    .sequence = static_cast<std::uint64_t>(sqlite3_column_int64(head.get(), 2))};
  const Statement rows = TRY(prepare("SELECT name, key, row FROM rows"));
  int state = SQLITE_ROW;
  while ((state = sqlite3_step(rows.get())) == SQLITE_ROW)
    TRY_VOID(each(column_text(rows.get(), 0), Key(column_text(rows.get(), 1)), column_text(rows.get(), 2)));
  if (state != SQLITE_DONE) return fault("read");
  return result;
}

Outcome<> SqliteStore::finish(sqlite3_stmt* statement) {
  const int state = sqlite3_step(statement);
  sqlite3_reset(statement);
  if (state != SQLITE_DONE) return fault("written");
  return {};
}

Outcome<> SqliteStore::write(const std::vector<Change>& changes, std::uint64_t sequence) {
  for (const Change& change : changes) {
    sqlite3_stmt* statement = change.row ? put_.get() : erase_.get();
    bind_text(statement, 1, change.table);
    bind_text(statement, 2, change.key);
    if (change.row) sqlite3_bind_blob(statement, 3, change.row->data(), length(*change.row), SQLITE_STATIC);
    TRY_VOID(finish(statement));
  }
  sqlite3_bind_int64(set_sequence_.get(), 1, static_cast<std::int64_t>(sequence));
  TRY_VOID(finish(set_sequence_.get()));
  return run("COMMIT");
}

Outcome<> SqliteStore::commit(const std::vector<Change>& changes, std::uint64_t sequence) {
  TRY_VOID(run("BEGIN IMMEDIATE"));
  Outcome<> written = write(changes, sequence);
  if (!written && sqlite3_get_autocommit(database_.get()) == 0)
    sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  return written;
}

}  // namespace utakata::store

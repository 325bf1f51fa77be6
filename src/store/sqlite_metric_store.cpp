#include "store/sqlite_metric_store.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <tuple>

#include "base/text.hpp"
#include "core/metric_math.hpp"

namespace utakata::store {
namespace {

void bind_bytes(sqlite3_stmt* statement, int at, std::string_view text) {
  sqlite3_bind_blob(statement, at, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
}

std::string_view column_bytes(sqlite3_stmt* statement, int at) {
  const void* data = sqlite3_column_blob(statement, at);
  return {static_cast<const char*>(data), static_cast<std::size_t>(sqlite3_column_bytes(statement, at))};
}

// Lengths and texts, so that any character may stand in them.
std::string packed(const list<MetricDimension>& dimensions) {
  std::string text;
  for (const MetricDimension& each : dimensions)
    text += cat(each.name.size(), ":", each.name, each.value.size(), ":", each.value);
  return text;
}

str taken(std::string_view& text) {
  const std::size_t colon = text.find(':');
  const auto length = static_cast<std::size_t>(parse_integer(text.substr(0, colon)).value_or(0));
  str one(text.substr(std::min(colon + 1, text.size()), length));
  text.remove_prefix(std::min(text.size(), colon + 1 + length));
  return one;
}

list<MetricDimension> unpacked(std::string_view text) {
  list<MetricDimension> dimensions;
  while (!text.empty()) {
    MetricDimension one{.name = taken(text), .value = {}};
    one.value = taken(text);
    dimensions.push_back(std::move(one));
  }
  return dimensions;
}

std::string bytes_of(const list<MetricValue>& values) {
  std::string bytes(values.size() * sizeof(MetricValue), '\0');
  if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

list<MetricValue> values_of(std::string_view bytes) {
  list<MetricValue> values(bytes.size() / sizeof(MetricValue));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), values.size() * sizeof(MetricValue));
  return values;
}

// From its five columns on.
MetricStatistics statistics_at(sqlite3_stmt* row, int first) {
  return {.count = sqlite3_column_double(row, first),
          .sum = sqlite3_column_double(row, first + 1),
          .minimum = sqlite3_column_double(row, first + 2),
          .maximum = sqlite3_column_double(row, first + 3),
          .values = values_of(column_bytes(row, first + 4))};
}

constexpr const char* schema[] = {
    "PRAGMA locking_mode=EXCLUSIVE",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA cache_size=-8192",
    "PRAGMA temp_store=MEMORY",
    "CREATE TABLE IF NOT EXISTS series (id INTEGER PRIMARY KEY, world BLOB, name_space BLOB, name BLOB, "
    "dimensions BLOB, unit BLOB, last INTEGER)",
    "CREATE TABLE IF NOT EXISTS points (series INTEGER, at INTEGER, resolution INTEGER, count REAL, sum REAL, "
    "minimum REAL, maximum REAL, spread BLOB, PRIMARY KEY (series, at, resolution)) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS points_by_age ON points (resolution, at)"};

}  // namespace

void SqliteMetricStore::CloseDatabase::operator()(sqlite3* database) const { sqlite3_close(database); }
void SqliteMetricStore::FinishStatement::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

SqliteMetricStore::~SqliteMetricStore() = default;

std::unexpected<Fault> SqliteMetricStore::fault() const {
  return refuse("InternalServiceError", cat("the metrics cannot be kept: ", sqlite3_errmsg(database_.get())), 500);
}

Outcome<> SqliteMetricStore::run(const char* sql) {
  if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) return fault();
  return {};
}

Outcome<> SqliteMetricStore::prepare(Statement& statement, const char* sql) {
  sqlite3_stmt* made = nullptr;
  if (sqlite3_prepare_v3(database_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr) != SQLITE_OK)
    return fault();
  statement.reset(made);
  return {};
}

Outcome<std::unique_ptr<SqliteMetricStore>> SqliteMetricStore::open(const std::string& file) {
  sqlite3* database = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int opened = sqlite3_open_v2(file.c_str(), &database, flags, nullptr);
  std::unique_ptr<SqliteMetricStore> store(new SqliteMetricStore(database));
  if (opened != SQLITE_OK) return store->fault();
  for (const char* sql : schema) TRY_VOID(store->run(sql));
  TRY_VOID(store->begin());
  TRY_VOID(store->load());
  return store;
}

Outcome<> SqliteMetricStore::begin() {
  TRY_VOID(prepare(add_series_,
                   "INSERT INTO series (world, name_space, name, dimensions, unit, last) VALUES (?, ?, ?, ?, ?, ?)"));
  TRY_VOID(prepare(touch_series_, "UPDATE series SET last = ? WHERE id = ?"));
  TRY_VOID(prepare(find_point_,
                   "SELECT count, sum, minimum, maximum, spread FROM points WHERE series = ? AND at = ? AND "
                   "resolution = ?"));
  TRY_VOID(prepare(put_point_, "INSERT OR REPLACE INTO points VALUES (?, ?, ?, ?, ?, ?, ?, ?)"));
  TRY_VOID(prepare(read_points_,
                   "SELECT at, count, sum, minimum, maximum, spread FROM points WHERE series = ? AND at >= ? AND "
                   "at < ? ORDER BY at"));
  TRY_VOID(prepare(old_points_,
                   "SELECT series, at, count, sum, minimum, maximum, spread FROM points WHERE resolution = ? AND "
                   "at < ? ORDER BY at LIMIT 1000"));
  return prepare(erase_points_, "DELETE FROM points WHERE series = ? AND at = ? AND resolution = ?");
}

Outcome<> SqliteMetricStore::load() {
  Statement all;
  TRY_VOID(prepare(all, "SELECT id, last, world, name_space, name, dimensions, unit FROM series"));
  int state = SQLITE_ROW;
  while ((state = sqlite3_step(all.get())) == SQLITE_ROW) {
    const auto text = [&](int at) { return str(column_bytes(all.get(), at)); };
    Series series{.metric = {.world = text(2), .name_space = text(3), .name = text(4), .dimensions = unpacked(text(5))},
                  .unit = text(6)};
    series_.emplace(std::move(series),
                    Known{.id = sqlite3_column_int64(all.get(), 0), .last = sqlite3_column_int64(all.get(), 1)});
  }
  if (state != SQLITE_DONE) return fault();
  return {};
}

Outcome<> SqliteMetricStore::finish(sqlite3_stmt* statement) {
  const int state = sqlite3_step(statement);
  sqlite3_reset(statement);
  if (state != SQLITE_DONE) return fault();
  return {};
}

Outcome<> SqliteMetricStore::append(const list<MetricSample>& samples) {
  const std::scoped_lock lock(mutex_);
  TRY_VOID(run("BEGIN IMMEDIATE"));
  Outcome<> done;
  for (const MetricSample& each : samples)
    if (done = take(each); !done) break;
  if (done) done = run("COMMIT");
  if (done) return {};
  static_cast<void>(run("ROLLBACK"));
  series_.clear();
  TRY_VOID(load());
  return done;
}

Outcome<> SqliteMetricStore::take(const MetricSample& sample) {
  Known* const known = TRY(series_of(sample));
  return add(known->id, sample.resolution, sample.at - sample.at % sample.resolution, sample.statistics);
}

Outcome<SqliteMetricStore::Known*> SqliteMetricStore::series_of(const MetricSample& sample) {
  const auto known = series_.find({sample.metric, sample.unit});
  if (known != series_.end()) {
    if (sample.at <= known->second.last) return &known->second;
    known->second.last = sample.at;
    sqlite3_bind_int64(touch_series_.get(), 1, sample.at);
    sqlite3_bind_int64(touch_series_.get(), 2, known->second.id);
    TRY_VOID(finish(touch_series_.get()));
    return &known->second;
  }
  if (series_.size() >= metrics_max)
    return refuse("LimitExceeded", cat("There are ", metrics_max, " metrics already, and no more are kept here."));
  sqlite3_stmt* const add = add_series_.get();
  bind_bytes(add, 1, sample.metric.world);
  bind_bytes(add, 2, sample.metric.name_space);
  bind_bytes(add, 3, sample.metric.name);
  bind_bytes(add, 4, packed(sample.metric.dimensions));
  bind_bytes(add, 5, sample.unit);
  sqlite3_bind_int64(add, 6, sample.at);
  TRY_VOID(finish(add));
  const Known made{.id = sqlite3_last_insert_rowid(database_.get()), .last = sample.at};
  return &series_.emplace(Series{sample.metric, sample.unit}, made).first->second;
}

Outcome<> SqliteMetricStore::add(i64 series, i32 resolution, i64 at, const MetricStatistics& more) {
  sqlite3_stmt* const find = find_point_.get();
  sqlite3_bind_int64(find, 1, series);
  sqlite3_bind_int64(find, 2, at);
  sqlite3_bind_int(find, 3, resolution);
  MetricStatistics all;
  const int state = sqlite3_step(find);
  if (state == SQLITE_ROW) all = statistics_at(find, 0);
  sqlite3_reset(find);
  if (state != SQLITE_ROW && state != SQLITE_DONE) return fault();
  add_up(all, more);
  sqlite3_stmt* const put = put_point_.get();
  sqlite3_bind_int64(put, 1, series);
  sqlite3_bind_int64(put, 2, at);
  sqlite3_bind_int(put, 3, resolution);
  sqlite3_bind_double(put, 4, all.count);
  sqlite3_bind_double(put, 5, all.sum);
  sqlite3_bind_double(put, 6, all.minimum);
  sqlite3_bind_double(put, 7, all.maximum);
  bind_bytes(put, 8, bytes_of(all.values));
  return finish(put);
}

Outcome<MetricData> SqliteMetricStore::read(const MetricQueries& queries) {
  const std::scoped_lock lock(mutex_);
  MetricData data;
  for (const MetricQuery& query : queries.queries) {
    list<MetricPoint>& points = data.points.emplace_back();
    for (auto at = series_.lower_bound({query.metric, query.unit});
         at != series_.end() && at->first.metric == query.metric; ++at) {
      if (!query.unit.empty() && at->first.unit != query.unit) break;
      TRY_VOID(read_series(at->second, at->first.unit, query, points));
    }
    std::ranges::sort(points, {}, [](const MetricPoint& each) { return std::tie(each.at, each.unit); });
  }
  return data;
}

Outcome<> SqliteMetricStore::read_series(const Known& series, const str& unit, const MetricQuery& query,
                                         list<MetricPoint>& points) {
  sqlite3_stmt* const read = read_points_.get();
  sqlite3_bind_int64(read, 1, series.id);
  sqlite3_bind_int64(read, 2, query.start);
  sqlite3_bind_int64(read, 3, query.end);
  int state = SQLITE_ROW;
  for (bool first = true; (state = sqlite3_step(read)) == SQLITE_ROW; first = false) {
    const i64 at = sqlite3_column_int64(read, 0);
    const i64 period = at - at % query.period;
    if (first || points.back().at != period) points.push_back({.at = period, .unit = unit, .statistics = {}});
    add_up(points.back().statistics, statistics_at(read, 1));
  }
  sqlite3_reset(read);
  if (state != SQLITE_DONE) return fault();
  return {};
}

Outcome<MetricListing> SqliteMetricStore::search(const MetricSearch& search) {
  const std::scoped_lock lock(mutex_);
  MetricListing listing;
  for (const auto& [series, known] : series_) {
    if (known.last < search.since || (search.after && series.metric <= *search.after)) continue;
    if (!listing.metrics.empty() && listing.metrics.back() == series.metric) continue;
    if (!matches(search, series.metric)) continue;
    if (listing.metrics.size() == static_cast<std::size_t>(search.limit)) {
      listing.more = true;
      break;
    }
    listing.metrics.push_back(series.metric);
  }
  return listing;
}

void SqliteMetricStore::expire(i64 now) {
  const std::scoped_lock lock(mutex_);
  if (!run("BEGIN IMMEDIATE")) return;
  Outcome<> done;
  for (const MetricAge& age : metric_ages)
    if (done = make_coarser(now - age.older_than, age.resolution, age.becomes); !done) break;
  if (done) done = forget_before(now - std::end(metric_ages)[-1].older_than);
  static_cast<void>(run(done ? "COMMIT" : "ROLLBACK"));
}

Outcome<> SqliteMetricStore::make_coarser(i64 before, i32 resolution, i32 becomes) {
  struct Old {
    i64 series = 0, at = 0;
    MetricStatistics statistics;
  };
  while (true) {
    list<Old> all;
    sqlite3_stmt* const read = old_points_.get();
    sqlite3_bind_int(read, 1, resolution);
    sqlite3_bind_int64(read, 2, before);
    int state = SQLITE_ROW;
    while ((state = sqlite3_step(read)) == SQLITE_ROW)
      all.push_back({.series = sqlite3_column_int64(read, 0),
                     .at = sqlite3_column_int64(read, 1),
                     .statistics = statistics_at(read, 2)});
    sqlite3_reset(read);
    if (state != SQLITE_DONE) return fault();
    if (all.empty()) return {};
    for (const Old& each : all) {
      if (becomes > 0) TRY_VOID(add(each.series, becomes, each.at - each.at % becomes, each.statistics));
      sqlite3_bind_int64(erase_points_.get(), 1, each.series);
      sqlite3_bind_int64(erase_points_.get(), 2, each.at);
      sqlite3_bind_int(erase_points_.get(), 3, resolution);
      TRY_VOID(finish(erase_points_.get()));
    }
  }
}

Outcome<> SqliteMetricStore::forget_before(i64 when) {
  TRY_VOID(run(cat("DELETE FROM series WHERE last < ", when).c_str()));
  std::erase_if(series_, [&](const auto& entry) { return entry.second.last < when; });
  return {};
}

}  // namespace utakata::store

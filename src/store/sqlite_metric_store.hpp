#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "ports/metric_store.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace utakata::store {

/// Metrics in one SQLite file, beside the journal: losing it loses no more than history.
class SqliteMetricStore final : public ports::MetricStore {
 public:
  static Outcome<std::unique_ptr<SqliteMetricStore>> open(const std::string& file);
  ~SqliteMetricStore() override;

  [[nodiscard]] Outcome<> append(const list<MetricSample>&) override;
  [[nodiscard]] Outcome<MetricData> read(const MetricQueries&) override;
  [[nodiscard]] Outcome<MetricListing> search(const MetricSearch&) override;
  void expire(i64 now) override;

 private:
  struct CloseDatabase {
    void operator()(sqlite3*) const;
  };
  struct FinishStatement {
    void operator()(sqlite3_stmt*) const;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, FinishStatement>;
  // A metric in one unit.
  struct Series {
    MetricName metric;
    str unit;
    friend auto operator<=>(const Series&, const Series&) = default;
  };
  struct Known {
    i64 id = 0;
    i64 last = 0;  // when it was measured last
  };

  explicit SqliteMetricStore(sqlite3* database) : database_(database) {}
  Outcome<> run(const char* sql);
  Outcome<> prepare(Statement&, const char* sql);
  Outcome<> begin();
  Outcome<> load();
  Outcome<> finish(sqlite3_stmt*);
  Outcome<> take(const MetricSample&);
  Outcome<Known*> series_of(const MetricSample&);
  Outcome<> add(i64 series, i32 resolution, i64 at, const MetricStatistics&);
  Outcome<> read_series(const Known&, const str& unit, const MetricQuery&, list<MetricPoint>&);
  Outcome<> make_coarser(i64 before, i32 resolution, i32 becomes);
  Outcome<> forget_before(i64 when);
  [[nodiscard]] std::unexpected<Fault> fault() const;

  std::mutex mutex_;
  std::unique_ptr<sqlite3, CloseDatabase> database_;
  Statement add_series_, touch_series_, find_point_, put_point_, read_points_, old_points_, erase_points_;
  std::map<Series, Known> series_;
};

}  // namespace utakata::store

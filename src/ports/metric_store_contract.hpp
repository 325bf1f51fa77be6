#pragma once

#include <doctest/doctest.h>

#include "ports/metric_store.hpp"

// What every metric store must do, real or simulated. Included by tests only.
namespace utakata::ports::test {

inline MetricName metric_named(const str& name, const str& service = "a") {
  return {.world = "1/r/", .name_space = "App", .name = name, .dimensions = {{"Service", service}}};
}

inline MetricSample measured(const str& name, i64 at, double value, const str& unit = "Count", i32 resolution = 60) {
  return {.metric = metric_named(name),
          .unit = unit,
          .at = at,
          .resolution = resolution,
          .statistics = {.count = 1, .sum = value, .minimum = value, .maximum = value}};
}

inline list<MetricPoint> points_of(MetricStore& store, const MetricQuery& query) {
  const auto data = store.read({.queries = {query}});
  REQUIRE(data);
  REQUIRE(data->points.size() == 1);
  return data->points[0];
}

// By period and unit, without what was not asked for.
inline void adds_up(MetricStore& store) {
  REQUIRE(store.append({measured("a", 600, 1), measured("a", 600, 3), measured("a", 660, 5), measured("b", 600, 9),
                        measured("a", 600, 7, "Seconds")}));
  REQUIRE(store.append({measured("a", 600, 2)}));
  MetricQuery query{.metric = metric_named("a"), .unit = "Count", .start = 600, .end = 720, .period = 60};
  auto points = points_of(store, query);
  REQUIRE(points.size() == 2);
  CHECK(points[0].at == 600);
  CHECK(points[0].statistics.count == 3);
  CHECK(points[0].statistics.sum == 6);
  CHECK(points[0].statistics.minimum == 1);
  CHECK(points[0].statistics.maximum == 3);
  CHECK(points[0].statistics.values.size() == 3);
  CHECK(points[1].statistics.sum == 5);
  query.period = 300;
  points = points_of(store, query);
  REQUIRE(points.size() == 1);
  CHECK(points[0].at == 600);
  CHECK(points[0].statistics.sum == 11);
  query.unit = "";
  points = points_of(store, query);
  REQUIRE(points.size() == 2);
  CHECK(points[0].unit == "Count");
  CHECK(points[1].unit == "Seconds");
  query.end = 600;
  CHECK(points_of(store, query).empty());
  query.metric.dimensions.clear();
  query.end = 720;
  CHECK(points_of(store, query).empty());
}

inline void is_searched(MetricStore& store) {
  MetricSample other = measured("a", 6000, 1);
  other.metric.dimensions = {{"Service", "b"}, {"Zone", "z"}};
  REQUIRE(store.append({measured("a", 600, 1), measured("b", 600, 1), measured("a", 600, 1, "Seconds"), other}));
  const auto found = [&](MetricSearch search) {
    search.world = "1/r/";
    const auto listing = store.search(search);
    REQUIRE(listing);
    str names;
    for (const MetricName& each : listing->metrics) names += each.name + each.dimensions[0].value + " ";
    return names + (listing->more ? "more" : "");
  };
  CHECK(found({}) == "aa ab ba ");
  CHECK(found({.name = "a"}) == "aa ab ");
  CHECK(found({.dimensions = {{.name = "Zone", .value = {}}}}) == "ab ");
  CHECK(found({.dimensions = {{.name = "Service", .value = str("a")}}}) == "aa ba ");
  CHECK(found({.since = 1000}) == "ab ");
  CHECK(found({.limit = 2}) == "aa ab more");
  CHECK(found({.after = other.metric}) == "ba ");
  CHECK(found({.name_space = "Other"}).empty());
}

inline void forgets(MetricStore& store) {
  constexpr i64 day = 86'400;
  REQUIRE(store.append({measured("fine", 0, 1, "Count", 1), measured("fine", 1, 3, "Count", 1), measured("a", 60, 5),
                        measured("a", 240, 7)}));
  store.expire(4 * 3600);
  const auto fine = points_of(store, {.metric = metric_named("fine"), .start = 0, .end = 60, .period = 1});
  REQUIRE(fine.size() == 1);
  CHECK(fine[0].statistics.sum == 4);
  CHECK(fine[0].statistics.maximum == 3);
  CHECK(points_of(store, {.metric = metric_named("a"), .start = 0, .end = 300, .period = 60}).size() == 2);
  store.expire(16 * day);
  const auto coarse = points_of(store, {.metric = metric_named("a"), .start = 0, .end = 300, .period = 60});
  REQUIRE(coarse.size() == 1);
  CHECK(coarse[0].at == 0);
  CHECK(coarse[0].statistics.sum == 12);
  store.expire(500 * day);
  CHECK(points_of(store, {.metric = metric_named("a"), .start = 0, .end = 3600, .period = 3600}).empty());
  CHECK(store.search({.world = "1/r/"})->metrics.empty());
}

}  // namespace utakata::ports::test

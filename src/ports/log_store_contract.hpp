#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/text.hpp"
#include "ports/log_store.hpp"

// What every log store must do, real or simulated. Included by tests only.
namespace utakata::ports::test {

inline std::string joined(const LogPage& page) {
  std::string all;
  for (const auto& each : page.events) all += cat(all.empty() ? "" : " ", each.event.text);
  return all;
}

inline void holds_to_order(LogStore& store) {
  CHECK(store.read({.streams = {"none"}})->events.empty());
  CHECK(store.holds("none").bytes == 0);
  const auto done = store.append({{.stream = "a", .events = {{10, 11, "a10"}, {20, 11, "a20"}, {30, 11, "a30"}}},
                                  {.stream = "b", .events = {{15, 16, "b15"}, {20, 21, "b20"}}},
                                  {.stream = "a", .events = {{5, 40, "late"}}}});
  REQUIRE(done.size() == 3);
  for (const auto& each : done) REQUIRE(each);
  // By time, then by stream, then as they came; the pattern chooses.
  const list<str> both{"a", "b"};
  CHECK(joined(*store.read({.streams = both})) == "late a10 b15 a20 b20 a30");
  CHECK(joined(*store.read({.streams = {"a"}})) == "late a10 a20 a30");
  CHECK(joined(*store.read({.streams = both, .start = 10, .end = 20})) == "a10 b15");
  CHECK(joined(*store.read({.streams = both, .pattern = "?20 ?15"})) == "b15 a20 b20");
  CHECK_FALSE(store.read({.streams = both, .pattern = "\"open"}));
  const auto page = store.read({.streams = {"a"}, .start = 10, .end = 11});
  REQUIRE(page->events.size() == 1);
  CHECK(page->events[0].event.ingested == 11);
}

// From either end, without loss or repetition.
inline void holds_to_pages(LogStore& store) {
  std::string forward;
  LogQuery query{.streams = {"a", "b"}, .events = 2};
  for (int pages = 0; pages < 10; ++pages) {
    const auto next = store.read(query);
    forward += cat(joined(*next), "|");
    if (!next->next) break;
    query.from = *next->next;
  }
  CHECK(forward == "late a10|b15 a20|b20 a30|");
  std::string backward;
  LogQuery newest{.streams = {"a"}, .newest = true, .events = 3};
  for (auto got = store.read(newest); !got->events.empty(); got = store.read(newest)) {
    backward += cat(joined(*got), "|");
    newest.before = got->events.front().place;
  }
  CHECK(backward == "a10 a20 a30|late|");
  LogQuery after{.streams = {"a"}};
  after.after = store.read({.streams = {"a"}})->events.back().place;
  CHECK(store.read(after)->events.empty());
  REQUIRE(store.append({{.stream = "a", .events = {{30, 50, "new"}}}}).at(0));
  CHECK(joined(*store.read(after)) == "new");
}

inline void holds_what_it_was_given(LogStore& store) {
  const LogReport holds = store.holds("a");
  CHECK(holds.first == 5);
  CHECK(holds.last == 30);
  CHECK(holds.last_ingestion == 50);
  CHECK(holds.bytes == 5 * 26 + 4 + 3 + 3 + 3 + 3);

  const std::string binary("\0\xff\n x", 5);
  REQUIRE(store.append({{.stream = "c", .events = {{1, 1, binary}, {1, 1, std::string(300'000, 'y')}}}}).at(0));
  const auto raw = store.read({.streams = {"c"}});
  REQUIRE(raw->events.size() == 2);
  CHECK(raw->events[0].event.text == binary);
  CHECK(raw->events[1].event.text.size() == 300'000);
}

inline void forgets_what_it_is_told_to(LogStore& store) {
  const list<str> both{"a", "b"};
  CHECK(store.streams().size() >= 3);
  store.expire("c", 2);
  CHECK(store.read({.streams = {"c"}})->events.empty());
  store.remove("c");
  store.remove("a");
  CHECK(joined(*store.read({.streams = both})) == "b15 b20");

  CHECK(store.trim(1 << 20) == 0);
  CHECK(joined(*store.read({.streams = both})) == "b15 b20");
  CHECK(store.trim(0) > 0);
  CHECK(store.read({.streams = both})->events.empty());
  REQUIRE(store.append({{.stream = "b", .events = {{30, 60, "again"}}}}).at(0));
  CHECK(joined(*store.read({.streams = both})) == "again");
}

/// Each part goes on with what the one before has left.
inline void hold_to_contract(LogStore& store) {
  holds_to_order(store);
  holds_to_pages(store);
  holds_what_it_was_given(store);
  forgets_what_it_is_told_to(store);
}

}  // namespace utakata::ports::test

#include "sim/event_queue.hpp"

#include <doctest/doctest.h>

#include <queue>

#include "sim/dice.hpp"

using namespace utakata;       // NOLINT: a test
using namespace utakata::sim;  // NOLINT: a test

TEST_CASE("sim: events run in the order of time, ties in the order of asking") {
  EventQueue queue(Instant{1000});
  std::string ran;
  queue.at(Instant{3000}, [&] { ran += 'c'; });
  queue.at(Instant{2000}, [&] { ran += 'a'; });
  queue.at(Instant{2000}, [&] {
    ran += 'b';
    queue.after(Duration{}, [&] { ran += '!'; });
  });
  queue.run_until(Instant{2500});
  CHECK(ran == "ab!");
  CHECK(queue.now() == Instant{2500});
  queue.at(Instant{2600}, [&] { ran += '<'; });
  queue.at(Instant{1}, [&] { ran += 'n'; });
  queue.run_until(Instant{4000});
  CHECK(ran == "ab!n<c");
}

TEST_CASE("sim: a cancelled event does not run, and its name does not reach a later event") {
  EventQueue queue(Instant{1});
  int ran = 0;
  const auto first = queue.at(Instant{5}, [&] { ran += 1; });
  queue.cancel(first);
  queue.at(Instant{5}, [&] { ran += 10; });
  queue.cancel(first);
  queue.run_until(Instant{9});
  CHECK(ran == 10);
}

TEST_CASE("sim: the queue gives the order of an ordinary heap") {
  const Dice dice(7);
  EventQueue queue(Instant{0});
  std::priority_queue<std::pair<std::int64_t, int>, std::vector<std::pair<std::int64_t, int>>, std::greater<>> heap;
  std::vector<int> ran;
  int asked = 0;
  std::function<void()> ask = [&] {
    const int id = asked++;
    const auto delay = nanoseconds(static_cast<std::int64_t>(
        dice.below(std::uint64_t{1} << dice.below(40, "bits", "x", static_cast<std::uint64_t>(id)), "delay", "x",
                   static_cast<std::uint64_t>(id))));
    heap.emplace((queue.now() + delay).ns, id);
    queue.after(delay, [&, id] {
      ran.push_back(id);
      if (asked < 5000) ask();
    });
  };
  for (int i = 0; i < 100; ++i) ask();
  for (std::size_t i = 0; queue.run_next(Instant::never()); ++i) {
    REQUIRE(!heap.empty());
    CHECK(ran[i] == heap.top().second);
    heap.pop();
  }
  CHECK(ran.size() == 5000);
}

TEST_CASE("sim: dice depend on seed, entity, purpose and count alone") {
  const Dice dice(1);
  CHECK(dice.roll("a", "x") == Dice(1).roll("a", "x"));
  CHECK(dice.roll("a", "x") != Dice(2).roll("a", "x"));
  CHECK(dice.roll("a", "x") != dice.roll("b", "x"));
  CHECK(dice.roll("a", "x") != dice.roll("a", "y"));
  CHECK(dice.roll("a", "x", 1) != dice.roll("a", "x", 2));
  for (std::uint64_t i = 0; i < 100; ++i) {
    const Duration d = dice.between(seconds(1), seconds(2), "a", "d", i);
    CHECK(d >= seconds(1));
    CHECK(d <= seconds(2));
  }
  CHECK(!dice.chance({0, 1}, "a", "c"));
  CHECK(dice.chance({1, 1}, "a", "c"));
}

#include "app/arguments.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace utakata;  // NOLINT: a test
using app::Arguments;

namespace {
constexpr std::array options{app::OptionRule{"count", "N", "how many", "1"}, app::OptionRule{"json", "", "as JSON"}};
constexpr app::CommandRule rule{.name = "take", .summary = "Takes.", .options = options};
constexpr app::CommandRule with_words{
    .name = "take", .summary = "Takes.", .options = options, .positional = "[TASK...]"};

Outcome<Arguments> parsed(const app::CommandRule& by, std::vector<std::string_view> words) {
  return Arguments::parse(by, words);
}
}  // namespace

TEST_CASE("arguments: options in both forms, flags, defaults and positionals") {
  const auto given = parsed(with_words, {"--count=3", "a", "--json", "b"});
  REQUIRE(given);
  CHECK(*given->integer("count", 0, 9) == 3);
  CHECK(given->flag("json"));
  CHECK(given->positional() == std::vector<std::string>{"a", "b"});
  CHECK(*parsed(rule, {})->integer("count", 0, 9) == 1);
}

TEST_CASE("arguments: what is wrong is named") {
  CHECK(parsed(rule, {"--cuont", "3"}).error().message.find("--cuont") != std::string::npos);
  CHECK(parsed(rule, {"--count"}).error().message.find("needs a value") != std::string::npos);
  CHECK(parsed(rule, {"--json", "--json"}).error().message.find("given twice") != std::string::npos);
  CHECK(parsed(rule, {"word"}).error().message.find("'word'") != std::string::npos);
  CHECK(parsed(rule, {"--count", "many"})->integer("count", 0, 9).error().message.find("from 0 to 9") !=
        std::string::npos);
}

TEST_CASE("arguments: two dashes end the options") {
  const auto given = parsed(with_words, {"--json", "--", "--count", "a", "--"});
  REQUIRE(given);
  CHECK(given->flag("json"));
  CHECK_FALSE(given->given("count"));
  CHECK(given->positional() == std::vector<std::string>{"--count", "a", "--"});
  CHECK(parsed(rule, {"--"}));
}

TEST_CASE("arguments: what follows the first word of a command that passes on is not ours") {
  static constexpr std::array own{app::OptionRule{"cluster", "NAME", "where"},
                                  app::OptionRule{"interactive", "", "a terminal", "", "-it"}};
  constexpr app::CommandRule passing{
      .name = "exec", .summary = "Runs.", .options = own, .positional = "TASK [--] COMMAND...", .passes_on = true};
  const auto given = parsed(passing, {"--cluster", "c", "-it", "task", "--", "ls", "--", "--cluster", "-it"});
  REQUIRE(given);
  CHECK(given->text("cluster") == "c");
  CHECK(given->flag("interactive"));
  CHECK(given->positional() == std::vector<std::string>{"task", "ls", "--", "--cluster", "-it"});
  for (const auto& words : {std::vector<std::string_view>{"--", "task", "sh", "-c"}, {"--", "task", "--", "sh", "-c"}})
    CHECK(parsed(passing, words)->positional() == std::vector<std::string>{"task", "sh", "-c"});
  CHECK(parsed(passing, {"--cluster", "c", "--", "sh"})->positional() == std::vector<std::string>{"sh"});
  CHECK(parsed(passing, {"task", "ls", "-l"})->positional() == std::vector<std::string>{"task", "ls", "-l"});
  CHECK(app::help_of(passing).contains("-it, --interactive"));
}

#include "sim/scenario.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sim/program_test.hpp"

using namespace utakata;       // NOLINT: a test
using namespace utakata::sim;  // NOLINT: a test

namespace {

std::filesystem::path folder() {
  return std::filesystem::path(__FILE__).parent_path() / ".." / ".." / "tests" / "scenarios";
}
std::string content(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}
std::vector<std::filesystem::path> scenarios() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder()))
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}
bool updating() {
  const char* update = std::getenv("UPDATE");  // NOLINT: the test is its only thread
  return update != nullptr && std::string_view(update) == "1";
}

}  // namespace

TEST_CASE("sim scenarios: each dialogue has the trace that its file says") {
  const auto files = scenarios();
  CHECK(files.size() >= 8);
  for (const auto& file : files) {
    CAPTURE(file.filename());
    const std::string text = content(file);
    const auto result = run_scenario(test::program(), text);
    REQUIRE_MESSAGE(result, result.error().message);
    CHECK(result->failures == list<str>{});
    if (updating())
      std::ofstream(file) << with_trace(text, result->trace);
    else
      CHECK(result->trace == result->expected);
  }
}

TEST_CASE("sim scenarios: a command that makes no sense is refused with its line") {
  const auto refusal = [](std::string_view text) {
    const auto result = run_scenario(test::program(), text);
    return result ? "" : result.error().message;
  };
  CHECK(refusal("# nothing\nfly away\n") == "line 2: no such command: fly");
  CHECK(refusal("cluster") == "line 1: usage: cluster NAME");
  CHECK(refusal("run fast") == "line 1: a duration is a number and ms, s, m, h or d, not \"fast\"");
  CHECK(refusal("image x boot") == "line 1: image x: boot needs a value");
  CHECK(refusal("image x wings 2") == "line 1: an image has no property named wings");
  CHECK(refusal("cluster c\nservice s desired many") == "line 2: desired is a number, not many");
  CHECK(refusal("cluster c\nservice s colour red") == "line 2: what is colour?");
}

TEST_CASE("sim scenarios: what the platform refuses is part of the trace") {
  const auto result = run_scenario(test::program(), "cluster c\nscale nobody 3\n");
  REQUIRE(result);
  CHECK(result->trace.find("refused: ServiceNotFoundException") != std::string::npos);
}

TEST_CASE("sim scenarios: a trace replaces the one after the divider") {
  CHECK(with_trace("run 1s\n----\nold\n", "new\n") == "run 1s\n----\nnew\n");
  CHECK(with_trace("run 1s", "new\n") == "run 1s\n----\nnew\n");
}

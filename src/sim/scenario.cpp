#include "sim/scenario.hpp"

#include <memory>
#include <optional>
#include <vector>

#include "base/text.hpp"
#include "sim/scenario_player.hpp"

namespace utakata::sim {
namespace {

constexpr std::string_view divider = "----\n";

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (const std::string_view word : split(line, ' '))
    if (!word.empty()) words.push_back(word);
  return words;
}

}  // namespace

std::string with_trace(std::string_view scenario, std::string_view trace) {
  std::string dialogue(scenario.substr(0, scenario.find(divider)));
  if (!dialogue.ends_with('\n')) dialogue += '\n';
  return cat(dialogue, divider, trace);
}

Outcome<ScenarioResult> run_scenario(Program program, std::string_view text) {
  const std::size_t at = text.find(divider);
  ScenarioResult result;
  if (at != std::string_view::npos) result.expected = text.substr(at + divider.size());
  ScenarioPlayer player(program);
  int number = 0;
  for (const std::string_view line : split(text.substr(0, at), '\n')) {
    ++number;
    const auto words = words_of(trim(line));
    if (words.empty() || words.front().starts_with('#')) continue;
    if (auto done = player.play(words); !done) {
      Fault fault = std::move(done).error();
      fault.message = cat("line ", number, ": ", fault.message);
      return std::unexpected(std::move(fault));
    }
  }
  player.finish();
  result.trace = player.trace();
  result.failures = player.failures();
  return result;
}

}  // namespace utakata::sim

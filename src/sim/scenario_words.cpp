#include "sim/scenario_words.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace utakata::sim {
namespace {

// "FARGATE:base=2:weight=0"
Outcome<Share> read_share(std::string_view text) {
  const auto parts = split(text, ':');
  Share share{.provider = std::string(parts.front())};
  for (const std::string_view part : std::span(parts).subspan(1)) {
    const std::size_t equals = part.find('=');
    const auto number = equals == std::string_view::npos ? std::nullopt : parse_integer(part.substr(equals + 1));
    if (!number) return refuse("Scenario", cat("a share is PROVIDER:base=N:weight=N, not ", text));
    (part.starts_with("base") ? share.base : share.weight) = static_cast<int>(*number);
  }
  return share;
}

}  // namespace

Outcome<Options> Options::read(const std::vector<std::string_view>& words, std::size_t from,
                               std::span<const std::string_view> names) {
  Options options;
  for (std::size_t i = from; i < words.size(); ++i) {
    if (std::ranges::find(names, cat("-", words[i])) != names.end()) {
      options.values_.emplace(words[i], "");
      continue;
    }
    if (std::ranges::find(names, words[i]) == names.end()) return refuse("Scenario", cat("what is ", words[i], "?"));
    if (i + 1 == words.size()) return refuse("Scenario", cat(words[i], " needs a value"));
    options.values_.emplace(words[i], words[i + 1]);
    ++i;
  }
  return options;
}

std::string Options::text(std::string_view name, std::string_view otherwise) const {
  const auto at = values_.find(name);
  return at == values_.end() ? std::string(otherwise) : at->second;
}

Outcome<int> Options::number(std::string_view name, int otherwise) const {
  const auto at = values_.find(name);
  if (at == values_.end()) return otherwise;
  const auto number = parse_integer(at->second);
  if (!number || *number < 0 || *number > 1'000'000'000)
    return refuse("Scenario", cat(name, " is a number, not ", at->second));
  return static_cast<int>(*number);
}

std::vector<std::string> Options::all(std::string_view name) const {
  std::vector<std::string> values;
  const auto [first, last] = values_.equal_range(name);
  for (auto at = first; at != last; ++at) values.push_back(at->second);
  return values;
}

Outcome<ContainerPlan> read_container(const std::vector<std::string_view>& words) {
  const Options options = TRY(Options::read(words, 3, {"image", "port", "stop-timeout", "depends", "-check"}));
  ContainerPlan plan{.name = std::string(words[2]), .image = options.text("image", "app")};
  plan.port = TRY(options.number("port", 0));
  plan.stop_timeout = TRY(options.number("stop-timeout", 30));
  plan.health_check = options.has("check");
  for (const std::string& depends : options.all("depends")) {
    const std::size_t colon = depends.find(':');
    plan.depends_on.emplace_back(depends.substr(0, colon),
                                 colon == std::string::npos ? "START" : depends.substr(colon + 1));
  }
  return plan;
}

Outcome<ServicePlan> read_service(const std::vector<std::string_view>& words) {
  const Options options = TRY(Options::read(words, 2, service_options));
  ServicePlan plan{.name = std::string(words[1])};
  plan.family = options.text("family", plan.name);
  plan.desired = TRY(options.number("desired", 1));
  plan.minimum_percent = TRY(options.number("min", 100));
  plan.maximum_percent = TRY(options.number("max", 200));
  plan.grace_seconds = TRY(options.number("grace", 0));
  plan.circuit_breaker = options.has("circuit-breaker");
  if (options.has("strategy")) {
    plan.strategy.clear();
    const std::string strategy = options.text("strategy", "");
    for (const std::string_view share : split(strategy, ',')) plan.strategy.push_back(TRY(read_share(share)));
  }
  plan.network = options.has("network");
  if (options.has("balanced")) {
    const std::string balanced = options.text("balanced", "");
    const std::size_t colon = balanced.find(':');
    if (colon != std::string::npos) plan.balanced_container = balanced.substr(0, colon);
    const auto port = parse_integer(std::string_view(balanced).substr(colon == std::string::npos ? 0 : colon + 1));
    if (!port) return refuse("Scenario", cat("balanced is [CONTAINER:]PORT, not ", balanced));
    plan.balanced_port = static_cast<int>(*port);
  }
  return plan;
}

}  // namespace utakata::sim

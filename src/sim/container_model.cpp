#include "sim/container_model.hpp"

#include <array>

#include "base/text.hpp"

namespace utakata::sim {
namespace {

struct Unit {
  std::string_view name;
  Duration length;
};
constexpr std::array units{Unit{"ms", milliseconds(1)}, Unit{"s", seconds(1)}, Unit{"m", minutes(1)},
                           Unit{"h", hours(1)}, Unit{"d", hours(24)}};
constexpr std::int64_t amount_max = 100'000'000;

Outcome<ContainerModel::Span> parse_span(std::string_view text) {
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos) {
    const Duration both = TRY(parse_duration(text));
    return ContainerModel::Span{both, both};
  }
  return ContainerModel::Span {
    TRY(parse_duration(text.substr(0, dots)))
    , TRY(parse_duration(text.substr(dots + 2)))
  };
}

Outcome<int> parse_exit_code(std::string_view text) {
  const auto code = parse_integer(text);
  if (!code || *code < 0 || *code > 255) return refuse("Scenario", cat("an exit code is 0 to 255, not ", text));
  return static_cast<int>(*code);
}

Outcome<OnStop> parse_on_stop(std::string_view text) {
  if (text == "finishes") return OnStop::finishes;
  if (text == "drops") return OnStop::drops;
  if (text == "ignores") return OnStop::ignores;
  return refuse("Scenario", cat("stop is finishes, drops or ignores, not ", text));
}

Outcome<PullFailure> parse_pull_failure(std::string_view text) {
  if (text == "missing") return PullFailure::missing;
  if (text == "denied") return PullFailure::denied;
  if (text == "refused") return PullFailure::refused;
  if (text == "timeout") return PullFailure::timeout;
  if (text == "platform") return PullFailure::platform;
  return refuse("Scenario", cat("pull-fails is missing, denied, refused, timeout or platform, not ", text));
}

Outcome<bool> set_flag(ContainerModel& model, std::string_view word) {
  if (word == "missing") {
    model.pull_failure = PullFailure::missing;
    return true;
  }
  if (word == "cannot-start") return model.cannot_start = true;
  if (word == "sick") return model.sick = true;
  return false;
}

Outcome<> set_value(ContainerModel& model, std::string_view word, std::string_view value) {
  if (word == "pull")
    model.pull = TRY(parse_span(value));
  else if (word == "pull-fails")
    model.pull_failure = TRY(parse_pull_failure(value));
  else if (word == "start")
    model.start = TRY(parse_span(value));
  else if (word == "boot")
    model.boot = TRY(parse_span(value));
  else if (word == "drain")
    model.drain = TRY(parse_span(value));
  else if (word == "stop")
    model.on_stop = TRY(parse_on_stop(value));
  else if (word == "exit")
    model.exit_code = model.life_exit_code = TRY(parse_exit_code(value));
  else if (word == "life")
    model.life = TRY(parse_duration(value));
  else
    return refuse("Scenario", cat("an image has no property named ", word));
  return {};
}

}  // namespace

Outcome<Duration> parse_duration(std::string_view text) {
  const std::size_t digits = text.find_first_not_of("0123456789");
  const auto amount = parse_integer(text.substr(0, digits));
  if (amount && *amount <= amount_max && digits != std::string_view::npos)
    for (const Unit& unit : units)
      if (text.substr(digits) == unit.name) return unit.length * *amount;
  return refuse("Scenario", cat("a duration is a number and ms, s, m, h or d, not \"", text, "\""));
}

std::string duration_text(Duration duration) {
  const std::int64_t all_ms = duration.milliseconds();
  const std::int64_t minutes = all_ms / 60'000;
  const std::int64_t ms = all_ms % 60'000;
  std::string fraction = cat(ms % 1000 + 1000).substr(1);
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  return cat(minutes > 0 ? cat(minutes, "m") : "", ms / 1000, fraction.empty() ? "" : ".", fraction, "s");
}

Outcome<> Images::describe(const std::string& image, const std::vector<std::string_view>& words) {
  ContainerModel model;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (TRY(set_flag(model, words[i]))) continue;
    if (i + 1 == words.size()) return refuse("Scenario", cat("image ", image, ": ", words[i], " needs a value"));
    TRY_VOID(set_value(model, words[i], words[i + 1]));
    ++i;
  }
  models_[image] = model;
  return {};
}

const ContainerModel& Images::of(const std::string& image) const {
  const auto at = models_.find(image);
  return at == models_.end() ? ordinary_ : at->second;
}

}  // namespace utakata::sim

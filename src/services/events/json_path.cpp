#include "services/events/json_path.hpp"

namespace utakata::events {
namespace {

/// Takes the text up to `end` off the front of `rest`, and the end itself; nothing if there is none.
std::optional<std::string_view> take_until(std::string_view& rest, std::string_view end) {
  const std::size_t at = rest.find(end);
  if (at == std::string_view::npos) return {};
  const std::string_view taken = rest.substr(0, at);
  rest.remove_prefix(at + end.size());
  return taken;
}

}  // namespace

std::optional<JsonPath> JsonPath::parse(std::string_view text) {
  if (!text.starts_with('$')) return {};
  JsonPath path;
  std::string_view rest = text.substr(1);
  while (!rest.empty()) {
    if (rest.starts_with("['") || rest.starts_with("[\"")) {
      const char quote = rest[1];
      rest.remove_prefix(2);
      const auto name = take_until(rest, quote == '\'' ? "']" : "\"]");
      if (!name || name->empty()) return {};
      path.steps_.push_back({.name = str(*name)});
    } else if (rest.front() == '[') {
      rest.remove_prefix(1);
      const auto digits = take_until(rest, "]");
      const auto index = digits ? parse_integer(*digits) : std::optional<i64>();
      if (!index || *index < 0) return {};
      path.steps_.push_back({.index = static_cast<std::size_t>(*index), .is_index = true});
    } else if (rest.front() == '.') {
      rest.remove_prefix(1);
      const std::string_view name = rest.substr(0, rest.find_first_of(".["));
      if (name.empty() || name.find_first_of("*?()@,:") != std::string_view::npos) return {};
      path.steps_.push_back({.name = str(name)});
      rest.remove_prefix(name.size());
    } else {
      return {};
    }
  }
  return path;
}

const Json* JsonPath::find(const Json& root) const {
  const Json* here = &root;
  for (const Step& step : steps_) {
    if (step.is_index)
      here = here->is_array() && step.index < here->size() ? &here->items()[step.index] : nullptr;
    else
      here = here->find(step.name);
    if (here == nullptr) return nullptr;
  }
  return here;
}

}  // namespace utakata::events

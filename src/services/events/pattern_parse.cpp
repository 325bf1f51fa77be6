#include <algorithm>
#include <array>

#include "services/events/matcher_parse.hpp"
#include "services/events/pattern.hpp"

namespace utakata::events {
namespace {

using Condition = EventPattern::Condition;

constexpr std::size_t combinations_max = 1'000;
constexpr std::size_t pattern_characters_max = 4'096;
// Names of fields that make "$or" an ordinary field (aws/event-ruler:
// Constants.RESERVED_FIELD_NAMES_IN_OR_RELATIONSHIP).
constexpr std::array<std::string_view, 27> reserved{"exactly",
                                                    "prefix",
                                                    "suffix",
                                                    "equals-ignore-case",
                                                    "anything-but",
                                                    "anything-but-prefix",
                                                    "anything-but-suffix",
                                                    "anything-but-equals-ignore-case",
                                                    "anything-but-wildcard",
                                                    "numeric",
                                                    "cidr",
                                                    "exists",
                                                    "wildcard",
                                                    "regex",
                                                    "not-wildcard",
                                                    "not-equals-ignore-case",
                                                    "date-after",
                                                    "date-before",
                                                    "ip-address-in-range",
                                                    "ip-address-not-in-range",
                                                    "date-on-or-after",
                                                    "date-on-or-before",
                                                    "=",
                                                    "<",
                                                    "<=",
                                                    ">",
                                                    ">="};

bool is_alternatives(const Json& value) {
  return value.is_array() && value.size() >= 2 && std::ranges::all_of(value.items(), [](const Json& item) {
           return item.is_object() && std::ranges::none_of(item.names(), [](const str& name) {
                    return std::ranges::find(reserved, name) != reserved.end();
                  });
         });
}

Outcome<list<Condition>> read_object(const Json& object, const str& path);

Outcome<Condition> read_alternatives(const Json& array, const str& path) {
  Condition condition;
  for (const Json& item : array.items()) condition.alternatives.push_back(TRY(read_object(item, path)));
  return condition;
}

Outcome<Condition> read_leaf(const Json& array, const str& path) {
  Condition condition{.path = path};
  for (const Json& item : array.items()) condition.matchers.push_back(TRY(read_matcher(item)));
  if (condition.matchers.empty()) return pattern_fault("Empty arrays are not allowed");
  return condition;
}

Outcome<list<Condition>> read_object(const Json& object, const str& path) {
  if (object.size() == 0) return pattern_fault("Empty objects are not allowed");
  list<Condition> conditions;
  for (std::size_t i = 0; i < object.size(); ++i) {
    const str& name = object.names()[i];
    const Json& value = object.items()[i];
    const str below = path.empty() ? name : cat(path, ".", name);
    if (name == "$or" && is_alternatives(value)) {
      conditions.push_back(TRY(read_alternatives(value, path)));
    } else if (value.is_array()) {
      conditions.push_back(TRY(read_leaf(value, below)));
    } else if (value.is_object()) {
      for (Condition& condition : TRY(read_object(value, below))) conditions.push_back(std::move(condition));
    } else {
      return pattern_fault(cat("\"", name, "\" must be an object or an array"));
    }
  }
  return conditions;
}

// How many rules without "$or" it stands for; more than the limit is as good as the limit.
std::size_t combinations(const list<Condition>& conditions) {
  std::size_t product = 1;
  for (const Condition& condition : conditions) {
    if (condition.alternatives.empty()) continue;
    std::size_t sum = 0;
    for (const auto& alternative : condition.alternatives) sum += combinations(alternative);
    product = std::min(product * sum, combinations_max + 1);
  }
  return product;
}

}  // namespace

std::unexpected<Fault> pattern_fault(std::string_view reason) {
  return refuse("InvalidEventPatternException", cat("Event pattern is not valid. Reason: ", reason));
}

Outcome<EventPattern> EventPattern::parse(std::string_view text) {
  if (text.size() > pattern_characters_max)
    return pattern_fault(cat("The pattern has more than ", pattern_characters_max, " characters"));
  const auto json = Json::parse(text, {.depth = 1'000, .bytes = pattern_characters_max});
  if (!json) return pattern_fault(json.error().message);
  if (!json->is_object()) return pattern_fault("Filter is not an object");
  EventPattern pattern;
  pattern.conditions_ = TRY(read_object(*json, ""));
  if (combinations(pattern.conditions_) > combinations_max)
    return pattern_fault(cat("The combinations of $or alternatives are more than ", combinations_max));
  return pattern;
}

}  // namespace utakata::events

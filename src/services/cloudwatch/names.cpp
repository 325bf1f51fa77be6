#include "services/cloudwatch/names.hpp"

#include <algorithm>

#include "services/cloudwatch/errors.hpp"
#include "services/cloudwatch/limits.hpp"

namespace utakata::cloudwatch {
namespace {

// A control character is in no name: text_of() ends names with one.
Outcome<> check_name(std::string_view name, std::size_t most, const str& parameter) {
  if (name.empty()) return missing(cat("The parameter ", parameter, " is required."));
  if (name.size() > most)
    return invalid_value(cat("The parameter ", parameter, " must be shorter than ", most + 1, " characters."));
  if (std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20; }))
    return invalid_value(cat("The value for parameter ", parameter, " contains characters that are not allowed."));
  return {};
}

}  // namespace

Outcome<MetricName> metric_of(const World& world, const str& name_space, const str& name,
                              const opt<list<api::Dimension>>& dimensions, const str& member) {
  TRY_VOID(check_name(name_space, limits::name_characters, member + "Namespace"));
  if (name_space.starts_with(':'))
    return invalid_value(cat("The value ", name_space, " for parameter ", member, "Namespace is invalid."));
  TRY_VOID(check_name(name, limits::name_characters, member + "MetricName"));
  MetricName metric{.world = world.prefix(), .name_space = name_space, .name = name, .dimensions = {}};
  if (!dimensions) return metric;
  if (dimensions->size() > limits::dimensions)
    return invalid_value(
        cat("The collection ", member, "Dimensions must not have a size greater than ", limits::dimensions, "."));
  for (std::size_t i = 0; i < dimensions->size(); ++i) {
    const api::Dimension& each = (*dimensions)[i];
    const str at = cat(member, "Dimensions.member.", i + 1);
    TRY_VOID(check_name(each.Name, limits::name_characters, at + ".Name"));
    TRY_VOID(check_name(each.Value, limits::dimension_value_characters, at + ".Value"));
    metric.dimensions.push_back({.name = each.Name, .value = each.Value});
  }
  std::ranges::sort(metric.dimensions);
  const auto twice = std::ranges::adjacent_find(metric.dimensions, {}, &MetricDimension::name);
  if (twice != metric.dimensions.end())
    return invalid_value(
        cat("No duplicate dimensions are allowed: ", member, "Dimensions has ", twice->name, " twice."));
  return metric;
}

api::Metric shown(const MetricName& metric) {
  api::Metric shown{.Namespace = metric.name_space, .MetricName = metric.name, .Dimensions = list<api::Dimension>{}};
  for (const MetricDimension& each : metric.dimensions)
    shown.Dimensions->push_back({.Name = each.name, .Value = each.value});
  return shown;
}

str text_of(const MetricName& metric) {
  str text = cat(metric.name_space, "\n", metric.name);
  for (const MetricDimension& each : metric.dimensions) text += cat("\n", each.name, "\n", each.value);
  return text;
}

MetricName metric_of_text(const World& world, std::string_view text) {
  const auto parts = split(text, '\n');
  MetricName metric{.world = world.prefix(), .name_space = str(parts[0]), .name = {}, .dimensions = {}};
  if (parts.size() > 1) metric.name = parts[1];
  for (std::size_t i = 3; i < parts.size(); i += 2)
    metric.dimensions.push_back({.name = str(parts[i - 1]), .value = str(parts[i])});
  return metric;
}

}  // namespace utakata::cloudwatch

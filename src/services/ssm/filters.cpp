#include "services/ssm/filters.hpp"

#include <algorithm>
#include <array>

namespace utakata::ssm {
namespace {

constexpr std::array<std::string_view, 7> keys{"Name", "Type", "KeyId", "Path", "Label", "Tier", "DataType"};

list<str> texts_of(const ParameterRow& row, std::string_view key) {
  const Version& newest = row.newest();
  if (key == "Name") return {row.name};
  if (key == "Type") return {str(newest.type.name())};
  if (key == "KeyId") return {newest.key_id};
  if (key == "Tier") return {str(newest.tier.name())};
  if (key == "DataType") return {newest.data_type};
  if (key == "Label") return newest.labels;
  const auto tag = row.tags.find(str(key.substr(std::string_view("tag:").size())));
  return tag == row.tags.end() ? list<str>() : list<str>{tag->second};
}

bool fits(std::string_view text, std::string_view wanted, std::string_view option) {
  // Names are compared without their first slash.
  if (text.starts_with('/')) text.remove_prefix(1);
  if (wanted.starts_with('/')) wanted.remove_prefix(1);
  if (option == "BeginsWith") return text.starts_with(wanted);
  if (option == "Contains") return text.contains(wanted);
  return text == wanted;
}

bool matches_one(const ParameterRow& row, const api::ParameterStringFilter& filter) {
  const list<str> wanted = filter.Values.value_or(list<str>{});
  const str option = filter.Option.value_or(filter.Key == "Path" ? "OneLevel" : "Equals");
  if (filter.Key == "Path")
    return std::ranges::any_of(wanted, [&](const str& path) { return lies_in(row.name, path, option == "Recursive"); });
  const list<str> texts = texts_of(row, filter.Key);
  if (wanted.empty()) return !texts.empty();
  return std::ranges::any_of(texts, [&](const str& text) {
    return std::ranges::any_of(wanted, [&](const str& each) { return fits(text, each, option); });
  });
}

}  // namespace

bool lies_in(std::string_view name, std::string_view path, bool recursive) {
  if (path == "/") return recursive || name.find('/', 1) == std::string_view::npos;
  if (path.ends_with('/')) path.remove_suffix(1);
  if (!name.starts_with(path) || name.size() <= path.size() + 1 || name[path.size()] != '/') return false;
  return recursive || name.find('/', path.size() + 1) == std::string_view::npos;
}

Outcome<> check_filters(const list<api::ParameterStringFilter>& filters) {
  for (const api::ParameterStringFilter& each : filters) {
    const bool tag = each.Key.starts_with("tag:") && each.Key.size() > 4;
    if (!tag && std::ranges::find(keys, each.Key) == keys.end())
      return refuse("InvalidFilterKey", cat("The filter key '", each.Key, "' is not valid."));
    const str option = each.Option.value_or(each.Key == "Path" ? "OneLevel" : "Equals");
    const bool path = option == "Recursive" || option == "OneLevel";
    const bool known =
        path || option == "Equals" || option == "BeginsWith" || (option == "Contains" && each.Key == "Name");
    if (!known || path != (each.Key == "Path"))
      return refuse("InvalidFilterOption",
                    cat("The filter option '", option, "' is not valid for the key '", each.Key, "'."));
    if (!tag && each.Values.value_or(list<str>{}).empty())
      return refuse("InvalidFilterValue", cat("The filter with the key '", each.Key, "' has no values."));
  }
  return {};
}

bool matches(const ParameterRow& row, const list<api::ParameterStringFilter>& filters) {
  return std::ranges::all_of(filters, [&](const api::ParameterStringFilter& each) { return matches_one(row, each); });
}

}  // namespace utakata::ssm

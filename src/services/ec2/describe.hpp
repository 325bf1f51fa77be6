#pragma once

#include <algorithm>

#include "services/ec2/resource.hpp"
#include "wire/pagination.hpp"

// What every Describe operation of EC2 does alike: choose rows by id and by filters, and page what was found.
namespace utakata::ec2 {

/// A filter by its name, and the values that a row has for it.
template <class Row>
struct FilterRule {
  std::string_view name;
  list<str> (*values)(const Tx&, const Row&);
};

inline constexpr auto by_id = [](const auto& row) -> const str& { return row.id; };
inline str yes_or_no(bool value) { return value ? "true" : "false"; }

/// True if one of the wanted values, where * and ? are wildcards, is among those there are.
bool any_matches(const opt<list<str>>& wanted, const list<str>& there);
/// The same for tag:KEY and tag-key; false for other names.
bool is_tag_filter(std::string_view name);
bool tag_matches(const Tx&, std::string_view id, const api::Filter&);
std::unexpected<Fault> unknown_filter(std::string_view name);

/// The rows that pass every filter. Rows with an id have tags. Fault InvalidParameterValue for a filter that is not
/// known.
template <class Row, class Rules>
Outcome<list<Row>> filtered(const Tx& tx, list<Row> rows, const opt<list<api::Filter>>& filters, const Rules& rules) {
  if (!filters) return rows;
  for (const api::Filter& filter : *filters) {
    const str name = filter.Name.value_or("");
    if constexpr (requires(Row row) { row.id; }) {
      if (is_tag_filter(name)) {
        std::erase_if(rows, [&](const Row& row) { return !tag_matches(tx, row.id, filter); });
        continue;
      }
    }
    const auto* const rule = std::ranges::find(rules, name, &FilterRule<Row>::name);
    if (rule == std::end(rules)) return unknown_filter(name);
    std::erase_if(rows, [&](const Row& row) { return !any_matches(filter.Values, rule->values(tx, row)); });
  }
  return rows;
}

/// The caller's rows in `folder` ("vpc/"), by key; those with the ids asked for when there are any. Fault if one of
/// these is missing.
template <class Row>
Outcome<list<Row>> rows_asked_for(const Tx& tx, std::string_view folder, const ResourceKind& kind,
                                  const opt<list<str>>& ids) {
  list<Row> rows;
  if (ids)
    for (const str& id : *ids)
      if (!kind.exists(tx, tx.world(), id)) return not_found(kind, id);
  tx.each<Row>(tx.world().key(folder), [&](const Key&, const Row& row) {
    if (!ids || std::ranges::find(*ids, row.id) != ids->end()) rows.push_back(row);
  });
  return rows;
}

/// AWS's bounds and faults for a page of this operation.
wire::PageRules page_rules(std::string_view operation, const opt<i32>& asked);

}  // namespace utakata::ec2

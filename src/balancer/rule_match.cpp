#include "balancer/rule_match.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace utakata::balancer {
namespace {

bool any_matches(const list<str>& patterns, std::string_view text, WildcardRules rules) {
  return std::ranges::any_of(patterns, [&](const str& pattern) { return wildcard_match(pattern, text, rules); });
}

bool pair_matches(const QueryPair& wanted, std::string_view key, std::string_view value) {
  constexpr WildcardRules rules{.ignore_case = true, .backslash = true};
  return (!wanted.key || wildcard_match(*wanted.key, key, rules)) && wildcard_match(wanted.value, value, rules);
}

}  // namespace

MatchedFacts facts_of(const RequestView& view) {
  return {.view = view, .source = IpAddress::parse(view.source_address)};
}

RuleMatch::RuleMatch(const BalancerRule& rule) : rule_(&rule) {
  for (const BalancerCondition& said : rule.conditions) {
    Condition& condition = conditions_.emplace_back(Condition{.said = &said});
    const bool ignore_case = said.field != "path-pattern";
    // The control plane has refused what cannot be parsed; a condition without anything never holds.
    for (const str& expression : said.expressions)
      if (auto parsed = LinearRegex::parse(expression, {.ignore_case = ignore_case}))
        condition.expressions.push_back(*std::move(parsed));
    if (said.field == "source-ip")
      for (const str& block : said.values)
        if (const auto parsed = IpBlock::parse(block)) condition.blocks.push_back(*parsed);
  }
}

// A rule without conditions cannot be made; one that came about all the same must not take every request.
bool RuleMatch::holds(const MatchedFacts& facts) const {
  return !conditions_.empty() &&
         std::ranges::all_of(conditions_, [&](const Condition& condition) { return condition.holds(facts); });
}

bool RuleMatch::Condition::expression_found(std::string_view text) const {
  return std::ranges::any_of(expressions, [&](const LinearRegex& expression) { return expression.found_in(text); });
}

bool RuleMatch::Condition::holds(const MatchedFacts& facts) const {
  const RequestView& view = facts.view;
  if (said->field == "host-header")
    return any_matches(said->values, view.host, {.ignore_case = true}) || expression_found(view.host_header);
  if (said->field == "path-pattern") return any_matches(said->values, view.path(), {}) || expression_found(view.path());
  if (said->field == "http-header") return header_holds(facts);
  if (said->field == "http-request-method") return std::ranges::find(said->values, view.method) != said->values.end();
  if (said->field == "query-string") return query_holds(view.query());
  return facts.source &&
         std::ranges::any_of(blocks, [&](const IpBlock& block) { return block.contains(*facts.source); });
}

bool RuleMatch::Condition::header_holds(const MatchedFacts& facts) const {
  return std::ranges::any_of(facts.view.headers, [&](const http::HeaderView& header) {
    return equals_ignoring_case(header.name, said->header_name) &&
           (any_matches(said->values, header.value, {.ignore_case = true}) || expression_found(header.value));
  });
}

bool RuleMatch::Condition::query_holds(std::string_view query) const {
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view piece = query.substr(0, end);
    const std::size_t equals = piece.find('=');
    const std::string_view value = equals == std::string_view::npos ? std::string_view() : piece.substr(equals + 1);
    if (std::ranges::any_of(
            said->query, [&](const QueryPair& wanted) { return pair_matches(wanted, piece.substr(0, equals), value); }))
      return true;
    if (end == std::string_view::npos) return false;
    query.remove_prefix(end + 1);
  }
  return false;
}

}  // namespace utakata::balancer

#include "balancer/routing.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace utakata::balancer {
namespace {

bool any_matches(const list<str>& patterns, std::string_view text, bool ignore_case) {
  return patterns.empty() || std::ranges::any_of(patterns, [&](const str& p) {
           return wildcard_match(p, text, {.ignore_case = ignore_case});
         });
}

str filled(std::string_view pattern, const RequestView& request) {
  str out;
  while (!pattern.empty()) {
    const std::size_t mark = pattern.find("#{");
    out += pattern.substr(0, mark);
    if (mark == std::string_view::npos) break;
    const std::size_t end = pattern.find('}', mark);
    if (end == std::string_view::npos) return out + str(pattern.substr(mark));
    const std::string_view name = pattern.substr(mark + 2, end - mark - 2);
    if (name == "protocol") out += "http";
    if (name == "host") out += request.host;
    if (name == "port") out += cat(request.port);
    if (name == "path") out += request.path().substr(request.path().starts_with('/') ? 1 : 0);
    if (name == "query") out += request.query();
    pattern.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace

const BalancerRule* choose_rule(const BalancerListener& listener, const RequestView& request) {
  const BalancerRule* otherwise = nullptr;
  for (const BalancerRule& rule : listener.rules) {
    if (rule.priority == 0)
      otherwise = &rule;
    else if (any_matches(rule.hosts, request.host, true) && any_matches(rule.paths, request.path(), false))
      return &rule;
  }
  return otherwise;
}

std::string_view choose_group(const BalancerAction& action, std::uint64_t turn) {
  std::uint64_t total = 0;
  for (const WeightedGroup& group : action.forward) total += static_cast<std::uint64_t>(std::max(group.weight, 0));
  if (total == 0) return {};
  std::uint64_t place = turn % total;
  for (const WeightedGroup& group : action.forward) {
    const auto weight = static_cast<std::uint64_t>(std::max(group.weight, 0));
    if (place < weight) return group.target_group_arn;
    place -= weight;
  }
  return {};
}

str redirect_location(const BalancerAction& action, const RequestView& request) {
  const auto part = [&](const str& given, std::string_view otherwise) {
    return filled(given.empty() ? otherwise : std::string_view(given), request);
  };
  str protocol = to_lower(part(action.redirect_protocol, "#{protocol}"));
  const str query = part(action.redirect_query, "#{query}");
  return cat(protocol, "://", part(action.redirect_host, "#{host}"), ":", part(action.redirect_port, "#{port}"),
             part(action.redirect_path, "/#{path}"), query.empty() ? "" : "?", query);
}

}  // namespace utakata::balancer

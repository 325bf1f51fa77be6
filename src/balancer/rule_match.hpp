#pragma once

#include <optional>
#include <vector>

#include "balancer/request_view.hpp"
#include "base/ip_block.hpp"
#include "base/linear_regex.hpp"
#include "core/balancer_config.hpp"

// Whether a request meets the conditions of a rule, with as little work as can be done beforehand.
namespace utakata::balancer {

/// What several rules ask of one request; found once.
struct MatchedFacts {
  RequestView view;
  std::optional<IpAddress> source;
};
MatchedFacts facts_of(const RequestView&);

/// Refers to the rule, which must outlive it. Matching takes no memory of the heap.
class RuleMatch {
 public:
  explicit RuleMatch(const BalancerRule&);
  [[nodiscard]] bool holds(const MatchedFacts&) const;
  [[nodiscard]] const BalancerRule& rule() const { return *rule_; }

 private:
  struct Condition {
    const BalancerCondition* said = nullptr;
    std::vector<LinearRegex> expressions = {};
    std::vector<IpBlock> blocks = {};

    [[nodiscard]] bool holds(const MatchedFacts&) const;
    [[nodiscard]] bool expression_found(std::string_view text) const;
    [[nodiscard]] bool header_holds(const MatchedFacts&) const;
    [[nodiscard]] bool query_holds(std::string_view query) const;
  };

  const BalancerRule* rule_;
  std::vector<Condition> conditions_;
};

}  // namespace utakata::balancer

#pragma once

#include "base/outcome.hpp"
#include "core/balancer_config.hpp"
#include "services/elb/api/listener.hpp"

// What a rule asks of a request: checked in AWS's words, and as the data path reads it.
namespace utakata::elb {

/// The conditions of one rule as Describe shows them. Faults ValidationError.
Outcome<list<api::RuleCondition>> checked_conditions(const list<api::RuleCondition>&);

list<BalancerCondition> conditions_of(const list<api::RuleCondition>&);

}  // namespace utakata::elb

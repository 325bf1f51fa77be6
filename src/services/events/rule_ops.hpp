#pragma once

#include "services/events/state.hpp"

namespace utakata::events {

Outcome<api::PutRuleResponse> put_rule(Tx&, const api::PutRuleRequest&);
Outcome<api::DescribeRuleResponse> describe_rule(Tx&, const api::DescribeRuleRequest&);
Outcome<api::ListRulesResponse> list_rules(Tx&, const api::ListRulesRequest&);
Outcome<api::Empty> delete_rule(Tx&, const api::DeleteRuleRequest&);
Outcome<api::Empty> enable_rule(Tx&, const api::EnableRuleRequest&);
Outcome<api::Empty> disable_rule(Tx&, const api::DisableRuleRequest&);
Outcome<api::ListRuleNamesByTargetResponse> list_rule_names_by_target(Tx&, const api::ListRuleNamesByTargetRequest&);

}  // namespace utakata::events

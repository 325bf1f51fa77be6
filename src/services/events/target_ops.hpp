#pragma once

#include "services/events/state.hpp"

namespace utakata::events {

Outcome<api::PutTargetsResponse> put_targets(Tx&, const api::PutTargetsRequest&);
Outcome<api::RemoveTargetsResponse> remove_targets(Tx&, const api::RemoveTargetsRequest&);
Outcome<api::ListTargetsByRuleResponse> list_targets_by_rule(Tx&, const api::ListTargetsByRuleRequest&);

}  // namespace utakata::events

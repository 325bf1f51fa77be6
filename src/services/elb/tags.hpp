#pragma once

#include "services/elb/state.hpp"

// Tags of load balancers, listeners, rules and target groups.
namespace utakata::elb {

/// What a call that makes something tags it with. Faults ValidationError, DuplicateTagKeys, TooManyTags.
Outcome<list<api::Tag>> new_tags(const opt<list<api::Tag>>&);

}  // namespace utakata::elb

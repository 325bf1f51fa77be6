#pragma once

#include "services/elb/state.hpp"

// The attributes of load balancers and target groups: their defaults and ranges, and which of them have their effect.
namespace utakata::elb {

/// One attribute's value, its default when it was never set.
str attribute(const LoadBalancerRow&, std::string_view key);
str attribute(const TargetGroupRow&, std::string_view key);
i32 number_attribute(const LoadBalancerRow&, std::string_view key);
i32 number_attribute(const TargetGroupRow&, std::string_view key);  // 0 when it is "off"
i32 number_attribute(const ListenerRow&, std::string_view key);

list<api::LoadBalancerAttribute> attributes_of(const LoadBalancerRow&);
list<api::TargetGroupAttribute> attributes_of(const TargetGroupRow&);
list<api::ListenerAttribute> attributes_of(const ListenerRow&);

/// Checked together and taken into the row; what is only stored is noted. Faults in AWS's words.
Outcome<> take_attributes(Tx&, LoadBalancerRow&, const list<api::LoadBalancerAttribute>&);
Outcome<> take_attributes(Tx&, ListenerRow&, const list<api::ListenerAttribute>&);
Outcome<> take_attributes(Tx&, TargetGroupRow&, const list<api::TargetGroupAttribute>&);

}  // namespace utakata::elb

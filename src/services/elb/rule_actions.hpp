#pragma once

#include "core/balancer_config.hpp"
#include "services/elb/state.hpp"

// What a rule or a listener does with a request: checked in AWS's words, and as the data path reads it.
namespace utakata::elb {

/// Where the actions stand: in which load balancer, and how a refusal calls the list ("actions", "defaultActions").
struct ActionsPlace {
  str balancer_arn;
  std::string_view member;
};
/// The actions complete, as Describe shows them.
Outcome<list<api::Action>> checked_actions(Tx&, list<api::Action>, const ActionsPlace&);

BalancerAction action_of(const list<api::Action>&);

}  // namespace utakata::elb

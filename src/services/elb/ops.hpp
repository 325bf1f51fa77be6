#pragma once

#include "services/elb/api/certificate.hpp"
#include "services/elb/state.hpp"
#include "wire/pagination.hpp"

namespace utakata::elb {

inline constexpr i32 page_max = 400;
/// Pages as this API's lists have them; an operation checks the size it is asked for itself, to name it.
inline wire::PageRules page_rules(std::string_view operation) {
  return {.operation = operation,
          .default_size = page_max,
          .max_size = page_max,
          .bad_token = {.code = "ValidationError", .message = "The marker is not valid", .field = "/Marker"}};
}

Outcome<api::CreateLoadBalancerOutput> create_load_balancer(Tx&, const api::CreateLoadBalancerInput&);
Outcome<api::DescribeLoadBalancersOutput> describe_load_balancers(Tx&, const api::DescribeLoadBalancersInput&);
Outcome<api::DeleteLoadBalancerOutput> delete_load_balancer(Tx&, const api::DeleteLoadBalancerInput&);
Outcome<api::SetSecurityGroupsOutput> set_security_groups(Tx&, const api::SetSecurityGroupsInput&);
Outcome<api::ModifyLoadBalancerAttributesOutput> modify_load_balancer_attributes(
    Tx&, const api::ModifyLoadBalancerAttributesInput&);
Outcome<api::DescribeLoadBalancerAttributesOutput> describe_load_balancer_attributes(
    Tx&, const api::DescribeLoadBalancerAttributesInput&);
Outcome<api::DescribeAccountLimitsOutput> describe_account_limits(Tx&, const api::DescribeAccountLimitsInput&);
Outcome<api::AddTagsOutput> add_tags(Tx&, const api::AddTagsInput&);
Outcome<api::RemoveTagsOutput> remove_tags(Tx&, const api::RemoveTagsInput&);
Outcome<api::DescribeTagsOutput> describe_tags(Tx&, const api::DescribeTagsInput&);

Outcome<api::CreateListenerOutput> create_listener(Tx&, const api::CreateListenerInput&);
Outcome<api::ModifyListenerOutput> modify_listener(Tx&, const api::ModifyListenerInput&);
Outcome<api::DescribeListenersOutput> describe_listeners(Tx&, const api::DescribeListenersInput&);
Outcome<api::DescribeListenerAttributesOutput> describe_listener_attributes(
    Tx&, const api::DescribeListenerAttributesInput&);
Outcome<api::ModifyListenerAttributesOutput> modify_listener_attributes(Tx&, const api::ModifyListenerAttributesInput&);
Outcome<api::DeleteListenerOutput> delete_listener(Tx&, const api::DeleteListenerInput&);
Outcome<api::AddListenerCertificatesOutput> add_listener_certificates(Tx&, const api::AddListenerCertificatesInput&);
Outcome<api::RemoveListenerCertificatesOutput> remove_listener_certificates(
    Tx&, const api::RemoveListenerCertificatesInput&);
Outcome<api::DescribeListenerCertificatesOutput> describe_listener_certificates(
    Tx&, const api::DescribeListenerCertificatesInput&);
Outcome<api::DescribeSSLPoliciesOutput> describe_ssl_policies(Tx&, const api::DescribeSSLPoliciesInput&);
Outcome<api::CreateRuleOutput> create_rule(Tx&, const api::CreateRuleInput&);
Outcome<api::ModifyRuleOutput> modify_rule(Tx&, const api::ModifyRuleInput&);
Outcome<api::DescribeRulesOutput> describe_rules(Tx&, const api::DescribeRulesInput&);
Outcome<api::DeleteRuleOutput> delete_rule(Tx&, const api::DeleteRuleInput&);
Outcome<api::SetRulePrioritiesOutput> set_rule_priorities(Tx&, const api::SetRulePrioritiesInput&);

Outcome<api::CreateTargetGroupOutput> create_target_group(Tx&, const api::CreateTargetGroupInput&);
Outcome<api::ModifyTargetGroupOutput> modify_target_group(Tx&, const api::ModifyTargetGroupInput&);
Outcome<api::DescribeTargetGroupsOutput> describe_target_groups(Tx&, const api::DescribeTargetGroupsInput&);
Outcome<api::DeleteTargetGroupOutput> delete_target_group(Tx&, const api::DeleteTargetGroupInput&);
Outcome<api::ModifyTargetGroupAttributesOutput> modify_target_group_attributes(
    Tx&, const api::ModifyTargetGroupAttributesInput&);
Outcome<api::DescribeTargetGroupAttributesOutput> describe_target_group_attributes(
    Tx&, const api::DescribeTargetGroupAttributesInput&);
Outcome<api::RegisterTargetsOutput> register_targets(Tx&, const api::RegisterTargetsInput&);
Outcome<api::DeregisterTargetsOutput> deregister_targets(Tx&, const api::DeregisterTargetsInput&);
Outcome<api::DescribeTargetHealthOutput> describe_target_health(Tx&, const api::DescribeTargetHealthInput&);

}  // namespace utakata::elb

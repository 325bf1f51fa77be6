#include "services/elb/module.hpp"

#include <array>

#include "services/elb/ops.hpp"

namespace utakata::elb {
namespace {

constexpr std::array protocols{wire::Protocol::query};
constexpr std::array operations{
    operation<create_load_balancer>("CreateLoadBalancer"),
    operation<describe_load_balancers>("DescribeLoadBalancers"),
    operation<delete_load_balancer>("DeleteLoadBalancer"),
    operation<set_security_groups>("SetSecurityGroups"),
    operation<modify_load_balancer_attributes>("ModifyLoadBalancerAttributes"),
    operation<describe_load_balancer_attributes>("DescribeLoadBalancerAttributes"),
    operation<describe_account_limits>("DescribeAccountLimits"),
    operation<add_tags>("AddTags"),
    operation<remove_tags>("RemoveTags"),
    operation<describe_tags>("DescribeTags"),
    operation<create_listener>("CreateListener"),
    operation<modify_listener>("ModifyListener"),
    operation<describe_listeners>("DescribeListeners"),
    operation<describe_listener_attributes>("DescribeListenerAttributes"),
    operation<modify_listener_attributes>("ModifyListenerAttributes"),
    operation<delete_listener>("DeleteListener"),
    operation<add_listener_certificates>("AddListenerCertificates"),
    operation<remove_listener_certificates>("RemoveListenerCertificates"),
    operation<describe_listener_certificates>("DescribeListenerCertificates"),
    operation<describe_ssl_policies>("DescribeSSLPolicies"),
    operation<create_rule>("CreateRule"),
    operation<modify_rule>("ModifyRule"),
    operation<describe_rules>("DescribeRules"),
    operation<delete_rule>("DeleteRule"),
    operation<set_rule_priorities>("SetRulePriorities"),
    operation<create_target_group>("CreateTargetGroup"),
    operation<modify_target_group>("ModifyTargetGroup"),
    operation<describe_target_groups>("DescribeTargetGroups"),
    operation<delete_target_group>("DeleteTargetGroup"),
    operation<modify_target_group_attributes>("ModifyTargetGroupAttributes"),
    operation<describe_target_group_attributes>("DescribeTargetGroupAttributes"),
    operation<register_targets>("RegisterTargets"),
    operation<deregister_targets>("DeregisterTargets"),
    operation<describe_target_health>("DescribeTargetHealth"),
};

}  // namespace

const wire::Service service{.name = "elasticloadbalancing",
                            .version = "2015-12-01",
                            .xml_namespace = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
                            .protocols = protocols,
                            .operations = operations};

void declare(Schema& schema) { declare_tables(schema); }

}  // namespace utakata::elb

#pragma once

#include "services/elb/api/load_balancer.hpp"

namespace utakata::elb::api {

using Protocol = OneOf<"HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE">;

struct TargetGroupTuple {
  opt<str> TargetGroupArn;
  opt<i32> Weight;
  friend bool operator==(const TargetGroupTuple&, const TargetGroupTuple&) = default;
};
struct TargetGroupStickinessConfig {
  opt<bool> Enabled;
  opt<i32> DurationSeconds;
  friend bool operator==(const TargetGroupStickinessConfig&, const TargetGroupStickinessConfig&) = default;
};
struct ForwardActionConfig {
  opt<list<TargetGroupTuple>> TargetGroups;
  opt<TargetGroupStickinessConfig> TargetGroupStickinessConfig_;
  friend bool operator==(const ForwardActionConfig&, const ForwardActionConfig&) = default;
};
struct FixedResponseActionConfig {
  opt<str> MessageBody;
  str StatusCode;
  opt<str> ContentType;
  friend bool operator==(const FixedResponseActionConfig&, const FixedResponseActionConfig&) = default;
};
struct RedirectActionConfig {
  opt<str> Protocol, Port, Host, Path, Query;
  OneOf<"HTTP_301", "HTTP_302"> StatusCode;
  friend bool operator==(const RedirectActionConfig&, const RedirectActionConfig&) = default;
};
struct Action {
  OneOf<"forward", "authenticate-oidc", "authenticate-cognito", "redirect", "fixed-response", "jwt-validation"> Type;
  opt<str> TargetGroupArn;
  opt<i32> Order;
  opt<RedirectActionConfig> RedirectConfig;
  opt<FixedResponseActionConfig> FixedResponseConfig;
  opt<ForwardActionConfig> ForwardConfig;
  friend bool operator==(const Action&, const Action&) = default;
};
struct Certificate {
  opt<str> CertificateArn;
  opt<bool> IsDefault;
};
struct MutualAuthenticationAttributes {
  opt<OneOf<"off", "passthrough", "verify">> Mode;
  refused<str> TrustStoreArn;
  refused<bool> IgnoreClientCertificateExpiry;
  refused<OneOf<"on", "off">> AdvertiseTrustStoreCaNames;
};
struct Listener {
  opt<str> ListenerArn, LoadBalancerArn;
  opt<i32> Port;
  opt<Protocol> Protocol_;
  opt<list<Certificate>> Certificates;
  opt<str> SslPolicy;
  opt<list<Action>> DefaultActions;
  opt<list<str>> AlpnPolicy;
  opt<MutualAuthenticationAttributes> MutualAuthentication;
};
struct CreateListenerInput {
  str LoadBalancerArn;
  opt<Protocol> Protocol_;
  opt<i32> Port;
  opt<str> SslPolicy;
  opt<list<Certificate>> Certificates;
  list<Action> DefaultActions;
  opt<list<str>> AlpnPolicy;
  opt<list<Tag>> Tags;
  opt<MutualAuthenticationAttributes> MutualAuthentication;
};
struct CreateListenerOutput {
  opt<list<Listener>> Listeners;
};
struct ModifyListenerInput {
  str ListenerArn;
  opt<i32> Port;
  opt<Protocol> Protocol_;
  opt<str> SslPolicy;
  opt<list<Certificate>> Certificates;
  opt<list<Action>> DefaultActions;
  opt<list<str>> AlpnPolicy;
  opt<MutualAuthenticationAttributes> MutualAuthentication;
};
struct ModifyListenerOutput {
  opt<list<Listener>> Listeners;
};
struct DescribeListenersInput {
  opt<str> LoadBalancerArn;
  opt<list<str>> ListenerArns;
  opt<str> Marker;
  opt<i32> PageSize;
};
struct DescribeListenersOutput {
  opt<list<Listener>> Listeners;
  opt<str> NextMarker;
};
struct ListenerAttribute {
  opt<str> Key, Value;
};
struct DescribeListenerAttributesInput {
  str ListenerArn;
};
struct DescribeListenerAttributesOutput {
  opt<list<ListenerAttribute>> Attributes;
};
struct ModifyListenerAttributesInput {
  str ListenerArn;
  list<ListenerAttribute> Attributes;
};
struct ModifyListenerAttributesOutput {
  opt<list<ListenerAttribute>> Attributes;
};
struct DeleteListenerInput {
  str ListenerArn;
};
struct DeleteListenerOutput {};
struct HostHeaderConditionConfig {
  opt<list<str>> Values, RegexValues;
};
struct PathPatternConditionConfig {
  opt<list<str>> Values, RegexValues;
};
struct HttpHeaderConditionConfig {
  opt<str> HttpHeaderName;
  opt<list<str>> Values, RegexValues;
};
struct QueryStringKeyValuePair {
  opt<str> Key, Value;
};
struct QueryStringConditionConfig {
  opt<list<QueryStringKeyValuePair>> Values;
};
struct HttpRequestMethodConditionConfig {
  opt<list<str>> Values;
};
struct SourceIpConditionConfig {
  opt<list<str>> Values;
};
struct RuleCondition {
  opt<str> Field;
  opt<list<str>> Values;
  opt<HostHeaderConditionConfig> HostHeaderConfig;
  opt<PathPatternConditionConfig> PathPatternConfig;
  opt<HttpHeaderConditionConfig> HttpHeaderConfig;
  opt<QueryStringConditionConfig> QueryStringConfig;
  opt<HttpRequestMethodConditionConfig> HttpRequestMethodConfig;
  opt<SourceIpConditionConfig> SourceIpConfig;
  opt<list<str>> RegexValues;
};
struct RuleTransform {
  OneOf<"host-header-rewrite", "url-rewrite"> Type;
};
struct Rule {
  opt<str> RuleArn, Priority;
  opt<list<RuleCondition>> Conditions;
  opt<list<Action>> Actions;
  opt<bool> IsDefault;
};
struct CreateRuleInput {
  str ListenerArn;
  list<RuleCondition> Conditions;
  i32 Priority = 0;
  list<Action> Actions;
  opt<list<Tag>> Tags;
  refused<list<RuleTransform>> Transforms;
};
struct CreateRuleOutput {
  opt<list<Rule>> Rules;
};
struct ModifyRuleInput {
  str RuleArn;
  opt<list<RuleCondition>> Conditions;
  opt<list<Action>> Actions;
  refused<list<RuleTransform>> Transforms;
  opt<bool> ResetTransforms;
};
struct ModifyRuleOutput {
  opt<list<Rule>> Rules;
};
struct DescribeRulesInput {
  opt<str> ListenerArn;
  opt<list<str>> RuleArns;
  opt<str> Marker;
  opt<i32> PageSize;
};
struct DescribeRulesOutput {
  opt<list<Rule>> Rules;
  opt<str> NextMarker;
};
struct DeleteRuleInput {
  str RuleArn;
};
struct DeleteRuleOutput {};
struct RulePriorityPair {
  opt<str> RuleArn;
  opt<i32> Priority;
};
struct SetRulePrioritiesInput {
  list<RulePriorityPair> RulePriorities;
};
struct SetRulePrioritiesOutput {
  opt<list<Rule>> Rules;
};

}  // namespace utakata::elb::api

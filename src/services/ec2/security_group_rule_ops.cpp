#include <algorithm>
#include <array>

#include "services/ec2/describe.hpp"
#include "services/ec2/network.hpp"
#include "services/ec2/ops.hpp"
#include "services/ec2/public.hpp"
#include "services/ec2/security_group_rules.hpp"

namespace utakata::ec2 {
namespace {

using Rule = SecurityGroupRuleRow;

constexpr std::size_t rules_max = 60;  // AWS's default quota of one direction of a group

constexpr std::array group_rule_filters{
    FilterRule<Rule>{"group-id", [](const Tx&, const Rule& row) { return list<str>{row.group_id}; }},
    FilterRule<Rule>{"security-group-rule-id", [](const Tx&, const Rule& row) { return list<str>{row.id}; }}};

// What both views of a rule say alike.
template <class View>
View common_view(const Rule& row) {
  View out{.SecurityGroupRuleId = row.id, .GroupId = row.group_id};
  out.IsEgress = row.egress;
  out.IpProtocol = row.protocol;
  out.FromPort = row.from_port;
  out.ToPort = row.to_port;
  if (row.cidr.find(':') != str::npos)
    out.CidrIpv6 = row.cidr;
  else if (!row.cidr.empty())
    out.CidrIpv4 = row.cidr;
  if (!row.description.empty()) out.Description = row.description;
  return out;
}

api::SecurityGroupRule view(const Tx& tx, const Rule& row) {
  const World& world = tx.world();
  auto out = common_view<api::SecurityGroupRule>(row);
  out.GroupOwnerId = world.account;
  if (!row.peer_group.empty())
    out.ReferencedGroupInfo = api::ReferencedSecurityGroup{.GroupId = row.peer_group, .UserId = world.account};
  out.Tags = *tags_of(tx, world, row.id);
  out.SecurityGroupRuleArn = arn_of(world, "security-group-rule", row.id);
  return out;
}

api::RevokedSecurityGroupRule revoked_view(const Rule& row) {
  auto out = common_view<api::RevokedSecurityGroupRule>(row);
  if (!row.peer_group.empty()) out.ReferencedGroupId = row.peer_group;
  return out;
}

opt<str> group_name_in(const auto& request) {
  if constexpr (requires { request.GroupName; }) return request.GroupName;
  return {};
}

// Both ways to say permissions: the list, and for inbound rules one block of addresses beside it.
list<api::IpPermission> permissions_in(const auto& request) {
  list<api::IpPermission> permissions = *request.IpPermissions;
  if constexpr (requires { request.CidrIp; }) {
    if (request.CidrIp) {
      api::IpPermission one{.IpProtocol = request.IpProtocol, .FromPort = request.FromPort, .ToPort = request.ToPort};
      one.IpRanges.ensure_value().push_back({.CidrIp = request.CidrIp});
      permissions.push_back(std::move(one));
    }
  }
  return permissions;
}

// The rule of the group that lets the same through; null if there is none.
const Rule* known_rule(const Tx& tx, const Rule& like) {
  for (const Key& key : tx.where<Rule>(Rule::by_group, like.group_id))
    if (const Rule* row = tx.find<Rule>(key); same_rule(*row, like)) return row;
  return nullptr;
}

template <class Result, class Request>
Outcome<Result> authorize(Tx& tx, const Request& request, bool egress) {
  const World& world = tx.world();
  const Key key = TRY(find_group(tx, request.GroupId, group_name_in(request)));
  const SecurityGroupRow group = *tx.find<SecurityGroupRow>(key);
  const list<api::Tag> tags = TRY(specified_tags(request.TagSpecifications, kinds::security_group_rule));
  list<Rule> rules = TRY(rules_of(tx, group, egress, permissions_in(request)));
  if (rules.empty()) return refuse("MissingParameter", "The request must contain the parameter IpPermissions");
  Result result{.Return = true};
  for (Rule& rule : rules) {
    if (known_rule(tx, rule) != nullptr)
      return refuse("InvalidPermission.Duplicate",
                    cat("the specified rule \"", description_of(rule), "\" already exists"));
    rule.id = "sgr-0" + tx.random_hex(16);
    tx.put(rule_key(world, rule.id), rule);
    TRY_VOID(put_tags(tx, world, rule.id, tags));
    result.SecurityGroupRules.ensure_value().push_back(view(tx, rule));
  }
  std::size_t total = 0;
  for (const Key& each : tx.where<Rule>(Rule::by_group, group.id))
    total += tx.find<Rule>(each)->egress == egress ? 1 : 0;
  if (total > rules_max)
    return refuse("RulesPerSecurityGroupLimitExceeded",
                  "The maximum number of rules per security group has been reached.");
  tell_group(tx, world, group.id);
  return result;
}

// The ids of the rules to take away; what matches none goes to `unknown`: in a default VPC that is no error
// (RevokeSecurityGroupIngress of the EC2 API reference).
Outcome<list<str>> wanted_rules(Tx& tx, const SecurityGroupRow& group, bool egress, const auto& request,
                                list<Rule>& unknown) {
  list<str> ids = *request.SecurityGroupRuleIds;
  for (const str& id : ids) {
    const Rule* row = tx.find<Rule>(rule_key(tx.world(), id));
    if (row == nullptr || row->group_id != group.id || row->egress != egress)
      return not_found(kinds::security_group_rule, id);
  }
  for (const Rule& like : TRY(rules_of(tx, group, egress, permissions_in(request)))) {
    if (const Rule* known = known_rule(tx, like); known != nullptr)
      ids.push_back(known->id);
    else
      unknown.push_back(like);
  }
  if (ids.empty() && unknown.empty())
    return refuse("MissingParameter", "The request must contain the parameter IpPermissions or SecurityGroupRuleId");
  return ids;
}

template <class Result, class Request>
Outcome<Result> revoke(Tx& tx, const Request& request, bool egress) {
  const World& world = tx.world();
  const Key key = TRY(find_group(tx, request.GroupId, group_name_in(request)));
  const SecurityGroupRow group = *tx.find<SecurityGroupRow>(key);
  list<Rule> unknown;
  const list<str> ids = TRY(wanted_rules(tx, group, egress, request, unknown));
  Result result{.Return = true};
  for (const str& id : ids) {
    const Rule* row = tx.find<Rule>(rule_key(world, id));
    if (row == nullptr) continue;  // named twice: by id and by what it says
    result.RevokedSecurityGroupRules.ensure_value().push_back(revoked_view(*row));
    erase_tags(tx, world, id);
    tx.erase<Rule>(rule_key(world, id));
  }
  tell_group(tx, world, group.id);
  if (!unknown.empty()) result.UnknownIpPermissions = permissions_of(world, std::move(unknown));
  return result;
}

}  // namespace

Outcome<api::DescribeSecurityGroupRulesResult> describe_security_group_rules(
    Tx& tx, const api::DescribeSecurityGroupRulesRequest& request) {
  ensure_default_vpc(tx, tx.world());
  auto rows = TRY(rows_asked_for<Rule>(tx, "rule/", kinds::security_group_rule, request.SecurityGroupRuleIds));
  rows = TRY(filtered(tx, std::move(rows), request.Filters, group_rule_filters));
  auto page = TRY(wire::paginate(std::move(rows), by_id, page_rules("DescribeSecurityGroupRules", request.MaxResults),
                                 request.NextToken, request.MaxResults));
  api::DescribeSecurityGroupRulesResult result{.SecurityGroupRules = list<api::SecurityGroupRule>{},
                                               .NextToken = page.next};
  for (const Rule& row : page.items) result.SecurityGroupRules->push_back(view(tx, row));
  return result;
}

Outcome<api::AuthorizeSecurityGroupIngressResult> authorize_ingress(
    Tx& tx, const api::AuthorizeSecurityGroupIngressRequest& request) {
  return authorize<api::AuthorizeSecurityGroupIngressResult>(tx, request, false);
}

Outcome<api::RevokeSecurityGroupIngressResult> revoke_ingress(Tx& tx,
                                                              const api::RevokeSecurityGroupIngressRequest& request) {
  return revoke<api::RevokeSecurityGroupIngressResult>(tx, request, false);
}

Outcome<api::AuthorizeSecurityGroupEgressResult> authorize_egress(
    Tx& tx, const api::AuthorizeSecurityGroupEgressRequest& request) {
  return authorize<api::AuthorizeSecurityGroupEgressResult>(tx, request, true);
}

Outcome<api::RevokeSecurityGroupEgressResult> revoke_egress(Tx& tx,
                                                            const api::RevokeSecurityGroupEgressRequest& request) {
  return revoke<api::RevokeSecurityGroupEgressResult>(tx, request, true);
}

}  // namespace utakata::ec2

#include <algorithm>

#include "base/text.hpp"
#include "services/ec2/ops.hpp"
#include "services/ec2/public.hpp"
#include "wire/json.hpp"

namespace utakata::ec2 {
namespace {

bool same(const api::IpPermission& a, const api::IpPermission& b) { return wire::write_json(a) == wire::write_json(b); }

// A permission with several ranges or groups is as many rules; they come and go one by one.
list<api::IpPermission> single_rules(const api::IpPermission& permission) {
  list<api::IpPermission> rules;
  api::IpPermission bare{
      .IpProtocol = permission.IpProtocol, .FromPort = permission.FromPort, .ToPort = permission.ToPort};
  for (const api::IpRange& range : permission.IpRanges.value_or(list<api::IpRange>{})) {
    api::IpPermission rule = bare;
    rule.IpRanges.ensure_value().push_back({.CidrIp = range.CidrIp});
    rules.push_back(rule);
  }
  if (permission.UserIdGroupPairs)
    for (const api::UserIdGroupPair& pair : *permission.UserIdGroupPairs) {
      api::IpPermission rule = bare;
      rule.UserIdGroupPairs.ensure_value().push_back({.GroupId = pair.GroupId});
      rules.push_back(rule);
    }
  return rules;
}

template <class Request>
Outcome<list<api::IpPermission>> rules_of(const Request& request) {
  list<api::IpPermission> rules;
  for (const api::IpPermission& permission : request.IpPermissions.value_or(list<api::IpPermission>{}))
    for (api::IpPermission& rule : single_rules(permission)) rules.push_back(std::move(rule));
  if constexpr (requires { request.CidrIp; }) {
    if (request.CidrIp) {
      api::IpPermission rule{.IpProtocol = request.IpProtocol, .FromPort = request.FromPort, .ToPort = request.ToPort};
      rule.IpRanges.ensure_value().push_back({.CidrIp = *request.CidrIp});
      rules.push_back(std::move(rule));
    }
  }
  if (rules.empty()) return refuse("MissingParameter", "The request must contain the parameter IpPermissions");
  return rules;
}

template <class Request>
Outcome<Key> group_key(Tx& tx, const Request& request) {
  ensure_default_vpc(tx, tx.world());
  Key key;
  str id;
  if constexpr (requires { request.GroupId.has; })
    id = request.GroupId.value_or("");
  else
    id = request.GroupId;
  if constexpr (requires { request.GroupName; }) {
    if (id.empty() && request.GroupName)
      tx.each<SecurityGroupRow>(tx.world().key("group/"), [&](const Key& at, const SecurityGroupRow& row) {
        if (row.name == *request.GroupName) key = at;
      });
    if (id.empty() && !key.empty()) return key;
    if (id.empty() && request.GroupName)
      return refuse("InvalidGroup.NotFound",
                    cat("The security group '", *request.GroupName, "' does not exist in default VPC"));
  }
  if (id.empty()) return refuse("MissingParameter", "The request must contain the parameter GroupId");
  static_cast<void>(TRY(security_group(tx, tx.world(), id)));
  return tx.world().key("group/", id);
}

Outcome<> add_rules(Tx& tx, const Key& key, list<api::IpPermission> SecurityGroupRow::* side,
                    const list<api::IpPermission>& rules) {
  SecurityGroupRow row = *tx.find<SecurityGroupRow>(key);
  for (const api::IpPermission& rule : rules) {
    if (std::ranges::any_of(row.*side, [&](const api::IpPermission& known) { return same(known, rule); }))
      return refuse("InvalidPermission.Duplicate", "the specified rule already exists");
    (row.*side).push_back(rule);
  }
  tx.put(key, std::move(row));
  return {};
}

Outcome<> remove_rules(Tx& tx, const Key& key, list<api::IpPermission> SecurityGroupRow::* side,
                       const list<api::IpPermission>& rules) {
  SecurityGroupRow row = *tx.find<SecurityGroupRow>(key);
  for (const api::IpPermission& rule : rules)
    if (std::erase_if(row.*side, [&](const api::IpPermission& known) { return same(known, rule); }) == 0)
      return refuse("InvalidPermission.NotFound", "The specified rule does not exist in this security group.");
  tx.put(key, std::move(row));
  return {};
}

}  // namespace

Outcome<api::DescribeSecurityGroupsResult> describe_security_groups(Tx& tx,
                                                                    const api::DescribeSecurityGroupsRequest& request) {
  ensure_default_vpc(tx, tx.world());
  if (request.GroupIds)
    for (const str& id : *request.GroupIds) static_cast<void>(TRY(security_group(tx, tx.world(), id)));
  api::DescribeSecurityGroupsResult result;
  result.SecurityGroups.ensure_value();
  Outcome<bool> fine = true;
  tx.each<SecurityGroupRow>(tx.world().key("group/"), [&](const Key&, const SecurityGroupRow& row) {
    auto pass = passes(request.Filters, [&](std::string_view name) -> std::optional<list<str>> {
      if (name == "vpc-id") return list<str>{row.vpc_id};
      if (name == "group-id") return list<str>{row.id};
      if (name == "group-name") return list<str>{row.name};
      if (name == "description") return list<str>{row.description};
      if (name == "owner-id") return list<str>{tx.world().account};
      if (name.starts_with("tag:")) {
        list<str> values;
        for (const api::Tag& tag : row.tags)
          if (tag.Key == opt<str>(str(name.substr(4)))) values.push_back(tag.Value.value_or(""));
        return values;
      }
      return {};
    });
    if (!pass) fine = pass;
    const bool id = !request.GroupIds || std::ranges::find(*request.GroupIds, row.id) != request.GroupIds->end();
    const bool name =
        !request.GroupNames || std::ranges::find(*request.GroupNames, row.name) != request.GroupNames->end();
    if (!pass || !*pass || !id || !name) return;
    api::SecurityGroup out{
        .GroupId = row.id,
        .IpPermissionsEgress = row.egress,
        .VpcId = row.vpc_id,
        .SecurityGroupArn = cat("arn:aws:ec2:", tx.world().region, ":", tx.world().account, ":security-group/", row.id),
        .OwnerId = tx.world().account,
        .GroupName = row.name,
        .Description = row.description,
        .IpPermissions = row.ingress};
    if (!row.tags.empty()) out.Tags = row.tags;
    result.SecurityGroups->push_back(std::move(out));
  });
  if (!fine) return std::unexpected(fine.error());
  return result;
}

Outcome<api::CreateSecurityGroupResult> create_security_group(Tx& tx, const api::CreateSecurityGroupRequest& request) {
  ensure_default_vpc(tx, tx.world());
  if (request.Description->empty())
    return refuse("MissingParameter", "The request must contain the parameter GroupDescription");
  str vpc = request.VpcId.value_or("");
  tx.each<VpcRow>(tx.world().key("vpc/"), [&](const Key&, const VpcRow& row) {
    if (vpc.empty() && row.is_default) vpc = row.id;
  });
  if (tx.find<VpcRow>(tx.world().key("vpc/", vpc)) == nullptr)
    return refuse("InvalidVpcID.NotFound", cat("The vpc ID '", vpc, "' does not exist"));
  bool taken = false;
  tx.each<SecurityGroupRow>(tx.world().key("group/"), [&](const Key&, const SecurityGroupRow& row) {
    taken = taken || (row.vpc_id == vpc && row.name == request.GroupName);
  });
  if (taken)
    return refuse("InvalidGroup.Duplicate",
                  cat("The security group '", request.GroupName, "' already exists for VPC '", vpc, "'"));
  SecurityGroupRow row{
      .id = "sg-0" + tx.random_hex(16), .vpc_id = vpc, .name = request.GroupName, .description = *request.Description};
  api::IpPermission outward{.IpProtocol = str("-1")};
  outward.IpRanges.ensure_value().push_back({.CidrIp = str("0.0.0.0/0")});
  row.egress = {outward};
  if (request.TagSpecifications)
    for (const api::TagSpecification& each : *request.TagSpecifications)
      if (each.Tags) row.tags = *each.Tags;
  api::CreateSecurityGroupResult result{
      .GroupId = row.id,
      .SecurityGroupArn = cat("arn:aws:ec2:", tx.world().region, ":", tx.world().account, ":security-group/", row.id)};
  tx.put(tx.world().key("group/", row.id), row);
  return result;
}

Outcome<api::DeleteSecurityGroupResult> delete_security_group(Tx& tx, const api::DeleteSecurityGroupRequest& request) {
  const Key key = TRY(group_key(tx, request));
  const SecurityGroupRow& row = *tx.find<SecurityGroupRow>(key);
  if (row.name == "default")
    return refuse("CannotDelete",
                  cat("the specified group: \"", row.id, "\" name: \"default\" cannot be deleted by a user"));
  bool used = false;
  tx.each<InterfaceRow>(tx.world().key("interface/"), [&](const Key&, const InterfaceRow& each) {
    used = used || std::ranges::find(each.groups, row.id) != each.groups.end();
  });
  if (used) return refuse("DependencyViolation", cat("resource ", row.id, " has a dependent object"));
  const str id = row.id;
  tx.erase<SecurityGroupRow>(key);
  return api::DeleteSecurityGroupResult{.Return = true, .GroupId = id};
}

Outcome<api::AuthorizeSecurityGroupIngressResult> authorize_ingress(
    Tx& tx, const api::AuthorizeSecurityGroupIngressRequest& request) {
  const Key key = TRY(group_key(tx, request));
  const list<api::IpPermission> rules = TRY(rules_of(request));
  TRY_VOID(add_rules(tx, key, &SecurityGroupRow::ingress, rules));
  return api::AuthorizeSecurityGroupIngressResult{.Return = true};
}

Outcome<api::RevokeSecurityGroupIngressResult> revoke_ingress(Tx& tx,
                                                              const api::RevokeSecurityGroupIngressRequest& request) {
  const Key key = TRY(group_key(tx, request));
  const list<api::IpPermission> rules = TRY(rules_of(request));
  TRY_VOID(remove_rules(tx, key, &SecurityGroupRow::ingress, rules));
  return api::RevokeSecurityGroupIngressResult{.Return = true};
}

Outcome<api::AuthorizeSecurityGroupEgressResult> authorize_egress(
    Tx& tx, const api::AuthorizeSecurityGroupEgressRequest& request) {
  const Key key = TRY(group_key(tx, request));
  const list<api::IpPermission> rules = TRY(rules_of(request));
  TRY_VOID(add_rules(tx, key, &SecurityGroupRow::egress, rules));
  return api::AuthorizeSecurityGroupEgressResult{.Return = true};
}

Outcome<api::RevokeSecurityGroupEgressResult> revoke_egress(Tx& tx,
                                                            const api::RevokeSecurityGroupEgressRequest& request) {
  const Key key = TRY(group_key(tx, request));
  const list<api::IpPermission> rules = TRY(rules_of(request));
  TRY_VOID(remove_rules(tx, key, &SecurityGroupRow::egress, rules));
  return api::RevokeSecurityGroupEgressResult{.Return = true};
}

}  // namespace utakata::ec2

#include <algorithm>
#include <array>

#include "core/effect.hpp"
#include "services/ec2/describe.hpp"
#include "services/ec2/network.hpp"
#include "services/ec2/ops.hpp"
#include "services/ec2/public.hpp"
#include "services/ec2/security_group_rules.hpp"

namespace utakata::ec2 {
namespace {

constexpr std::size_t groups_max = 2500;  // AWS's default quota of a region
constexpr std::size_t text_max = 255;     // characters of a name or description

list<SecurityGroupRuleRow> rules_in(const Tx& tx, const str& group, bool egress) {
  list<SecurityGroupRuleRow> rules;
  for (const Key& key : tx.where<SecurityGroupRuleRow>(SecurityGroupRuleRow::by_group, group))
    if (const auto* row = tx.find<SecurityGroupRuleRow>(key); row->egress == egress) rules.push_back(*row);
  return rules;
}

// What the rules of one direction have for a filter.
template <bool Egress, str SecurityGroupRuleRow::* Member>
list<str> of_rules(const Tx& tx, const SecurityGroupRow& group) {
  list<str> values;
  for (const SecurityGroupRuleRow& rule : rules_in(tx, group.id, Egress)) values.push_back(rule.*Member);
  return values;
}
template <bool Egress, i32 SecurityGroupRuleRow::* Port>
list<str> ports_of_rules(const Tx& tx, const SecurityGroupRow& group) {
  list<str> values;
  for (const SecurityGroupRuleRow& rule : rules_in(tx, group.id, Egress)) values.push_back(cat(rule.*Port));
  return values;
}

using Filter = FilterRule<SecurityGroupRow>;
using Rule = SecurityGroupRuleRow;
constexpr std::array group_filters{
    Filter{"group-id", [](const Tx&, const SecurityGroupRow& row) { return list<str>{row.id}; }},
    Filter{"group-name", [](const Tx&, const SecurityGroupRow& row) { return list<str>{row.name}; }},
    Filter{"vpc-id", [](const Tx&, const SecurityGroupRow& row) { return list<str>{row.vpc_id}; }},
    Filter{"description", [](const Tx&, const SecurityGroupRow& row) { return list<str>{row.description}; }},
    Filter{"owner-id", [](const Tx& tx, const SecurityGroupRow&) { return list<str>{tx.world().account}; }},
    Filter{"ip-permission.cidr", of_rules<false, &Rule::cidr>},
    Filter{"ip-permission.group-id", of_rules<false, &Rule::peer_group>},
    Filter{"ip-permission.protocol", of_rules<false, &Rule::protocol>},
    Filter{"ip-permission.from-port", ports_of_rules<false, &Rule::from_port>},
    Filter{"ip-permission.to-port", ports_of_rules<false, &Rule::to_port>},
    Filter{"egress.ip-permission.cidr", of_rules<true, &Rule::cidr>},
    Filter{"egress.ip-permission.group-id", of_rules<true, &Rule::peer_group>},
    Filter{"egress.ip-permission.protocol", of_rules<true, &Rule::protocol>},
    Filter{"egress.ip-permission.from-port", ports_of_rules<true, &Rule::from_port>},
    Filter{"egress.ip-permission.to-port", ports_of_rules<true, &Rule::to_port>}};

api::SecurityGroup view(const Tx& tx, const SecurityGroupRow& row) {
  const World& world = tx.world();
  api::SecurityGroup out{.GroupId = row.id,
                         .IpPermissionsEgress = permissions_of(world, rules_in(tx, row.id, true)),
                         .VpcId = row.vpc_id,
                         .SecurityGroupArn = arn_of(world, "security-group", row.id),
                         .OwnerId = world.account,
                         .GroupName = row.name,
                         .Description = row.description,
                         .IpPermissions = permissions_of(world, rules_in(tx, row.id, false))};
  out.Tags = *tags_of(tx, world, row.id);
  return out;
}

str default_vpc(const Tx& tx, const World& world) {
  str id;
  tx.each<VpcRow>(world.key("vpc/"), [&](const Key&, const VpcRow& row) {
    if (row.is_default) id = row.id;
  });
  return id;
}

bool served_characters(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return letter || std::string_view(" ._-:/()#,@[]+=&;{}!$*").find(c) != std::string_view::npos;
  });
}

Outcome<> check_texts(const str& name, const str& description) {
  if (name.empty()) return refuse("MissingParameter", "The request must contain the parameter GroupName");
  if (description.empty()) return refuse("MissingParameter", "The request must contain the parameter GroupDescription");
  if (name.size() > text_max || !served_characters(name))
    return refuse("InvalidParameterValue",
                  cat("Value (", name.substr(0, text_max),
                      ") for parameter GroupName is invalid. Character sets beyond ", "ASCII are not supported."));
  if (description.size() > text_max || !served_characters(description))
    return refuse("InvalidParameterValue", cat("Value (", description.substr(0, text_max),
                                               ") for parameter GroupDescription is invalid. Character sets beyond ",
                                               "ASCII are not supported."));
  if (name.starts_with("sg-"))
    return refuse("InvalidParameterValue",
                  cat("Value (", name, ") for parameter GroupName is invalid. A group name cannot start with sg-."));
  if (name == "default") return refuse("InvalidParameterValue", "Cannot use reserved security group name: default");
  return {};
}

// Who still needs the group: an interface in it, or another group's rule that names it.
bool in_use(const Tx& tx, const World& world, const str& id) {
  bool used = false;
  tx.each<InterfaceRow>(world.key("interface/"), [&](const Key&, const InterfaceRow& row) {
    used = used || std::ranges::find(row.groups, id) != row.groups.end();
    return !used;
  });
  tx.each<SecurityGroupRuleRow>(world.key("rule/"), [&](const Key&, const SecurityGroupRuleRow& row) {
    used = used || (row.peer_group == id && row.group_id != id);
    return !used;
  });
  return used;
}

}  // namespace

Outcome<Key> find_group(Tx& tx, const opt<str>& id, const opt<str>& name) {
  const World& world = tx.world();
  ensure_default_vpc(tx, world);
  if (id) {
    static_cast<void>(TRY(security_group(tx, world, *id)));
    return group_key(world, *id);
  }
  if (!name) return refuse("MissingParameter", "The request must contain the parameter GroupName or GroupId");
  const str vpc = default_vpc(tx, world);
  Key found;
  tx.each<SecurityGroupRow>(world.key("group/"), [&](const Key& key, const SecurityGroupRow& row) {
    if (row.vpc_id == vpc && row.name == *name) found = key;
  });
  if (found.empty())
    return refuse("InvalidGroup.NotFound",
                  cat("The security group '", *name, "' does not exist in default VPC '", vpc, "'"));
  return found;
}

Outcome<api::DescribeSecurityGroupsResult> describe_security_groups(Tx& tx,
                                                                    const api::DescribeSecurityGroupsRequest& request) {
  ensure_default_vpc(tx, tx.world());
  auto rows = TRY(rows_asked_for<SecurityGroupRow>(tx, "group/", kinds::security_group, request.GroupIds));
  if (request.GroupNames) {
    for (const str& name : *request.GroupNames) static_cast<void>(TRY(find_group(tx, {}, name)));
    std::erase_if(rows, [&](const SecurityGroupRow& row) {
      return std::ranges::find(*request.GroupNames, row.name) == request.GroupNames->end();
    });
  }
  rows = TRY(filtered(tx, std::move(rows), request.Filters, group_filters));
  auto page = TRY(wire::paginate(std::move(rows), by_id, page_rules("DescribeSecurityGroups", request.MaxResults),
                                 request.NextToken, request.MaxResults));
  api::DescribeSecurityGroupsResult result{.NextToken = page.next, .SecurityGroups = list<api::SecurityGroup>{}};
  for (const SecurityGroupRow& row : page.items) result.SecurityGroups->push_back(view(tx, row));
  return result;
}

Outcome<api::CreateSecurityGroupResult> create_security_group(Tx& tx, const api::CreateSecurityGroupRequest& request) {
  const World& world = tx.world();
  ensure_default_vpc(tx, world);
  TRY_VOID(check_texts(request.GroupName, *request.Description));
  const str vpc = request.VpcId.value_or(default_vpc(tx, world));
  if (!kinds::vpc.exists(tx, world, vpc)) return not_found(kinds::vpc, vpc);
  std::size_t groups = 0;
  bool taken = false;
  tx.each<SecurityGroupRow>(world.key("group/"), [&](const Key&, const SecurityGroupRow& row) {
    taken = taken || (row.vpc_id == vpc && row.name == request.GroupName);
    ++groups;
  });
  if (taken)
    return refuse("InvalidGroup.Duplicate",
                  cat("The security group '", request.GroupName, "' already exists for VPC '", vpc, "'"));
  if (groups >= groups_max)
    return refuse("SecurityGroupLimitExceeded", "The maximum number of security groups has been reached.");
  const SecurityGroupRow row{
      .id = "sg-0" + tx.random_hex(16), .vpc_id = vpc, .name = request.GroupName, .description = *request.Description};
  tx.put(group_key(world, row.id), row);
  const SecurityGroupRuleRow outward{
      .id = "sgr-0" + tx.random_hex(16), .group_id = row.id, .egress = true, .protocol = "-1", .cidr = "0.0.0.0/0"};
  tx.put(rule_key(world, outward.id), outward);
  tell_group(tx, world, row.id);
  const list<api::Tag> tags = TRY(specified_tags(request.TagSpecifications, kinds::security_group));
  TRY_VOID(put_tags(tx, world, row.id, tags));
  api::CreateSecurityGroupResult result{.GroupId = row.id, .SecurityGroupArn = arn_of(world, "security-group", row.id)};
  result.Tags = *tags_of(tx, world, row.id);
  return result;
}

Outcome<api::DeleteSecurityGroupResult> delete_security_group(Tx& tx, const api::DeleteSecurityGroupRequest& request) {
  const World& world = tx.world();
  const Key key = TRY(find_group(tx, request.GroupId, request.GroupName));
  const SecurityGroupRow row = *tx.find<SecurityGroupRow>(key);
  if (row.name == "default")
    return refuse("CannotDelete",
                  cat("the specified group: \"", row.id, "\" name: \"default\" cannot be deleted by a user"));
  if (in_use(tx, world, row.id))
    return refuse("DependencyViolation", cat("resource ", row.id, " has a dependent object"));
  for (const Key& rule : tx.where<SecurityGroupRuleRow>(SecurityGroupRuleRow::by_group, row.id)) {
    erase_tags(tx, world, tx.find<SecurityGroupRuleRow>(rule)->id);
    tx.erase<SecurityGroupRuleRow>(rule);
  }
  erase_tags(tx, world, row.id);
  tx.erase<SecurityGroupRow>(key);
  tx.emit(ChangeVpc{.vpc_id = row.vpc_id, .removed_groups = {row.id}});
  return api::DeleteSecurityGroupResult{.Return = true, .GroupId = row.id};
}

}  // namespace utakata::ec2

#include "services/ec2/resource.hpp"

#include <algorithm>
#include <array>

namespace utakata::ec2 {
namespace {

constexpr std::size_t tags_max = 50;
constexpr std::ptrdiff_t tag_key_max = 127, tag_value_max = 255;  // characters

template <class Row, Key (*KeyOf)(const World&, std::string_view)>
bool exists(const Tx& tx, const World& world, std::string_view id) {
  return tx.find<Row>(KeyOf(world, id)) != nullptr;
}

std::ptrdiff_t characters(std::string_view utf8) {
  return std::ranges::count_if(utf8, [](char byte) { return (byte & 0xc0) != 0x80; });
}

Outcome<> check_tag(const api::Tag& tag) {
  const str key = tag.Key.value_or("");
  if (key.empty()) return refuse("InvalidParameterValue", "Tag keys must not be empty");
  if (characters(key) > tag_key_max)
    return refuse("InvalidParameterValue", cat("Tag key exceeds the maximum length of ", tag_key_max, " characters"));
  if (key.starts_with("aws:"))
    return refuse("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use");
  if (characters(tag.Value.value_or("")) > tag_value_max)
    return refuse("InvalidParameterValue",
                  cat("Tag value exceeds the maximum length of ", tag_value_max, " characters"));
  return {};
}

}  // namespace

namespace kinds {
const ResourceKind vpc{"vpc-", "vpc", "InvalidVpcID.NotFound", "vpc ID", exists<VpcRow, vpc_key>};
const ResourceKind subnet{"subnet-", "subnet", "InvalidSubnetID.NotFound", "subnet ID", exists<SubnetRow, subnet_key>};
const ResourceKind security_group{"sg-", "security-group", "InvalidGroup.NotFound", "security group",
                                  exists<SecurityGroupRow, group_key>};
const ResourceKind security_group_rule{"sgr-", "security-group-rule", "InvalidSecurityGroupRuleId.NotFound",
                                       "security group rule ID", exists<SecurityGroupRuleRow, rule_key>};
const ResourceKind network_interface{"eni-", "network-interface", "InvalidNetworkInterfaceID.NotFound",
                                     "networkInterface ID", exists<InterfaceRow, interface_key>};
const ResourceKind internet_gateway{"igw-", "internet-gateway", "InvalidInternetGatewayID.NotFound",
                                    "internetGateway ID", exists<InternetGatewayRow, gateway_key>};
const ResourceKind route_table{"rtb-", "route-table", "InvalidRouteTableID.NotFound", "routeTable ID",
                               exists<RouteTableRow, route_table_key>};
const ResourceKind nat_gateway{"nat-", "natgateway", "NatGatewayNotFound", "Nat Gateway",
                               exists<NatGatewayRow, nat_key>};
const ResourceKind elastic_ip{"eipalloc-", "elastic-ip", "InvalidAllocationID.NotFound", "allocation ID",
                              exists<AddressRow, address_key>};
}  // namespace kinds

std::unexpected<Fault> not_found(const ResourceKind& kind, std::string_view id) {
  if (&kind == &kinds::nat_gateway) return refuse("NatGatewayNotFound", cat("The Nat Gateway ", id, " was not found"));
  return refuse(str(kind.not_found), cat("The ", kind.noun, " '", id, "' does not exist"));
}

Outcome<const ResourceKind*> kind_of(const Tx& tx, const World& world, std::string_view id) {
  static constexpr std::array all{&kinds::vpc,
                                  &kinds::subnet,
                                  &kinds::security_group,
                                  &kinds::security_group_rule,
                                  &kinds::network_interface,
                                  &kinds::internet_gateway,
                                  &kinds::route_table,
                                  &kinds::nat_gateway,
                                  &kinds::elastic_ip};
  for (const ResourceKind* kind : all) {
    if (!id.starts_with(kind->prefix)) continue;
    if (!kind->exists(tx, world, id)) return not_found(*kind, id);
    return kind;
  }
  return refuse("InvalidID", cat("The ID '", id, "' is not valid"));
}

opt<list<api::Tag>> tags_of(const Tx& tx, const World& world, std::string_view id) {
  opt<list<api::Tag>> tags;
  tx.each<TagRow>(tag_key(world, id, ""), [&](const Key&, const TagRow& row) {
    tags.ensure_value().push_back({.Key = row.key, .Value = row.value});
  });
  return tags;
}

Outcome<> put_tags(Tx& tx, const World& world, std::string_view id, const list<api::Tag>& tags) {
  for (const api::Tag& tag : tags) {
    TRY_VOID(check_tag(tag));
    tx.put(tag_key(world, id, *tag.Key), TagRow{.resource = str(id), .key = *tag.Key, .value = tag.Value.value_or("")});
  }
  if (tags_of(tx, world, id)->size() > tags_max)
    return refuse("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.");
  return {};
}

void erase_tags(Tx& tx, const World& world, std::string_view id) {
  std::vector<Key> keys;
  tx.each<TagRow>(tag_key(world, id, ""), [&](const Key& key, const TagRow&) { keys.push_back(key); });
  for (const Key& key : keys) tx.erase<TagRow>(key);
}

Outcome<list<api::Tag>> specified_tags(const opt<list<api::TagSpecification>>& given, const ResourceKind& kind) {
  list<api::Tag> tags;
  if (!given) return tags;
  for (const api::TagSpecification& each : *given) {
    if (each.ResourceType.value_or("") != kind.type)
      return refuse("InvalidParameterValue", cat("'", each.ResourceType.value_or(""),
                                                 "' is not a valid taggable resource type for this operation."));
    if (each.Tags) tags.insert(tags.end(), each.Tags->begin(), each.Tags->end());
  }
  return tags;
}

Outcome<> put_specified_tags(Tx& tx, std::string_view id, const opt<list<api::TagSpecification>>& given,
                             const ResourceKind& kind) {
  const list<api::Tag> tags = TRY(specified_tags(given, kind));
  return put_tags(tx, tx.world(), id, tags);
}

}  // namespace utakata::ec2

#include "services/ec2/network.hpp"

#include <algorithm>

#include "core/effect.hpp"
#include "services/ec2/routes.hpp"

namespace utakata::ec2 {
namespace {

SecurityGroupConfig config_of(const Tx& tx, const SecurityGroupRow& row) {
  SecurityGroupConfig config{.id = row.id};
  for (const Key& key : tx.where<SecurityGroupRuleRow>(SecurityGroupRuleRow::by_group, row.id)) {
    const auto* rule = tx.find<SecurityGroupRuleRow>(key);
    config.rules.push_back({.egress = rule->egress,
                            .protocol = rule->protocol,
                            .from_port = rule->from_port,
                            .to_port = rule->to_port,
                            .cidr = rule->cidr,
                            .peer_group = rule->peer_group});
  }
  return config;
}

// The group of interfaces that have none of their own: whatever comes may pass.
constexpr std::string_view open_group = "open";
SecurityGroupConfig open_group_config() {
  return {.id = str(open_group), .rules = {{.cidr = "0.0.0.0/0"}, {.egress = true, .cidr = "0.0.0.0/0"}}};
}

InterfaceConfig config_of(const Tx& tx, const World& world, const InterfaceRow& row) {
  return {.id = row.id,
          .address = row.address,
          .groups = row.open ? list<str>{str(open_group)} : row.groups,
          .outward = outward_blocks(tx, world, row.subnet_id, !row.public_address.empty()),
          .public_address = row.public_address};
}

}  // namespace

void tell_vpc(Tx& tx, const World& world, const str& vpc_id) {
  const VpcRow* row = tx.find<VpcRow>(vpc_key(world, vpc_id));
  if (row == nullptr) return tx.emit(ChangeVpc{.vpc_id = vpc_id, .removed = true});
  ChangeVpc change{.vpc_id = vpc_id, .cidr = row->cidr};
  if (const auto* group = tx.find<SecurityGroupRow>(group_key(world, row->default_group)); group != nullptr)
    change.groups.push_back(config_of(tx, *group));
  tx.emit(std::move(change));
}

void tell_group(Tx& tx, const World& world, const str& group_id) {
  const auto* row = tx.find<SecurityGroupRow>(group_key(world, group_id));
  if (row != nullptr) tx.emit(ChangeVpc{.vpc_id = row->vpc_id, .groups = {config_of(tx, *row)}});
}

void tell_interface(Tx& tx, const World& world, const str& interface_id) {
  const auto* row = tx.find<InterfaceRow>(interface_key(world, interface_id));
  if (row == nullptr) return;
  ChangeVpc change{.vpc_id = row->vpc_id, .interfaces = {config_of(tx, world, *row)}};
  if (row->open) change.groups.push_back(open_group_config());
  tx.emit(std::move(change));
}

void tell_interfaces(Tx& tx, const World& world, const str& vpc_id) {
  ChangeVpc change{.vpc_id = vpc_id};
  tx.each<InterfaceRow>(world.key("interface/"), [&](const Key&, const InterfaceRow& row) {
    if (row.vpc_id == vpc_id) change.interfaces.push_back(config_of(tx, world, row));
  });
  if (!change.interfaces.empty()) tx.emit(std::move(change));
}

void tell_everything(Tx& tx) {
  ConfigureVpcs all;
  dict<std::size_t> place;
  tx.each<VpcRow>("", [&](const Key&, const VpcRow& row) {
    place[row.id] = all.vpcs.size();
    all.vpcs.push_back({.id = row.id, .cidr = row.cidr});
  });
  const auto of = [&](const str& vpc_id) { return &all.vpcs[place.at(vpc_id)]; };
  tx.each<SecurityGroupRow>(
      "", [&](const Key&, const SecurityGroupRow& row) { of(row.vpc_id)->groups.push_back(config_of(tx, row)); });
  tx.each<InterfaceRow>("", [&](const Key& key, const InterfaceRow& row) {
    VpcConfig& vpc = *of(row.vpc_id);
    vpc.interfaces.push_back(config_of(tx, world_of(key), row));
    if (row.open && std::ranges::find(vpc.groups, open_group, &SecurityGroupConfig::id) == vpc.groups.end())
      vpc.groups.push_back(open_group_config());
  });
  tx.emit(std::move(all));
}

}  // namespace utakata::ec2

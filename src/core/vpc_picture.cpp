#include "core/vpc_picture.hpp"

#include <algorithm>

#include "base/ipv4.hpp"
#include "base/text.hpp"

namespace utakata {
namespace {

bool in_block(const str& cidr, const str& address) {
  const auto block = Ipv4Block::parse(cidr);
  const auto number = parse_ipv4(address);
  return block && number && block->contains(*number);
}

bool speaks_of(const SecurityRule& rule, const Connection& connection) {
  if (rule.protocol == "-1") return true;
  if (rule.protocol != connection.protocol) return false;
  if (rule.from_port == -1) return true;
  if (rule.protocol == "icmp") return rule.from_port == connection.port;
  return connection.port >= rule.from_port && connection.port <= rule.to_port;
}

bool is_peer(const SecurityRule& rule, const InterfaceConfig* peer, const str& address) {
  if (rule.peer_group.empty()) return in_block(rule.cidr, address);
  return peer != nullptr && std::ranges::find(peer->groups, rule.peer_group) != peer->groups.end();
}

bool groups_let(const VpcPicture& vpc, const InterfaceConfig& own, bool egress, const str& peer_address,
                const Connection& connection) {
  const InterfaceConfig* peer = vpc.at(peer_address);
  return std::ranges::any_of(own.groups, [&](const str& id) {
    const auto group = vpc.groups.find(id);
    return group != vpc.groups.end() && std::ranges::any_of(group->second.rules, [&](const SecurityRule& rule) {
             return rule.egress == egress && speaks_of(rule, connection) && is_peer(rule, peer, peer_address);
           });
  });
}

bool has_way_to(const InterfaceConfig& own, const str& address) {
  return std::ranges::any_of(own.outward, [&](const str& block) { return in_block(block, address); });
}

}  // namespace

void VpcPicture::take(const VpcConfig& config) {
  *this = {.id = config.id, .cidr = config.cidr};
  take(ChangeVpc{.vpc_id = config.id,
                 .cidr = config.cidr,
                 .groups = config.groups,
                 .interfaces = config.interfaces,
                 .names = config.names});
}

void VpcPicture::take(const ChangeVpc& change) {
  id = change.vpc_id;
  if (!change.cidr.empty()) cidr = change.cidr;
  const auto forget_address = [this](const str& interface) {
    const auto known = interfaces.find(interface);
    if (known == interfaces.end()) return;
    const auto place = interface_at.find(known->second.address);
    if (place != interface_at.end() && place->second == interface) interface_at.erase(place);
  };
  for (const str& each : change.removed_interfaces) {
    forget_address(each);
    interfaces.erase(each);
  }
  for (const InterfaceConfig& each : change.interfaces) {
    forget_address(each.id);
    interfaces[each.id] = each;
    interface_at[each.address] = each.id;
  }
  for (const str& each : change.removed_groups) groups.erase(each);
  for (const SecurityGroupConfig& each : change.groups) groups[each.id] = each;
  for (const DnsName& each : change.names) {
    if (each.addresses.empty() && each.places.empty())
      names.erase(each.name);
    else
      names[each.name] = each;
  }
}

const InterfaceConfig* VpcPicture::at(const str& address) const {
  const auto place = interface_at.find(address);
  return place == interface_at.end() ? nullptr : &interfaces.at(place->second);
}

bool may_connect(const VpcPicture& vpc, const Connection& connection) {
  const InterfaceConfig* from = vpc.at(connection.from);
  const InterfaceConfig* to = vpc.at(connection.to);
  if (from == nullptr && (to == nullptr || in_block(vpc.cidr, connection.from))) return false;
  if (from != nullptr && !groups_let(vpc, *from, true, connection.to, connection)) return false;
  if (to == nullptr) return !in_block(vpc.cidr, connection.to) && has_way_to(*from, connection.to);
  return groups_let(vpc, *to, false, connection.from, connection);
}

}  // namespace utakata

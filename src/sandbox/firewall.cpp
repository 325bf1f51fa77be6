#include "sandbox/firewall.hpp"

#include <algorithm>
#include <set>

#include "base/ipv4.hpp"
#include "base/text.hpp"

namespace utakata::sandbox {
namespace {

constexpr std::string_view table = "inet utakata";

str identifier(str id) {
  std::ranges::replace(id, '-', '_');
  return id;
}

str members_set(const str& group) { return cat("members_", identifier(group)); }
str chain_of(const str& group, bool egress) { return cat(egress ? "out_" : "in_", identifier(group)); }

// The packets that a rule speaks of, without its peer; nothing for a rule of IPv6, which no VPC has.
std::optional<str> traffic(const SecurityRule& rule) {
  if (rule.protocol == "-1") return str();
  if (rule.protocol == "icmpv6" || rule.cidr.contains(':')) return {};
  if (rule.protocol == "tcp" || rule.protocol == "udp")
    return cat(rule.protocol, " dport ", rule.from_port, "-", rule.to_port, " ");
  if (rule.protocol != "icmp") return cat("meta l4proto ", rule.protocol, " ");
  if (rule.from_port == -1) return str("meta l4proto icmp ");
  const str code = rule.to_port == -1 ? str() : cat("icmp code ", rule.to_port, " ");
  return cat("icmp type ", rule.from_port, " ", code);
}

std::optional<str> rule_text(const SecurityRule& rule) {
  auto text = traffic(rule);
  if (!text) return {};
  const std::string_view side = rule.egress ? "ip daddr " : "ip saddr ";
  if (!rule.peer_group.empty()) {
    *text = cat(side, "@", members_set(rule.peer_group), " ", *text);
  } else {
    const auto block = Ipv4Block::parse(rule.cidr);
    if (!block) return {};
    if (block->length > 0) *text = cat(side, block->text(), " ", *text);
  }
  return cat(*text, rule.egress ? "goto admitted" : "accept");
}

str add_rules(const SecurityGroupConfig& group) {
  str text;
  for (const SecurityRule& rule : group.rules)
    if (const auto line = rule_text(rule))
      text += cat("add rule ", table, " ", chain_of(group.id, rule.egress), " ", *line, "\n");
  return text;
}

str declare_group(const str& id) {
  return cat("add set ", table, " ", members_set(id), " { type ipv4_addr; }\n",  //
             "add chain ", table, " ", chain_of(id, false), "\n",                //
             "add chain ", table, " ", chain_of(id, true), "\n");
}

// From the chains that are walked for every packet to the rules of each group.
str lead_to_groups(const std::set<str>& groups) {
  str text = cat("flush chain ", table, " inward\nflush chain ", table, " outward\n");
  for (const str& id : groups)
    text += cat("add rule ", table, " inward ip daddr @", members_set(id), " jump ", chain_of(id, false), "\n",
                "add rule ", table, " outward ip saddr @", members_set(id), " jump ", chain_of(id, true), "\n");
  return text;
}

// Who may go to a block of addresses outside.
str way_set(const str& block) {
  str name = cat("way_", block);
  std::ranges::replace_if(name, [](char c) { return c == '.' || c == '/'; }, '_');
  return name;
}

str lead_to_ways(const std::set<str>& blocks) {
  str text;
  for (const str& block : blocks) text += cat("add set ", table, " ", way_set(block), " { type ipv4_addr; }\n");
  text += cat("flush chain ", table, " ways\n");
  for (const str& block : blocks) {
    const str side = block.ends_with("/0") ? str() : cat("ip daddr ", block, " ");
    text += cat("add rule ", table, " ways ", side, "ip saddr @", way_set(block), " accept\n");
  }
  return text;
}

str element(std::string_view verb, const str& set, const str& what) {
  return cat(verb, " element ", table, " ", set, " { ", what, " }\n");
}

// All elements that an interface has in the sets.
std::set<std::pair<str, str>> elements_of(const InterfaceConfig& interface) {
  std::set<std::pair<str, str>> all{{"bound", cat("\"", link_name(interface.id), "\" . ", interface.address)}};
  for (const str& group : interface.groups) all.insert({members_set(group), interface.address});
  for (const str& block : interface.outward) all.insert({way_set(block), interface.address});
  return all;
}

// Groups that are named by rules or members although nobody has told their rules (yet): they let nothing through.
std::set<str> named_groups(const dict<SecurityGroupConfig>& groups, const dict<InterfaceConfig>& interfaces) {
  std::set<str> named;
  for (const auto& [id, group] : groups) {
    named.insert(id);
    for (const SecurityRule& rule : group.rules)
      if (!rule.peer_group.empty()) named.insert(rule.peer_group);
  }
  for (const auto& [id, interface] : interfaces) named.insert(interface.groups.begin(), interface.groups.end());
  return named;
}

std::set<str> named_blocks(const dict<InterfaceConfig>& interfaces) {
  std::set<str> named;
  for (const auto& [id, interface] : interfaces) named.insert(interface.outward.begin(), interface.outward.end());
  return named;
}

str skeleton(const str& cidr) {
  const str resolvers = cat("{ ", resolver_address, ", ", resolver_address_of(cidr), " }");
  return cat("add table ", table, "\ndelete table ", table, "\ntable ", table, R"( {
  set bound { type ifname . ipv4_addr; }
  chain ways { }
  chain inward { }
  chain outward { }
  chain admitted {
    oifname ")",
             outside_link, R"(" jump ways
    oifname ")",
             outside_link, R"(" drop
    jump inward
    drop
  }
  chain forward {
    type filter hook forward priority filter; policy drop;
    iifname != ")",
             outside_link, R"(" iifname . ip saddr != @bound drop
    ct state established,related accept
    ct state invalid drop
    iifname ")",
             outside_link, R"(" drop
    ip daddr { 127.0.0.0/8, 169.254.0.0/16, 198.18.0.0/24, 224.0.0.0/3 } drop
    goto outward
  }
  chain input {
    type filter hook input priority filter; policy drop;
    iifname "lo" accept
    iifname ")",
             outside_link, R"(" ct state established,related accept
    iifname ")",
             outside_link, R"(" drop
    iifname . ip saddr != @bound drop
    ct state established,related accept
    ct state invalid drop
    ip daddr 169.254.170.2 tcp dport { 80, 4566 } accept
    ip daddr )",
             resolvers, R"( udp dport 53 accept
    ip daddr )",
             resolvers, R"( tcp dport 53 accept
    ip daddr )",
             resolvers, R"( drop
    goto outward
  }
  chain output {
    type filter hook output priority filter; policy drop;
    oifname "lo" accept
    ct state established,related accept
    ip saddr )",
             internet_address, R"( goto admitted
    goto outward
  }
  chain leave {
    type nat hook postrouting priority srcnat; policy accept;
    oifname ")",
             outside_link, R"(" masquerade
  }
}
)");
}

}  // namespace

str link_name(const str& interface_id) {
  const std::size_t dash = interface_id.find('-');
  return "e" + interface_id.substr(dash == str::npos ? 0 : dash + 1).substr(0, 14);  // the kernel's names are short
}

str resolver_address_of(const str& cidr) { return ipv4_text(Ipv4Block::parse(cidr).value_or(Ipv4Block{}).base + 2); }

str firewall(const VpcPicture& vpc) {
  str text = skeleton(vpc.cidr);
  const std::set<str> named = named_groups(vpc.groups, vpc.interfaces);
  for (const str& id : named) text += declare_group(id);
  text += lead_to_groups(named) + lead_to_ways(named_blocks(vpc.interfaces));
  for (const auto& [id, group] : vpc.groups) text += add_rules(group);
  for (const auto& [id, interface] : vpc.interfaces)
    for (const auto& [set, what] : elements_of(interface)) text += element("add", set, what);
  return text;
}

std::optional<str> firewall_change(const VpcPicture& before, const ChangeVpc& change) {
  if (before.cidr.empty() || !change.removed_groups.empty()) return {};
  if (!change.cidr.empty() && change.cidr != before.cidr) return {};
  std::set<str> known = named_groups(before.groups, before.interfaces);
  dict<SecurityGroupConfig> groups;
  dict<InterfaceConfig> interfaces;
  for (const SecurityGroupConfig& each : change.groups) groups[each.id] = each;
  for (const InterfaceConfig& each : change.interfaces) interfaces[each.id] = each;
  str text;
  const std::size_t groups_before = known.size();
  for (const str& id : named_groups(groups, interfaces))
    if (known.insert(id).second) text += declare_group(id);
  if (known.size() > groups_before) text += lead_to_groups(known);
  std::set<str> blocks = named_blocks(before.interfaces);
  const std::size_t blocks_before = blocks.size();
  blocks.merge(named_blocks(interfaces));
  if (blocks.size() > blocks_before) text += lead_to_ways(blocks);
  for (const auto& [id, group] : groups) {
    for (const bool egress : {false, true}) text += cat("flush chain ", table, " ", chain_of(id, egress), "\n");
    text += add_rules(group);
  }
  for (const str& id : change.removed_interfaces) interfaces[id] = InterfaceConfig{};
  for (const auto& [id, interface] : interfaces) {
    const auto was = before.interfaces.find(id);
    const auto old = was == before.interfaces.end() ? std::set<std::pair<str, str>>{} : elements_of(was->second);
    const auto now = interface.id.empty() ? std::set<std::pair<str, str>>{} : elements_of(interface);
    for (const auto& [set, what] : old)
      if (!now.contains({set, what})) text += element("delete", set, what);
    for (const auto& [set, what] : now)
      if (!old.contains({set, what})) text += element("add", set, what);
  }
  return text;
}

}  // namespace utakata::sandbox

#include "services/ec2/security_group_rules.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>

#include "base/ipv4.hpp"
#include "services/ec2/public.hpp"

namespace utakata::ec2 {
namespace {

using Rule = SecurityGroupRuleRow;

std::unexpected<Fault> invalid(std::string message) { return refuse("InvalidParameterValue", std::move(message)); }

// Names where there are such, else numbers: AWS answers "tcp" whether it was given as tcp, TCP or 6.
std::optional<str> protocol_of(std::string_view given) {
  struct Name {
    std::string_view name, number;
  };
  static constexpr std::array names{Name{"tcp", "6"}, Name{"udp", "17"}, Name{"icmp", "1"}, Name{"icmpv6", "58"},
                                    Name{"-1", "all"}};
  const auto number = parse_integer(given);
  const str plain = number ? cat(*number) : str(given);  // "006" is 6
  for (const Name& each : names)
    if (equals_ignoring_case(plain, each.name) || equals_ignoring_case(plain, each.number)) return str(each.name);
  if (!number || *number < 0 || *number > 255) return {};
  return plain;
}

Outcome<> take_ports(Rule& rule, const api::IpPermission& permission) {
  const bool ports = rule.protocol == "tcp" || rule.protocol == "udp";
  const bool types = rule.protocol == "icmp" || rule.protocol == "icmpv6";
  if (!ports && !types) return {};  // any range that was given has no effect, says AWS
  if (rule.protocol == "icmpv6" && !permission.FromPort && !permission.ToPort) return {};
  if (!permission.FromPort || !permission.ToPort)
    return invalid("Invalid value for portRange. Must specify both from and to ports with TCP/UDP/ICMP.");
  const i32 from = *permission.FromPort;
  const i32 to = *permission.ToPort;
  const i32 most = ports ? 65'535 : 255;
  const i32 least = ports ? 0 : -1;
  if (from < least || from > most || to < least || to > most || (ports && from > to) || (from == -1 && to != -1))
    return invalid(cat("Invalid value '", from, "-", to, "' for portRange. It must lie in ", least, " to ", most,
                       ports ? ", the lower end first." : "; where the type is -1, the code is, too."));
  rule.from_port = from;
  rule.to_port = to;
  return {};
}

// Kept as it was written, in lower case: groups of up to four hexadecimal digits, "::" at most once.
std::optional<str> ipv6_block(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return {};
  const auto length = parse_integer(text.substr(slash + 1));
  if (!length || *length < 0 || *length > 128) return {};
  const std::string_view address = text.substr(0, slash);
  const std::size_t gap = address.find("::");
  const bool shortened = gap != std::string_view::npos;
  if (shortened && address.find("::", gap + 1) != std::string_view::npos) return {};
  std::size_t groups = 0;
  for (const std::string_view group : split(address, ':')) {
    const bool digits = std::ranges::all_of(
        group, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); });
    if (!digits || group.size() > 4 || (group.empty() && !shortened)) return {};
    groups += group.empty() ? 0 : 1;
  }
  if (shortened ? groups > 7 : groups != 8) return {};
  return to_lower(text);
}

std::unexpected<Fault> malformed_block(const opt<str>& given) {
  return invalid(cat("CIDR block ", given.value_or(""), " is malformed"));
}

// The group of a pair, by id or by its name within the VPC.
Outcome<str> peer_of(const Tx& tx, const SecurityGroupRow& group, const api::UserIdGroupPair& pair) {
  if (pair.UserId && *pair.UserId != tx.world().account)
    return refuse("InvalidGroup.NotFound",
                  cat("UserIdGroupPairs: groups of another account (", *pair.UserId, ") cannot be named"));
  if (pair.GroupId) return TRY(security_group(tx, tx.world(), *pair.GroupId))
  .id;
  str found;
  tx.each<SecurityGroupRow>(tx.world().key("group/"), [&](const Key&, const SecurityGroupRow& row) {
    if (pair.GroupName && row.vpc_id == group.vpc_id && row.name == *pair.GroupName) found = row.id;
  });
  if (found.empty())
    return refuse("InvalidGroup.NotFound", cat("The security group '", pair.GroupName.value_or(""),
                                               "' does not exist in the VPC '", group.vpc_id, "'"));
  return found;
}

// The rules of one permission, of which `bare` is the one without its peer.
Outcome<> add_peers(const Tx& tx, const SecurityGroupRow& group, const api::IpPermission& permission, const Rule& bare,
                    list<Rule>& rules) {
  const auto add = [&](Rule peer, const opt<str>& description) {
    Rule rule = bare;
    rule.cidr = std::move(peer.cidr);
    rule.peer_group = std::move(peer.peer_group);
    rule.description = description.value_or("");
    rules.push_back(std::move(rule));
  };
  for (const api::IpRange& range : *permission.IpRanges) {
    const auto block = Ipv4Block::parse(range.CidrIp.value_or(""));  // bits beyond its length cut off, as AWS does
    if (!block) return malformed_block(range.CidrIp);
    add({.cidr = block->text()}, range.Description);
  }
  for (const api::Ipv6Range& range : *permission.Ipv6Ranges) {
    const auto block = ipv6_block(range.CidrIpv6.value_or(""));
    if (!block) return malformed_block(range.CidrIpv6);
    add({.cidr = *block}, range.Description);
  }
  for (const api::UserIdGroupPair& pair : *permission.UserIdGroupPairs)
    add({ .peer_group = TRY(peer_of(tx, group, pair)) }, pair.Description);
  return {};
}

opt<str> if_any(const str& text) { return text.empty() ? opt<str>() : opt<str>(text); }

bool is_ipv6(const str& cidr) { return cidr.find(':') != str::npos; }

}  // namespace

Outcome<list<Rule>> rules_of(const Tx& tx, const SecurityGroupRow& group, bool egress,
                             const list<api::IpPermission>& permissions) {
  list<Rule> rules;
  for (const api::IpPermission& permission : permissions) {
    const auto protocol = protocol_of(permission.IpProtocol.value_or(""));
    if (!protocol)
      return invalid(
          cat("Invalid value '", permission.IpProtocol.value_or(""), "' for IP protocol. Unknown protocol."));
    Rule bare{.group_id = group.id, .egress = egress, .protocol = *protocol};
    TRY_VOID(take_ports(bare, permission));
    const std::size_t before = rules.size();
    TRY_VOID(add_peers(tx, group, permission, bare, rules));
    if (rules.size() == before)
      return refuse("MissingParameter",
                    "The request must contain the parameter IpRanges, Ipv6Ranges or Groups of each IpPermission");
  }
  for (auto at = rules.begin(); at != rules.end(); ++at)
    if (std::any_of(rules.begin(), at, [&](const Rule& earlier) { return same_rule(earlier, *at); }))
      return invalid("The same permission must not appear multiple times");
  return rules;
}

list<api::IpPermission> permissions_of(const World& world, list<Rule> rules) {
  const auto together = [](const Rule& rule) { return std::tie(rule.protocol, rule.from_port, rule.to_port); };
  std::ranges::sort(rules, [&](const Rule& a, const Rule& b) {
    return std::tuple_cat(together(a), std::tie(a.cidr, a.peer_group)) <
           std::tuple_cat(together(b), std::tie(b.cidr, b.peer_group));
  });
  list<api::IpPermission> permissions;
  const Rule* last = nullptr;
  for (const Rule& rule : rules) {
    if (last == nullptr || together(*last) != together(rule)) {
      api::IpPermission& begun = permissions.emplace_back();
      begun.IpProtocol = rule.protocol;
      const bool any_port = rule.protocol == "-1" || (rule.from_port == -1 && rule.to_port == -1);
      if (!any_port) begun.FromPort = rule.from_port;
      if (!any_port) begun.ToPort = rule.to_port;
    }
    last = &rule;
    api::IpPermission& permission = permissions.back();
    if (!rule.peer_group.empty())
      permission.UserIdGroupPairs.ensure_value().push_back(
          {.Description = if_any(rule.description), .UserId = world.account, .GroupId = rule.peer_group});
    else if (is_ipv6(rule.cidr))
      permission.Ipv6Ranges.ensure_value().push_back({.Description = if_any(rule.description), .CidrIpv6 = rule.cidr});
    else
      permission.IpRanges.ensure_value().push_back({.Description = if_any(rule.description), .CidrIp = rule.cidr});
  }
  return permissions;
}

bool same_rule(const Rule& a, const Rule& b) {
  const auto all = [](const Rule& rule) {
    return std::tie(rule.group_id, rule.egress, rule.protocol, rule.from_port, rule.to_port, rule.cidr,
                    rule.peer_group);
  };
  return all(a) == all(b);
}

str description_of(const Rule& rule) {
  str protocol = rule.protocol == "-1" ? str("ALL") : rule.protocol;
  std::ranges::transform(protocol, protocol.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  const str ports = rule.from_port == -1 && rule.to_port == -1
                        ? str()
                        : cat(", from port: ", rule.from_port, ", to port: ", rule.to_port);
  return cat("peer: ", rule.cidr.empty() ? rule.peer_group : rule.cidr, ", ", protocol, ports, ", ALLOW");
}

}  // namespace utakata::ec2

#include "services/elb/zones.hpp"

#include <algorithm>
#include <array>

#include "base/ipv4.hpp"
#include "base/text.hpp"
#include "services/ec2/public.hpp"
#include "services/elb/attributes.hpp"
#include "services/elb/errors.hpp"

namespace utakata::elb {
namespace {

constexpr std::string_view all_zones = "all";

// Addresses that a target outside of the group's VPC may have.
bool may_be_elsewhere(std::uint32_t address) {
  constexpr std::array blocks{Ipv4Block{.base = 0x0a000000, .length = 8}, Ipv4Block{.base = 0xac100000, .length = 12},
                              Ipv4Block{.base = 0xc0a80000, .length = 16}, Ipv4Block{.base = 0x64400000, .length = 10}};
  return std::ranges::any_of(blocks, [&](const Ipv4Block& block) { return block.contains(address); });
}

// How a group stands in a zone. A target without a zone stands in each.
struct Standing {
  i64 registered = 0, healthy = 0;
};

Standing standing_in(const Tx& tx, const TargetGroupRow& group, std::string_view zone) {
  Standing standing;
  for (const Key& key : tx.where<TargetRow>(TargetRow::by_group, group.arn)) {
    const TargetRow& target = *tx.find<TargetRow>(key);
    if (target.draining_until.set() || (!target.zone.empty() && !zone.empty() && target.zone != zone)) continue;
    ++standing.registered;
    if (target.state == "healthy") ++standing.healthy;
  }
  return standing;
}

bool fails_in(const Tx& tx, const TargetGroupRow& group, std::string_view zone) {
  constexpr std::string_view threshold = "target_group_health.dns_failover.minimum_healthy_targets.";
  const Standing standing = standing_in(tx, group, zone);
  return standing.healthy < number_attribute(group, cat(threshold, "count")) ||
         standing.healthy * 100 < number_attribute(group, cat(threshold, "percentage")) * standing.registered;
}

}  // namespace

Outcome<str> zone_of_target(const Tx& tx, const World& world, const TargetGroupRow& group, const str& address,
                            std::string_view asked) {
  if (of_function(group)) {
    if (!asked.empty() && asked != all_zones)
      return invalid(cat("The Availability Zone of a Lambda function must be 'all', not '", asked, "'"));
    return str();
  }
  const auto number = parse_ipv4(address);
  if (!number) return invalid(cat("The IP address '", address, "' is not a valid IPv4 address"));
  if (const auto subnet = ec2::subnet_of_address(tx, world, group.vpc_id, address)) {
    if (!asked.empty() && asked != subnet->availability_zone)
      return invalid(cat("The IP address '", address,
                         "' is within the VPC, and cannot have its Availability Zone overridden to '", asked,
                         "' from '", subnet->availability_zone, "'"));
    return subnet->availability_zone;
  }
  if (!may_be_elsewhere(*number))
    return invalid(cat("The IP address '", address,
                       "' is not within the subnets of the VPC, and not within 10.0.0.0/8, 100.64.0.0/10, "
                       "172.16.0.0/12 or 192.168.0.0/16"));
  if (asked.empty())
    return invalid(
        cat("The Availability Zone is required for IP address '", address, "' because it is not in the VPC"));
  if (asked != all_zones)
    return invalid(cat("The Availability Zone of IP address '", address,
                       "' must be 'all' because it is not in the VPC, not '", asked, "'"));
  return str();
}

bool enabled(const LoadBalancerRow& row, std::string_view zone) {
  return zone.empty() || std::ranges::find(row.zones, zone, &LoadBalancerRow::Zone::name) != row.zones.end();
}

bool across_zones(const LoadBalancerRow& row, const TargetGroupRow& group) {
  constexpr std::string_view key = "load_balancing.cross_zone.enabled";
  const str own = attribute(group, key);
  return (own == "use_load_balancer_configuration" ? attribute(row, key) : own) == "true";
}

list<str> failed_zones(const Tx& tx, const World& world, const LoadBalancerRow& row, const list<str>& groups) {
  list<str> failed;
  for (const auto& zone : row.zones)
    for (const str& arn : groups) {
      const auto* group = tx.find<TargetGroupRow>(group_key(world, arn));
      // A group that balances across zones fails in all of them or in none; one without any target says nothing.
      if (group == nullptr || across_zones(row, *group) || standing_in(tx, *group, "").registered == 0) continue;
      if (!fails_in(tx, *group, zone.name)) continue;
      failed.push_back(zone.name);
      break;
    }
  return failed.size() == row.zones.size() ? list<str>{} : failed;
}

}  // namespace utakata::elb

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>

#include "core/effect.hpp"
#include "services/ec2/public.hpp"
#include "services/elb/arns.hpp"
#include "services/elb/attributes.hpp"
#include "services/elb/errors.hpp"
#include "services/elb/limits.hpp"
#include "services/elb/ops.hpp"
#include "services/elb/subnets.hpp"
#include "services/elb/tags.hpp"

namespace utakata::elb {
namespace {

// Where it is reached. AWS says only what its caller has chosen and leaves the rest to DNS, which has no place for an
// address of its own on everybody's loopback.
list<api::LoadBalancerAddress> addresses_of(const LoadBalancerRow& row, const LoadBalancerRow::Zone& zone) {
  if (!row.network()) return {};
  api::LoadBalancerAddress address;
  if (!zone.public_address.empty()) address.IpAddress = zone.public_address;
  if (!zone.allocation_id.empty()) address.AllocationId = zone.allocation_id;
  if (zone.address_chosen || row.internal) address.PrivateIPv4Address = zone.address;
  return {address};
}

api::LoadBalancer view(const World& world, const LoadBalancerRow& row) {
  api::LoadBalancer out{.LoadBalancerArn = row.arn,
                        .DNSName = row.dns_name,
                        .CanonicalHostedZoneId = str(row.network() ? "Z31USIVHYNEOWT" : "Z14GRHDCWA56QT"),
                        .CreatedTime = row.created_at,
                        .LoadBalancerName = row.name,
                        .VpcId = row.vpc_id,
                        .State = api::LoadBalancerState{},
                        .AvailabilityZones = list<api::AvailabilityZone>{},
                        .SecurityGroups = row.security_groups,
                        .IpAddressType = "ipv4"};
  static_cast<void>(world);
  if (row.network())
    out.Type = "network";
  else
    out.Type = "application";
  if (row.internal)
    out.Scheme = "internal";
  else
    out.Scheme = "internet-facing";
  if (row.state == "active")
    out.State->Code = "active";
  else if (row.state == "active_impaired")
    out.State->Code = "active_impaired";
  else if (row.state == "failed")
    out.State->Code = "failed";
  else
    out.State->Code = "provisioning";
  if (!row.state_reason.empty()) out.State->Reason = row.state_reason;
  if (row.network() && row.security_groups.empty()) out.SecurityGroups = {};
  for (const auto& zone : row.zones)
    out.AvailabilityZones->push_back(
        {.ZoneName = zone.name, .SubnetId = zone.subnet_id, .LoadBalancerAddresses = addresses_of(row, zone)});
  return out;
}

// Whether a load balancer of the same name was made with the same settings; what the call leaves out has its default.
bool same_settings(const Tx& tx, const LoadBalancerRow& row, const api::CreateLoadBalancerInput& request,
                   const list<api::SubnetMapping>& subnets) {
  std::set<std::tuple<str, str, str>> nodes, nodes_asked;
  for (const auto& zone : row.zones)
    nodes.emplace(zone.subnet_id, zone.allocation_id, zone.address_chosen ? zone.address : str());
  for (const auto& each : subnets)
    nodes_asked.emplace(*each.SubnetId, each.AllocationId.value_or(""), each.PrivateIPv4Address.value_or(""));
  list<str> groups_asked = request.SecurityGroups.value_or(list<str>{});
  if (groups_asked.empty() && !row.network()) groups_asked = {ec2::default_security_group(tx, tx.world(), row.vpc_id)};
  const auto as_set = [](const list<str>& ids) { return std::set<str>(ids.begin(), ids.end()); };
  const bool network = request.Type && *request.Type == "network";
  const bool internal = request.Scheme && *request.Scheme == "internal";
  return row.network() == network && row.internal == internal && nodes == nodes_asked &&
         as_set(row.security_groups) == as_set(groups_asked);
}

Outcome<> check_balancer_name(std::string_view name) {
  const auto sound = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  };
  const auto refused = [&](std::string_view why) { return invalid(cat("The load balancer name '", name, "' ", why)); };
  if (name.empty()) return invalid("A load balancer name must be specified");
  if (name.size() > 32) return refused("cannot be longer than '32' characters");
  if (!std::ranges::all_of(name, sound))
    return refused("can only contain characters that are alphanumeric characters and hyphens(-)");
  if (name.starts_with('-')) return refused("cannot begin with a hyphen(-)");
  if (name.ends_with('-')) return refused("cannot end with a hyphen(-)");
  if (name.starts_with("internal-")) return refused("cannot begin with 'internal-'");
  return {};
}

Outcome<> check_groups(const Tx& tx, const list<str>& groups, const str& vpc_id) {
  for (const str& id : groups) {
    const auto group = ec2::security_group(tx, tx.world(), id);
    if (!group) return refuse("InvalidSecurityGroup", cat("One or more security groups are invalid: ", id));
    if (group->vpc_id != vpc_id)
      return refuse("InvalidConfigurationRequest",
                    cat("One or more security groups are invalid: ", id, " does not belong to VPC ", vpc_id));
  }
  return {};
}

}  // namespace

Outcome<api::CreateLoadBalancerOutput> create_load_balancer(Tx& tx, const api::CreateLoadBalancerInput& request) {
  const World& world = tx.world();
  ec2::ensure_default_vpc(tx, world);
  TRY_VOID(check_balancer_name(request.Name));
  if (request.Type && *request.Type == "gateway")
    return refuse("InvalidConfigurationRequest", "Type: load balancers of type 'gateway' are not served");
  const bool network = request.Type && *request.Type == "network";
  if (request.IpAddressType && *request.IpAddressType != "ipv4")
    return refuse("InvalidConfigurationRequest", "IpAddressType: only ipv4 is served");
  std::optional<LoadBalancerRow> known;
  std::size_t balancers = 0;
  tx.each<LoadBalancerRow>(world.key("lb/"), [&](const Key&, const LoadBalancerRow& row) {
    if (row.network() == network) ++balancers;
    if (row.name == request.Name) known = row;
  });
  const list<api::SubnetMapping> subnets = TRY(subnets_asked(request.Subnets, request.SubnetMappings));
  if (known) {
    if (same_settings(tx, *known, request, subnets))
      return api::CreateLoadBalancerOutput{.LoadBalancers = list<api::LoadBalancer>{view(world, *known)}};
    return refuse("DuplicateLoadBalancerName",
                  cat("A load balancer with the same name '", request.Name, "' exists, but with different settings"));
  }
  if (balancers >= limits::load_balancers)
    return refuse("TooManyLoadBalancers",
                  cat("The maximum number of load balancers '", limits::load_balancers, "' has been reached"));
  const list<api::Tag> tags = TRY(new_tags(request.Tags));
  const str id = tx.random_hex(16);
  LoadBalancerRow row{
      .arn = cat("arn:aws:elasticloadbalancing:", world.region, ":", world.account, ":loadbalancer/",
                 network ? "net/" : "app/", request.Name, "/", id),
      .name = request.Name,
      .dns_name = network ? cat(to_lower(request.Name), "-", id, ".elb.", world.region, ".localhost")
                          : cat(to_lower(request.Name), "-", tx.random_digits(10), ".", world.region, ".elb.localhost"),
      .type = network ? "network" : "application",
      .internal = request.Scheme && *request.Scheme == "internal",
      .security_groups = request.SecurityGroups.value_or(list<str>{}),
      .tags = tags,
      .created_at = tx.now()};
  TRY_VOID(add_nodes(tx, row, subnets));
  TRY_VOID(check_groups(tx, row.security_groups, row.vpc_id));
  if (row.security_groups.empty() && !network)
    row.security_groups = {ec2::default_security_group(tx, world, row.vpc_id)};
  tx.put(balancer_key(world, row.arn), row);
  announce_name(tx, row, true);
  balancer_changed(tx, world, row.arn);
  return api::CreateLoadBalancerOutput{.LoadBalancers = list<api::LoadBalancer>{view(world, row)}};
}

Outcome<api::DescribeLoadBalancersOutput> describe_load_balancers(Tx& tx,
                                                                  const api::DescribeLoadBalancersInput& request) {
  const World& world = tx.world();
  for (const str& arn : request.LoadBalancerArns.value_or(list<str>{}))
    TRY_VOID(check_arn(world, arn, Resource::load_balancer));
  list<LoadBalancerRow> rows;
  tx.each<LoadBalancerRow>(world.key("lb/"), [&](const Key&, const LoadBalancerRow& row) {
    const bool by_arn = !request.LoadBalancerArns ||
                        std::ranges::find(*request.LoadBalancerArns, row.arn) != request.LoadBalancerArns->end();
    const bool by_name = !request.Names || std::ranges::find(*request.Names, row.name) != request.Names->end();
    if (by_arn && by_name) rows.push_back(row);
  });
  const std::size_t asked =
      (request.LoadBalancerArns ? request.LoadBalancerArns->size() : 0) + (request.Names ? request.Names->size() : 0);
  if (asked > rows.size()) return load_balancer_not_found();
  if (request.PageSize) TRY_VOID(within(*request.PageSize, 1, page_max, "pageSize"));
  auto page = TRY(wire::paginate(
      std::move(rows), [](const LoadBalancerRow& row) -> const str& { return row.arn; },
      page_rules("DescribeLoadBalancers"), request.Marker, request.PageSize));
  api::DescribeLoadBalancersOutput output{.LoadBalancers = list<api::LoadBalancer>{}, .NextMarker = page.next};
  for (const LoadBalancerRow& row : page.items) output.LoadBalancers->push_back(view(world, row));
  return output;
}

Outcome<api::DeleteLoadBalancerOutput> delete_load_balancer(Tx& tx, const api::DeleteLoadBalancerInput& request) {
  const World world = tx.world();
  TRY_VOID(check_arn(world, request.LoadBalancerArn, Resource::load_balancer));
  const Key key = balancer_key(world, request.LoadBalancerArn);
  const LoadBalancerRow* known = tx.find<LoadBalancerRow>(key);
  if (known == nullptr) return api::DeleteLoadBalancerOutput{};
  if (attribute(*known, "deletion_protection.enabled") == "true")
    return refuse("OperationNotPermitted",
                  cat("Load balancer '", known->arn, "' cannot be deleted because deletion protection is enabled"));
  const LoadBalancerRow row = *known;
  for (const Key& listener : tx.where<ListenerRow>(ListenerRow::by_balancer, row.arn)) {
    for (const Key& rule : tx.where<RuleRow>(RuleRow::by_listener, tx.find<ListenerRow>(listener)->arn))
      tx.erase<RuleRow>(rule);
    tx.erase<ListenerRow>(listener);
  }
  for (const auto& zone : row.zones) ec2::delete_interface(tx, world, zone.interface_id);
  tx.erase<LoadBalancerRow>(key);
  announce_name(tx, row, false);
  note_certificates(tx, world, row.arn);
  tx.emit(RemoveBalancer{.arn = row.arn});
  return api::DeleteLoadBalancerOutput{};
}

Outcome<api::SetSecurityGroupsOutput> set_security_groups(Tx& tx, const api::SetSecurityGroupsInput& request) {
  const Key key = balancer_key(tx.world(), request.LoadBalancerArn);
  const LoadBalancerRow* known = TRY(known_balancer(tx, request.LoadBalancerArn));
  LoadBalancerRow row = *known;
  if (row.network() && row.security_groups.empty())
    return refuse("InvalidConfigurationRequest",
                  "SecurityGroups: a Network Load Balancer that was created without security groups cannot get any");
  if (request.SecurityGroups.empty())
    return refuse("InvalidConfigurationRequest", "SecurityGroups: a load balancer has at least one security group");
  TRY_VOID(check_groups(tx, request.SecurityGroups, row.vpc_id));
  row.security_groups = request.SecurityGroups;
  for (const auto& zone : row.zones) ec2::set_interface_groups(tx, tx.world(), zone.interface_id, row.security_groups);
  tx.put(key, row);
  return api::SetSecurityGroupsOutput{.SecurityGroupIds = row.security_groups};
}

Outcome<api::ModifyLoadBalancerAttributesOutput> modify_load_balancer_attributes(
    Tx& tx, const api::ModifyLoadBalancerAttributesInput& request) {
  const Key key = balancer_key(tx.world(), request.LoadBalancerArn);
  const LoadBalancerRow* known = TRY(known_balancer(tx, request.LoadBalancerArn));
  LoadBalancerRow row = *known;
  TRY_VOID(take_attributes(tx, row, request.Attributes));
  tx.put(key, row);
  balancer_changed(tx, tx.world(), row.arn);
  return api::ModifyLoadBalancerAttributesOutput{.Attributes = attributes_of(row)};
}

Outcome<api::DescribeLoadBalancerAttributesOutput> describe_load_balancer_attributes(
    Tx& tx, const api::DescribeLoadBalancerAttributesInput& request) {
  const LoadBalancerRow* row = TRY(known_balancer(tx, request.LoadBalancerArn));
  return api::DescribeLoadBalancerAttributesOutput{.Attributes = attributes_of(*row)};
}

}  // namespace utakata::elb

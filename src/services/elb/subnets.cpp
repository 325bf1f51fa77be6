#include "services/elb/subnets.hpp"

#include <set>

#include "services/ec2/public.hpp"
#include "services/elb/errors.hpp"

namespace utakata::elb {
namespace {

auto unfit_subnets(std::string message) { return refuse("InvalidConfigurationRequest", std::move(message)); }

// What only a network load balancer may ask of a subnet.
Outcome<> check_addresses(const LoadBalancerRow& row, const api::SubnetMapping& mapping) {
  const bool address = mapping.PrivateIPv4Address.has;
  const bool allocation = mapping.AllocationId.has;
  if (!row.network() && allocation)
    return unfit_subnets(
        "SubnetMappings.AllocationId: you cannot specify Elastic IP addresses for an Application Load Balancer");
  if (!row.network() && address)
    return unfit_subnets("SubnetMappings.PrivateIPv4Address is supported only for Network Load Balancers");
  if (allocation && row.internal)
    return unfit_subnets(
        "SubnetMappings.AllocationId: an Elastic IP address needs a load balancer that is internet-facing");
  if (address && !row.internal)
    return unfit_subnets(
        "SubnetMappings.PrivateIPv4Address: a private address can be chosen for internal load balancers only");
  return {};
}

// EC2's refusals in this service's words.
std::unexpected<Fault> refused_node(const Fault& fault, const api::SubnetMapping& mapping) {
  if (fault.code == "InvalidAllocationID.NotFound")
    return refuse("AllocationIdNotFound", cat("The allocation ID '", *mapping.AllocationId, "' does not exist"));
  if (fault.code == "InsufficientFreeAddressesInSubnet")
    return refuse("InvalidSubnet", cat("Not enough IP space available in ", *mapping.SubnetId));
  return unfit_subnets(fault.message);
}

}  // namespace

Outcome<list<api::SubnetMapping>> subnets_asked(const opt<list<str>>& subnets,
                                                const opt<list<api::SubnetMapping>>& mappings) {
  if (subnets && mappings) return invalid("You cannot specify both subnets and subnet mappings");
  list<api::SubnetMapping> asked = mappings.value_or(list<api::SubnetMapping>{});
  for (const str& id : subnets.value_or(list<str>{})) asked.push_back({.SubnetId = id});
  for (const api::SubnetMapping& each : asked)
    if (!each.SubnetId) return invalid("SubnetMappings.SubnetId must be specified");
  return asked;
}

Outcome<> add_nodes(Tx& tx, LoadBalancerRow& row, const list<api::SubnetMapping>& mappings) {
  if (mappings.empty() && row.network()) return invalid("At least one subnet must be specified");
  std::set<str> zones;
  for (const api::SubnetMapping& mapping : mappings) {
    const str& id = *mapping.SubnetId;
    const auto subnet = ec2::subnet(tx, tx.world(), id);
    if (!subnet) return refuse("SubnetNotFound", cat("The subnet ID '", id, "' does not exist"));
    if (!zones.insert(subnet->availability_zone).second)
      return unfit_subnets("A load balancer cannot be attached to multiple subnets in the same Availability Zone");
    TRY_VOID(check_addresses(row, mapping));
    row.vpc_id = subnet->vpc_id;
    const auto interface = ec2::create_interface(
        tx, tx.world(),
        {.subnet_id = id,
         .security_groups = row.security_groups,
         .description = cat("ELB ", row.network() ? "net/" : "app/", row.name),
         // A network load balancer's clients name no host: those from outside find it by an address of its own.
         .public_address = row.network() && !row.internal,
         .address = mapping.PrivateIPv4Address.value_or(""),
         .allocation_id = mapping.AllocationId.value_or(""),
         .open = row.network() && row.security_groups.empty()});
    if (!interface) return refused_node(interface.error(), mapping);
    row.zones.push_back({.name = subnet->availability_zone,
                         .subnet_id = id,
                         .interface_id = interface->interface_id,
                         .address = interface->address,
                         .public_address = interface->public_address,
                         .allocation_id = mapping.AllocationId.value_or(""),
                         .address_chosen = mapping.PrivateIPv4Address.has});
  }
  if (zones.size() < 2 && !row.network())
    return invalid("At least two subnets in two different Availability Zones must be specified");
  return {};
}

}  // namespace utakata::elb

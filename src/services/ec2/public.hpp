#pragma once

#include <optional>

#include "base/outcome.hpp"
#include "core/task_spec.hpp"
#include "core/tx.hpp"

// What other services may ask of EC2: subnets, security groups and network interfaces.
namespace utakata::ec2 {

struct SubnetView {
  str id, vpc_id, cidr, availability_zone;
};
struct SecurityGroupView {
  str id, vpc_id, name;
};

/// Makes the world's default VPC with a subnet in each of three zones and its default security group, once.
void ensure_default_vpc(Tx&, const World&);

/// Fault InvalidSubnetID.NotFound ("The subnet ID 'subnet-x' does not exist").
Outcome<SubnetView> subnet(const Tx&, const World&, std::string_view subnet_id);
/// The subnet of the VPC that has this address; nothing if none has.
std::optional<SubnetView> subnet_of_address(const Tx&, const World&, std::string_view vpc_id, std::string_view address);
/// Fault InvalidGroup.NotFound ("The security group 'sg-x' does not exist").
Outcome<SecurityGroupView> security_group(const Tx&, const World&, std::string_view group_id);
/// The VPC's group named "default"; "" if there is no such VPC.
str default_security_group(const Tx&, const World&, std::string_view vpc_id);

struct InterfaceWish {
  str subnet_id;
  list<str> security_groups;  // none: the VPC's default group
  str description;
  bool public_address = false;
  str address = {};        // this one of the subnet; empty: any
  str allocation_id = {};  // its public address is this Elastic IP address
  bool open = false;       // no security group: whatever comes may pass
};
/// A new interface with a free address of the subnet. Faults InsufficientFreeAddressesInSubnet,
/// AddressLimitExceeded when there is no public address left, InvalidParameterValue and InvalidIPAddress.InUse of an
/// address that is wished, InvalidAllocationID.NotFound and Resource.AlreadyAssociated.
Outcome<InterfaceSpec> create_interface(Tx&, const World&, const InterfaceWish&);
/// An unknown id is no error.
void set_interface_groups(Tx&, const World&, std::string_view interface_id, const list<str>& security_groups);
/// Frees the address; an unknown id is no error.
void delete_interface(Tx&, const World&, std::string_view interface_id);

}  // namespace utakata::ec2

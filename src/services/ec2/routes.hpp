#pragma once

#include "base/outcome.hpp"
#include "base/text.hpp"
#include "services/ec2/state.hpp"

// Where packets of a subnet may go, and the public addresses with which they come back.
namespace utakata::ec2 {

/// The subnet's own route table, or its VPC's main one.
const RouteTableRow* table_of(const Tx&, const World&, std::string_view subnet_id);
/// The internet gateway attached to the VPC; null if there is none.
const InternetGatewayRow* gateway_of(const Tx&, const World&, std::string_view vpc_id);
/// True if the route's gateway is there and takes packets: else it is what AWS calls a black hole.
bool is_active(const Tx&, const World&, const RouteTableRow&, const RouteTableRow::Route&);
/// The blocks of addresses outside the VPC that are reached from an interface of this subnet.
list<str> outward_blocks(const Tx&, const World&, std::string_view subnet_id, bool has_public_address);

/// Makes the VPC's main route table, which has the route within the VPC only; its id.
str create_main_table(Tx&, const World&, const str& vpc_id);

inline bool is_in_use(const AddressRow& row) { return !row.nat_gateway.empty() || !row.interface_id.empty(); }
inline auto already_associated(const str& allocation_id) {
  return refuse("Resource.AlreadyAssociated", cat("Elastic IP address [", allocation_id, "] is already associated"));
}
/// The next public address that nobody has. Fault AddressLimitExceeded.
Outcome<str> take_public_address(Tx&, const str& owner);
void give_back_public_address(Tx&, const str& address);
/// The Elastic IP address, which is the interface's from now on. Faults InvalidAllocationID.NotFound,
/// Resource.AlreadyAssociated.
Outcome<str> take_elastic_address(Tx&, const World&, const str& allocation_id, const str& interface_id);
/// Frees the public address that an interface has, whatever its kind.
void release_public_address(Tx&, const World&, const InterfaceRow&);
void take_public_block(Tx&, const Report&);

}  // namespace utakata::ec2

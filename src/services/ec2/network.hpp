#pragma once

#include "services/ec2/state.hpp"

// What the hosts of a VPC must know of it, made of the rows.
namespace utakata::ec2 {

/// Call these after the rows have changed.
void tell_vpc(Tx&, const World&, const str& vpc_id);
void tell_group(Tx&, const World&, const str& group_id);
void tell_interface(Tx&, const World&, const str& interface_id);
/// All interfaces of the VPC: its routes have changed.
void tell_interfaces(Tx&, const World&, const str& vpc_id);
/// Every VPC of every world, whole: after a start.
void tell_everything(Tx&);

}  // namespace utakata::ec2

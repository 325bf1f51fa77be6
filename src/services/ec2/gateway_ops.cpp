#include <array>

#include "services/ec2/describe.hpp"
#include "services/ec2/network.hpp"
#include "services/ec2/ops.hpp"
#include "services/ec2/public.hpp"
#include "services/ec2/routes.hpp"

// Internet gateways, NAT gateways and Elastic IP addresses.
namespace utakata::ec2 {
namespace {

constexpr std::size_t addresses_max = 5;  // AWS's default quota of Elastic IP addresses of a region

using GatewayFilter = FilterRule<InternetGatewayRow>;
constexpr std::array gateway_filters{
    GatewayFilter{"internet-gateway-id", [](const Tx&, const InternetGatewayRow& row) { return list<str>{row.id}; }},
    GatewayFilter{"attachment.vpc-id",
                  [](const Tx&, const InternetGatewayRow& row) {
                    return row.vpc_id.empty() ? list<str>{} : list<str>{row.vpc_id};
                  }},
    GatewayFilter{"attachment.state",
                  [](const Tx&, const InternetGatewayRow& row) {
                    return row.vpc_id.empty() ? list<str>{} : list<str>{"available"};
                  }},
    GatewayFilter{"owner-id", [](const Tx& tx, const InternetGatewayRow&) { return list<str>{tx.world().account}; }}};

using NatFilter = FilterRule<NatGatewayRow>;
constexpr std::array nat_filters{
    NatFilter{"nat-gateway-id", [](const Tx&, const NatGatewayRow& row) { return list<str>{row.id}; }},
    NatFilter{"state", [](const Tx&, const NatGatewayRow&) { return list<str>{"available"}; }},
    NatFilter{"subnet-id", [](const Tx&, const NatGatewayRow& row) { return list<str>{row.subnet_id}; }},
    NatFilter{"vpc-id", [](const Tx&, const NatGatewayRow& row) { return list<str>{row.vpc_id}; }}};

using AddressFilter = FilterRule<AddressRow>;
constexpr std::array address_filters{
    AddressFilter{"allocation-id", [](const Tx&, const AddressRow& row) { return list<str>{row.id}; }},
    AddressFilter{"public-ip", [](const Tx&, const AddressRow& row) { return list<str>{row.public_address}; }},
    AddressFilter{"domain", [](const Tx&, const AddressRow&) { return list<str>{"vpc"}; }}};

api::InternetGateway view(const Tx& tx, const InternetGatewayRow& row) {
  api::InternetGateway out{.Attachments = list<api::InternetGatewayAttachment>{},
                           .InternetGatewayId = row.id,
                           .OwnerId = tx.world().account,
                           .Tags = *tags_of(tx, tx.world(), row.id)};
  if (!row.vpc_id.empty()) out.Attachments->push_back({.State = "available", .VpcId = row.vpc_id});
  return out;
}

api::NatGateway view(const Tx& tx, const NatGatewayRow& row, std::string_view state) {
  api::NatGateway out{.CreateTime = row.created_at,
                      .NatGatewayAddresses = list<api::NatGatewayAddress>{},
                      .NatGatewayId = row.id,
                      .State = str(state),
                      .SubnetId = row.subnet_id,
                      .VpcId = row.vpc_id,
                      .Tags = *tags_of(tx, tx.world(), row.id),
                      .ConnectivityType = row.allocation_id.empty() ? "private" : "public"};
  api::NatGatewayAddress address{
      .NetworkInterfaceId = row.interface_id, .PrivateIp = row.address, .IsPrimary = true, .Status = "succeeded"};
  if (!row.allocation_id.empty()) {
    address.AllocationId = row.allocation_id;
    address.PublicIp = row.public_address;
    address.AssociationId = row.association_id;
  }
  out.NatGatewayAddresses->push_back(std::move(address));
  return out;
}

api::Address view(const Tx& tx, const AddressRow& row) {
  const World& world = tx.world();
  api::Address out{.AllocationId = row.id,
                   .Domain = "vpc",
                   .Tags = *tags_of(tx, world, row.id),
                   .NetworkBorderGroup = world.region,
                   .PublicIp = row.public_address};
  if (const auto* nat = tx.find<NatGatewayRow>(nat_key(world, row.nat_gateway)); nat != nullptr) {
    out.AssociationId = nat->association_id;
    out.NetworkInterfaceId = nat->interface_id;
    out.NetworkInterfaceOwnerId = world.account;
    out.PrivateIpAddress = nat->address;
  }
  if (const auto* interface = tx.find<InterfaceRow>(interface_key(world, row.interface_id)); interface != nullptr) {
    out.AssociationId = row.association_id;
    out.NetworkInterfaceId = interface->id;
    out.NetworkInterfaceOwnerId = world.account;
    out.PrivateIpAddress = interface->address;
  }
  return out;
}

Outcome<InternetGatewayRow> gateway(const Tx& tx, const str& id) {
  const auto* row = tx.find<InternetGatewayRow>(gateway_key(tx.world(), id));
  if (row == nullptr) return not_found(kinds::internet_gateway, id);
  return *row;
}

// The Elastic IP address of a public NAT gateway, which takes it.
Outcome<> take_allocation(Tx& tx, NatGatewayRow& row, const opt<str>& allocation_id) {
  if (!allocation_id)
    return refuse("MissingParameter",
                  "The request must include the AllocationId parameter. Add the required parameter and retry the "
                  "request.");
  const Key key = address_key(tx.world(), *allocation_id);
  const AddressRow* known = tx.find<AddressRow>(key);
  if (known == nullptr) return not_found(kinds::elastic_ip, *allocation_id);
  if (is_in_use(*known)) return already_associated(*allocation_id);
  row.allocation_id = known->id;
  row.public_address = known->public_address;
  row.association_id = "eipassoc-0" + tx.random_hex(16);
  tx.update<AddressRow>(key, [&](AddressRow& address) { address.nat_gateway = row.id; });
  return {};
}

const NatGatewayRow* made_before(const Tx& tx, const opt<str>& token) {
  const NatGatewayRow* found = nullptr;
  if (token)
    tx.each<NatGatewayRow>(tx.world().key("nat/"), [&](const Key&, const NatGatewayRow& row) {
      if (row.client_token == *token) found = &row;
    });
  return found;
}

bool has_public_addresses(const Tx& tx, const str& vpc_id) {
  bool found = false;
  tx.each<InterfaceRow>(tx.world().key("interface/"), [&](const Key&, const InterfaceRow& row) {
    found = found || (row.vpc_id == vpc_id && !row.public_address.empty());
    return !found;
  });
  return found;
}

}  // namespace

Outcome<api::CreateInternetGatewayResult> create_internet_gateway(Tx& tx,
                                                                  const api::CreateInternetGatewayRequest& request) {
  const World& world = tx.world();
  ensure_default_vpc(tx, world);
  const InternetGatewayRow row{.id = "igw-0" + tx.random_hex(16)};
  tx.put(gateway_key(world, row.id), row);
  TRY_VOID(put_specified_tags(tx, row.id, request.TagSpecifications, kinds::internet_gateway));
  return api::CreateInternetGatewayResult{.InternetGateway = view(tx, row)};
}

Outcome<api::AttachInternetGatewayResult> attach_internet_gateway(Tx& tx,
                                                                  const api::AttachInternetGatewayRequest& request) {
  const World& world = tx.world();
  InternetGatewayRow row = TRY(gateway(tx, request.InternetGatewayId));
  if (!kinds::vpc.exists(tx, world, request.VpcId)) return not_found(kinds::vpc, request.VpcId);
  if (!row.vpc_id.empty())
    return refuse("Resource.AlreadyAssociated",
                  cat("resource ", row.id, " is already attached to network ", row.vpc_id));
  if (gateway_of(tx, world, request.VpcId) != nullptr)
    return refuse("InvalidParameterValue", cat("Network ", request.VpcId, " already has an internet gateway attached"));
  row.vpc_id = request.VpcId;
  tx.put(gateway_key(world, row.id), row);
  tell_interfaces(tx, world, request.VpcId);
  return api::AttachInternetGatewayResult{};
}

Outcome<api::DetachInternetGatewayResult> detach_internet_gateway(Tx& tx,
                                                                  const api::DetachInternetGatewayRequest& request) {
  InternetGatewayRow row = TRY(gateway(tx, request.InternetGatewayId));
  if (row.vpc_id != request.VpcId || row.vpc_id.empty())
    return refuse("Gateway.NotAttached", cat("resource ", row.id, " is not attached to network ", request.VpcId));
  if (has_public_addresses(tx, row.vpc_id))
    return refuse("DependencyViolation",
                  cat("Network ", row.vpc_id,
                      " has some mapped public address(es). Please unmap those public address(es) before detaching the "
                      "gateway."));
  row.vpc_id.clear();
  tx.put(gateway_key(tx.world(), row.id), row);
  tell_interfaces(tx, tx.world(), request.VpcId);
  return api::DetachInternetGatewayResult{};
}

Outcome<api::DeleteInternetGatewayResult> delete_internet_gateway(Tx& tx,
                                                                  const api::DeleteInternetGatewayRequest& request) {
  const InternetGatewayRow row = TRY(gateway(tx, request.InternetGatewayId));
  if (!row.vpc_id.empty())
    return refuse("DependencyViolation",
                  cat("The internetGateway '", row.id, "' has dependencies and cannot be deleted."));
  tx.erase<InternetGatewayRow>(gateway_key(tx.world(), row.id));
  erase_tags(tx, tx.world(), row.id);
  return api::DeleteInternetGatewayResult{};
}

Outcome<api::DescribeInternetGatewaysResult> describe_internet_gateways(
    Tx& tx, const api::DescribeInternetGatewaysRequest& request) {
  ensure_default_vpc(tx, tx.world());
  auto rows = TRY(rows_asked_for<InternetGatewayRow>(tx, "igw/", kinds::internet_gateway, request.InternetGatewayIds));
  rows = TRY(filtered(tx, std::move(rows), request.Filters, gateway_filters));
  auto page = TRY(wire::paginate(std::move(rows), by_id, page_rules("DescribeInternetGateways", request.MaxResults),
                                 request.NextToken, request.MaxResults));
  api::DescribeInternetGatewaysResult result{.InternetGateways = list<api::InternetGateway>{}, .NextToken = page.next};
  for (const InternetGatewayRow& row : page.items) result.InternetGateways->push_back(view(tx, row));
  return result;
}

// It works at once; AWS takes a minute or two, so the answer says pending, as clients expect.
Outcome<api::CreateNatGatewayResult> create_nat_gateway(Tx& tx, const api::CreateNatGatewayRequest& request) {
  const World& world = tx.world();
  ensure_default_vpc(tx, world);
  if (const NatGatewayRow* before = made_before(tx, request.ClientToken); before != nullptr)
    return api::CreateNatGatewayResult{.ClientToken = request.ClientToken, .NatGateway = view(tx, *before, "pending")};
  if (!request.SubnetId) return refuse("MissingParameter", "The request must contain the parameter SubnetId");
  const auto subnet = ec2::subnet(tx, world, *request.SubnetId);
  if (!subnet) return std::unexpected(subnet.error());
  NatGatewayRow row{.id = "nat-0" + tx.random_hex(16),
                    .vpc_id = subnet->vpc_id,
                    .subnet_id = subnet->id,
                    .client_token = request.ClientToken.value_or(""),
                    .created_at = tx.now()};
  const bool is_public = !request.ConnectivityType || *request.ConnectivityType == "public";
  if (!is_public && request.AllocationId)
    return refuse("InvalidParameterValue", "AllocationId: a NAT gateway of connectivity type private has none");
  if (is_public) {
    TRY_VOID(take_allocation(tx, row, request.AllocationId));
    if (gateway_of(tx, world, row.vpc_id) == nullptr)
      return refuse("Gateway.NotAttached", cat("Network ", row.vpc_id, " has no Internet gateway attached"));
  }
  const InterfaceSpec interface = TRY(create_interface(
      tx, world, {.subnet_id = row.subnet_id, .description = cat("Interface for NAT Gateway ", row.id)}));
  row.interface_id = interface.interface_id;
  row.address = interface.address;
  tx.put(nat_key(world, row.id), row);
  TRY_VOID(put_specified_tags(tx, row.id, request.TagSpecifications, kinds::nat_gateway));
  return api::CreateNatGatewayResult{.ClientToken = request.ClientToken, .NatGateway = view(tx, row, "pending")};
}

Outcome<api::DeleteNatGatewayResult> delete_nat_gateway(Tx& tx, const api::DeleteNatGatewayRequest& request) {
  const World& world = tx.world();
  const Key key = nat_key(world, request.NatGatewayId);
  const NatGatewayRow* known = tx.find<NatGatewayRow>(key);
  if (known == nullptr) return not_found(kinds::nat_gateway, request.NatGatewayId);
  const NatGatewayRow row = *known;
  delete_interface(tx, world, row.interface_id);
  tx.update<AddressRow>(address_key(world, row.allocation_id),
                        [](AddressRow& address) { address.nat_gateway.clear(); });
  tx.erase<NatGatewayRow>(key);
  erase_tags(tx, world, row.id);
  tell_interfaces(tx, world, row.vpc_id);
  return api::DeleteNatGatewayResult{.NatGatewayId = row.id};
}

Outcome<api::DescribeNatGatewaysResult> describe_nat_gateways(Tx& tx, const api::DescribeNatGatewaysRequest& request) {
  auto rows = TRY(rows_asked_for<NatGatewayRow>(tx, "nat/", kinds::nat_gateway, request.NatGatewayIds));
  rows = TRY(filtered(tx, std::move(rows), request.Filter, nat_filters));
  auto page = TRY(wire::paginate(std::move(rows), by_id, page_rules("DescribeNatGateways", request.MaxResults),
                                 request.NextToken, request.MaxResults));
  api::DescribeNatGatewaysResult result{.NatGateways = list<api::NatGateway>{}, .NextToken = page.next};
  for (const NatGatewayRow& row : page.items) result.NatGateways->push_back(view(tx, row, "available"));
  return result;
}

Outcome<api::AllocateAddressResult> allocate_address(Tx& tx, const api::AllocateAddressRequest& request) {
  const World& world = tx.world();
  if (request.Domain && *request.Domain == "standard")
    return refuse("InvalidParameterValue", "Domain: only vpc is served; AWS has retired standard (EC2-Classic)");
  std::size_t there = 0;
  tx.each<AddressRow>(world.key("eip/"), [&](const Key&, const AddressRow&) { ++there; });
  if (there >= addresses_max)
    return refuse("AddressLimitExceeded", "The maximum number of addresses has been reached.");
  AddressRow row{.id = "eipalloc-0" + tx.random_hex(16)};
  row.public_address = TRY(take_public_address(tx, row.id));
  tx.put(address_key(world, row.id), row);
  TRY_VOID(put_specified_tags(tx, row.id, request.TagSpecifications, kinds::elastic_ip));
  return api::AllocateAddressResult{.AllocationId = row.id,
                                    .PublicIpv4Pool = "amazon",
                                    .NetworkBorderGroup = world.region,
                                    .Domain = "vpc",
                                    .PublicIp = row.public_address};
}

Outcome<api::ReleaseAddressResult> release_address(Tx& tx, const api::ReleaseAddressRequest& request) {
  if (!request.AllocationId) return refuse("MissingParameter", "The request must contain the parameter AllocationId");
  const Key key = address_key(tx.world(), *request.AllocationId);
  const AddressRow* known = tx.find<AddressRow>(key);
  if (known == nullptr) return not_found(kinds::elastic_ip, *request.AllocationId);
  if (is_in_use(*known)) return refuse("InvalidIPAddress.InUse", cat("Address ", known->public_address, " is in use."));
  give_back_public_address(tx, known->public_address);
  erase_tags(tx, tx.world(), known->id);
  tx.erase<AddressRow>(key);
  return api::ReleaseAddressResult{};
}

Outcome<api::DescribeAddressesResult> describe_addresses(Tx& tx, const api::DescribeAddressesRequest& request) {
  auto rows = TRY(rows_asked_for<AddressRow>(tx, "eip/", kinds::elastic_ip, request.AllocationIds));
  if (request.PublicIps) {
    for (const str& wanted : *request.PublicIps)
      if (std::ranges::find(rows, wanted, &AddressRow::public_address) == rows.end())
        return refuse("InvalidAddress.NotFound", cat("Address '", wanted, "' not found."));
    std::erase_if(rows, [&](const AddressRow& row) {
      return std::ranges::find(*request.PublicIps, row.public_address) == request.PublicIps->end();
    });
  }
  rows = TRY(filtered(tx, std::move(rows), request.Filters, address_filters));
  api::DescribeAddressesResult result{.Addresses = list<api::Address>{}};
  for (const AddressRow& row : rows) result.Addresses->push_back(view(tx, row));
  return result;
}

}  // namespace utakata::ec2

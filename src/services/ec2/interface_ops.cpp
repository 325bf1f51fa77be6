#include <array>

#include "services/ec2/describe.hpp"
#include "services/ec2/ops.hpp"

namespace utakata::ec2 {
namespace {

using InterfaceFilter = FilterRule<InterfaceRow>;
list<str> address_of(const Tx&, const InterfaceRow& row) { return {row.address}; }

list<str> public_address_of(const Tx&, const InterfaceRow& row) {
  return row.public_address.empty() ? list<str>{} : list<str>{row.public_address};
}

constexpr std::array interface_filters{
    InterfaceFilter{"association.public-ip", public_address_of},
    InterfaceFilter{"addresses.association.public-ip", public_address_of},
    InterfaceFilter{"network-interface-id", [](const Tx&, const InterfaceRow& row) { return list<str>{row.id}; }},
    InterfaceFilter{"vpc-id", [](const Tx&, const InterfaceRow& row) { return list<str>{row.vpc_id}; }},
    InterfaceFilter{"subnet-id", [](const Tx&, const InterfaceRow& row) { return list<str>{row.subnet_id}; }},
    InterfaceFilter{"availability-zone", [](const Tx&, const InterfaceRow& row) { return list<str>{row.zone}; }},
    InterfaceFilter{"description", [](const Tx&, const InterfaceRow& row) { return list<str>{row.description}; }},
    InterfaceFilter{"private-ip-address", address_of},
    InterfaceFilter{"addresses.private-ip-address", address_of},
    InterfaceFilter{"private-dns-name", [](const Tx&, const InterfaceRow& row) { return list<str>{row.host_name}; }},
    InterfaceFilter{"mac-address", [](const Tx&, const InterfaceRow& row) { return list<str>{row.mac}; }},
    InterfaceFilter{"group-id", [](const Tx&, const InterfaceRow& row) { return row.groups; }},
    InterfaceFilter{"interface-type", [](const Tx&, const InterfaceRow&) { return list<str>{"interface"}; }},
    InterfaceFilter{"requester-managed", [](const Tx&, const InterfaceRow&) { return list<str>{"true"}; }},
    InterfaceFilter{"status", [](const Tx&, const InterfaceRow&) { return list<str>{"in-use"}; }},
    InterfaceFilter{"owner-id", [](const Tx& tx, const InterfaceRow&) { return list<str>{tx.world().account}; }}};

api::NetworkInterface view(const Tx& tx, const InterfaceRow& row) {
  api::NetworkInterface out{.AvailabilityZone = row.zone,
                            .Description = row.description,
                            .Groups = list<api::GroupIdentifier>{},
                            .InterfaceType = "interface",
                            .MacAddress = row.mac,
                            .NetworkInterfaceId = row.id,
                            .OwnerId = tx.world().account,
                            .PrivateDnsName = row.host_name,
                            .PrivateIpAddress = row.address,
                            .PrivateIpAddresses = list<api::NetworkInterfacePrivateIpAddress>{},
                            .RequesterManaged = true,
                            .SourceDestCheck = true,
                            .Status = "in-use",
                            .SubnetId = row.subnet_id,
                            .TagSet = *tags_of(tx, tx.world(), row.id),
                            .VpcId = row.vpc_id};
  out.PrivateIpAddresses->push_back(
      {.Primary = true, .PrivateDnsName = row.host_name, .PrivateIpAddress = row.address});
  if (!row.public_address.empty()) {
    out.Association = api::NetworkInterfaceAssociation{
        .IpOwnerId = "amazon", .PublicDnsName = row.public_address, .PublicIp = row.public_address};
    out.PrivateIpAddresses->front().Association = *out.Association;
  }
  for (const str& id : row.groups) {
    const auto* group = tx.find<SecurityGroupRow>(group_key(tx.world(), id));
    out.Groups->push_back({.GroupId = id, .GroupName = group != nullptr ? group->name : str()});
  }
  return out;
}

}  // namespace

Outcome<api::DescribeNetworkInterfacesResult> describe_network_interfaces(
    Tx& tx, const api::DescribeNetworkInterfacesRequest& request) {
  auto rows =
      TRY(rows_asked_for<InterfaceRow>(tx, "interface/", kinds::network_interface, request.NetworkInterfaceIds));
  rows = TRY(filtered(tx, std::move(rows), request.Filters, interface_filters));
  auto page = TRY(wire::paginate(std::move(rows), by_id, page_rules("DescribeNetworkInterfaces", request.MaxResults),
                                 request.NextToken, request.MaxResults));
  api::DescribeNetworkInterfacesResult result{.NetworkInterfaces = list<api::NetworkInterface>{},
                                              .NextToken = page.next};
  for (const InterfaceRow& row : page.items) result.NetworkInterfaces->push_back(view(tx, row));
  return result;
}

}  // namespace utakata::ec2

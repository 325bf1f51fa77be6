#pragma once

#include "services/ec2/api/tag.hpp"

// Internet gateways, NAT gateways and Elastic IP addresses.
namespace utakata::ec2::api {

struct InternetGatewayAttachment {
  opt<str> State, VpcId;
};
struct InternetGateway {
  as<"attachmentSet", list<InternetGatewayAttachment>> Attachments;
  opt<str> InternetGatewayId, OwnerId;
  as<"tagSet", list<Tag>> Tags;
};
struct CreateInternetGatewayRequest {
  as<"TagSpecification", list<TagSpecification>> TagSpecifications;
  opt<bool> DryRun;
};
struct CreateInternetGatewayResult {
  opt<api::InternetGateway> InternetGateway;
};
struct AttachInternetGatewayRequest {
  opt<bool> DryRun;
  str InternetGatewayId, VpcId;
};
struct AttachInternetGatewayResult {};
struct DetachInternetGatewayRequest {
  opt<bool> DryRun;
  str InternetGatewayId, VpcId;
};
struct DetachInternetGatewayResult {};
struct DeleteInternetGatewayRequest {
  opt<bool> DryRun;
  str InternetGatewayId;
};
struct DeleteInternetGatewayResult {};
struct DescribeInternetGatewaysRequest {
  opt<str> NextToken;
  opt<i32> MaxResults;
  opt<bool> DryRun;
  as<"InternetGatewayId", list<str>> InternetGatewayIds;
  as<"Filter", list<Filter>> Filters;
};
struct DescribeInternetGatewaysResult {
  as<"internetGatewaySet", list<InternetGateway>> InternetGateways;
  opt<str> NextToken;
};

struct NatGatewayAddress {
  opt<str> AllocationId, NetworkInterfaceId, PrivateIp, PublicIp, AssociationId;
  opt<bool> IsPrimary;
  opt<str> Status;
};
struct NatGateway {
  opt<Instant> CreateTime;
  as<"natGatewayAddressSet", list<NatGatewayAddress>> NatGatewayAddresses;
  opt<str> NatGatewayId, State, SubnetId, VpcId;
  as<"tagSet", list<Tag>> Tags;
  opt<str> ConnectivityType;
};
struct CreateNatGatewayRequest {
  opt<str> AllocationId, ClientToken;
  opt<bool> DryRun;
  opt<str> SubnetId;
  as<"TagSpecification", list<TagSpecification>> TagSpecifications;
  opt<OneOf<"private", "public">> ConnectivityType;
};
struct CreateNatGatewayResult {
  opt<str> ClientToken;
  opt<api::NatGateway> NatGateway;
};
struct DeleteNatGatewayRequest {
  opt<bool> DryRun;
  str NatGatewayId;
};
struct DeleteNatGatewayResult {
  opt<str> NatGatewayId;
};
struct DescribeNatGatewaysRequest {
  opt<bool> DryRun;
  opt<list<api::Filter>> Filter;
  opt<i32> MaxResults;
  as<"NatGatewayId", list<str>> NatGatewayIds;
  opt<str> NextToken;
};
struct DescribeNatGatewaysResult {
  as<"natGatewaySet", list<NatGateway>> NatGateways;
  opt<str> NextToken;
};

struct Address {
  opt<str> AllocationId, AssociationId, Domain, NetworkInterfaceId, NetworkInterfaceOwnerId, PrivateIpAddress;
  as<"tagSet", list<Tag>> Tags;
  opt<str> NetworkBorderGroup, PublicIp;
};
struct AllocateAddressRequest {
  opt<OneOf<"vpc", "standard">> Domain;
  as<"TagSpecification", list<TagSpecification>> TagSpecifications;
  opt<bool> DryRun;
};
struct AllocateAddressResult {
  opt<str> AllocationId, PublicIpv4Pool, NetworkBorderGroup, Domain, PublicIp;
};
struct ReleaseAddressRequest {
  opt<str> AllocationId;
  opt<bool> DryRun;
};
struct ReleaseAddressResult {};
struct DescribeAddressesRequest {
  as<"PublicIp", list<str>> PublicIps;
  opt<bool> DryRun;
  as<"Filter", list<Filter>> Filters;
  as<"AllocationId", list<str>> AllocationIds;
};
struct DescribeAddressesResult {
  as<"addressesSet", list<Address>> Addresses;
};

}  // namespace utakata::ec2::api

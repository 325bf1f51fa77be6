#pragma once

#include "services/ec2/api/tag.hpp"

namespace utakata::ec2::api {

struct RouteTableAssociationState {
  opt<str> State;
};
struct RouteTableAssociation {
  opt<bool> Main;
  opt<str> RouteTableAssociationId, RouteTableId, SubnetId;
  opt<RouteTableAssociationState> AssociationState;
};
struct Route {
  opt<str> DestinationCidrBlock, GatewayId, NatGatewayId, Origin, State;
};
struct RouteTable {
  as<"associationSet", list<RouteTableAssociation>> Associations;
  opt<str> RouteTableId;
  as<"routeSet", list<Route>> Routes;
  as<"tagSet", list<Tag>> Tags;
  opt<str> VpcId, OwnerId;
};
struct CreateRouteTableRequest {
  as<"TagSpecification", list<TagSpecification>> TagSpecifications;
  opt<str> ClientToken;
  opt<bool> DryRun;
  str VpcId;
};
struct CreateRouteTableResult {
  opt<api::RouteTable> RouteTable;
  opt<str> ClientToken;
};
struct DeleteRouteTableRequest {
  opt<bool> DryRun;
  str RouteTableId;
};
struct DeleteRouteTableResult {};
struct DescribeRouteTablesRequest {
  opt<str> NextToken;
  opt<i32> MaxResults;
  opt<bool> DryRun;
  as<"RouteTableId", list<str>> RouteTableIds;
  as<"Filter", list<Filter>> Filters;
};
struct DescribeRouteTablesResult {
  as<"routeTableSet", list<RouteTable>> RouteTables;
  opt<str> NextToken;
};
struct CreateRouteRequest {
  opt<bool> DryRun;
  str RouteTableId;
  opt<str> DestinationCidrBlock, GatewayId, NatGatewayId;
};
struct CreateRouteResult {
  opt<bool> Return;
};
struct ReplaceRouteRequest {
  opt<bool> DryRun;
  str RouteTableId;
  opt<str> DestinationCidrBlock, GatewayId, NatGatewayId;
};
struct ReplaceRouteResult {};
struct DeleteRouteRequest {
  opt<bool> DryRun;
  str RouteTableId;
  opt<str> DestinationCidrBlock;
};
struct DeleteRouteResult {};
struct AssociateRouteTableRequest {
  opt<bool> DryRun;
  opt<str> SubnetId;
  str RouteTableId;
};
struct AssociateRouteTableResult {
  opt<str> AssociationId;
  opt<RouteTableAssociationState> AssociationState;
};
struct DisassociateRouteTableRequest {
  opt<bool> DryRun;
  str AssociationId;
};
struct DisassociateRouteTableResult {};

}  // namespace utakata::ec2::api

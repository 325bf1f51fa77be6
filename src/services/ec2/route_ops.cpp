#include <array>

#include "base/ipv4.hpp"
#include "services/ec2/describe.hpp"
#include "services/ec2/network.hpp"
#include "services/ec2/ops.hpp"
#include "services/ec2/public.hpp"
#include "services/ec2/routes.hpp"

namespace utakata::ec2 {
namespace {

constexpr std::size_t routes_max = 500;  // AWS's default quota of a route table
constexpr std::size_t tables_max = 200;  // of a VPC

using RouteTableFilter = FilterRule<RouteTableRow>;
list<str> subnets_of(const Tx&, const RouteTableRow& row) {
  list<str> subnets;
  for (const auto& each : row.associations)
    if (!each.subnet_id.empty()) subnets.push_back(each.subnet_id);
  return subnets;
}
bool is_main(const RouteTableRow& row) {
  return std::ranges::any_of(row.associations, [](const auto& each) { return each.subnet_id.empty(); });
}
constexpr std::array route_table_filters{
    RouteTableFilter{"route-table-id", [](const Tx&, const RouteTableRow& row) { return list<str>{row.id}; }},
    RouteTableFilter{"vpc-id", [](const Tx&, const RouteTableRow& row) { return list<str>{row.vpc_id}; }},
    RouteTableFilter{"association.main",
                     [](const Tx&, const RouteTableRow& row) { return list<str>{yes_or_no(is_main(row))}; }},
    RouteTableFilter{"association.subnet-id", subnets_of},
    RouteTableFilter{"association.route-table-id",
                     [](const Tx&, const RouteTableRow& row) { return list<str>{row.id}; }},
    RouteTableFilter{"association.route-table-association-id",
                     [](const Tx&, const RouteTableRow& row) {
                       list<str> ids;
                       for (const auto& each : row.associations) ids.push_back(each.id);
                       return ids;
                     }},
    RouteTableFilter{"route.destination-cidr-block",
                     [](const Tx&, const RouteTableRow& row) {
                       list<str> blocks;
                       for (const auto& each : row.routes) blocks.push_back(each.cidr);
                       return blocks;
                     }},
    RouteTableFilter{"route.gateway-id",
                     [](const Tx&, const RouteTableRow& row) {
                       list<str> gateways{"local"};
                       for (const auto& each : row.routes)
                         if (each.gateway.starts_with("igw-")) gateways.push_back(each.gateway);
                       return gateways;
                     }},
    RouteTableFilter{"route.nat-gateway-id",
                     [](const Tx&, const RouteTableRow& row) {
                       list<str> gateways;
                       for (const auto& each : row.routes)
                         if (each.gateway.starts_with("nat-")) gateways.push_back(each.gateway);
                       return gateways;
                     }},
    RouteTableFilter{"owner-id", [](const Tx& tx, const RouteTableRow&) { return list<str>{tx.world().account}; }}};

str local_block(const Tx& tx, const RouteTableRow& row) {
  const VpcRow* vpc = tx.find<VpcRow>(vpc_key(tx.world(), row.vpc_id));
  return vpc == nullptr ? str() : vpc->cidr;
}

api::RouteTable view(const Tx& tx, const RouteTableRow& row) {
  api::RouteTable out{.Associations = list<api::RouteTableAssociation>{},
                      .RouteTableId = row.id,
                      .Routes = list<api::Route>{},
                      .Tags = *tags_of(tx, tx.world(), row.id),
                      .VpcId = row.vpc_id,
                      .OwnerId = tx.world().account};
  for (const auto& each : row.associations) {
    auto& association = out.Associations->emplace_back();
    association.Main = each.subnet_id.empty();
    association.RouteTableAssociationId = each.id;
    association.RouteTableId = row.id;
    if (!each.subnet_id.empty()) association.SubnetId = each.subnet_id;
    association.AssociationState = api::RouteTableAssociationState{.State = "associated"};
  }
  out.Routes->push_back({.DestinationCidrBlock = local_block(tx, row),
                         .GatewayId = "local",
                         .Origin = "CreateRouteTable",
                         .State = "active"});
  for (const auto& each : row.routes) {
    auto& route = out.Routes->emplace_back();
    route.DestinationCidrBlock = each.cidr;
    (each.gateway.starts_with("nat-") ? route.NatGatewayId : route.GatewayId) = each.gateway;
    route.Origin = "CreateRoute";
    route.State = is_active(tx, tx.world(), row, each) ? "active" : "blackhole";
  }
  return out;
}

Outcome<RouteTableRow> table(const Tx& tx, const str& id) {
  const auto* row = tx.find<RouteTableRow>(route_table_key(tx.world(), id));
  if (row == nullptr) return not_found(kinds::route_table, id);
  return *row;
}

// The route that a request describes, checked against the table that it is meant for.
Outcome<RouteTableRow::Route> route_of(const Tx& tx, const RouteTableRow& row, const auto& request) {
  const World& world = tx.world();
  const auto block = Ipv4Block::parse(request.DestinationCidrBlock.value_or(""));
  if (!request.DestinationCidrBlock)
    return refuse("MissingParameter", "The request must contain the parameter destinationCidrBlock");
  if (!block)
    return refuse("InvalidParameterValue",
                  cat("Value (", *request.DestinationCidrBlock,
                      ") for parameter destinationCidrBlock is invalid. This is not a valid CIDR block."));
  const auto within = Ipv4Block::parse(local_block(tx, row));
  if (within && within->contains(*block))
    return refuse("InvalidParameterValue", cat("Route destination ", block->text(),
                                               " lies within the VPC; routes to a part of it are not served"));
  if (bool(request.GatewayId) == bool(request.NatGatewayId))
    return refuse("InvalidParameterCombination", "The request must contain exactly one of gatewayId, natGatewayId");
  if (request.NatGatewayId) {
    const auto* nat = tx.find<NatGatewayRow>(nat_key(world, *request.NatGatewayId));
    if (nat == nullptr)
      return refuse("InvalidNatGatewayID.NotFound",
                    cat("The natGateway ID '", *request.NatGatewayId, "' does not exist"));
    if (nat->vpc_id != row.vpc_id)
      return refuse("InvalidParameterValue",
                    cat("route table ", row.id, " and network gateway ", nat->id, " belong to different networks"));
    return RouteTableRow::Route{.cidr = block->text(), .gateway = nat->id};
  }
  const auto* gateway = tx.find<InternetGatewayRow>(gateway_key(world, *request.GatewayId));
  if (gateway == nullptr)
    return refuse("InvalidGatewayID.NotFound", cat("The gateway ID '", *request.GatewayId, "' does not exist"));
  if (gateway->vpc_id != row.vpc_id)
    return refuse("InvalidParameterValue",
                  cat("route table ", row.id, " and network gateway ", gateway->id, " belong to different networks"));
  return RouteTableRow::Route{.cidr = block->text(), .gateway = gateway->id};
}

void keep(Tx& tx, const RouteTableRow& row) {
  tx.put(route_table_key(tx.world(), row.id), row);
  tell_interfaces(tx, tx.world(), row.vpc_id);
}

std::unexpected<Fault> has_dependencies(const str& id) {
  return refuse("DependencyViolation", cat("The routeTable '", id, "' has dependencies and cannot be deleted."));
}

}  // namespace

Outcome<api::CreateRouteTableResult> create_route_table(Tx& tx, const api::CreateRouteTableRequest& request) {
  const World& world = tx.world();
  ensure_default_vpc(tx, world);
  if (!kinds::vpc.exists(tx, world, request.VpcId)) return not_found(kinds::vpc, request.VpcId);
  const RouteTableRow* before = nullptr;
  std::size_t there = 0;
  tx.each<RouteTableRow>(world.key("rtb/"), [&](const Key&, const RouteTableRow& row) {
    if (request.ClientToken && row.client_token == *request.ClientToken) before = &row;
    there += row.vpc_id == request.VpcId ? 1 : 0;
  });
  if (before != nullptr)
    return api::CreateRouteTableResult{.RouteTable = view(tx, *before), .ClientToken = request.ClientToken};
  if (there >= tables_max)
    return refuse("RouteTableLimitExceeded", "The maximum number of route tables has been reached.");
  const RouteTableRow row{
      .id = "rtb-0" + tx.random_hex(16), .vpc_id = request.VpcId, .client_token = request.ClientToken.value_or("")};
  tx.put(route_table_key(world, row.id), row);
  TRY_VOID(put_specified_tags(tx, row.id, request.TagSpecifications, kinds::route_table));
  return api::CreateRouteTableResult{.RouteTable = view(tx, row), .ClientToken = request.ClientToken};
}

Outcome<api::DeleteRouteTableResult> delete_route_table(Tx& tx, const api::DeleteRouteTableRequest& request) {
  const RouteTableRow row = TRY(table(tx, request.RouteTableId));
  if (!row.associations.empty()) return has_dependencies(row.id);
  tx.erase<RouteTableRow>(route_table_key(tx.world(), row.id));
  erase_tags(tx, tx.world(), row.id);
  return api::DeleteRouteTableResult{};
}

Outcome<api::DescribeRouteTablesResult> describe_route_tables(Tx& tx, const api::DescribeRouteTablesRequest& request) {
  ensure_default_vpc(tx, tx.world());
  auto rows = TRY(rows_asked_for<RouteTableRow>(tx, "rtb/", kinds::route_table, request.RouteTableIds));
  rows = TRY(filtered(tx, std::move(rows), request.Filters, route_table_filters));
  auto page = TRY(wire::paginate(std::move(rows), by_id, page_rules("DescribeRouteTables", request.MaxResults),
                                 request.NextToken, request.MaxResults));
  api::DescribeRouteTablesResult result{.RouteTables = list<api::RouteTable>{}, .NextToken = page.next};
  for (const RouteTableRow& row : page.items) result.RouteTables->push_back(view(tx, row));
  return result;
}

Outcome<api::CreateRouteResult> create_route(Tx& tx, const api::CreateRouteRequest& request) {
  RouteTableRow row = TRY(table(tx, request.RouteTableId));
  const RouteTableRow::Route route = TRY(route_of(tx, row, request));
  const auto known = std::ranges::find(row.routes, route.cidr, &RouteTableRow::Route::cidr);
  if (known != row.routes.end() && known->gateway == route.gateway) return api::CreateRouteResult{.Return = true};
  if (known != row.routes.end())
    return refuse("RouteAlreadyExists", cat("The route identified by ", route.cidr, " already exists."));
  if (row.routes.size() >= routes_max)
    return refuse("RouteLimitExceeded", "The maximum number of routes has been reached.");
  row.routes.push_back(route);
  keep(tx, row);
  return api::CreateRouteResult{.Return = true};
}

Outcome<api::ReplaceRouteResult> replace_route(Tx& tx, const api::ReplaceRouteRequest& request) {
  RouteTableRow row = TRY(table(tx, request.RouteTableId));
  const RouteTableRow::Route route = TRY(route_of(tx, row, request));
  const auto known = std::ranges::find(row.routes, route.cidr, &RouteTableRow::Route::cidr);
  if (known == row.routes.end())
    return refuse("InvalidParameterValue",
                  cat("There is no route defined for '", route.cidr, "' in the route table. Use CreateRoute instead."));
  *known = route;
  keep(tx, row);
  return api::ReplaceRouteResult{};
}

Outcome<api::DeleteRouteResult> delete_route(Tx& tx, const api::DeleteRouteRequest& request) {
  RouteTableRow row = TRY(table(tx, request.RouteTableId));
  const str block = request.DestinationCidrBlock.value_or("");
  if (block == local_block(tx, row))
    return refuse("InvalidParameterValue", cat("cannot remove local route ", block, " in route table ", row.id));
  if (std::erase_if(row.routes, [&](const auto& route) { return route.cidr == block; }) == 0)
    return refuse("InvalidRoute.NotFound",
                  cat("no route with destination-cidr-block ", block, " in route table ", row.id));
  keep(tx, row);
  return api::DeleteRouteResult{};
}

Outcome<api::AssociateRouteTableResult> associate_route_table(Tx& tx, const api::AssociateRouteTableRequest& request) {
  const World& world = tx.world();
  RouteTableRow row = TRY(table(tx, request.RouteTableId));
  if (!request.SubnetId) return refuse("MissingParameter", "The request must contain the parameter subnetId");
  const auto subnet = ec2::subnet(tx, world, *request.SubnetId);
  if (!subnet) return std::unexpected(subnet.error());
  if (subnet->vpc_id != row.vpc_id)
    return refuse("InvalidParameterValue",
                  cat("Route table ", row.id, " and subnet ", subnet->id, " belong to different networks"));
  const RouteTableRow* now = table_of(tx, world, subnet->id);
  if (now != nullptr)
    for (const auto& each : now->associations) {
      if (each.subnet_id != subnet->id) continue;
      if (now->id != row.id)
        return refuse("Resource.AlreadyAssociated", cat("the specified association for route table ", row.id,
                                                        " conflicts with an existing association"));
      return api::AssociateRouteTableResult{.AssociationId = each.id,
                                            .AssociationState = api::RouteTableAssociationState{.State = "associated"}};
    }
  const str id = "rtbassoc-0" + tx.random_hex(16);
  row.associations.push_back({.id = id, .subnet_id = subnet->id});
  keep(tx, row);
  return api::AssociateRouteTableResult{.AssociationId = id,
                                        .AssociationState = api::RouteTableAssociationState{.State = "associated"}};
}

Outcome<api::DisassociateRouteTableResult> disassociate_route_table(Tx& tx,
                                                                    const api::DisassociateRouteTableRequest& request) {
  list<RouteTableRow> rows = TRY(rows_asked_for<RouteTableRow>(tx, "rtb/", kinds::route_table, {}));
  for (RouteTableRow& row : rows) {
    const auto at = std::ranges::find(row.associations, request.AssociationId, &RouteTableRow::Association::id);
    if (at == row.associations.end()) continue;
    if (at->subnet_id.empty())
      return refuse("InvalidParameterValue",
                    cat("cannot disassociate the main route table association ", request.AssociationId));
    row.associations.erase(at);
    keep(tx, row);
    return api::DisassociateRouteTableResult{};
  }
  return refuse("InvalidAssociationID.NotFound",
                cat("The association ID '", request.AssociationId, "' does not exist"));
}

}  // namespace utakata::ec2

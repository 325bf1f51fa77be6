#include "services/ec2/routes.hpp"

#include <algorithm>

#include "base/ipv4.hpp"
#include "core/report.hpp"
#include "services/ec2/resource.hpp"

namespace utakata::ec2 {
namespace {

bool leads_to_gateway(const Tx& tx, const World& world, std::string_view subnet_id) {
  const RouteTableRow* table = table_of(tx, world, subnet_id);
  return table != nullptr && std::ranges::any_of(table->routes, [&](const RouteTableRow::Route& route) {
           return route.gateway.starts_with("igw-") && is_active(tx, world, *table, route);
         });
}

}  // namespace

const RouteTableRow* table_of(const Tx& tx, const World& world, std::string_view subnet_id) {
  const RouteTableRow* own = nullptr;
  tx.each<RouteTableRow>(world.key("rtb/"), [&](const Key&, const RouteTableRow& row) {
    if (std::ranges::find(row.associations, subnet_id, &RouteTableRow::Association::subnet_id) !=
        row.associations.end())
      own = &row;
    return own == nullptr;
  });
  if (own != nullptr) return own;
  const SubnetRow* subnet = tx.find<SubnetRow>(subnet_key(world, subnet_id));
  const VpcRow* vpc = subnet == nullptr ? nullptr : tx.find<VpcRow>(vpc_key(world, subnet->vpc_id));
  return vpc == nullptr ? nullptr : tx.find<RouteTableRow>(route_table_key(world, vpc->main_table));
}

const InternetGatewayRow* gateway_of(const Tx& tx, const World& world, std::string_view vpc_id) {
  const InternetGatewayRow* found = nullptr;
  tx.each<InternetGatewayRow>(world.key("igw/"), [&](const Key&, const InternetGatewayRow& row) {
    if (row.vpc_id == vpc_id) found = &row;
    return found == nullptr;
  });
  return found;
}

bool is_active(const Tx& tx, const World& world, const RouteTableRow& table, const RouteTableRow::Route& route) {
  if (route.gateway.starts_with("nat-")) return tx.find<NatGatewayRow>(nat_key(world, route.gateway)) != nullptr;
  const auto* gateway = tx.find<InternetGatewayRow>(gateway_key(world, route.gateway));
  return gateway != nullptr && gateway->vpc_id == table.vpc_id;
}

list<str> outward_blocks(const Tx& tx, const World& world, std::string_view subnet_id, bool has_public_address) {
  list<str> blocks;
  const RouteTableRow* table = table_of(tx, world, subnet_id);
  if (table == nullptr) return blocks;
  for (const auto& route : table->routes) {
    if (!is_active(tx, world, *table, route)) continue;
    const auto* nat = tx.find<NatGatewayRow>(nat_key(world, route.gateway));
    // A public NAT gateway goes out by the internet gateway of its own subnet.
    const bool passes = nat == nullptr ? has_public_address
                                       : nat->subnet_id != subnet_id && !nat->public_address.empty() &&
                                             leads_to_gateway(tx, world, nat->subnet_id);
    if (passes) blocks.push_back(route.cidr);
  }
  return blocks;
}

str create_main_table(Tx& tx, const World& world, const str& vpc_id) {
  const str id = "rtb-0" + tx.random_hex(16);
  tx.put(route_table_key(world, id),
         RouteTableRow{.id = id, .vpc_id = vpc_id, .associations = {{.id = "rtbassoc-0" + tx.random_hex(16)}}});
  return id;
}

Outcome<str> take_public_address(Tx& tx, const str& owner) {
  PublicBlockRow row;
  if (const auto* known = tx.find<PublicBlockRow>(public_block_key); known != nullptr) row = *known;
  const auto block = Ipv4Block::parse(row.cidr);
  const i64 first = block ? i64{block->base} + 1 : 0;
  const i64 size = block ? i64{block->last()} - first : 0;
  for (i64 tried = 0; tried < size; ++tried) {
    const i64 number = first + (row.next + tried) % size;
    const str address = ipv4_text(static_cast<std::uint32_t>(number));
    if (tx.find<PublicAddressRow>(address) != nullptr) continue;
    row.next = number - first + 1;
    tx.put(Key(public_block_key), row);
    tx.put(address, PublicAddressRow{.owner = owner});
    return address;
  }
  return refuse("AddressLimitExceeded", "The maximum number of addresses has been reached.");
}

void give_back_public_address(Tx& tx, const str& address) { tx.erase<PublicAddressRow>(address); }

Outcome<str> take_elastic_address(Tx& tx, const World& world, const str& allocation_id, const str& interface_id) {
  const Key key = address_key(world, allocation_id);
  const AddressRow* known = tx.find<AddressRow>(key);
  if (known == nullptr) return not_found(kinds::elastic_ip, allocation_id);
  if (is_in_use(*known)) return already_associated(allocation_id);
  AddressRow row = *known;
  row.interface_id = interface_id;
  row.association_id = "eipassoc-0" + tx.random_hex(16);
  tx.put(key, row);
  return row.public_address;
}

void release_public_address(Tx& tx, const World& world, const InterfaceRow& interface) {
  if (interface.allocation_id.empty()) return give_back_public_address(tx, interface.public_address);
  tx.update<AddressRow>(address_key(world, interface.allocation_id), [](AddressRow& row) {
    row.interface_id.clear();
    row.association_id.clear();
  });
}

void take_public_block(Tx& tx, const Report& report) {
  const str& cidr = std::get<PublicBlockReport>(report).cidr;
  const auto* known = tx.find<PublicBlockRow>(public_block_key);
  if (known == nullptr || known->cidr != cidr) tx.put(Key(public_block_key), PublicBlockRow{.cidr = cidr});
}

}  // namespace utakata::ec2

#include <array>
#include <functional>

#include "services/ec2/describe.hpp"
#include "services/ec2/ops.hpp"
#include "services/ec2/zones.hpp"

// Regions and availability zones: known without any row.
namespace utakata::ec2 {
namespace {

constexpr std::array zone_filters{
    FilterRule<Zone>{"zone-name", [](const Tx&, const Zone& zone) { return list<str>{zone.name}; }},
    FilterRule<Zone>{"zone-id", [](const Tx&, const Zone& zone) { return list<str>{zone.zone_id}; }},
    FilterRule<Zone>{"region-name", [](const Tx& tx, const Zone&) { return list<str>{tx.world().region}; }},
    FilterRule<Zone>{"group-name", [](const Tx& tx, const Zone&) { return list<str>{tx.world().region}; }},
    FilterRule<Zone>{"state", [](const Tx&, const Zone&) { return list<str>{"available"}; }},
    FilterRule<Zone>{"opt-in-status", [](const Tx&, const Zone&) { return list<str>{"opt-in-not-required"}; }},
    FilterRule<Zone>{"zone-type", [](const Tx&, const Zone&) { return list<str>{"availability-zone"}; }}};

struct RegionName {
  str name;
};
str endpoint_of(const RegionName& region) { return cat("ec2.", region.name, ".amazonaws.com"); }

constexpr std::array region_filters{
    FilterRule<RegionName>{"region-name", [](const Tx&, const RegionName& region) { return list<str>{region.name}; }},
    FilterRule<RegionName>{"endpoint",
                           [](const Tx&, const RegionName& region) { return list<str>{endpoint_of(region)}; }},
    FilterRule<RegionName>{"opt-in-status",
                           [](const Tx&, const RegionName&) { return list<str>{"opt-in-not-required"}; }}};

// Those that AWS turns on for every account. Calls may name any other region as well; then it is listed, too.
constexpr std::array<std::string_view, 17> regions{
    "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
    "ca-central-1",   "eu-central-1",   "eu-north-1",     "eu-west-1",  "eu-west-2",      "eu-west-3",
    "sa-east-1",      "us-east-1",      "us-east-2",      "us-west-1",  "us-west-2"};

// Each wanted name must be there.
template <class Item, class NameOf>
Outcome<> keep_wanted(list<Item>& items, const opt<list<str>>& wanted, NameOf name_of, std::string_view what) {
  if (!wanted) return {};
  for (const str& name : *wanted)
    if (std::ranges::find(items, name, name_of) == items.end())
      return refuse("InvalidParameterValue", cat("Invalid ", what, ": [", name, "]"));
  std::erase_if(
      items, [&](const Item& item) { return std::ranges::find(*wanted, std::invoke(name_of, item)) == wanted->end(); });
  return {};
}

}  // namespace

Outcome<api::DescribeAvailabilityZonesResult> describe_availability_zones(
    Tx& tx, const api::DescribeAvailabilityZonesRequest& request) {
  const auto all = zones_of(tx.world().region);
  list<Zone> zones(all.begin(), all.end());
  TRY_VOID(keep_wanted(zones, request.ZoneNames, &Zone::name, "availability zone"));
  TRY_VOID(keep_wanted(zones, request.ZoneIds, &Zone::zone_id, "availability zone-id"));
  zones = TRY(filtered(tx, std::move(zones), request.Filters, zone_filters));
  api::DescribeAvailabilityZonesResult result{.AvailabilityZones = list<api::AvailabilityZone>{}};
  for (const Zone& zone : zones)
    result.AvailabilityZones->push_back({.OptInStatus = "opt-in-not-required",
                                         .RegionName = tx.world().region,
                                         .ZoneName = zone.name,
                                         .ZoneId = zone.zone_id,
                                         .GroupName = tx.world().region,
                                         .NetworkBorderGroup = tx.world().region,
                                         .ZoneType = "availability-zone",
                                         .State = "available"});
  return result;
}

Outcome<api::DescribeRegionsResult> describe_regions(Tx& tx, const api::DescribeRegionsRequest& request) {
  list<RegionName> all;
  for (const std::string_view name : regions) all.push_back({str(name)});
  if (std::ranges::find(regions, tx.world().region) == regions.end()) all.push_back({tx.world().region});
  TRY_VOID(keep_wanted(all, request.RegionNames, &RegionName::name, "region name"));
  all = TRY(filtered(tx, std::move(all), request.Filters, region_filters));
  api::DescribeRegionsResult result{.Regions = list<api::Region>{}};
  for (const RegionName& region : all)
    result.Regions->push_back(
        {.OptInStatus = "opt-in-not-required", .RegionName = region.name, .Endpoint = endpoint_of(region)});
  return result;
}

}  // namespace utakata::ec2

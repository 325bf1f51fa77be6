#pragma once

#include "services/ec2/api/tag.hpp"

namespace utakata::ec2::api {

struct AvailabilityZone {
  opt<str> OptInStatus, RegionName, ZoneName, ZoneId, GroupName, NetworkBorderGroup, ZoneType;
  as<"zoneState", str> State;
};
struct DescribeAvailabilityZonesRequest {
  as<"ZoneName", list<str>> ZoneNames;
  as<"ZoneId", list<str>> ZoneIds;
  opt<bool> AllAvailabilityZones;  // no zone is opted out of, so all is what there is anyway
  opt<bool> DryRun;
  as<"Filter", list<Filter>> Filters;
};
struct DescribeAvailabilityZonesResult {
  as<"availabilityZoneInfo", list<AvailabilityZone>> AvailabilityZones;
};
struct Region {
  opt<str> OptInStatus, RegionName;
  as<"regionEndpoint", str> Endpoint;
};
struct DescribeRegionsRequest {
  as<"RegionName", list<str>> RegionNames;
  opt<bool> AllRegions;  // as above
  opt<bool> DryRun;
  as<"Filter", list<Filter>> Filters;
};
struct DescribeRegionsResult {
  as<"regionInfo", list<Region>> Regions;
};

}  // namespace utakata::ec2::api

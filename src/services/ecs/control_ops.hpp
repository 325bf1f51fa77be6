#pragma once

#include "services/ecs/state.hpp"

// The platform's own API beside AWS's: Spot capacity taken away and looked at, tasks' farewells told.
namespace utakata::ecs {

namespace api {

struct ReclaimSpotRequest {
  opt<str> cluster, service, zone;
  opt<i32> count;
  opt<list<str>> tasks;
  opt<i32> refuseSeconds;
  opt<i64> seed;
};
struct ReclaimSpotResponse {
  list<str> tasks;  // ARNs of those taken
};
struct DescribeCapacityRequest {};
struct CapacityUse {
  str provider;
  i32 tasks = 0;
  i64 cpu = 0, memoryMiB = 0;
};
struct SpotTask {
  str taskArn, group, availabilityZone, lastStatus;
};
// The last request that found no room: what it asked for, and the room that there was for it then.
struct CapacityRefusal {
  Instant at;
  str provider;
  i64 cpu = 0, memoryMiB = 0, roomCpu = 0, roomMemoryMiB = 0;
};
// The last time that On-Demand took room from Spot.
struct CapacitySqueeze {
  Instant at;
  i64 cpu = 0, memoryMiB = 0;
};
struct DescribeCapacityResponse {
  i64 cpu = 0, memoryMiB = 0, surplusCpu = 0, surplusMemoryMiB = 0;
  opt<Instant> spotRefusedUntil;
  opt<CapacityRefusal> lastRefusal;
  opt<CapacitySqueeze> lastSqueeze;
  list<CapacityUse> use;
  list<SpotTask> spotTasks;  // of this account and region; at most 1000
  str reclaimOrder;
  i32 leadMilliseconds = 0;
};
struct PutSpotSettingsRequest {
  opt<OneOf<"together", "deregister-first", "signal-first", "legacy">> order;
  opt<i32> leadMilliseconds, refuseSeconds;
};
struct PutSpotSettingsResponse {};
struct DescribeTaskTimelineRequest {
  list<str> tasks;
};
struct ContainerTimeline {
  str name;
  opt<i32> exitCode;
  bool killed = false;
  opt<str> reason;
  opt<Instant> signalledAt, killedAt, exitedAt;
};
struct TaskTimeline {
  str taskArn, service, availabilityZone, lastStatus;
  opt<str> stopCode;
  opt<Instant> warnedAt, deregisteredAt, stoppedAt;
  list<ContainerTimeline> containers;
  list<str> warnings;  // what its host could not give it as asked
};
struct DescribeTaskTimelineResponse {
  list<TaskTimeline> tasks;
};

}  // namespace api

Outcome<api::ReclaimSpotResponse> reclaim_spot(Tx&, const api::ReclaimSpotRequest&);
Outcome<api::DescribeCapacityResponse> describe_capacity(Tx&, const api::DescribeCapacityRequest&);
Outcome<api::PutSpotSettingsResponse> put_spot_settings(Tx&, const api::PutSpotSettingsRequest&);
Outcome<api::DescribeTaskTimelineResponse> describe_task_timeline(Tx&, const api::DescribeTaskTimelineRequest&);

}  // namespace utakata::ecs

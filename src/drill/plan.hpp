#pragma once

#include "base/types.hpp"

// What a drill does, as it is written in a plan file (JSON) or built from the command line.
namespace utakata::drill {

/// Takes Spot capacity away at a moment of the load.
struct ReclaimStep {
  i32 atSecond = 0;  // after the first request
  str service;
  i32 count = 1;          // tasks taken at once
  opt<str> zone;          // only tasks of this availability zone
  i32 refuseSeconds = 0;  // no Spot capacity for replacements during this time
};

struct Load {
  str url;                // http://NAME-ID.REGION.elb.localhost:PORT, or:
  opt<str> loadBalancer;  // its name; the platform says where it is
  i32 port = 80;          // of its listener
  list<str> paths;        // each request takes one, by the seed's dice
  i32 requestsPerSecond = 100;
  i32 seconds = 60;
  i32 timeoutMilliseconds = 10'000;
  i32 retries = 0;      // a client's own retries of failed requests, counted apart
  opt<str> expectBody;  // an answer without this text is a wrong answer
  bool newConnectionEachRequest = false;
};

/// One way to deploy the same system, drilled with the same load and script.
struct Variant {
  str name;
  opt<str> prepare;      // a command that deploys it; run with sh -c before the load
  opt<i32> maximumLost;  // the verdict's threshold; absent: shown, but no part of the verdict
};

struct Plan {
  str cluster;
  i64 seed = 1;
  Load load;
  list<ReclaimStep> reclaims;
  list<Variant> variants;
};

}  // namespace utakata::drill

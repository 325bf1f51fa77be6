#pragma once

#include "base/outcome.hpp"
#include "base/types.hpp"

// What became of a drill. Described, so that --json prints it as it is.
namespace utakata::drill {

/// How one request ended, seen by the client. Everything but `ok` is lost.
enum class Fate : std::uint8_t {
  ok,
  refused,          // no connection could be made
  reset_in_flight,  // the connection ended before the whole answer was there
  http_502,
  http_503,
  http_504,
  http_other,  // any other status than 2xx
  timed_out,
  wrong_answer,  // 2xx, but not what was expected
};
constexpr std::size_t fate_count = 9;
str name_of(Fate);     // "reset in flight"
str meaning_of(Fate);  // one sentence for the reader of the report

struct CauseCount {
  str cause;
  i64 requests = 0;
};
struct Latency {  // milliseconds from the intended start, of the requests that were answered
  f64 p50 = 0, p90 = 0, p99 = 0, maximum = 0;
};
struct SecondRow {
  i32 second = 0;  // since the first request
  i64 sent = 0, ok = 0, lost = 0;
};
struct ContainerEnd {
  str name;
  opt<i32> exitCode;
  bool killed = false;  // SIGKILL after its stop timeout
  str reason;
};
/// The farewell of one task: seconds since the first request, -1 where it has not happened.
struct TaskTimeline {
  str task;
  str service;
  str availabilityZone;
  str stopCode;
  f64 warning = -1, deregistered = -1, signalled = -1, exited = -1, stopped = -1;
  list<ContainerEnd> containers;
};
/// What the load balancers' own ledger says of the drill's seconds: how requests ended that were not simply answered.
struct LedgerRow {
  str loadBalancer, target;  // target: empty when none was found
  str cause;
  i64 requests = 0;
};
struct ReclaimRow {
  f64 second = 0;
  str service;
  i32 asked = 0, taken = 0;
  f64 replacedAfter = -1;  // seconds until as many tasks ran as before; -1: not within the drill
};
struct VariantReport {
  str name;
  i64 sent = 0, ok = 0, lost = 0;
  i64 saved_by_retries = 0;  // requests that failed at first and succeeded on a client's retry; not lost
  list<CauseCount> causes;   // of the lost ones
  Latency latency;
  list<SecondRow> seconds;  // only seconds in which something was lost or slow
  list<ReclaimRow> reclaims;
  list<TaskTimeline> tasks;
  list<LedgerRow> ledger;
  opt<i32> maximumLost;
  bool passed = true;
  list<str> remarks;  // what the reader must know to trust the figures
};
struct Report {
  str cluster;
  str url;
  i64 seed = 0;
  i32 requestsPerSecond = 0;
  list<VariantReport> variants;
  bool passed = true;
};

/// Whether a variant passed: no more lost than its threshold allows, and the script carried out as written. A drill
/// whose tasks were not taken has shown nothing, so it never passes; a remark says so.
void judge(VariantReport&);

/// The report for a terminal.
str render(const Report&);

}  // namespace utakata::drill

#pragma once

#include "client/api_client.hpp"
#include "drill/plan.hpp"
#include "drill/report.hpp"

// What a drill asks of the platform: who is taken, how their farewell went, where the load balancer is.
namespace utakata::drill {

struct Taken {
  list<str> task_arns;
};
reactor::Co<Outcome<Taken>> reclaim(client::ApiClient&, const str& cluster, const ReclaimStep&, i64 seed);

struct ServiceCounts {
  i64 desired = 0, running = 0;
};
reactor::Co<Outcome<ServiceCounts>> service_counts(client::ApiClient&, const str& cluster, const str& service);

reactor::Co<Outcome<bool>> cluster_exists(client::ApiClient&, const str& cluster);

/// The farewells of these tasks; times are seconds since `began` (wall clock).
reactor::Co<Outcome<list<TaskTimeline>>> timelines(client::ApiClient&, const list<str>& task_arns, Instant began);

/// The ledger of those seconds since 1970, both included, without requests that were answered or upgraded; of the load
/// balancer of that name, or of all.
reactor::Co<Outcome<list<LedgerRow>>> ledger(client::ApiClient&, const opt<str>& load_balancer, i64 first, i64 last);

/// Where the load balancers' names lead: the address that their listeners share.
reactor::Co<Outcome<str>> balancer_address(client::ApiClient&);

/// The DNS name of a load balancer.
reactor::Co<Outcome<str>> load_balancer_name(client::ApiClient&, const str& name);

}  // namespace utakata::drill

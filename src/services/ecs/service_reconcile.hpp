#pragma once

#include "services/ecs/state.hpp"

// One service: wanted against actual, and the next step of its deployment (facts: ecs.md §8).
namespace utakata::ecs {

/// The reconciler "ecs.service".
void reconcile_service(Tx&, const Key&);
/// A timer of the row: a refused placement is tried again, a grace period has ended.
void service_due(Tx&, const Key&);
/// There is room again: whoever waits for it is looked at.
void room_again(Tx&, const Fact&);
/// On-Demand needs room: Spot tasks give it back, the newest first.
void squeeze(Tx&, const Fact&);
void recover_services(Tx&);

/// A new primary deployment of the service as it is now; the former one is replaced step by step.
void begin_deployment(Tx&, const World&, ServiceRow&, const str& task_definition_arn, const api::NetworkConfiguration&,
                      const list<api::LoadBalancer>&);

/// Rolling update arithmetic: ceil and floor of a percentage of the desired count.
i32 least_healthy(i32 desired, i32 minimum_percent);
i32 most_running(i32 desired, i32 maximum_percent);
/// After so many failures in a row the circuit breaker opens: min(200, max(3, ceil(desired / 2))).
i32 breaker_threshold(i32 desired);

}  // namespace utakata::ecs

#pragma once

#include "base/outcome.hpp"
#include "base/text.hpp"

// ECS's refusals, in its words (facts: ecs.md §12.2).
namespace utakata::ecs {

inline auto invalid(std::string message) { return refuse("InvalidParameterException", std::move(message)); }
inline auto client_fault(std::string message) { return refuse("ClientException", std::move(message)); }
inline auto cluster_not_found() { return refuse("ClusterNotFoundException", "Cluster not found."); }
inline auto service_not_found() { return refuse("ServiceNotFoundException", "Service not found."); }
inline auto service_not_active() { return refuse("ServiceNotActiveException", "Service was not ACTIVE."); }
inline auto task_not_found() { return invalid("The referenced task was not found."); }
inline auto definition_not_found() { return client_fault("Unable to describe task definition."); }

}  // namespace utakata::ecs

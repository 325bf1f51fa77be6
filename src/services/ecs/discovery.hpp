#pragma once

#include "base/outcome.hpp"
#include "services/ecs/state.hpp"

// A service's tasks in Cloud Map (serviceRegistries): entered when they run, taken out when they are to stop.
namespace utakata::ecs {

Outcome<> check_registries(const Tx&, const list<api::ServiceRegistry>&);
list<RegistryRow> registries_of(const list<api::ServiceRegistry>&);
void enter_registries(Tx&, const World&, TaskRow&);
void leave_registries(Tx&, const World&, TaskRow&);

}  // namespace utakata::ecs

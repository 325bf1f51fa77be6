#pragma once

#include "services/ecs/state.hpp"

// What ECS tells the world: EventBridge events and a service's own event messages.
namespace utakata::ecs {

/// Moves the version on and publishes "ECS Task State Change" (facts: ecs.md §6.2, §7.1). Call it with the row as it is
/// after the change.
void publish_task(Tx&, const World&, TaskRow&);

/// "ECS Service Action" (§7.3).
void publish_service_action(Tx&, const World&, const ServiceRow&, std::string_view event_type,
                            std::string_view event_name, std::string_view reason = {},
                            const list<str>& capacity_providers = {});
/// "ECS Deployment State Change" (§7.4).
void publish_deployment(Tx&, const World&, const ServiceRow&, const DeploymentRow&, std::string_view event_type,
                        std::string_view event_name, const str& reason);

/// Adds "(service NAME) TEXT" in front of the service's events; the newest 100 stay, a repeat of the newest is left out
/// for 6 hours.
void add_service_event(Tx&, ServiceRow&, const str& text);

}  // namespace utakata::ecs

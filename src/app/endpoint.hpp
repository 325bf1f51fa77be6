#pragma once

#include <string>

#include "app/arguments.hpp"

namespace utakata::app {

/// --endpoint, else AWS_ENDPOINT_URL, else the default.
std::string endpoint_url(const Arguments&);

/// A refusal of ECS, where no such cluster or task is there with the cluster that was looked in: who did not name it
/// may not know it.
Fault with_cluster(Fault, std::string_view cluster);

}  // namespace utakata::app

#pragma once

#include <string>

#include "app/arguments.hpp"

namespace utakata::app {

/// --endpoint, else AWS_ENDPOINT_URL, else the default.
std::string endpoint_url(const Arguments&);

/// A refusal of ECS with the cluster that was looked in, for who did not name it, or names it wrongly.
Fault with_cluster(Fault, std::string_view cluster);

}  // namespace utakata::app

#pragma once

#include <string>

#include "app/arguments.hpp"

namespace utakata::app {

/// --endpoint, else AWS_ENDPOINT_URL, else the default.
std::string endpoint_url(const Arguments&);

}  // namespace utakata::app

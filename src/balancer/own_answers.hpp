#pragma once

#include <string>
#include <string_view>

#include "base/instant.hpp"

namespace utakata::balancer {

/// The load balancer's own answer to a status, in ALB's words and form (facts: platform.md A6).
std::string own_answer(int status, bool keep_alive, bool head_only, Instant wall_now);

/// A fixed response or a redirect (`location` not empty).
std::string action_answer(int status, std::string_view content_type, std::string_view body, std::string_view location,
                          bool keep_alive, bool head_only, Instant wall_now);

}  // namespace utakata::balancer

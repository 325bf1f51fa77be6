#pragma once

#include <string>
#include <string_view>

#include "base/instant.hpp"

namespace utakata::balancer {

/// The load balancer's own answer to a status, in ALB's words and form (facts: platform.md A6).
std::string own_answer(int status, bool keep_alive, bool head_only, Instant wall_now);
/// That a listener of HTTPS was asked by HTTP (400); the connection ends with it.
std::string plain_http_answer(bool head_only, Instant wall_now);

/// What an action of a rule says: a fixed response.
std::string fixed_answer(int status, std::string_view content_type, std::string_view body, bool keep_alive,
                         bool head_only, Instant wall_now);
/// A redirect, with the page of its status. An empty location is left out.
std::string redirect_answer(int status, std::string_view location, bool keep_alive, bool head_only, Instant wall_now);

}  // namespace utakata::balancer

#pragma once

#include <string_view>

#include "http/head_view.hpp"

// How well a request keeps to HTTP's rules about where it ends, in the classes and with the reasons of ALB's desync
// mitigation (the access log's classification and classification_reason).
namespace utakata::balancer {

enum class Safety : std::uint8_t { compliant, acceptable, ambiguous, severe };

struct Classification {
  Safety safety = Safety::compliant;
  std::string_view reason;  // AWS's name; empty when compliant
};
Classification classify(const http::RequestHeadView&);

/// What a mode does with a class.
struct DesyncVerdict {
  bool refuse = false;             // 400, and the client's connection is closed
  bool close_connections = false;  // after the answer, the client's and the target's
};
/// `mode`: monitor, defensive or strictest. A request that passes goes on in the one form in which we have read it.
DesyncVerdict judge(std::string_view mode, Safety);

/// A name that is not Transfer-Encoding or Content-Length, but that a careless reader could take for it. Never passed
/// on.
bool resembles_framing_header(std::string_view name);

}  // namespace utakata::balancer

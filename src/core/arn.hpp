#pragma once

#include "core/world.hpp"

namespace utakata {

/// The account and region that an ARN names; empty where it is none: arn:aws:SERVICE:REGION:ACCOUNT:...
inline World world_of_arn(std::string_view arn) {
  const auto parts = split(arn, ':');
  if (parts.size() < 6) return {};
  return {.account = std::string(parts[4]), .region = std::string(parts[3])};
}

}  // namespace utakata

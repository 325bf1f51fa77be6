#pragma once

#include <array>

#include "base/types.hpp"

// The availability zones that a region gives to a new account.
namespace utakata::ec2 {

struct Zone {
  str name;     // ap-northeast-1a
  str zone_id;  // apne1-az4: the same place for every account
};
std::array<Zone, 3> zones_of(std::string_view region);

}  // namespace utakata::ec2

#include "services/ec2/zones.hpp"

#include "base/text.hpp"

namespace utakata::ec2 {
namespace {

struct Lettering {
  std::string_view letters;  // of the zones' names
  std::string_view numbers;  // of the zones' ids
};
// Tokyo has no zone b for new accounts; everywhere else the first three letters serve.
Lettering lettering_of(std::string_view region) {
  return region == "ap-northeast-1" ? Lettering{"acd", "412"} : Lettering{"abc", "123"};
}

// "ap-northeast-1" is "apne1" and "us-gov-west-1" is "usgw1" in the ids of zones: the first part whole, of the others
// the initials, where a direction of two words has two.
str short_name(std::string_view region) {
  str out;
  for (const std::string_view part : split(region, '-')) {
    if (out.empty())
      out = part;
    else if (part.size() == 9 && (part.starts_with("north") || part.starts_with("south")))
      ((out += part[0]) += part[5]);
    else
      out += part.substr(0, 1);
  }
  return out;
}

}  // namespace

std::array<Zone, 3> zones_of(std::string_view region) {
  const Lettering lettering = lettering_of(region);
  std::array<Zone, 3> zones;
  for (std::size_t i = 0; i < zones.size(); ++i)
    zones[i] = {.name = cat(region, lettering.letters[i]),
                .zone_id = cat(short_name(region), "-az", lettering.numbers[i])};
  return zones;
}

}  // namespace utakata::ec2

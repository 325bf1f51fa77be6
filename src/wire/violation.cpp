#include "wire/violation.hpp"

#include "base/text.hpp"

namespace utakata::wire {

std::string allowed_values(const Type& enumeration) {
  std::string out = "[";
  for (std::uint16_t i = 0; i < enumeration.count; ++i) {
    if (i != 0) out += ", ";
    out += enumeration.names[i];
  }
  return out + "]";
}

std::string not_allowed_message(const Path& path, std::string_view value, const Type& enumeration) {
  static constexpr std::size_t shown = 200;
  return cat("1 validation error detected: Value '", value.substr(0, shown), "' at '", path.member(),
             "' failed to satisfy constraint: Member must satisfy enum value set: ", allowed_values(enumeration));
}

std::string missing_message(std::string_view member) {
  return cat("1 validation error detected: Value null at '", member,
             "' failed to satisfy constraint: Member must not be null");
}

}  // namespace utakata::wire

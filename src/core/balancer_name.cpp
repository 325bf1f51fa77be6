#include "core/balancer_name.hpp"

#include "base/text.hpp"

namespace utakata {

bool is_balancer_name(std::string_view name) {
  const auto labels = split(name, '.');
  return labels.size() == 4 && labels[3] == "localhost" && (labels[1] == "elb" || labels[2] == "elb");
}

}  // namespace utakata

#pragma once

#include <string_view>

namespace utakata {

/// Whether this is a load balancer's name: NAME-ID.REGION.elb.localhost, of a network load balancer
/// NAME-ID.elb.REGION.localhost. AWS's are so, with amazonaws.com.
bool is_balancer_name(std::string_view name);

}  // namespace utakata

#include "services/elb/protocols.hpp"

#include <algorithm>
#include <array>

#include "services/elb/errors.hpp"

namespace utakata::elb {
namespace {

constexpr std::array<std::string_view, 4> flow_protocols{"TLS", "TCP", "TCP_UDP", "UDP"};

bool go_together(std::string_view listener, std::string_view group) {
  if (listener == "TCP" || listener == "UDP") return group == listener || group == "TCP_UDP";
  if (listener == "TLS") return group == "TCP" || group == "TLS";
  if (listener == "TCP_UDP") return group == listener;
  return !is_flow_protocol(group);
}

}  // namespace

bool is_flow_protocol(std::string_view protocol) {
  return std::ranges::find(flow_protocols, protocol) != flow_protocols.end();
}

bool carries_datagrams(std::string_view protocol) { return protocol == "UDP" || protocol == "TCP_UDP"; }

api::Protocol protocol_named(std::string_view name) {
  api::Protocol protocol;
  for (std::uint8_t i = 0; i < std::size(api::Protocol::names); ++i)
    if (api::Protocol::names[i] == name) protocol.index = i;
  return protocol;
}

Outcome<> check_listener_protocol(const LoadBalancerRow& balancer, std::string_view protocol) {
  if (balancer.network() != is_flow_protocol(protocol))
    return invalid(cat("Listener protocol '", protocol, "' must be one of '",
                       balancer.network() ? "TLS, TCP, TCP_UDP, UDP" : "HTTPS, HTTP", "'"));
  return {};
}

Outcome<> check_compatible(const Tx& tx, std::string_view protocol, const list<api::Action>& actions) {
  for (const str& arn : groups_of(actions)) {
    const auto* group = tx.find<TargetGroupRow>(group_key(tx.world(), arn));
    if (group == nullptr) continue;
    if (!go_together(protocol, group->protocol))
      return refuse("IncompatibleProtocols",
                    cat("The listener and its associated target group '", arn, "' have incompatible protocols: '",
                        protocol, "' and '", group->protocol, "'"));
    // An application load balancer ends TLS itself.
    if (group->target_type == "alb" && protocol != "TCP")
      return refuse("InvalidConfigurationRequest",
                    cat("Listener protocol '", protocol, "' is not supported with the target group '", arn,
                        "' of target type 'alb'; use TCP"));
  }
  return {};
}

}  // namespace utakata::elb

#pragma once

#include <string>

#include "reactor/stream.hpp"

namespace utakata::balancer {

/// The header of version 2 of the PROXY protocol that says who a flow is of: 28 bytes, before its first byte or, with
/// `datagrams`, before each of its datagrams. Without type-length-values: those of AWS name a VPC endpoint.
std::string proxy_header(const reactor::Address& client, const reactor::Address& node, bool datagrams);

/// The header that says of a connection that it is the load balancer's own: a health check's.
std::string own_proxy_header();

}  // namespace utakata::balancer

#pragma once

#include "base/outcome.hpp"
#include "reactor/stream.hpp"

namespace utakata::sandbox {

/// A listening socket inside a network namespace that only takes what comes in by one of its interfaces. Listeners of
/// several interfaces may share an address, so that the listener alone says who calls.
Outcome<int> listen_on_interface(int namespace_fd, const std::string& interface, const reactor::Address&);

}  // namespace utakata::sandbox

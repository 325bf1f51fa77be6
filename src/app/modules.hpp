#pragma once

#include <span>

#include "core/schema.hpp"
#include "wire/service.hpp"

// The list of everything that this program is made of.
namespace utakata::app {

/// In the order in which they declare their tables and hear facts.
std::span<void (*const)(Schema&)> modules();

/// Every API that is served, our own control API last.
std::span<const wire::Service* const> services();

}  // namespace utakata::app

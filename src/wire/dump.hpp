#pragma once

#include <string>

#include "wire/service.hpp"

// What is served, as documents made from the services' own tables.
namespace utakata::wire {

/// The interface as JSON, to be held against AWS's published models: services, operations, shapes with the model's
/// member names. Services of our own are left out.
std::string api_dump(Services);

/// A page in Markdown: each service's operations, and which of their members are honoured, only stored, or
/// refused.
std::string compatibility_page(Services);

}  // namespace utakata::wire

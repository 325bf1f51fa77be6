#pragma once

#include <cstddef>
#include <string>

namespace utakata::reactor {

/// Bytes from the kernel that nobody can guess.
std::string random_bytes(std::size_t);

}  // namespace utakata::reactor

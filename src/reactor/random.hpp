#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace utakata::reactor {

/// Bytes from the kernel that nobody can guess.
std::string random_bytes(std::size_t);
std::uint64_t random_number();

}  // namespace utakata::reactor

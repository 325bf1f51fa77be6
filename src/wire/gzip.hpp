#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace utakata::wire {

/// What was compressed (RFC 1952); nothing if it is not that, or larger than `most` bytes.
std::optional<std::string> gunzip(std::string_view, std::size_t most);

}  // namespace utakata::wire

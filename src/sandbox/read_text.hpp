#pragma once

#include <optional>
#include <string>

namespace utakata::sandbox {

/// The whole of a file, of /proc and /sys above all, whose sizes are not known before; nothing if it cannot be opened.
std::optional<std::string> read_text(const std::string& path);

}  // namespace utakata::sandbox

#pragma once

#include <string>
#include <string_view>

#include "base/outcome.hpp"

namespace utakata::images {

/// Faults MissingFile and TooLarge.
Outcome<std::string> read_file(const std::string& path, std::size_t bytes_max);
/// Whole under its name, or not there at all. The file's mode is 0600.
Outcome<> write_file(const std::string& path, std::string_view bytes);
/// The same, also after a loss of power.
Outcome<> write_file_durably(const std::string& path, std::string_view bytes);
/// The name of what a writer that was killed leaves beside the file.
inline bool is_half_written(std::string_view name) { return name.ends_with(".new"); }

}  // namespace utakata::images

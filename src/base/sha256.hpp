#pragma once

#include <string>
#include <string_view>

namespace utakata {

/// The SHA-256 digest (FIPS 180-4), 32 bytes.
std::string sha256(std::string_view bytes);
/// The same in lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

}  // namespace utakata

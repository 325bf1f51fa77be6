#pragma once

#include <string>
#include <string_view>

namespace utakata::sqs {

/// The SHA-256 digest (FIPS 180-4) in lower-case hexadecimal digits: content-based deduplication ids.
std::string sha256_hex(std::string_view bytes);

}  // namespace utakata::sqs

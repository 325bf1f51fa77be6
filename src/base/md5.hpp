#pragma once

#include <string>
#include <string_view>

namespace utakata {

/// The MD5 digest (RFC 1321) in lower-case hexadecimal digits: SQS's checksums. Not for anything that must be secret.
std::string md5_hex(std::string_view bytes);

}  // namespace utakata

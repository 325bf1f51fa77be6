#pragma once

#include <string>
#include <string_view>

namespace utakata {

/// The SHA-1 digest (FIPS 180-4), 20 bytes: the WebSocket handshake asks for it; not for secrets.
std::string sha1(std::string_view bytes);

}  // namespace utakata

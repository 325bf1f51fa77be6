#include "wire/event_stream.hpp"

#include <doctest/doctest.h>

#include "base/text.hpp"

using namespace utakata;  // NOLINT: a test

TEST_CASE("event stream: a message has its lengths, headers and checksums as AWS lays them out") {
  CHECK(wire::crc32("123456789") == 0xcbf43926);
  const std::string message = wire::event_message("e", "{}");
  // 12 bytes of prelude, 71 of headers, 2 of payload, 4 of checksum
  CHECK(hex(message.substr(0, 8)) == "0000005900000047");
  CHECK(message.size() == 0x59);
  CHECK(message.contains("\x0d:message-type\x07" + std::string("\0\x05", 2) + "event"));
  CHECK(message.contains("\x0b:event-type\x07" + std::string("\0\x01", 2) + "e"));
  CHECK(message.contains("\x0d:content-type\x07" + std::string("\0\x10", 2) + "application/json{}"));
  // The checksum of a text with its own checksum behind it, last byte first, is always the same.
  const auto mirrored = [](std::string bytes) {
    std::string last = bytes.substr(bytes.size() - 4);
    return bytes.substr(0, bytes.size() - 4) + std::string(last.rbegin(), last.rend());
  };
  CHECK(wire::crc32(mirrored(message.substr(0, 12))) == 0x2144df1c);
  CHECK(wire::crc32(mirrored(message)) == 0x2144df1c);
  CHECK(wire::exception_message("x", "{}").contains(":exception-type"));
}

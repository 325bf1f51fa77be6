#include "http/websocket_frames.hpp"

#include <doctest/doctest.h>

#include "base/text.hpp"

using namespace utakata;        // NOLINT: a test
using namespace utakata::http;  // NOLINT: a test

namespace {

constexpr std::string_view mask = "abcd";

struct Taken {
  std::vector<WebSocketMessage> messages;
  int code = 0;  // of the violation
};
Taken taken(std::string_view bytes, WebSocketSide side = WebSocketSide::server, std::size_t limit = 1000) {
  FrameReader reader(side, {.message = limit});
  Taken result;
  if (const auto broken = reader.take(bytes, result.messages)) result.code = broken->code;
  return result;
}

// A frame by hand: the first byte, the second without its mask bit, then the payload.
std::string masked(int first, std::string_view payload) {
  std::string frame = print_frame(Opcode::binary, payload, mask);
  frame[0] = static_cast<char>(first);
  return frame;
}

RequestHead handshake(std::string_view more) {
  RequestHead head;
  const std::string text =
      cat("GET /v1/data-channel/x HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\n"
          "Upgrade: websocket\r\n",
          more, "\r\n");
  REQUIRE_FALSE(parse_request_head(text, {}, head));
  return head;
}

}  // namespace

TEST_CASE("websocket: frames of every length form are printed and read again") {
  for (const std::size_t size : {0UL, 1UL, 125UL, 126UL, 65'535UL, 65'536UL, 100'000UL}) {
    std::string payload(size, 'x');
    if (size > 2) payload[2] = '\0';
    for (const bool from_client : {true, false}) {
      const std::string frame = print_frame(Opcode::binary, payload, from_client ? mask : std::string_view());
      const Taken got = taken(frame, from_client ? WebSocketSide::server : WebSocketSide::client, 200'000);
      REQUIRE(got.messages.size() == 1);
      CHECK(got.messages[0].bytes == payload);
    }
  }
}

TEST_CASE("websocket: a message is the same however its bytes are cut, control frames come between its fragments") {
  const std::string bytes = masked(0x01, "hel") + masked(0x89, "now") + masked(0x00, "l") + masked(0x80, "o") +
                            masked(0x82, std::string_view("\0\1", 2)) + print_close(1000, "bye", mask);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    FrameReader reader(WebSocketSide::server);
    std::vector<WebSocketMessage> messages;
    REQUIRE_FALSE(reader.take(std::string_view(bytes).substr(0, cut), messages));
    REQUIRE_FALSE(reader.take(std::string_view(bytes).substr(cut), messages));
    REQUIRE(messages.size() == 4);
    CHECK(messages[0].kind == Opcode::ping);
    CHECK(messages[0].bytes == "now");
    CHECK(messages[1].kind == Opcode::text);
    CHECK(messages[1].bytes == "hello");
    CHECK(messages[2].bytes == std::string("\0\1", 2));
    CHECK(messages[3].code == 1000);
    CHECK(messages[3].bytes == "bye");
  }
}

TEST_CASE("websocket: what is malformed is refused with the code that the standard has for it") {
  CHECK(taken(print_frame(Opcode::text, "a")).code == 1002);                               // not masked
  CHECK(taken(print_frame(Opcode::text, "a", mask), WebSocketSide::client).code == 1002);  // masked by a server
  CHECK(taken(masked(0xc2, "a")).code == 1002);                                            // a reserved bit
  CHECK(taken(masked(0x83, "a")).code == 1002);                                            // an opcode of nobody
  CHECK(taken(masked(0x09, "a")).code == 1002);                                            // a fragmented ping
  CHECK(taken(masked(0x89, std::string(126, 'a'))).code == 1002);                          // a long ping
  CHECK(taken(masked(0x80, "a")).code == 1002);                                            // continues nothing
  CHECK(taken(masked(0x02, "a") + masked(0x82, "b")).code == 1002);                        // begins within another
  CHECK(taken(std::string("\x82\xfe\x00\x05", 4)).code == 1002);                           // not the shortest length
  CHECK(taken(std::string("\x82\xff\x00\x00\x00\x00\x00\x00\xff\xff", 10)).code == 1002);
  CHECK(taken(std::string("\x82\xff\x80\x00\x00\x00\x00\x00\x00\x00", 10)).code == 1009);
  CHECK(taken(masked(0x82, std::string(1001, 'a'))).code == 1009);
  CHECK(taken(masked(0x02, std::string(600, 'a')) + masked(0x80, std::string(600, 'a'))).code == 1009);
  CHECK(taken(masked(0x88, "x")).code == 1002);         // half a close code
  CHECK(taken(masked(0x88, "\x03\xee")).code == 1002);  // 1006 never travels
  CHECK(taken(masked(0x88, "")).messages[0].code == 1005);
}

TEST_CASE("websocket: texts are UTF-8") {
  for (const std::string_view good : {"", "a\xc3\xa9", "\xe6\xb3\xa1\xe6\xb2\xab", "\xf0\x9f\xab\xa7", "\xed\x9f\xbf"})
    CHECK(taken(masked(0x81, good)).code == 0);
  for (const std::string_view bad : {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                     "\xf8\x88\x80\x80\x80", "a\xe6\xb3"})
    CHECK(taken(masked(0x81, bad)).code == 1007);
  CHECK(taken(masked(0x01, "\xe6\xb3") + masked(0x80, "\xa1")).code == 0);  // cut within a character
}

TEST_CASE("websocket: the handshake of RFC 6455 §1.3, and what is none") {
  CHECK(websocket_accept("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  const RequestHead good = handshake("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
  CHECK(wants_websocket(good));
  CHECK(answer_websocket(good).accepted);
  CHECK(answer_websocket(good).text.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
  const auto status = [](std::string_view more) { return answer_websocket(handshake(more)).text.substr(9, 3); };
  CHECK(status("Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n") == "426");
  CHECK(status("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n") == "426");
  CHECK(status("Sec-WebSocket-Version: 13\r\n") == "400");
  CHECK(status("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c2hvcnQ=\r\n") == "400");
  CHECK_FALSE(wants_websocket([] {
    RequestHead head;
    REQUIRE_FALSE(parse_request_head("GET / HTTP/1.1\r\nHost: a\r\n\r\n", {}, head));
    return head;
  }()));
}

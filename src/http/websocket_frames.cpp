#include "http/websocket_frames.hpp"

#include <utility>

#include "base/bytes.hpp"
#include "base/sha1.hpp"
#include "base/text.hpp"

namespace utakata::http {
namespace {

constexpr std::size_t control_payload_max = 125;  // §5.5
constexpr std::size_t key_bytes = 16;             // §4.2.1: of the nonce that the key carries
constexpr int no_code = 1005;                     // §7.4.1: told to the reader, never sent

bool is_control(Opcode opcode) { return static_cast<std::uint8_t>(opcode) >= 8; }

bool known(std::uint8_t opcode) { return opcode <= 2 || (opcode >= 8 && opcode <= 10); }

// §7.4.1 and 7.4.2: what may travel in a close frame.
bool may_be_sent(int code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

// How many bytes follow a lead byte; -1 if it leads nothing.
int continuation_bytes(unsigned char lead) {
  if (lead < 0x80) return 0;
  if (lead >= 0xc2 && lead < 0xe0) return 1;
  if (lead >= 0xe0 && lead < 0xf0) return 2;
  return lead >= 0xf0 && lead < 0xf5 ? 3 : -1;
}

// RFC 3629: no overlong forms, no surrogates, nothing beyond U+10FFFF.
bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const int more = continuation_bytes(lead);
    if (more < 0 || static_cast<std::size_t>(more) >= text.size() - i) return false;
    for (int k = 1; k <= more; ++k) {
      const auto byte = static_cast<unsigned char>(text[i + static_cast<std::size_t>(k)]);
      const int least = k == 1 && lead == 0xe0 ? 0xa0 : k == 1 && lead == 0xf0 ? 0x90 : 0x80;
      const int most = k == 1 && lead == 0xed ? 0x9f : k == 1 && lead == 0xf4 ? 0x8f : 0xbf;
      if (byte < least || byte > most) return false;
    }
    i += static_cast<std::size_t>(more) + 1;
  }
  return true;
}

void apply_mask(std::string& text, std::size_t begin, std::string_view mask) {
  for (std::size_t i = begin; i < text.size(); ++i) text[i] = static_cast<char>(text[i] ^ mask[(i - begin) % 4]);
}

}  // namespace

std::optional<WebSocketViolation> FrameReader::check_head(std::size_t& whole) {
  whole = 0;
  if (buffer_.size() < 2) return {};
  const auto first = static_cast<unsigned char>(buffer_[0]);
  const auto second = static_cast<unsigned char>(buffer_[1]);
  if ((first & 0x70) != 0) return WebSocketViolation{.why = "a reserved bit is set, and no extension was agreed on"};
  if (!known(first & 0x0f)) return WebSocketViolation{.why = "the opcode is not known"};
  const bool masked = (second & 0x80) != 0;
  if (masked != (side_ == WebSocketSide::server))
    return WebSocketViolation{.why = masked ? "a server's frame is masked" : "a client's frame is not masked"};
  const std::size_t short_length = second & 0x7f;
  if (is_control(static_cast<Opcode>(first & 0x0f)) && ((first & 0x80) == 0 || short_length > control_payload_max))
    return WebSocketViolation{.why = "a control frame is fragmented or too long"};
  const std::size_t length_bytes = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
  if (buffer_.size() < 2 + length_bytes) return {};
  const std::uint64_t length = length_bytes == 0 ? short_length : big_endian(buffer_, 2, length_bytes);
  if ((length_bytes == 2 && length < 126) || (length_bytes == 8 && length < 65'536))
    return WebSocketViolation{.why = "a length is not in its shortest form"};
  if (length > limits_.message || joined_.size() + length > limits_.message)
    return WebSocketViolation{.code = close_code::too_big, .why = "the message is too big"};
  const std::size_t all = 2 + length_bytes + (masked ? 4U : 0U) + static_cast<std::size_t>(length);
  if (buffer_.size() >= all) whole = all;
  return {};
}

FrameReader::Frame FrameReader::cut(std::size_t whole) {
  const auto first = static_cast<unsigned char>(buffer_[0]);
  const auto second = static_cast<unsigned char>(buffer_[1]);
  const std::size_t short_length = second & 0x7f;
  std::size_t at = 2U + (short_length == 126 ? 2U : short_length == 127 ? 8U : 0U);
  const bool masked = (second & 0x80) != 0;
  const std::string mask = masked ? buffer_.substr(at, 4) : std::string();
  at += mask.size();
  Frame frame{.final = (first & 0x80) != 0,
              .opcode = static_cast<Opcode>(first & 0x0f),
              .payload = buffer_.substr(at, whole - at)};
  if (masked) apply_mask(frame.payload, 0, mask);
  buffer_.erase(0, whole);
  return frame;
}

std::optional<WebSocketViolation> FrameReader::take_control(Frame frame, std::vector<WebSocketMessage>& messages) {
  WebSocketMessage message{.kind = frame.opcode, .bytes = std::move(frame.payload)};
  if (frame.opcode == Opcode::close) {
    if (message.bytes.size() == 1) return WebSocketViolation{.why = "a close code has one byte"};
    message.code = message.bytes.empty() ? no_code : static_cast<int>(big_endian(message.bytes, 0, 2));
    if (message.code != no_code && !may_be_sent(message.code))
      return WebSocketViolation{.why = "the close code may not be sent"};
    if (!message.bytes.empty()) message.bytes.erase(0, 2);
    if (!is_utf8(message.bytes)) return WebSocketViolation{close_code::bad_text, "the close reason is no UTF-8"};
  }
  messages.push_back(std::move(message));
  return {};
}

std::optional<WebSocketViolation> FrameReader::take_frame(Frame frame, std::vector<WebSocketMessage>& messages) {
  if (is_control(frame.opcode)) return take_control(std::move(frame), messages);
  const bool continues = frame.opcode == Opcode::continuation;
  if (continues != fragmented_.has_value())
    return WebSocketViolation{.why = continues ? "a continuation follows nothing"
                                               : "a new message begins before the last one has ended"};
  if (!continues) fragmented_ = frame.opcode;
  joined_ += frame.payload;
  if (!frame.final) return {};
  WebSocketMessage message{.kind = *std::exchange(fragmented_, std::nullopt),
                           .bytes = std::exchange(joined_, std::string())};
  if (message.kind == Opcode::text && !is_utf8(message.bytes))
    return WebSocketViolation{close_code::bad_text, "a text message is no UTF-8"};
  messages.push_back(std::move(message));
  return {};
}

std::optional<WebSocketViolation> FrameReader::take(std::string_view bytes, std::vector<WebSocketMessage>& messages) {
  buffer_ += bytes;
  while (true) {
    std::size_t whole = 0;
    if (auto broken = check_head(whole)) return broken;
    if (whole == 0) return {};
    if (auto broken = take_frame(cut(whole), messages)) return broken;
    if (!messages.empty() && messages.back().kind == Opcode::close) return {};  // what follows is not looked at
  }
}

std::string print_frame(Opcode opcode, std::string_view payload, std::string_view mask) {
  std::string frame;
  frame.reserve(payload.size() + 14);
  frame += static_cast<char>(0x80 | static_cast<std::uint8_t>(opcode));
  const int mask_bit = mask.empty() ? 0 : 0x80;
  if (payload.size() < 126) {
    frame += static_cast<char>(mask_bit | static_cast<int>(payload.size()));
  } else if (payload.size() < 65'536) {
    frame += static_cast<char>(mask_bit | 126);
    append_big_endian(frame, payload.size(), 2);
  } else {
    frame += static_cast<char>(mask_bit | 127);
    append_big_endian(frame, payload.size(), 8);
  }
  frame += mask;
  const std::size_t begin = frame.size();
  frame += payload;
  if (!mask.empty()) apply_mask(frame, begin, mask);
  return frame;
}

std::string print_close(int code, std::string_view reason, std::string_view mask) {
  std::string payload;
  append_big_endian(payload, static_cast<std::uint64_t>(code), 2);
  payload += reason.substr(0, control_payload_max - 2);
  return print_frame(Opcode::close, payload, mask);
}

std::string websocket_accept(std::string_view key) {
  return base64_encode(sha1(cat(key, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));  // §1.3
}

bool wants_websocket(const RequestHead& head) {
  return head.headers.has_token("upgrade", "websocket") && head.headers.has_token("connection", "upgrade");
}

WebSocketAnswer answer_websocket(const RequestHead& head) {
  const auto refused = [](std::string_view status, std::string_view more, std::string_view why) {
    return WebSocketAnswer{.text = cat("HTTP/1.1 ", status, "\r\n", more,
                                       "Content-Type: text/plain\r\nContent-Length: ", why.size(),
                                       "\r\nConnection: close\r\n\r\n", why)};
  };
  const std::string* version = head.headers.find("sec-websocket-version");
  if (version == nullptr || *version != "13")
    return refused("426 Upgrade Required", "Sec-WebSocket-Version: 13\r\nUpgrade: websocket\r\n",
                   "only version 13 of WebSocket is spoken");
  const std::string* key = head.headers.find("sec-websocket-key");
  const auto nonce = key != nullptr ? base64_decode(*key) : std::nullopt;
  if (head.method != "GET" || head.minor_version < 1 || !nonce || nonce->size() != key_bytes)
    return refused("400 Bad Request", "", "the request is no WebSocket handshake: GET, HTTP/1.1, Sec-WebSocket-Key");
  return {.text = cat("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                      "Sec-WebSocket-Accept: ",
                      websocket_accept(*key), "\r\n\r\n"),
          .accepted = true};
}

}  // namespace utakata::http

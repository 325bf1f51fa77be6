#include "session/message.hpp"

#include "base/bytes.hpp"
#include "base/hash.hpp"
#include "base/sha256.hpp"
#include "base/text.hpp"

namespace utakata::session {
namespace {

constexpr std::size_t header_length = 116;
constexpr std::size_t type_length = 32;
constexpr std::size_t schema_version = 1;
constexpr std::size_t half_id = 8;

std::unexpected<Fault> malformed(std::string_view why) {
  return refuse("MalformedMessage", cat("the message is malformed: ", why));
}

}  // namespace

std::string print(const Message& message) {
  std::string bytes;
  bytes.reserve(header_length + 4 + message.payload.size());
  append_big_endian(bytes, header_length, 4);
  std::string type = message.type;
  type.resize(type_length, ' ');
  bytes += type;
  append_big_endian(bytes, schema_version, 4);
  append_big_endian(bytes, static_cast<std::uint64_t>(message.created_ms), 8);
  append_big_endian(bytes, static_cast<std::uint64_t>(message.sequence), 8);
  append_big_endian(bytes, message.flags, 8);
  bytes += std::string_view(message.id).substr(half_id, half_id);
  bytes += std::string_view(message.id).substr(0, half_id);
  bytes += sha256(message.payload);
  append_big_endian(bytes, static_cast<std::uint64_t>(message.payload_type), 4);
  append_big_endian(bytes, message.payload.size(), 4);
  return bytes + message.payload;
}

Outcome<Message> parse(std::string_view bytes) {
  if (bytes.size() < header_length + 4) return malformed("its header is cut short");
  // A longer header is one of a later schema, whose payload lies behind it.
  const std::uint64_t header = big_endian(bytes, 0, 4);
  if (header < header_length || header > bytes.size() - 4) return malformed("its header length is wrong");
  std::string_view type = bytes.substr(4, type_length);
  while (!type.empty() && (type.back() == ' ' || type.back() == '\0')) type.remove_suffix(1);
  if (type.empty()) return malformed("it has no type");
  Message message{.type = std::string(type),
                  .created_ms = static_cast<std::int64_t>(big_endian(bytes, 40, 8)),
                  .sequence = static_cast<std::int64_t>(big_endian(bytes, 48, 8)),
                  .flags = big_endian(bytes, 56, 8),
                  .id = cat(bytes.substr(64 + half_id, half_id), bytes.substr(64, half_id)),
                  .payload_type = static_cast<PayloadType>(big_endian(bytes, 112, 4)),
                  .payload = std::string(bytes.substr(header + 4))};
  if (message.sequence < 0) return malformed("its sequence number is negative");
  if (big_endian(bytes, 116, 4) != message.payload.size()) return malformed("its payload length is wrong");
  if (!message.payload.empty() && sha256(message.payload) != bytes.substr(80, 32))
    return malformed("its payload does not match its digest");
  return message;
}

std::string id_text(std::string_view id) {
  const std::string digits = hex(id);
  return cat(digits.substr(0, 8), "-", digits.substr(8, 4), "-", digits.substr(12, 4), "-", digits.substr(16, 4), "-",
             digits.substr(20));
}

std::string make_id(std::uint64_t seed, std::uint64_t n) {
  std::string id;
  append_big_endian(id, (mix(seed ^ mix(2 * n)) & ~std::uint64_t{0xf000}) | 0x4000, 8);
  append_big_endian(id, (mix(seed ^ mix(2 * n + 1)) & ~(std::uint64_t{3} << 62)) | (std::uint64_t{2} << 62), 8);
  return id;
}

}  // namespace utakata::session

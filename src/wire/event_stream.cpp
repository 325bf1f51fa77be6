#include "wire/event_stream.hpp"

#include <array>

#include "base/text.hpp"

namespace utakata::wire {
namespace {

constexpr std::uint32_t crc_polynomial = 0xedb88320;  // reflected
constexpr char text_header = 7;                       // the kind of a header's value
constexpr std::size_t prelude_size = 12, checksum_size = 4;

constexpr std::array<std::uint32_t, 256> crc_table = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = (rest & 1) != 0 ? crc_polynomial ^ rest >> 1 : rest >> 1;
    table.at(byte) = rest;
  }
  return table;
}();

void put(std::string& out, std::size_t number, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift & 255);
}

void put_header(std::string& out, std::string_view name, std::string_view value) {
  put(out, name.size(), 1);
  out += name;
  out += text_header;
  put(out, value.size(), 2);
  out += value;
}

std::string message(std::string_view kind, std::string_view name_of_type, std::string_view type,
                    std::string_view payload) {
  std::string headers;
  put_header(headers, ":message-type", kind);
  put_header(headers, name_of_type, type);
  put_header(headers, ":content-type", "application/json");
  std::string all;
  put(all, prelude_size + headers.size() + payload.size() + checksum_size, 4);
  put(all, headers.size(), 4);
  put(all, crc32(all), 4);
  all += headers;
  all += payload;
  put(all, crc32(all), 4);
  return all;
}

}  // namespace

std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t rest = ~std::uint32_t{0};
  for (const char each : bytes) rest = crc_table.at((rest ^ static_cast<unsigned char>(each)) & 255) ^ rest >> 8;
  return ~rest;
}

std::string event_message(std::string_view type, std::string_view payload) {
  return message("event", ":event-type", type, payload);
}

std::string exception_message(std::string_view type, std::string_view payload) {
  return message("exception", ":exception-type", type, payload);
}

}  // namespace utakata::wire

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/types.hpp"

// Messages of DNS (RFC 1035), as far as a VPC's resolver reads and writes them. What comes is anybody's bytes.
namespace utakata::sandbox::dns {

inline constexpr std::size_t datagram_max = 512;  // without EDNS
inline constexpr std::size_t message_max = 65'535;

enum class Type : std::uint16_t { a = 1, srv = 33, any = 255 };
enum class Code : std::uint8_t { no_error = 0, format_error = 1, server_failure = 2, no_such_name = 3, refused = 5 };

struct Query {
  std::uint16_t id = 0;
  std::uint16_t flags = 0;
  str name;  // in lower case, without a dot at its end
  std::uint16_t type = 0;
  str question;  // its bytes, as they came
};

/// The one question of a message; nothing if it is no query, has another number of questions or is malformed.
std::optional<Query> parse_query(std::string_view message);
/// True if this is an answer to exactly that query.
bool answers(std::string_view message, const Query&);
/// True if another server may know more than the one that gave this answer.
bool is_failure(std::string_view answer);

struct Record {
  Type type = Type::a;
  str address;  // of A
  str target;   // of SRV
  i32 port = 0;
};
/// An answer with these records, all of the question's name; cut and marked so if it would be longer than `most`.
str write_answer(const Query&, Code, i32 ttl_seconds, const list<Record>&, std::size_t most);
/// What to say to bytes that are no query: nothing if they are too short to have an id.
std::optional<str> format_error(std::string_view message);

}  // namespace utakata::sandbox::dns

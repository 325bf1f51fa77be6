#include "wire/pagination.hpp"

#include "base/hash.hpp"
#include "base/text.hpp"

namespace utakata::wire {
namespace {

constexpr std::size_t mark_size = 16;

// Ties a token to its operation; not a secret, only a guard against mistaken tokens.
std::string mark(std::string_view operation, std::string_view key) {
  std::string bytes(8, '\0');
  std::uint64_t hash = hash64(key, hash64(operation));
  for (char& byte : bytes) {
    byte = static_cast<char>(hash & 0xff);
    hash >>= 8;
  }
  return hex(bytes);
}

}  // namespace

std::string encode_token(std::string_view operation, std::string_view last_key) {
  return base64_encode(mark(operation, last_key) + std::string(last_key));
}

Outcome<std::string> decode_token(const PageRules& rules, std::string_view token) {
  auto text = base64_decode(token);
  if (!text || text->size() < mark_size) return std::unexpected(rules.bad_token);
  std::string key = text->substr(mark_size);
  if (mark(rules.operation, key) != text->substr(0, mark_size)) return std::unexpected(rules.bad_token);
  return key;
}

Outcome<std::size_t> page_size(const PageRules& rules, const opt<i32>& asked) {
  const i32 size = asked.value_or(rules.default_size);
  if (size < 1 || size > rules.max_size) return std::unexpected(rules.bad_size);
  return static_cast<std::size_t>(size);
}

}  // namespace utakata::wire

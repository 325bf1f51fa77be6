#include "services/logs/position.hpp"

namespace utakata::logs {
namespace {

constexpr std::size_t at_digits = 20, chunk_digits = 18, index_digits = 18;

str padded(i64 number, std::size_t digits) {
  const str text = cat(number);
  return cat(str(digits - std::min(digits, text.size()), '0'), text);
}

}  // namespace

str digits_of(const Position& position) {
  return cat(padded(position.at, at_digits), padded(position.chunk, chunk_digits),
             padded(position.index, index_digits));
}

std::optional<Position> position_of(std::string_view digits) {
  if (digits.size() != at_digits + chunk_digits + index_digits) return {};
  const auto at = parse_integer(digits.substr(0, at_digits));
  const auto chunk = parse_integer(digits.substr(at_digits, chunk_digits));
  const auto index = parse_integer(digits.substr(at_digits + chunk_digits));
  if (!at || !chunk || !index || *at < 0 || *chunk < 0 || *index < 0) return {};
  return Position{.at = *at, .chunk = *chunk, .index = *index};
}

}  // namespace utakata::logs

#include "services/logs/position.hpp"

namespace utakata::logs {
namespace {

constexpr std::size_t at_digits = 20, segment_digits = 18, offset_digits = 18;

str padded(i64 number, std::size_t digits) {
  const str text = cat(number);
  return cat(str(digits - std::min(digits, text.size()), '0'), text);
}

}  // namespace

str digits_of(const Position& position) {
  return cat(padded(position.at, at_digits), padded(position.segment, segment_digits),
             padded(position.offset, offset_digits));
}

std::optional<Position> position_of(std::string_view digits) {
  if (digits.size() != at_digits + segment_digits + offset_digits) return {};
  const auto at = parse_integer(digits.substr(0, at_digits));
  const auto segment = parse_integer(digits.substr(at_digits, segment_digits));
  const auto offset = parse_integer(digits.substr(at_digits + segment_digits));
  if (!at || !segment || !offset || *at < 0 || *segment < 0 || *offset < 0) return {};
  return Position{.at = *at, .segment = *segment, .offset = *offset};
}

}  // namespace utakata::logs

#include "balancer/stickiness.hpp"

#include "base/sha256.hpp"
#include "base/text.hpp"

namespace utakata::balancer {
namespace {

constexpr std::size_t mark_size = 16;
constexpr std::size_t value_max = 2048;               // of a cookie that is looked at
constexpr Duration kept_by_browsers = hours(24 * 7);  // whatever the duration is, as AWS

}  // namespace

// Keyed twice, as HMAC is, so that nobody can go on from a known digest.
std::string BondSeal::keyed(std::string_view purpose, std::string_view text) const {
  return sha256(cat(secret_, purpose, sha256(cat(purpose, secret_, text))));
}

// The same again takes the mask off.
std::string BondSeal::masked(std::string_view mark, std::string_view text) const {
  std::string out(text);
  std::string mask;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i % 32 == 0) mask = keyed("mask", cat(mark, i));
    out[i] = static_cast<char>(out[i] ^ mask[i % 32]);
  }
  return out;
}

std::string BondSeal::seal(const Bond& bond) const {
  const std::string text = cat(bond.since.ns / 1'000'000'000, " ", bond.to);
  const std::string mark = keyed("mark", text).substr(0, mark_size);
  return base64_encode(mark + masked(mark, text));
}

std::optional<Bond> BondSeal::open(std::string_view value) const {
  if (value.size() > value_max) return {};
  const auto bytes = base64_decode(value);
  if (!bytes || bytes->size() <= mark_size) return {};
  const std::string mark = bytes->substr(0, mark_size);
  const std::string text = masked(mark, std::string_view(*bytes).substr(mark_size));
  if (keyed("mark", text).substr(0, mark_size) != mark) return {};
  const std::size_t space = text.find(' ');
  const auto since = parse_integer(std::string_view(text).substr(0, space));
  if (space == std::string::npos || !since) return {};
  return Bond{.to = text.substr(space + 1), .since = Instant{*since * 1'000'000'000}};
}

std::string_view cookie_value(std::span<const http::HeaderView> headers, std::string_view name) {
  for (const http::HeaderView& header : headers) {
    if (!equals_ignoring_case(header.name, "cookie")) continue;
    for (std::string_view rest = header.value; !rest.empty();) {
      const std::size_t end = rest.find(';');
      const std::string_view pair = trim(rest.substr(0, end));
      if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) return pair.substr(name.size() + 1);
      if (end == std::string_view::npos) break;
      rest.remove_prefix(end + 1);
    }
  }
  return {};
}

bool sets_cookie(std::span<const http::HeaderView> headers, std::string_view name) {
  for (const http::HeaderView& header : headers)
    if (equals_ignoring_case(header.name, "set-cookie") && header.value.starts_with(name) &&
        header.value.substr(name.size()).starts_with('='))
      return true;
  return false;
}

std::optional<std::string> bound_to(const BondSeal& seal, std::span<const http::HeaderView> headers,
                                    std::string_view name, Duration lasts, Instant now) {
  const std::string_view value = cookie_value(headers, name);
  if (value.empty()) return {};
  auto bond = seal.open(value);
  if (!bond || now >= bond->since + lasts) return {};
  return std::move(bond->to);
}

std::string bond_lines(const BondSeal& seal, std::string_view name, const Bond& bond) {
  const std::string value = seal.seal(bond);
  const std::string rest = cat("; Expires=", http_date(bond.since + kept_by_browsers), "; Path=/");
  // "AWSALBAPP-0" has no second one: the target's own cookie says which sites may send it.
  std::string lines = cat("Set-Cookie: ", name, "=", value, rest, "\r\n");
  if (name != application_cookie)
    lines += cat("Set-Cookie: ", name, "CORS=", value, rest, "; SameSite=None; Secure\r\n");
  return lines;
}

}  // namespace utakata::balancer

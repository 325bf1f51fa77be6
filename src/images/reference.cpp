#include "images/reference.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "images/digest.hpp"

namespace utakata::images {
namespace {

constexpr std::size_t reference_characters_max = 512;
constexpr std::size_t tag_characters_max = 128;

bool lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool upper(char c) { return c >= 'A' && c <= 'Z'; }

// Lower case letters and digits, with '.', '_' and '-' between them.
bool sound_path(std::string_view path) {
  return std::ranges::all_of(split(path, '/'), [](std::string_view piece) {
    return !piece.empty() && lower_or_digit(piece.front()) && lower_or_digit(piece.back()) &&
           piece.find("..") == std::string_view::npos &&
           std::ranges::all_of(piece, [](char c) { return lower_or_digit(c) || c == '.' || c == '_' || c == '-'; });
  });
}

bool sound_tag(std::string_view tag) {
  const auto first = [](char c) { return lower_or_digit(c) || upper(c) || c == '_'; };
  return !tag.empty() && tag.size() <= tag_characters_max && first(tag.front()) &&
         std::ranges::all_of(tag, [&](char c) { return first(c) || c == '.' || c == '-'; });
}

bool sound_registry(std::string_view registry) {
  const std::size_t colon = registry.find(':');
  const std::string_view host = registry.substr(0, colon);
  if (colon != std::string_view::npos) {
    const auto port = parse_integer(registry.substr(colon + 1));
    if (!port || *port < 1 || *port > 65535) return false;
  }
  return !host.empty() && host.front() != '-' && host.front() != '.' &&
         std::ranges::all_of(host, [](char c) { return lower_or_digit(c) || upper(c) || c == '.' || c == '-'; });
}

// Docker's rule: what stands before the first slash is a registry when it could be no path.
bool names_registry(std::string_view first) {
  return first.find_first_of(".:") != std::string_view::npos || first == "localhost" ||
         std::ranges::any_of(first, upper);
}

}  // namespace

str Reference::name() const { return registry.empty() ? path : cat(registry, "/", path); }

str Reference::text() const { return cat(name(), tag.empty() ? "" : ":", tag, digest.empty() ? "" : "@", digest); }

Outcome<Reference> parse_reference(std::string_view text) {
  const auto invalid = [text] {
    return refuse("CannotPullContainerError", cat("CannotPullContainerError: invalid reference format: ", text));
  };
  Reference reference;
  std::string_view rest = text;
  if (const std::size_t at = rest.find('@'); at != std::string_view::npos) {
    reference.digest = rest.substr(at + 1);
    if (!is_digest(reference.digest)) return invalid();
    rest = rest.substr(0, at);
  }
  if (const std::size_t slash = rest.find('/');
      slash != std::string_view::npos && names_registry(rest.substr(0, slash))) {
    reference.registry = rest.substr(0, slash);
    if (!sound_registry(reference.registry)) return invalid();
    rest = rest.substr(slash + 1);
  }
  if (const std::size_t colon = rest.find(':'); colon != std::string_view::npos) {
    reference.tag = rest.substr(colon + 1);
    if (!sound_tag(reference.tag)) return invalid();
    rest = rest.substr(0, colon);
  }
  reference.path = rest;
  if (!sound_path(reference.path) || text.size() > reference_characters_max) return invalid();
  if (reference.tag.empty() && reference.digest.empty()) reference.tag = "latest";
  return reference;
}

bool is_ecr(std::string_view registry) {
  constexpr std::size_t account_digits = 12;
  constexpr std::string_view middle = ".dkr.ecr.";
  const std::string_view account = registry.substr(0, account_digits);
  return account.size() == account_digits &&
         std::ranges::all_of(account, [](char c) { return c >= '0' && c <= '9'; }) &&
         registry.substr(account_digits).starts_with(middle) &&
         (registry.ends_with(".amazonaws.com") || registry.ends_with(".amazonaws.com.cn"));
}

}  // namespace utakata::images

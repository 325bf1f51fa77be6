#include "wire/canonical.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/outcome.hpp"
#include "base/text.hpp"

namespace utakata::wire::sigv4 {
namespace {

std::string as_text(const unsigned char* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}
const unsigned char* as_bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

std::string sha256(std::string_view bytes) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(as_bytes(bytes), bytes.size(), digest.data());
  return as_text(digest.data(), digest.size());
}

// Trimmed, and runs of spaces folded to one.
std::string folded(std::string_view value) {
  std::string out;
  for (const char c : trim(value))
    if (c != ' ' || !out.ends_with(' ')) out += c;
  return out;
}

// The values of all headers of that name, in their order.
std::string joined_values(const Request& request, std::string_view name) {
  std::string out;
  bool first = true;
  for (const HeaderView& header : request.headers) {
    if (!equals_ignoring_case(header.name, name)) continue;
    if (!std::exchange(first, false)) out += ',';
    out += folded(header.value);
  }
  return out;
}

}  // namespace

std::string hmac(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const auto* done =
      HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), as_bytes(text), text.size(), digest.data(), &size);
  ensure(done != nullptr, "libcrypto has HMAC with SHA-256");
  return as_text(digest.data(), size);
}

std::string canonical_path(std::string_view path) {
  std::vector<std::string_view> kept;
  bool ends_in_directory = true;
  for (const std::string_view segment : split(path, '/')) {
    ends_in_directory = segment.empty() || segment == "." || segment == "..";
    if (segment == ".." && !kept.empty()) kept.pop_back();
    if (!ends_in_directory) kept.push_back(segment);
  }
  std::string out;
  for (const std::string_view segment : kept) out += cat('/', percent_encode(segment));
  const bool slash = kept.empty() || (ends_in_directory && path.ends_with('/'));
  return slash ? out + '/' : out;
}

std::string canonical_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string_view pair : split(query, '&')) {
    const std::size_t equals = pair.find('=');
    const std::string_view value = equals != std::string_view::npos ? pair.substr(equals + 1) : std::string_view();
    std::string name = percent_encode(percent_decode(pair.substr(0, equals)));
    if (!pair.empty() && name != "X-Amz-Signature")
      pairs.emplace_back(std::move(name), percent_encode(percent_decode(value)));
  }
  std::ranges::sort(pairs);
  std::string out;
  for (const auto& [name, value] : pairs) out += cat(out.empty() ? "" : "&", name, '=', value);
  return out;
}

std::string canonical_request(const Request& request, const std::vector<std::string>& signed_headers,
                              std::string_view payload_hash) {
  std::string out =
      cat(request.method, '\n', canonical_path(request.path()), '\n', canonical_query(request.query()), '\n');
  for (const std::string& name : signed_headers) out += cat(name, ':', joined_values(request, name), '\n');
  return out + cat('\n', join(signed_headers, ";"), '\n', payload_hash);
}

std::string string_to_sign(std::string_view timestamp, const Scope& scope, std::string_view canonical) {
  return cat(algorithm, '\n', timestamp, '\n', scope.text(), '\n', sha256_hex(canonical));
}

std::string signature(std::string_view secret, const Scope& scope, std::string_view text_to_sign) {
  std::string key = cat("AWS4", secret);
  for (const std::string_view step : {std::string_view(scope.date), std::string_view(scope.region),
                                      std::string_view(scope.service), std::string_view("aws4_request")})
    key = hmac(key, step);
  return hex(hmac(key, text_to_sign));
}

std::string sha256_hex(std::string_view bytes) { return hex(sha256(bytes)); }

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace utakata::wire::sigv4

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "wire/canonical.hpp"
#include "wire/sigv4.hpp"

namespace utakata::wire {
namespace {

using sigv4::Scope;

// Headers that proxies and connections may change on the way.
bool stays_unsigned(std::string_view name) {
  static constexpr std::array<std::string_view, 8> names{"authorization",     "user-agent",     "connection",
                                                         "content-length",    "accept",         "expect",
                                                         "transfer-encoding", "accept-encoding"};
  return std::ranges::find(names, name) != names.end();
}

std::vector<std::string> headers_to_sign(const std::vector<HeaderView>& headers) {
  std::vector<std::string> names;
  for (const HeaderView& header : headers)
    if (std::string name = to_lower(header.name); !stays_unsigned(name)) names.push_back(std::move(name));
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  return names;
}

Scope scope_of(const Signer& signer, std::string_view date) {
  return {.date = std::string(date.substr(0, 8)), .region = signer.region, .service = signer.service};
}

}  // namespace

std::vector<Header> sign(const Request& request, const Signer& signer, Instant now) {
  const std::string date = iso8601_basic(now);
  std::vector<HeaderView> all(request.headers.begin(), request.headers.end());
  std::vector<Header> added{{.name = "X-Amz-Date", .value = date}};
  if (!signer.session_token.empty()) added.push_back({.name = "X-Amz-Security-Token", .value = signer.session_token});
  for (const Header& header : added) all.push_back({.name = header.name, .value = header.value});
  const std::vector<std::string> names = headers_to_sign(all);
  const Request signed_request{
      .method = request.method, .target = request.target, .headers = all, .body = request.body};
  const Scope scope = scope_of(signer, date);
  const std::string canonical = sigv4::canonical_request(signed_request, names, sigv4::sha256_hex(request.body));
  const std::string signature = sigv4::signature(signer.secret, scope, sigv4::string_to_sign(date, scope, canonical));
  added.push_back({.name = "Authorization",
                   .value = cat(sigv4::algorithm, " Credential=", signer.access_key, '/', scope.text(),
                                ", SignedHeaders=", join(names, ";"), ", Signature=", signature)});
  return added;
}

std::string presign(const Request& request, const Signer& signer, Instant now, Duration lifetime) {
  const std::string date = iso8601_basic(now);
  const Scope scope = scope_of(signer, date);
  const std::vector<HeaderView> all(request.headers.begin(), request.headers.end());
  const std::vector<std::string> names = headers_to_sign(all);
  std::string target =
      cat(request.target, request.target.find('?') == std::string_view::npos ? '?' : '&',
          "X-Amz-Algorithm=", sigv4::algorithm,
          "&X-Amz-Credential=", percent_encode(cat(signer.access_key, '/', scope.text())), "&X-Amz-Date=", date,
          "&X-Amz-SignedHeaders=", percent_encode(join(names, ";")), "&X-Amz-Expires=", lifetime.ns / seconds(1).ns);
  if (!signer.session_token.empty()) target += cat("&X-Amz-Security-Token=", percent_encode(signer.session_token));
  const Request signed_request{
      .method = request.method, .target = target, .headers = request.headers, .body = request.body};
  const std::string canonical = sigv4::canonical_request(signed_request, names, sigv4::sha256_hex(request.body));
  target +=
      cat("&X-Amz-Signature=", sigv4::signature(signer.secret, scope, sigv4::string_to_sign(date, scope, canonical)));
  return target;
}

}  // namespace utakata::wire

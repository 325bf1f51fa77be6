#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/instant.hpp"
#include "wire/message.hpp"

// The canonical form of a request in Signature Version 4, and the arithmetic over it. Verifier and signer share it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
namespace utakata::wire::sigv4 {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

/// What a signature is good for: "20150830/us-east-1/service/aws4_request".
struct Scope {
  std::string date, region, service;
  [[nodiscard]] std::string text() const { return date + "/" + region + "/" + service + "/aws4_request"; }
};

/// Dot segments and repeated slashes removed, each segment percent-encoded once more (all services but S3).
std::string canonical_path(std::string_view path);

/// Sorted by name, then value; "k" becomes "k="; X-Amz-Signature is left out.
std::string canonical_query(std::string_view query);

/// The canonical request. `signed_headers` are in lower case, in the order of SignedHeaders.
std::string canonical_request(const Request&, const std::vector<std::string>& signed_headers,
                              std::string_view payload_hash);

std::string string_to_sign(std::string_view timestamp, const Scope&, std::string_view canonical);

std::string signature(std::string_view secret, const Scope&, std::string_view text_to_sign);

std::string sha256_hex(std::string_view bytes);

/// HMAC with SHA-256, 32 bytes.
std::string hmac(std::string_view key, std::string_view text);

/// In a time that does not tell how much of them is equal.
bool equal_in_constant_time(std::string_view, std::string_view);

}  // namespace utakata::wire::sigv4

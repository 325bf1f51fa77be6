#pragma once

#include <string>
#include <vector>

#include "base/instant.hpp"
#include "base/outcome.hpp"
#include "tls/identity.hpp"

// Makes keys and certificates. Not for the deterministic modules: keys come of the kernel's random bytes.
namespace utakata::tls {

enum class KeyKind : std::uint8_t { ec_prime256v1, ec_secp384r1, rsa_2048 };

struct CertificateRequest {
  std::string common_name;                // cut to the 64 characters that X.509 has for it
  std::vector<std::string> domain_names;  // subject alternative names
  KeyKind key = KeyKind::ec_prime256v1;
  Instant from, until;
};

/// A certificate that may sign others, signed by itself.
Outcome<Identity> make_authority(const CertificateRequest&);
/// A server's certificate signed by the authority, which becomes its chain.
Outcome<Identity> issue(const Identity& authority, const CertificateRequest&);

}  // namespace utakata::tls

#pragma once

#include <string>
#include <vector>

#include "base/instant.hpp"
#include "base/outcome.hpp"
#include "x509/handles.hpp"

// What a certificate says, for those who show it or judge it. Nothing here reads a clock.
namespace utakata::x509 {

/// Names of algorithms and usages as OpenSSL's short names have them, and as AWS shows them.
struct Facts {
  std::string serial;           // "0a:1b:..."
  std::string subject, issuer;  // "C=JP,O=Example,CN=www.example.com"
  std::string common_name;      // of the subject; may be empty
  std::vector<std::string> domain_names;
  Instant not_before, not_after;
  std::string key_algorithm;            // "RSA_2048", "EC_prime256v1"; other kinds by OpenSSL's name
  std::string signature_algorithm;      // "SHA256WITHRSA", "SHA256WITHECDSA"
  std::vector<std::string> key_usages;  // "DIGITAL_SIGNATURE", ...; empty: any
  struct Purpose {
    std::string name, oid;  // "TLS_WEB_SERVER_AUTHENTICATION", "1.3.6.1.5.5.7.3.1"
  };
  std::vector<Purpose> purposes;  // empty: any
  bool self_signed = false;
};
Facts facts_of(const X509&);

/// Whether the key is the certificate's own.
bool belong_together(const X509& certificate, const EVP_PKEY& key);
/// Whether the one's issuer is the other, by name and signature.
bool issued_by(X509& certificate, X509& issuer);

}  // namespace utakata::x509

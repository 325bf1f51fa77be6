#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/outcome.hpp"
#include "x509/handles.hpp"

// Certificates and keys as PEM texts.
namespace utakata::x509 {

/// All certificates of a text, which has nothing but them and blanks; Fault when one is not sound or there is none.
Outcome<std::vector<Certificate>> read_certificates(std::string_view pem);
/// A private key without a passphrase; Fault says what is wrong with it.
Outcome<Key> read_private_key(std::string_view pem);

/// The domain names that a certificate is for, lower-case, with their wildcards: those of its subject alternative
/// names, else the common name of its subject.
std::vector<std::string> domain_names(const X509&);

std::string to_pem(const X509&);
std::string to_pem(const EVP_PKEY&);  // PKCS #8

}  // namespace utakata::x509

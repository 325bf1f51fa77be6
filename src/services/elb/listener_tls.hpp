#pragma once

#include "core/balancer_config.hpp"
#include "services/elb/state.hpp"

// Certificates, security policies and ALPN policies of HTTPS and TLS listeners.
namespace utakata::elb {

inline constexpr std::string_view default_ssl_policy =
    "ELBSecurityPolicy-2016-08";  // of the API; the console's is newer

/// What a client may speak.
struct SslPolicy {
  std::string_view name;
  int oldest, newest;      // versions of TLS 1: 0 to 3
  unsigned cipher_groups;  // see listener_tls.cpp
};
/// Null: there is none of that name.
const SslPolicy* find_ssl_policy(std::string_view name);
list<str> versions_of(const SslPolicy&);  // "TLSv1", "TLSv1.1", ...
list<str> ciphers_of(const SslPolicy&);   // OpenSSL's names, as AWS orders them

/// The protocols that an ALPN policy agrees upon, the preferred first; Fault ALPNPolicyNotFound.
Outcome<list<str>> alpn_protocols(std::string_view policy);

/// The one certificate that a request may name for a listener of this protocol. Faults ValidationError,
/// CertificateNotFound, UnsupportedCertificate.
Outcome<str> default_certificate(const Tx&, std::string_view protocol, const list<api::Certificate>&);
/// As the data path needs it: the certificates that have been issued, and the policy.
BalancerTls tls_of(const Tx&, const World&, const ListenerRow&);

inline auto ssl_policy_not_found(std::string_view name) {
  return refuse("SSLPolicyNotFound", cat("SSL policy '", name, "' not found"));
}
inline auto certificate_not_found(std::string_view arn) {
  return refuse("CertificateNotFound", cat("Certificate '", arn, "' not found"));
}

}  // namespace utakata::elb

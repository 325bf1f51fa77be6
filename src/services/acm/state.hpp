#pragma once

#include "base/outcome.hpp"
#include "core/tx.hpp"
#include "services/acm/api/certificates.hpp"
#include "x509/facts.hpp"

// The rows of Certificate Manager: WORLD/certificate/ARN, and WORLD/use/USER CERTIFICATE for each that something uses.
namespace utakata::acm {

namespace limits {
inline constexpr std::size_t certificates = 2500;  // of an account in a region
inline constexpr std::size_t names = 10;           // of a certificate that is asked for
inline constexpr std::size_t tags = 50;
inline constexpr std::size_t certificate_bytes = 32'768;
inline constexpr std::size_t key_bytes = 5'120;
inline constexpr std::size_t chain_bytes = 2'097'152;
inline constexpr std::size_t summary_names = 100;  // of a list's item
}  // namespace limits

struct CertificateRow {
  static constexpr std::string_view table_name = "acm.certificates";
  str arn, domain_name;
  list<str> names;  // the domain name first
  api::CertificateType type;
  api::CertificateStatus status;        // as it was made: that it has expired is seen when it is looked at
  str certificate, chain, private_key;  // PEM
  str failure;                          // why it could not be issued
  x509::Facts facts;                    // of the certificate, once it is there
  str key_algorithm;
  api::ValidationMethod validation;
  list<api::DomainValidationOption> validation_domains;
  opt<api::CertificateOptions> options;
  str idempotency_token;
  dict<str> tags;
  Instant created_at, imported_at, issued_at;
};

struct UseRow {
  static constexpr std::string_view table_name = "acm.uses";
  static constexpr std::size_t by_certificate = 0;
  str certificate, user;  // ARNs
};

void declare_tables(Schema&);

inline Key certificate_key(const World& w, std::string_view arn) { return w.key("certificate/", arn); }

/// Faults InvalidArnException, ResourceNotFoundException.
Outcome<Key> find_certificate(const Tx&, std::string_view arn);
/// Those who use it, by ARN.
list<str> users_of(const Tx&, std::string_view arn);
/// Takes in a certificate that is sound: what Describe shows of it.
void take_facts(CertificateRow&, const X509&);
api::CertificateStatus status_at(const CertificateRow&, Instant now);

inline auto invalid(std::string message) { return refuse("ValidationException", std::move(message)); }
inline auto invalid_parameter(std::string message) { return refuse("InvalidParameterException", std::move(message)); }

}  // namespace utakata::acm

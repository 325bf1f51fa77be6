#include <algorithm>
#include <array>

#include "services/acm/ops.hpp"
#include "services/acm/public.hpp"
#include "x509/pem.hpp"

namespace utakata::acm {
namespace {

constexpr std::array<std::string_view, 7> key_algorithms{"RSA_1024",      "RSA_2048",     "RSA_3072",    "RSA_4096",
                                                         "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"};

Outcome<> check_size(const Blob& blob, std::size_t most, std::string_view member) {
  if (!blob.bytes.empty() && blob.bytes.size() <= most) return {};
  return invalid(cat("1 validation error detected: Value at '", member,
                     "' failed to satisfy constraint: Member must have ",
                     blob.bytes.empty() ? "length greater than or equal to " : "length less than or equal to ",
                     blob.bytes.empty() ? 1 : most));
}

// Each one issued by the next, the first of them the certificate's issuer.
Outcome<> check_chain(X509& certificate, const std::vector<x509::Certificate>& chain) {
  X509* below = &certificate;
  for (const auto& each : chain) {
    if (!x509::issued_by(*below, *each))
      return invalid("Could not validate the certificate with the certificate chain.");
    below = each.get();
  }
  return {};
}

Outcome<> check_period(const x509::Facts& facts, Instant now) {
  if (facts.not_before > now) return invalid("The certificate is not in effect yet, is not valid.");
  if (facts.not_after <= now) return invalid("The certificate has expired, is not valid.");
  return {};
}

// The certificate with its key and chain as they will be presented, or what is wrong with which of them.
Outcome<CertificateRow> checked(const Tx& tx, const api::ImportCertificateRequest& request) {
  TRY_VOID(check_size(request.Certificate, limits::certificate_bytes, "certificate"));
  TRY_VOID(check_size(request.PrivateKey, limits::key_bytes, "privateKey"));
  if (request.CertificateChain)
    TRY_VOID(check_size(*request.CertificateChain, limits::chain_bytes, "certificateChain"));
  const auto certificates = x509::read_certificates(request.Certificate.bytes);
  if (!certificates) return invalid("The certificate is not PEM-encoded or is not valid.");
  if (certificates->size() > 1)
    return invalid(
        "The certificate field contains more than one certificate. You can specify only one certificate in this "
        "field.");
  X509& certificate = *certificates->front();
  const auto key = x509::read_private_key(request.PrivateKey.bytes);
  if (!key)
    return invalid(
        key.error().code == "Encrypted"
            ? "The private key is encrypted with a passphrase; only a private key without one can be imported."
            : "The private key is not PEM-encoded or is not valid.");
  CertificateRow row{.certificate = x509::to_pem(certificate), .private_key = request.PrivateKey.bytes};
  take_facts(row, certificate);
  if (std::ranges::find(key_algorithms, row.key_algorithm) == key_algorithms.end())
    return invalid(cat("The certificate's public key algorithm '", row.key_algorithm, "' is not supported."));
  if (!x509::belong_together(certificate, **key))
    return invalid("The private key does not match the public key of the certificate.");
  if (request.CertificateChain) {
    const auto chain = x509::read_certificates(request.CertificateChain->bytes);
    if (!chain) return invalid("The certificate chain is not PEM-encoded or is not valid.");
    TRY_VOID(check_chain(certificate, *chain));
    for (const auto& each : *chain) row.chain += x509::to_pem(*each);
  } else if (!row.facts.self_signed) {
    return invalid(
        "Provided certificate is not a valid self signed. Please provide either a valid self-signed "
        "certificate or certificate chain.");
  }
  TRY_VOID(check_period(row.facts, tx.now()));
  return row;
}

}  // namespace

Outcome<api::ImportCertificateResponse> import_certificate(Tx& tx, const api::ImportCertificateRequest& request) {
  CertificateRow row = TRY(checked(tx, request));
  row.type = "IMPORTED";
  row.status = "ISSUED";
  row.names = row.facts.domain_names;
  row.domain_name = !row.facts.common_name.empty() ? row.facts.common_name : row.names.empty() ? "" : row.names.front();
  row.imported_at = tx.now();
  if (request.CertificateArn) {
    const Key key = TRY(find_certificate(tx, *request.CertificateArn));
    const CertificateRow& known = *tx.find<CertificateRow>(key);
    if (request.Tags) return invalid_parameter("Tagging is not permitted on re-import.");
    if (known.type != "IMPORTED")
      return invalid(cat("Certificate ", known.arn, " was not imported, and cannot be imported anew."));
    if (known.key_algorithm != row.key_algorithm)
      return invalid(cat("The key algorithm of certificate ", known.arn, " is ", known.key_algorithm,
                         "; a certificate that is imported anew must have the same."));
    row.arn = known.arn;
    row.tags = known.tags;
    row.created_at = known.created_at;
    tx.put(key, row);
    tx.publish({.kind = changed, .key = tx.world().key(row.arn), .body = {}});
    return api::ImportCertificateResponse{.CertificateArn = row.arn};
  }
  TRY_VOID(take_tags(row.tags, request.Tags.value_or(list<api::Tag>{})));
  TRY_VOID(check_quota(tx));
  row.arn = new_arn(tx);
  row.created_at = tx.now();
  tx.put(certificate_key(tx.world(), row.arn), row);
  return api::ImportCertificateResponse{.CertificateArn = row.arn};
}

}  // namespace utakata::acm

#include "tls/issue.hpp"

#include <openssl/err.h>
#include <openssl/rand.h>

#include <array>

#include "base/text.hpp"
#include "x509/pem.hpp"

namespace utakata::tls {
namespace {

constexpr std::size_t common_name_max = 64;

x509::Key make_key(KeyKind kind) {
  switch (kind) {
    case KeyKind::ec_prime256v1:
      return x509::Key(EVP_EC_gen("P-256"));
    case KeyKind::ec_secp384r1:
      return x509::Key(EVP_EC_gen("P-384"));
    case KeyKind::rsa_2048:
      return x509::Key(EVP_RSA_gen(2048));
  }
  return nullptr;
}

const unsigned char* unsigned_bytes(const std::string& text) {
  return static_cast<const unsigned char*>(static_cast<const void*>(text.data()));
}

bool add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* made = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  const bool added = made != nullptr && X509_add_ext(certificate, made, -1) == 1;
  X509_EXTENSION_free(made);
  return added;
}

bool set_serial_number(X509* certificate) {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return false;
  bytes[0] &= 0x7f;  // positive
  BIGNUM* number = BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr);
  const bool set = BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr;
  BN_free(number);
  return set;
}

bool set_name(X509_NAME* name, const std::string& common_name) {
  const std::string cut = common_name.substr(0, common_name_max);
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, unsigned_bytes(cut), static_cast<int>(cut.size()), -1,
                                    0) == 1;
}

bool set_period(X509* certificate, const CertificateRequest& request) {
  const auto in_seconds = [](Instant when) { return static_cast<time_t>(when.ns / 1'000'000'000); };
  return ASN1_TIME_set(X509_getm_notBefore(certificate), in_seconds(request.from)) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), in_seconds(request.until)) != nullptr;
}

// The beginning of any certificate: all but what it may be used for and who signs.
x509::Certificate begin(const CertificateRequest& request, EVP_PKEY* key) {
  x509::Certificate certificate(X509_new());
  const bool begun = X509_set_version(certificate.get(), X509_VERSION_3) == 1 && set_serial_number(certificate.get()) &&
                     set_period(certificate.get(), request) &&
                     set_name(X509_get_subject_name(certificate.get()), request.common_name) &&
                     X509_set_pubkey(certificate.get(), key) == 1;
  return begun ? std::move(certificate) : nullptr;
}

std::unexpected<Fault> failed() {
  const unsigned long error = ERR_get_error();
  const char* reason = error == 0 ? nullptr : ERR_reason_error_string(error);
  ERR_clear_error();
  return refuse("IssueFailed", cat("The certificate cannot be made: ", reason == nullptr ? "unknown reason" : reason));
}

}  // namespace

Outcome<Identity> make_authority(const CertificateRequest& request) {
  const x509::Key key = make_key(request.key);
  if (!key) return failed();
  const x509::Certificate made = begin(request, key.get());
  if (!made) return failed();
  X509* it = made.get();
  const bool signed_ = X509_set_issuer_name(it, X509_get_subject_name(it)) == 1 &&
                       add_extension(it, it, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                       add_extension(it, it, NID_key_usage, "critical,keyCertSign,cRLSign") &&
                       add_extension(it, it, NID_subject_key_identifier, "hash") &&
                       X509_sign(it, key.get(), EVP_sha256()) != 0;
  if (!signed_) return failed();
  return Identity{.certificate = x509::to_pem(*it), .private_key = x509::to_pem(*key), .chain = {}};
}

Outcome<Identity> issue(const Identity& authority, const CertificateRequest& request) {
  const auto issuer = TRY(x509::read_certificates(authority.certificate));
  const x509::Key issuer_key = TRY(x509::read_private_key(authority.private_key));
  const x509::Key key = make_key(request.key);
  if (!key) return failed();
  const x509::Certificate made = begin(request, key.get());
  if (!made) return failed();
  X509* it = made.get();
  X509* by = issuer.front().get();
  std::vector<std::string> names;
  for (const std::string& each : request.domain_names) names.push_back(cat("DNS:", each));
  const bool rsa = EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_RSA;
  const bool signed_ = X509_set_issuer_name(it, X509_get_subject_name(by)) == 1 &&
                       add_extension(it, by, NID_basic_constraints, "critical,CA:FALSE") &&
                       add_extension(it, by, NID_key_usage,
                                     rsa ? "critical,digitalSignature,keyEncipherment" : "critical,digitalSignature") &&
                       add_extension(it, by, NID_ext_key_usage, "serverAuth,clientAuth") &&
                       add_extension(it, by, NID_subject_key_identifier, "hash") &&
                       add_extension(it, by, NID_authority_key_identifier, "keyid") &&
                       (names.empty() || add_extension(it, by, NID_subject_alt_name, join(names, ","))) &&
                       X509_sign(it, issuer_key.get(), EVP_sha256()) != 0;
  if (!signed_) return failed();
  return Identity{.certificate = x509::to_pem(*it), .private_key = x509::to_pem(*key), .chain = authority.certificate};
}

}  // namespace utakata::tls

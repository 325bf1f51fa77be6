#include "x509/facts.hpp"

#include <openssl/err.h>
#include <openssl/objects.h>

#include <array>

#include "base/text.hpp"
#include "x509/pem.hpp"

namespace utakata::x509 {
namespace {

std::string name_text(const X509_NAME* name) {
  const Bio bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~XN_FLAG_DN_REV);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

std::string serial_text(const X509& certificate) {
  const ASN1_INTEGER* serial = X509_get0_serialNumber(&certificate);
  const std::string digits = hex({static_cast<const char*>(static_cast<const void*>(ASN1_STRING_get0_data(serial))),
                                  static_cast<std::size_t>(ASN1_STRING_length(serial))});
  std::string text;
  for (std::size_t i = 0; i < digits.size(); i += 2) text += cat(i == 0 ? "" : ":", digits.substr(i, 2));
  return text;
}

// Days since 1970 of a day of the Gregorian calendar.
std::int64_t days_before(std::int64_t year, std::int64_t month, std::int64_t day) {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t of_era = year - era * 400;
  const std::int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146'097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719'468;
}

Instant instant_of(const ASN1_TIME* time) {
  tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  const std::int64_t days = days_before(parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
  return Instant{} + seconds(((days * 24 + parts.tm_hour) * 60 + parts.tm_min) * 60 + parts.tm_sec);
}

std::string key_algorithm(const X509& certificate) {
  const EVP_PKEY* key = X509_get0_pubkey(&certificate);
  if (key == nullptr) return {};
  if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) return cat("RSA_", EVP_PKEY_get_bits(key));
  std::array<char, 80> group{};
  std::size_t size = 0;
  if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC && EVP_PKEY_get_group_name(key, group.data(), group.size(), &size) == 1)
    return cat("EC_", group.data());
  return OBJ_nid2sn(EVP_PKEY_get_base_id(key));
}

std::string signature_algorithm(const X509& certificate) {
  int digest = NID_undef;
  int key = NID_undef;
  const int algorithm = X509_get_signature_nid(&certificate);
  if (OBJ_find_sigid_algs(algorithm, &digest, &key) != 1 || digest == NID_undef) return OBJ_nid2sn(algorithm);
  const bool elliptic = key == NID_X9_62_id_ecPublicKey;
  return cat(OBJ_nid2sn(digest), "WITH", elliptic ? "ECDSA" : "RSA");
}

std::vector<std::string> key_usages(X509* certificate) {
  static constexpr std::array<std::pair<std::uint32_t, std::string_view>, 9> names{
      {{KU_DIGITAL_SIGNATURE, "DIGITAL_SIGNATURE"},
       {KU_NON_REPUDIATION, "NON_REPUDIATION"},
       {KU_KEY_ENCIPHERMENT, "KEY_ENCIPHERMENT"},
       {KU_DATA_ENCIPHERMENT, "DATA_ENCIPHERMENT"},
       {KU_KEY_AGREEMENT, "KEY_AGREEMENT"},
       {KU_KEY_CERT_SIGN, "CERTIFICATE_SIGNING"},
       {KU_CRL_SIGN, "CRL_SIGNING"},
       {KU_ENCIPHER_ONLY, "ENCIPHER_ONLY"},
       {KU_DECIPHER_ONLY, "DECIPHER_ONLY"}}};
  std::vector<std::string> found;
  const std::uint32_t bits = X509_get_key_usage(certificate);
  if (bits == UINT32_MAX) return found;  // it does not say
  for (const auto& [bit, name] : names)
    if ((bits & bit) != 0) found.emplace_back(name);
  return found;
}

std::string_view purpose_name(int kind) {
  switch (kind) {
    case NID_server_auth:
      return "TLS_WEB_SERVER_AUTHENTICATION";
    case NID_client_auth:
      return "TLS_WEB_CLIENT_AUTHENTICATION";
    case NID_code_sign:
      return "CODE_SIGNING";
    case NID_email_protect:
      return "EMAIL_PROTECTION";
    case NID_time_stamp:
      return "TIME_STAMPING";
    case NID_OCSP_sign:
      return "OCSP_SIGNING";
    case NID_ipsecEndSystem:
      return "IPSEC_END_SYSTEM";
    case NID_ipsecTunnel:
      return "IPSEC_TUNNEL";
    case NID_ipsecUser:
      return "IPSEC_USER";
    case NID_anyExtendedKeyUsage:
      return "ANY";
    default:
      return "CUSTOM";
  }
}

std::vector<Facts::Purpose> purposes_of(const X509& certificate) {
  std::vector<Facts::Purpose> found;
  auto* usages = static_cast<EXTENDED_KEY_USAGE*>(X509_get_ext_d2i(&certificate, NID_ext_key_usage, nullptr, nullptr));
  for (int i = 0; usages != nullptr && i < sk_ASN1_OBJECT_num(usages); ++i) {
    const ASN1_OBJECT* each = sk_ASN1_OBJECT_value(usages, i);
    std::array<char, 128> oid{};
    OBJ_obj2txt(oid.data(), static_cast<int>(oid.size()), each, 1);
    found.push_back({std::string(purpose_name(OBJ_obj2nid(each))), oid.data()});
  }
  EXTENDED_KEY_USAGE_free(usages);
  return found;
}

std::string common_name(const X509& certificate) {
  const X509_NAME* subject = X509_get_subject_name(&certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return {};
  const ASN1_STRING* text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
  return {static_cast<const char*>(static_cast<const void*>(ASN1_STRING_get0_data(text))),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

}  // namespace

Facts facts_of(const X509& certificate) {
  const Certificate own(X509_dup(&certificate));  // some questions make OpenSSL note the answer in it
  const Facts facts{.serial = serial_text(certificate),
                    .subject = name_text(X509_get_subject_name(&certificate)),
                    .issuer = name_text(X509_get_issuer_name(&certificate)),
                    .common_name = common_name(certificate),
                    .domain_names = domain_names(certificate),
                    .not_before = instant_of(X509_get0_notBefore(&certificate)),
                    .not_after = instant_of(X509_get0_notAfter(&certificate)),
                    .key_algorithm = key_algorithm(certificate),
                    .signature_algorithm = signature_algorithm(certificate),
                    .key_usages = key_usages(own.get()),
                    .purposes = purposes_of(certificate),
                    .self_signed = X509_self_signed(own.get(), 1) == 1};
  ERR_clear_error();
  return facts;
}

bool belong_together(const X509& certificate, const EVP_PKEY& key) {
  const bool same = X509_check_private_key(&certificate, &key) == 1;
  ERR_clear_error();
  return same;
}

bool issued_by(X509& certificate, X509& issuer) {
  EVP_PKEY* key = X509_get0_pubkey(&issuer);
  const bool named = X509_NAME_cmp(X509_get_issuer_name(&certificate), X509_get_subject_name(&issuer)) == 0;
  const bool signed_ = named && key != nullptr && X509_verify(&certificate, key) == 1;
  ERR_clear_error();
  return signed_;
}

}  // namespace utakata::x509

#include "x509/pem.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/text.hpp"

namespace utakata::x509 {
namespace {

// Never asks at a terminal: an encrypted key is refused.
int no_passphrase(char* /*space*/, int /*size*/, int /*writing*/, void* /*context*/) { return -1; }

std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(blanks);
  return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

Bio reading(std::string_view text) { return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

std::string written(BIO& from) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(&from, &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

std::string text_of(const ASN1_STRING& from) {
  return {static_cast<const char*>(static_cast<const void*>(ASN1_STRING_get0_data(&from))),
          static_cast<std::size_t>(ASN1_STRING_length(&from))};
}

}  // namespace

Outcome<std::vector<Certificate>> read_certificates(std::string_view pem) {
  constexpr std::string_view end = "-----END CERTIFICATE-----";
  std::vector<Certificate> found;
  std::string_view rest = without_blanks(pem);
  while (!rest.empty()) {
    const std::size_t at = rest.find(end);
    if (!rest.starts_with("-----BEGIN CERTIFICATE-----") || at == std::string_view::npos)
      return refuse("NotPem", "The text is not a sequence of PEM certificates");
    const std::string_view block = rest.substr(0, at + end.size());
    rest = without_blanks(rest.substr(block.size()));
    Certificate certificate(PEM_read_bio_X509(reading(block).get(), nullptr, no_passphrase, nullptr));
    ERR_clear_error();
    if (!certificate) return refuse("NotPem", "A PEM block does not hold an X.509 certificate");
    found.push_back(std::move(certificate));
  }
  if (found.empty()) return refuse("NotPem", "There is no PEM certificate");
  return found;
}

Outcome<Key> read_private_key(std::string_view pem) {
  const std::string_view text = without_blanks(pem);
  if (text.contains("ENCRYPTED")) return refuse("Encrypted", "The private key is encrypted with a passphrase");
  Key key(PEM_read_bio_PrivateKey(reading(text).get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  if (!key) return refuse("NotPem", "The text does not hold a PEM private key");
  return key;
}

std::vector<std::string> domain_names(const X509& certificate) {
  std::vector<std::string> found;
  const Names names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i)
    if (const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i); name->type == GEN_DNS)
      found.push_back(to_lower(text_of(*name->d.dNSName)));
  if (!found.empty()) return found;
  const X509_NAME* subject = X509_get_subject_name(&certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at >= 0) found.push_back(to_lower(text_of(*X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)))));
  return found;
}

std::string to_pem(const X509& certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), &certificate);
  return written(*bio);
}

std::string to_pem(const EVP_PKEY& key) {
  const Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(bio.get(), &key, nullptr, nullptr, 0, nullptr, nullptr);
  return written(*bio);
}

}  // namespace utakata::x509

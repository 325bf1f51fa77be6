#include "images/digest.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace utakata::images {
namespace {
constexpr std::string_view prefix = "sha256:";
constexpr std::size_t digits = 64;
}  // namespace

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  ensure(context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1, "there is no SHA-256");
}
Sha256::~Sha256() = default;

void Sha256::add(const void* bytes, std::size_t size) { EVP_DigestUpdate(context_.get(), bytes, size); }

std::string Sha256::digest() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned int length = 0;
  EVP_DigestFinal_ex(context_.get(), bytes.data(), &length);
  std::string text;
  for (unsigned int i = 0; i < length; ++i) text += static_cast<char>(bytes.at(i));
  return cat(prefix, hex(text));
}

std::string digest_of(std::string_view bytes) {
  Sha256 sum;
  sum.add(bytes.data(), bytes.size());
  return sum.digest();
}

bool is_digest(std::string_view text) {
  return text.starts_with(prefix) && text.size() == prefix.size() + digits &&
         std::ranges::all_of(text.substr(prefix.size()),
                             [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string hex_of(std::string_view digest) { return std::string(digest.substr(prefix.size())); }

}  // namespace utakata::images

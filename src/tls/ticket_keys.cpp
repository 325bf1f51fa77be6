#include "tls/ticket_keys.hpp"

#include <openssl/core_names.h>
#include <openssl/rand.h>

#include <algorithm>
#include <span>

#include "base/outcome.hpp"

namespace utakata::tls {

void TicketKeys::rotate(Instant now) {
  std::erase_if(keys_, [&](const Key& key) { return now - key.made >= key_life * keys_max; });
  if (!keys_.empty() && now - keys_.front().made < key_life) return;
  Key key{.made = now};
  const bool made = RAND_bytes(key.name.data(), static_cast<int>(key.name.size())) == 1 &&
                    RAND_priv_bytes(key.cipher.data(), static_cast<int>(key.cipher.size())) == 1 &&
                    RAND_priv_bytes(key.mac.data(), static_cast<int>(key.mac.size())) == 1;
  ensure(made, "the kernel gives no random bytes");
  keys_.push_front(key);
  if (keys_.size() > keys_max) keys_.pop_back();
}

bool TicketKeys::use_mac(const Key& key, EVP_MAC_CTX* mac) {
  std::array<unsigned char, 32> secret = key.mac;
  std::array<char, 7> digest{"SHA256"};
  const std::array<OSSL_PARAM, 3> parameters = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, secret.data(), secret.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0), OSSL_PARAM_construct_end()};
  return EVP_MAC_CTX_set_params(mac, parameters.data()) == 1;
}

int TicketKeys::seal(Instant now, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac) {
  rotate(now);
  const Key& key = keys_.front();
  if (RAND_bytes(iv, EVP_MAX_IV_LENGTH) != 1) return -1;
  std::ranges::copy(key.name, name);
  const bool done =
      EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv) == 1 && use_mac(key, mac);
  return done ? 1 : -1;
}

int TicketKeys::open(Instant now, const unsigned char* name, const unsigned char* iv, EVP_CIPHER_CTX* cipher,
                     EVP_MAC_CTX* mac) {
  rotate(now);
  const auto key = std::ranges::find_if(
      keys_, [&](const Key& each) { return std::ranges::equal(each.name, std::span(name, each.name.size())); });
  if (key == keys_.end()) return 0;
  const bool done =
      EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key->cipher.data(), iv) == 1 && use_mac(*key, mac);
  if (!done) return -1;
  return key == keys_.begin() ? 1 : 2;
}

}  // namespace utakata::tls

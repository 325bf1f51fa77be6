#pragma once

#include <openssl/evp.h>

#include <array>
#include <deque>

#include "base/instant.hpp"

namespace utakata::tls {

/// What session tickets are sealed with, shared by the listeners of one thread: a new key now and then, while tickets
/// of the ones before are still taken and renewed. A key leaves no process and no file.
class TicketKeys {
 public:
  static constexpr Duration key_life = hours(6);  // as the one that seals
  static constexpr std::size_t keys_max = 3;      // so a ticket is good for 12 to 18 hours

  /// OpenSSL's callback for tickets: 1 take it, 2 take and renew it, 0 unknown, -1 trouble.
  int seal(Instant now, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX*, EVP_MAC_CTX*);
  int open(Instant now, const unsigned char* name, const unsigned char* iv, EVP_CIPHER_CTX*, EVP_MAC_CTX*);

 private:
  struct Key {
    std::array<unsigned char, 16> name{};
    std::array<unsigned char, 32> cipher{};
    std::array<unsigned char, 32> mac{};
    Instant made;
  };
  void rotate(Instant now);
  static bool use_mac(const Key&, EVP_MAC_CTX*);

  std::deque<Key> keys_;  // the newest first
};

}  // namespace utakata::tls

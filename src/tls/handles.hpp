#pragma once

#include <openssl/ssl.h>

#include <memory>

// OpenSSL's objects with an owner.
namespace utakata::tls {

struct Free {
  void operator()(SSL* it) const { SSL_free(it); }
  void operator()(SSL_CTX* it) const { SSL_CTX_free(it); }
};
using Connection = std::unique_ptr<SSL, Free>;
using Context = std::unique_ptr<SSL_CTX, Free>;

}  // namespace utakata::tls

#pragma once

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "balancer/log_fixture_test.hpp"
#include "tls/fixture_test.hpp"

// Listeners of TLS, and clients and targets that speak it by OpenSSL alone.
namespace utakata::balancer::raw {

/// A certificate for each name, the default first.
inline BalancerTls secured(const std::vector<std::string>& names) {
  BalancerTls rule{.versions = {"TLSv1.2", "TLSv1.3"}};
  for (const std::string& name : names) {
    const tls::Identity made = tls::test::certificate_for({name});
    rule.certificates.push_back({.arn = name, .certificate = made.certificate, .private_key = made.private_key});
  }
  return rule;
}

/// TLS over a blocking connection.
class Secured {
 public:
  /// A client that offers these protocols, by ALPN.
  Secured(Connection& over, const std::string& name, std::vector<std::string> protocols = {})
      : Secured(over, TLS_client_method(), std::move(protocols)) {
    SSL_set_connect_state(ssl_.get());
    if (!name.empty()) SSL_set_tlsext_host_name(ssl_.get(), name.c_str());  // NOLINT: OpenSSL's own cast
    if (!alpn_.empty()) SSL_set_alpn_protos(ssl_.get(), bytes(alpn_), static_cast<unsigned>(alpn_.size()));
    shake_hands();
  }
  /// A server that nobody knows, which takes the first of these protocols that it is offered.
  static std::unique_ptr<Secured> server(Connection& over, std::vector<std::string> protocols = {}) {
    std::unique_ptr<Secured> made(new Secured(over, TLS_server_method(), std::move(protocols)));
    made->serve();
    return made;
  }
  Secured(const Secured&) = delete;
  Secured& operator=(const Secured&) = delete;
  ~Secured() = default;

  /// Whether the handshake has come to its end.
  [[nodiscard]] bool agreed() const { return agreed_; }
  [[nodiscard]] std::string protocol() const {
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &chosen, &size);
    return {chosen, chosen + size};
  }
  [[nodiscard]] bool peer_is(const std::string& name) const {
    X509* const certificate = SSL_get0_peer_certificate(ssl_.get());
    return certificate != nullptr && X509_check_host(certificate, name.c_str(), name.size(), 0, nullptr) == 1;
  }

  void say(std::string_view text) {
    std::size_t written = 0;
    while (!text.empty() && SSL_write_ex(ssl_.get(), text.data(), text.size(), &written) == 1) {
      text.remove_prefix(written);
      flush();
    }
  }
  /// Whatever has come; empty at the end.
  std::string hear_some() {
    std::string space(65'536, '\0');
    while (true) {
      std::size_t count = 0;
      const int result = SSL_read_ex(ssl_.get(), space.data(), space.size(), &count);
      flush();
      if (result == 1) return space.substr(0, count);
      const int why = SSL_get_error(ssl_.get(), result);
      ended_in_order_ = why == SSL_ERROR_ZERO_RETURN;
      if (why != SSL_ERROR_WANT_READ || !fill()) return {};
    }
  }
  /// Until that much has come, or the end.
  std::string hear(std::size_t count) {
    std::string all;
    for (std::string more = "x"; all.size() < count && !more.empty(); all += more) more = hear_some();
    return all;
  }
  /// Whether the other end has said that it ends, by TLS.
  [[nodiscard]] bool ended_in_order() const { return ended_in_order_; }
  /// Says so itself. The connection goes on.
  void end_writing() {
    SSL_shutdown(ssl_.get());
    flush();
  }

 private:
  Secured(Connection& over, const SSL_METHOD* method, std::vector<std::string> protocols)
      : over_(over), context_(SSL_CTX_new(method)), ssl_(SSL_new(context_.get())) {
    for (const std::string& each : protocols) alpn_ += static_cast<char>(each.size()) + each;
    SSL_set_bio(ssl_.get(), in_, out_);  // which frees them
  }
  static const unsigned char* bytes(const std::string& text) {
    return static_cast<const unsigned char*>(static_cast<const void*>(text.data()));
  }
  static int choose(SSL* /*ssl*/, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                    unsigned offered_size, void* self) {
    const std::string& known = static_cast<const Secured*>(self)->alpn_;
    unsigned char* found = nullptr;
    const int result =
        SSL_select_next_proto(&found, size, bytes(known), static_cast<unsigned>(known.size()), offered, offered_size);
    *chosen = found;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
  }
  void serve() {
    static const tls::Identity identity = tls::test::certificate_for({"self"});
    const auto read = [](const std::string& pem, auto reader) {
      BIO* const from = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
      auto* const made = reader(from, nullptr, nullptr, nullptr);
      BIO_free(from);
      return made;
    };
    X509* const certificate = read(identity.certificate, PEM_read_bio_X509);
    EVP_PKEY* const key = read(identity.private_key, PEM_read_bio_PrivateKey);
    SSL_use_certificate(ssl_.get(), certificate);
    SSL_use_PrivateKey(ssl_.get(), key);
    X509_free(certificate);
    EVP_PKEY_free(key);
    if (!alpn_.empty()) SSL_CTX_set_alpn_select_cb(context_.get(), choose, this);
    SSL_set_accept_state(ssl_.get());
    shake_hands();
  }
  void shake_hands() {
    while (!agreed_) {
      const int result = SSL_do_handshake(ssl_.get());
      flush();
      agreed_ = result == 1;
      if (!agreed_ && (SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_READ || !fill())) return;
    }
  }
  void flush() {
    std::string space(65'536, '\0');
    for (int n = 0; (n = BIO_read(out_, space.data(), static_cast<int>(space.size()))) > 0;)
      over_.say({space.data(), static_cast<std::size_t>(n)});
  }
  bool fill() {
    const std::string came = over_.hear_some();
    BIO_write(in_, came.data(), static_cast<int>(came.size()));
    return !came.empty();
  }

  Connection& over_;
  std::string alpn_;  // as ALPN writes a list
  tls::Context context_;
  tls::Connection ssl_;
  BIO* in_ = BIO_new(BIO_s_mem());
  BIO* out_ = BIO_new(BIO_s_mem());
  bool agreed_ = false, ended_in_order_ = false;
};

}  // namespace utakata::balancer::raw

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/outcome.hpp"
#include "tls/handles.hpp"
#include "tls/identity.hpp"
#include "tls/ticket_keys.hpp"
#include "x509/handles.hpp"

namespace utakata::tls {

struct ServerSettings {
  /// Who one is, by the name that a client asks for: exactly, then by wildcard, else the first. Of several that fit,
  /// one with an elliptic curve before RSA, if the client knows it.
  std::vector<Identity> identities;
  std::vector<std::string> versions = {"TLSv1.2", "TLSv1.3"};  // OpenSSL's names, TLSv1 to TLSv1.3, without gaps
  std::vector<std::string>
      ciphers;  // OpenSSL's names, the preferred first, unknown ones are left out; empty: its choice
  std::vector<std::string> protocols;       // ALPN, the preferred first; a client that offers none of them gets none
  std::string session_scope;                // sessions are resumed within one scope only
  std::shared_ptr<TicketKeys> ticket_keys;  // null: of this context alone
};

/// What a server's connections begin with. Belongs to one thread.
class ServerContext {
 public:
  /// Fault names the identity, by its place, or the setting that is no use.
  static Outcome<std::shared_ptr<ServerContext>> make(const ServerSettings&);
  ServerContext(const ServerContext&) = delete;
  ServerContext& operator=(const ServerContext&) = delete;
  ~ServerContext() = default;

  [[nodiscard]] SSL_CTX* handle() const { return context_.get(); }
  [[nodiscard]] TicketKeys& ticket_keys() const { return *ticket_keys_; }
  /// Whether a certificate of its own is for this host: exactly, or by wildcard.
  [[nodiscard]] bool serves(std::string_view name) const;

 private:
  // One certificate, with a context of its own that lends it to connections.
  struct Entry {
    Context context;
    std::vector<x509::Certificate> chain;
    std::vector<std::string> names;
    bool elliptic = false;
  };
  ServerContext() = default;
  Outcome<> prepare(const ServerSettings&);
  Outcome<> prepare_each(SSL_CTX*, const ServerSettings&);
  Outcome<> add(const Identity&);
  static Outcome<> use(SSL_CTX*, const Entry&, x509::Certificate, const x509::Key&);
  [[nodiscard]] const Entry* choose(SSL*) const;
  static int on_hello(SSL*, int*, void*);
  static int on_certificate(SSL*, void*);
  static int on_protocols(SSL*, const unsigned char**, unsigned char*, const unsigned char*, unsigned, void*);
  static int on_ticket(SSL*, unsigned char*, unsigned char*, EVP_CIPHER_CTX*, EVP_MAC_CTX*, int);

  Context context_;
  std::vector<Entry> entries_;  // the default first
  std::string protocols_;       // as ALPN writes them
  std::shared_ptr<TicketKeys> ticket_keys_;
};

/// Which of several contexts a client means by the name that it asks for (empty: none); null leaves the first one.
using ChooseContext = std::function<std::shared_ptr<ServerContext>(std::string_view name)>;

struct ClientSettings {
  std::string authorities;             // PEM; empty: whoever answers is believed, as ALB does with targets
  std::vector<std::string> protocols;  // ALPN, the preferred first
};

/// What a client's connections begin with. Belongs to one thread.
class ClientContext {
 public:
  static Outcome<std::shared_ptr<ClientContext>> make(const ClientSettings&);
  ClientContext(const ClientContext&) = delete;
  ClientContext& operator=(const ClientContext&) = delete;
  ~ClientContext() = default;

  [[nodiscard]] SSL_CTX* handle() const { return context_.get(); }
  [[nodiscard]] bool verifies() const { return verifies_; }

 private:
  ClientContext() = default;
  Context context_;
  bool verifies_ = false;
};

}  // namespace utakata::tls

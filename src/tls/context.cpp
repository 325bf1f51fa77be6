#include "tls/context.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <array>

#include "base/sha256.hpp"
#include "base/text.hpp"
#include "tls/stream.hpp"
#include "x509/pem.hpp"

namespace utakata::tls {
namespace {

constexpr long sessions_max = 20'000;  // kept by their ids, of clients without tickets
constexpr long session_life_seconds = 12 * 3600;

Outcome<int> version_number(const std::string& name) {
  if (name == "TLSv1") return TLS1_VERSION;
  if (name == "TLSv1.1") return TLS1_1_VERSION;
  if (name == "TLSv1.2") return TLS1_2_VERSION;
  if (name == "TLSv1.3") return TLS1_3_VERSION;
  return refuse("UnknownVersion", cat("'", name, "' is no version of TLS"));
}

// As ALPN writes them: each with its length in front.
Outcome<std::string> protocol_list(const std::vector<std::string>& protocols) {
  std::string written;
  for (const std::string& each : protocols) {
    if (each.empty() || each.size() > 255) return refuse("BadProtocol", cat("'", each, "' is no protocol of ALPN"));
    written += static_cast<char>(each.size());
    written += each;
  }
  return written;
}

const unsigned char* bytes_of(const std::string& text) {
  return static_cast<const unsigned char*>(static_cast<const void*>(text.data()));
}

// Buffers are there only while a record is; no renegotiation, by which a client can keep a server busy.
void use_common(SSL_CTX* context) {
  SSL_CTX_set_mode(context,
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_read_ahead(context, 1);  // NOLINT: OpenSSL's own cast
}

Outcome<> use_versions(SSL_CTX* context, const std::vector<std::string>& names) {
  std::vector<int> versions;
  for (const std::string& name : names) versions.push_back(TRY(version_number(name)));
  if (versions.empty()) return refuse("UnknownVersion", "no version of TLS is allowed");
  const auto [least, greatest] = std::ranges::minmax(versions);
  SSL_CTX_set_min_proto_version(context, least);
  SSL_CTX_set_max_proto_version(context, greatest);
  // Versions before 1.2 sign with SHA-1, which OpenSSL takes for safe on its lowest level only.
  SSL_CTX_set_security_level(context, least < TLS1_2_VERSION ? 0 : 1);
  return {};
}

Outcome<> use_ciphers(SSL_CTX* context, const std::vector<std::string>& ciphers) {
  if (ciphers.empty()) return {};
  std::vector<std::string> newer, older;
  for (const std::string& each : ciphers) (each.starts_with("TLS_") ? newer : older).push_back(each);
  const bool some = !newer.empty() || !older.empty();
  // OpenSSL takes an empty list for a mistake, so that "none" has a form of its own.
  const bool older_used = SSL_CTX_set_cipher_list(context, older.empty() ? "!ALL" : join(older, ":").c_str()) == 1;
  const bool newer_used = SSL_CTX_set_ciphersuites(context, join(newer, ":").c_str()) == 1;
  ERR_clear_error();
  const bool wanted = (older.empty() || older_used) && (newer.empty() || newer_used);
  if (!some || !wanted) return refuse("NoCiphers", "OpenSSL knows none of the ciphers, or not one of TLS 1.3");
  return {};
}

bool matches_wildcard(const std::string& pattern, std::string_view name) {
  const std::size_t dot = name.find('.');
  return pattern.starts_with("*.") && dot != std::string_view::npos && dot > 0 &&
         std::string_view(pattern).substr(1) == name.substr(dot);
}

}  // namespace

Outcome<std::shared_ptr<ServerContext>> ServerContext::make(const ServerSettings& settings) {
  std::shared_ptr<ServerContext> made(new ServerContext());
  TRY_VOID(made->prepare(settings));
  return made;
}

Outcome<> ServerContext::prepare(const ServerSettings& settings) {
  if (settings.identities.empty()) return refuse("NoCertificate", "a server needs a certificate");
  protocols_ = TRY(protocol_list(settings.protocols));
  ticket_keys_ = settings.ticket_keys ? settings.ticket_keys : std::make_shared<TicketKeys>();
  for (std::size_t i = 0; i < settings.identities.size(); ++i)
    if (auto added = add(settings.identities[i]); !added)
      return refuse(added.error().code, cat("certificate ", i, ": ", added.error().message));
  for (const Entry& entry : entries_) TRY_VOID(prepare_each(entry.context.get(), settings));
  // The default's own context is the one that connections begin with.
  context_ = std::move(entries_.front().context);
  SSL_CTX* context = context_.get();
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER);
  SSL_CTX_sess_set_cache_size(context, sessions_max);
  SSL_CTX_set_timeout(context, session_life_seconds);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket);
  SSL_CTX_set_client_hello_cb(context, on_hello, nullptr);
  if (entries_.size() > 1) SSL_CTX_set_cert_cb(context, on_certificate, this);
  return {};
}

// What a connection looks up in the context that it has by then, which may be that of another certificate.
Outcome<> ServerContext::prepare_each(SSL_CTX* context, const ServerSettings& settings) {
  TRY_VOID(use_versions(context, settings.versions));
  TRY_VOID(use_ciphers(context, settings.ciphers));
  const auto scope = sha256(settings.session_scope);
  SSL_CTX_set_session_id_context(context, bytes_of(scope), static_cast<unsigned>(scope.size()));
  if (!protocols_.empty()) SSL_CTX_set_alpn_select_cb(context, on_protocols, this);
  return {};
}

Outcome<> ServerContext::add(const Identity& identity) {
  auto own = TRY(x509::read_certificates(identity.certificate));
  const x509::Key key = TRY(x509::read_private_key(identity.private_key));
  Entry entry;
  entry.context.reset(SSL_CTX_new(TLS_server_method()));
  if (!identity.chain.empty()) entry.chain = TRY(x509::read_certificates(identity.chain));
  for (auto& more : std::span(own).subspan(1)) entry.chain.insert(entry.chain.begin(), std::move(more));
  entry.names = x509::domain_names(*own.front());
  entry.elliptic = EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_EC;
  use_common(entry.context.get());
  SSL_CTX_set_security_level(entry.context.get(), 0);  // a weak key of the customer's own is still theirs to use
  TRY_VOID(use(entry.context.get(), entry, std::move(own.front()), key));
  entries_.push_back(std::move(entry));
  return {};
}

Outcome<> ServerContext::use(SSL_CTX* context, const Entry& entry, x509::Certificate certificate,
                             const x509::Key& key) {
  bool used = SSL_CTX_use_certificate(context, certificate.get()) == 1 &&
              SSL_CTX_use_PrivateKey(context, key.get()) == 1 && SSL_CTX_check_private_key(context) == 1;
  for (const auto& each : entry.chain) used = used && SSL_CTX_add1_chain_cert(context, each.get()) == 1;  // NOLINT
  ERR_clear_error();
  if (!used) return refuse("BadCertificate", "the certificate, its private key and its chain do not belong together");
  return {};
}

// Exactly, then by wildcard; of several the one that the client can check, elliptic curves first.
const ServerContext::Entry* ServerContext::choose(SSL* ssl) const {
  const char* asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (asked == nullptr) return nullptr;
  std::string name = to_lower(asked);
  if (name.ends_with('.')) name.pop_back();
  const auto offers = [&](const Entry& entry, bool exactly) {
    return std::ranges::any_of(
        entry.names, [&](const std::string& each) { return exactly ? each == name : matches_wildcard(each, name); });
  };
  for (const bool exactly : {true, false}) {
    std::vector<const Entry*> fitting;
    for (const bool elliptic : {true, false})
      for (const Entry& entry : entries_)
        if (entry.elliptic == elliptic && offers(entry, exactly)) fitting.push_back(&entry);
    if (fitting.empty()) continue;
    const auto usable = std::ranges::find_if(fitting, [&](const Entry* each) {
      SSL_CTX* lender = each->context ? each->context.get() : context_.get();
      const int verdict =
          SSL_check_chain(ssl, SSL_CTX_get0_certificate(lender), SSL_CTX_get0_privatekey(lender), nullptr);
      return (verdict & CERT_PKEY_SIGN) != 0;
    });
    return usable == fitting.end() ? fitting.front() : *usable;
  }
  return nullptr;
}

bool ServerContext::serves(std::string_view name) const {
  const std::string asked = to_lower(name);
  return std::ranges::any_of(entries_, [&](const Entry& entry) {
    return std::ranges::any_of(entry.names,
                               [&](const std::string& each) { return each == asked || matches_wildcard(each, asked); });
  });
}

// Before anything is chosen: what the name decides is also which versions and ciphers there are.
int ServerContext::on_hello(SSL* ssl, int* /*alert*/, void* /*unused*/) {
  auto& stream = *static_cast<TlsStream*>(SSL_get_app_data(ssl));
  const unsigned char* extension = nullptr;
  std::size_t size = 0;
  std::string_view name;
  // RFC 6066 3: the length of the list, a kind (0: host name), the length of the name.
  constexpr std::size_t front = 5;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &extension, &size) == 1 && size > front &&
      extension[2] == 0) {
    const std::size_t length = std::size_t{extension[3]} << 8U | extension[4];
    if (length <= size - front) name = {static_cast<const char*>(static_cast<const void*>(extension + front)), length};
  }
  const ServerContext* chosen = stream.choose_context(name);
  if (chosen == nullptr) return SSL_CLIENT_HELLO_SUCCESS;
  SSL_CTX* context = chosen->handle();
  SSL_set_SSL_CTX(ssl, context);
  SSL_set_min_proto_version(ssl, static_cast<int>(SSL_CTX_get_min_proto_version(context)));
  SSL_set_max_proto_version(ssl, static_cast<int>(SSL_CTX_get_max_proto_version(context)));
  return SSL_CLIENT_HELLO_SUCCESS;
}

int ServerContext::on_certificate(SSL* ssl, void* self) {
  const auto& server = *static_cast<const ServerContext*>(self);
  if (const Entry* entry = server.choose(ssl); entry != nullptr && entry->context)
    SSL_set_SSL_CTX(ssl, entry->context.get());
  return 1;
}

int ServerContext::on_protocols(SSL* /*ssl*/, const unsigned char** chosen, unsigned char* size,
                                const unsigned char* offered, unsigned offered_size, void* self) {
  const auto& server = *static_cast<const ServerContext*>(self);
  unsigned char* found = nullptr;
  const int result = SSL_select_next_proto(&found, size, bytes_of(server.protocols_),
                                           static_cast<unsigned>(server.protocols_.size()), offered, offered_size);
  *chosen = found;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

int ServerContext::on_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                             int sealing) {
  const auto& stream = *static_cast<const TlsStream*>(SSL_get_app_data(ssl));
  TicketKeys& keys = stream.ticket_keys();
  return sealing == 1 ? keys.seal(stream.loop().now(), name, iv, cipher, mac)
                      : keys.open(stream.loop().now(), name, iv, cipher, mac);
}

Outcome<std::shared_ptr<ClientContext>> ClientContext::make(const ClientSettings& settings) {
  std::shared_ptr<ClientContext> made(new ClientContext());
  made->context_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* context = made->context_.get();
  use_common(context);
  SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
  const std::string protocols = TRY(protocol_list(settings.protocols));
  if (!protocols.empty())
    SSL_CTX_set_alpn_protos(context, bytes_of(protocols), static_cast<unsigned>(protocols.size()));
  made->verifies_ = !settings.authorities.empty();
  if (!made->verifies_) {
    SSL_CTX_set_security_level(context, 0);  // whoever answers is believed, however weak its key
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
    return made;
  }
  for (const auto& authority : TRY(x509::read_certificates(settings.authorities)))
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.get());
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  return made;
}

}  // namespace utakata::tls

#include <doctest/doctest.h>

#include "tls/fixture_test.hpp"

using namespace utakata;             // NOLINT: a test
using namespace utakata::reactor;    // NOLINT: a test
using namespace utakata::tls;        // NOLINT: a test
using namespace utakata::tls::test;  // NOLINT: a test

namespace {

struct FreeSession {
  void operator()(SSL_SESSION* it) const { SSL_SESSION_free(it); }
};
using Session = std::unique_ptr<SSL_SESSION, FreeSession>;

constexpr Duration patience = seconds(20);

Co<void> answer(TlsStream& server, bool& resumed) {
  if (co_await server.handshake(patience) != Trouble::none) co_return;
  resumed = server.negotiated().resumed;
  co_await server.write("hello", patience);
  server.end_writing();
}

Co<void> visit(TlsStream& client, Session& session) {
  if (co_await client.handshake(patience) != Trouble::none) co_return;
  std::array<char, 100> space{};
  while ((co_await client.read(space, patience)).count > 0) continue;
  session.reset(SSL_get1_session(client.handle()));
}

// One visit, with the session of the one before if there is any. True: it was resumed.
bool visit(const std::shared_ptr<ServerContext>& context, const std::shared_ptr<ClientContext>& client_context,
           Session& session) {
  Loop loop;
  Ends ends = connected_pair(loop);
  auto server = TlsStream::server(std::move(ends.server), context);
  auto client = TlsStream::client(std::move(ends.client), client_context, "a.example");
  if (session) SSL_set_session(client->handle(), session.get());
  bool resumed = false;
  start(answer(*server, resumed));
  run(loop, visit(*client, session));
  return resumed;
}

ServerSettings settings(const std::string& version, std::shared_ptr<TicketKeys> keys, const std::string& scope) {
  static const Identity identity = certificate_for({"a.example"});
  static const Identity other = certificate_for({"b.example"});
  return {
      .identities = {other, identity}, .versions = {version}, .session_scope = scope, .ticket_keys = std::move(keys)};
}

}  // namespace

TEST_CASE("tls: a session is resumed by its ticket, also by a context that came after") {
  for (const char* version : {"TLSv1.2", "TLSv1.3"}) {
    CAPTURE(version);
    const auto keys = std::make_shared<TicketKeys>();
    const auto first = *ServerContext::make(settings(version, keys, "one"));
    const auto second = *ServerContext::make(settings(version, keys, "one"));
    const auto elsewhere = *ServerContext::make(settings(version, keys, "other"));
    const auto stranger = *ServerContext::make(settings(version, nullptr, "one"));
    const auto client = *ClientContext::make({});
    Session session;
    CHECK_FALSE(visit(first, client, session));
    CHECK(visit(first, client, session));
    CHECK(visit(second, client, session));
    CHECK_FALSE(visit(stranger, client, session));
    session.reset();
    CHECK_FALSE(visit(first, client, session));
    CHECK_FALSE(visit(elsewhere, client, session));
  }
}

TEST_CASE("tls: a session of a client without tickets is resumed by its id") {
  const auto context = *ServerContext::make(settings("TLSv1.2", nullptr, "one"));
  const auto client = *ClientContext::make({});
  SSL_CTX_set_options(client->handle(), SSL_OP_NO_TICKET);
  Session session;
  CHECK_FALSE(visit(context, client, session));
  CHECK(visit(context, client, session));
}

TEST_CASE("tls: tickets of old keys are renewed, and those of keys that are gone unknown") {
  TicketKeys keys;
  const Instant begun = Instant{} + hours(1000);
  std::array<unsigned char, 16> name{};
  std::array<unsigned char, EVP_MAX_IV_LENGTH> iv{};
  EVP_CIPHER_CTX* cipher = EVP_CIPHER_CTX_new();
  EVP_MAC* kind = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  EVP_MAC_CTX* mac = EVP_MAC_CTX_new(kind);
  CHECK(keys.seal(begun, name.data(), iv.data(), cipher, mac) == 1);
  CHECK(keys.open(begun + hours(5), name.data(), iv.data(), cipher, mac) == 1);
  CHECK(keys.open(begun + hours(6), name.data(), iv.data(), cipher, mac) == 2);
  CHECK(keys.open(begun + hours(17), name.data(), iv.data(), cipher, mac) == 2);
  CHECK(keys.open(begun + hours(18), name.data(), iv.data(), cipher, mac) == 0);
  EVP_MAC_CTX_free(mac);
  EVP_MAC_free(kind);
  EVP_CIPHER_CTX_free(cipher);
}

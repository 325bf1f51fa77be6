#include <doctest/doctest.h>

#include "base/text.hpp"
#include "reactor/event.hpp"
#include "tls/fixture_test.hpp"

using namespace utakata;             // NOLINT: a test
using namespace utakata::reactor;    // NOLINT: a test
using namespace utakata::tls;        // NOLINT: a test
using namespace utakata::tls::test;  // NOLINT: a test

namespace {

constexpr Duration patience = seconds(20);

// A client and a server that know each other, over a pair of sockets.
struct Pair {
  Loop loop;
  std::unique_ptr<TlsStream> server, client;
  Trouble server_trouble = Trouble::none, client_trouble = Trouble::none;
  Event served = Event(loop);

  explicit Pair(const ServerSettings& settings = {.identities = {certificate_for({"www.example.com"})}},
                const ClientSettings& client_settings = {.authorities = authority().certificate},
                const std::string& name = "www.example.com")
      : Pair(*ServerContext::make(settings), *ClientContext::make(client_settings), name) {}
  Pair(std::shared_ptr<ServerContext> context, std::shared_ptr<ClientContext> client_context, const std::string& name) {
    Ends ends = connected_pair(loop);
    server = TlsStream::server(std::move(ends.server), std::move(context));
    client = TlsStream::client(std::move(ends.client), std::move(client_context), name);
  }

  Co<void> serve() {
    server_trouble = co_await server->handshake(patience);
    served.tell();
  }
  Co<bool> shake_hands() {
    start(serve());
    client_trouble = co_await client->handshake(patience);
    co_await served.wait();
    co_return server_trouble == Trouble::none&& client_trouble == Trouble::none;
  }
  bool meet() {
    bool met = false;
    run(loop, [](Pair& pair, bool& result) -> Co<void> { result = co_await pair.shake_hands(); }(*this, met));
    return met;
  }
};

std::string pattern(std::size_t size) {
  std::string text(size, ' ');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (i * 7 + i / 251) % 26);
  return text;
}

Co<std::string> read_all(Stream& from, Trouble& trouble, std::size_t piece = 3000) {
  std::string all;
  std::vector<char> space(piece);
  while (true) {
    const auto got = co_await from.read(space, patience);
    trouble = got.trouble;
    if (got.count == 0) co_return all;
    all.append(space.data(), got.count);
  }
}

}  // namespace

TEST_CASE("tls: two ends agree on version, cipher, protocol and name") {
  Pair pair({.identities = {certificate_for({"www.example.com"})}, .protocols = {"h2", "http/1.1"}},
            {.authorities = authority().certificate, .protocols = {"http/1.1", "h2"}});
  REQUIRE(pair.meet());
  CHECK(pair.server->negotiated().version == "TLSv1.3");
  CHECK(pair.server->negotiated().cipher.starts_with("TLS_"));
  CHECK(pair.server->negotiated().protocol == "h2");
  CHECK(pair.server->negotiated().server_name == "www.example.com");
  CHECK(pair.client->negotiated().protocol == "h2");
  CHECK_FALSE(pair.server->negotiated().resumed);
}

TEST_CASE("tls: a protocol that only one end knows is not agreed upon") {
  Pair pair({.identities = {certificate_for({"www.example.com"})}, .protocols = {"h2"}},
            {.authorities = authority().certificate, .protocols = {"spdy/1"}});
  REQUIRE(pair.meet());
  CHECK(pair.server->negotiated().protocol.empty());
}

TEST_CASE("tls: a protocol is agreed upon whichever certificate is presented") {
  Pair pair(
      {.identities = {certificate_for({"default.example"}), certificate_for({"www.example.com"})}, .protocols = {"h2"}},
      {.authorities = authority().certificate, .protocols = {"h2"}});
  REQUIRE(pair.meet());
  CHECK(pair.server->negotiated().protocol == "h2");
}

TEST_CASE("tls: versions and ciphers are held to") {
  Pair oldest({.identities = {certificate_for({"www.example.com"})}, .versions = {"TLSv1"}}, {});
  REQUIRE(oldest.meet());
  CHECK(oldest.server->negotiated().version == "TLSv1");
  Pair old({.identities = {certificate_for({"www.example.com"}, KeyKind::rsa_2048)},
            .versions = {"TLSv1.2"},
            .ciphers = {"ECDHE-RSA-AES256-GCM-SHA384", "NO-SUCH-CIPHER"}});
  REQUIRE(old.meet());
  CHECK(old.server->negotiated().version == "TLSv1.2");
  CHECK(old.server->negotiated().cipher == "ECDHE-RSA-AES256-GCM-SHA384");
  Pair by_name(
      {.identities = {certificate_for({"default.example"}), certificate_for({"www.example.com"}, KeyKind::rsa_2048)},
       .versions = {"TLSv1.2"},
       .ciphers = {"AES128-SHA"}});
  REQUIRE(by_name.meet());
  CHECK(by_name.server->negotiated().cipher == "AES128-SHA");
  CHECK_FALSE(ServerContext::make({.identities = {certificate_for({"a.example"})}, .versions = {"SSLv3"}}));
  CHECK_FALSE(ServerContext::make({.identities = {certificate_for({"a.example"})}, .ciphers = {"NO-SUCH-CIPHER"}}));
  CHECK_FALSE(ServerContext::make({}));
}

TEST_CASE("tls: a certificate that is not for the name, or of nobody trusted, is refused by a client that looks") {
  Pair other({.identities = {certificate_for({"www.example.com"})}}, {.authorities = authority().certificate},
             "other.example");
  CHECK_FALSE(other.meet());
  CHECK(other.client_trouble == Trouble::protocol);
  CHECK(other.client->complaint() == "certificate verify failed");
  CHECK(other.server_trouble == Trouble::protocol);
  Pair believing({.identities = {certificate_for({"www.example.com"})}}, {}, "other.example");
  CHECK(believing.meet());
}

TEST_CASE("tls: the certificate is chosen by name: exactly, by wildcard, else the first") {
  const auto context = *ServerContext::make(
      {.identities = {certificate_for({"default.example"}), certificate_for({"*.example.com"}),
                      certificate_for({"www.example.com"}, KeyKind::rsa_2048), certificate_for({"api.example.com"})}});
  const auto meets = [&](const std::string& asked, const std::string& verified_as) {
    Pair pair(context, *ClientContext::make({}), asked);
    if (!pair.meet()) return false;
    return pair.client->peer_names() == std::vector<std::string>{verified_as};
  };
  CHECK(meets("www.example.com", "www.example.com"));
  CHECK(meets("API.example.com", "api.example.com"));
  CHECK(meets("shop.example.com", "*.example.com"));
  CHECK(meets("a.shop.example.com", "default.example"));
  CHECK(meets("example.com", "default.example"));
  CHECK(meets("", "default.example"));
}

TEST_CASE("tls: of two certificates for a name the elliptic one is taken, unless the client cannot check it") {
  const auto context = *ServerContext::make(
      {.identities = {certificate_for({"default.example"}), certificate_for({"www.example.com"}, KeyKind::rsa_2048),
                      certificate_for({"www.example.com"})},
       .versions = {"TLSv1.2"}});
  Pair modern(context, *ClientContext::make({}), "www.example.com");
  REQUIRE(modern.meet());
  CHECK(modern.client->negotiated().cipher.contains("ECDSA"));
  const auto old_client = *ClientContext::make({});
  SSL_CTX_set1_sigalgs_list(old_client->handle(), "RSA+SHA256");  // NOLINT: OpenSSL's own cast
  Pair old(context, old_client, "www.example.com");
  REQUIRE(old.meet());
  CHECK(old.client->negotiated().cipher.contains("RSA"));
  CHECK_FALSE(old.client->negotiated().cipher.contains("ECDSA"));
}

TEST_CASE("tls: bytes arrive whole, in pieces of any size, and the end is told") {
  for (const std::size_t piece : {1UZ, 100UZ, 3000UZ, 16'384UZ, 70'000UZ}) {
    CAPTURE(piece);
    Pair pair;
    REQUIRE(pair.meet());
    const std::string head = "HTTP/1.1 200 OK\r\n\r\n", body = pattern(piece == 1 ? 5'000 : 900'000),
                      tail = "0\r\n\r\n";
    std::string came;
    Trouble ending = Trouble::closed, sending = Trouble::closed;
    run(pair.loop,
        [](Pair& p, std::array<std::string_view, 3> slices, std::size_t size, std::string& all, Trouble& end,
           Trouble& sent) -> Co<void> {
          start([](Pair& both, std::array<std::string_view, 3> what, Trouble& result) -> Co<void> {
            result = co_await both.server->write_all(what, patience);
            both.server->end_writing();
          }(p, slices, sent));
          all = co_await read_all(*p.client, end, size);
        }(pair, {head, body, tail}, piece, came, ending, sending));
    CHECK(sending == Trouble::none);
    CHECK(ending == Trouble::none);
    CHECK(came == head + body + tail);
  }
}

TEST_CASE("tls: a head and its body are one record") {
  Pair pair;
  REQUIRE(pair.meet());
  Stream::Slices slices{"head", "body", "tail"};
  CHECK(pair.server->try_write(slices) == Trouble::none);
  CHECK(Stream::all_taken(slices));
  std::array<char, 4> space{};
  bool more = false;
  run(pair.loop, [](Pair& p, std::array<char, 4>& s, bool& pending) -> Co<void> {
    co_await p.client->read(s, patience);
    pending = p.client->readiness().has_unread();  // although the socket is empty
  }(pair, space, more));
  CHECK(more);
  CHECK(std::string_view(space.data(), 4) == "head");
  std::array<char, 100> rest{};
  const auto got = pair.client->try_read(rest);
  REQUIRE(got);
  CHECK(std::string_view(rest.data(), got->count) == "bodytail");
  CHECK_FALSE(pair.client->readiness().has_unread());
  CHECK_FALSE(pair.client->try_read(rest));
}

TEST_CASE("tls: what has no room is offered again, and nothing is lost or sent twice") {
  Pair pair;
  REQUIRE(pair.meet());
  const std::string sent = pattern(4'000'000);
  Stream::Slices slices{sent, {}, {}};
  CHECK(pair.server->try_write(slices) == Trouble::none);
  CHECK_FALSE(Stream::all_taken(slices));  // the sockets are full
  std::string came;
  Trouble ending = Trouble::closed;
  run(pair.loop, [](Pair& p, Stream::Slices left, std::string& all, Trouble& end) -> Co<void> {
    start([](Pair& both, Stream::Slices what) -> Co<void> {
      co_await both.server->write_all(what, patience);
      both.server->end_writing();
    }(p, left));
    all = co_await read_all(*p.client, end, 50'000);
  }(pair, slices, came, ending));
  CHECK(ending == Trouble::none);
  CHECK(came == sent);
}

TEST_CASE("tls: TCP that ends without a word in TLS has cut the bytes off") {
  Pair pair;
  REQUIRE(pair.meet());
  std::string came;
  Trouble ending = Trouble::none;
  run(pair.loop, [](Pair& p, std::string& all, Trouble& end) -> Co<void> {
    co_await p.server->write("half a mess", patience);
    p.server.reset();
    all = co_await read_all(*p.client, end);
  }(pair, came, ending));
  CHECK(came == "half a mess");
  CHECK(ending == Trouble::reset);
}

TEST_CASE("tls: one side may end while the other goes on") {
  Pair pair;
  REQUIRE(pair.meet());
  std::string asked, answered;
  Trouble first = Trouble::closed, second = Trouble::closed;
  run(pair.loop, [](Pair& p, std::string& up, std::string& down, Trouble& a, Trouble& b) -> Co<void> {
    co_await p.client->write("question", patience);
    p.client->end_writing();
    up = co_await read_all(*p.server, a);
    co_await p.server->write("answer", patience);
    p.server->end_writing();
    down = co_await read_all(*p.client, b);
  }(pair, asked, answered, first, second));
  CHECK(asked == "question");
  CHECK(answered == "answer");
  CHECK(first == Trouble::none);
  CHECK(second == Trouble::none);
}

TEST_CASE("tls: a peer that speaks no TLS, or says nothing, is given up") {
  Loop loop;
  const auto context = *ServerContext::make({.identities = {certificate_for({"a.example"})}});
  Ends ends = connected_pair(loop);
  auto server = TlsStream::server(std::move(ends.server), context);
  Trouble result = Trouble::none;
  run(loop, [](TlsStream& s, Stream& peer, Trouble& trouble) -> Co<void> {
    co_await peer.write("GET / HTTP/1.1\r\n\r\n", patience);
    trouble = co_await s.handshake(patience);
  }(*server, *ends.client, result));
  CHECK(result == Trouble::protocol);
  CHECK(server->complaint() == "http request");

  Ends silent = connected_pair(loop);
  auto waiting = TlsStream::server(std::move(silent.server), context);
  run(loop, [](TlsStream& s, Trouble& trouble) -> Co<void> {
    trouble = co_await s.handshake(milliseconds(30));
  }(*waiting, result));
  CHECK(result == Trouble::timed_out);

  Ends gone = connected_pair(loop);
  auto left = TlsStream::server(std::move(gone.server), context);
  gone.client.reset();
  run(loop,
      [](TlsStream& s, Trouble& trouble) -> Co<void> { trouble = co_await s.handshake(patience); }(*left, result));
  CHECK(result == Trouble::reset);
}

TEST_CASE("tls: bytes that were changed on the way end the connection") {
  Pair pair;
  REQUIRE(pair.meet());
  run(pair.loop, [](Pair& p) -> Co<void> {
    co_await p.client->below().write("\x17\x03\x03\x01\x01" + pattern(300), patience);
    Trouble ending = Trouble::none;
    co_await read_all(*p.server, ending);
    p.server_trouble = ending;
  }(pair));
  CHECK(pair.server_trouble == Trouble::protocol);
  Stream::Slices slices{"more", {}, {}};
  CHECK(pair.server->try_write(slices) == Trouble::protocol);
}

TEST_CASE("tls: a new key asked for while reading is no trouble") {
  Pair pair;
  REQUIRE(pair.meet());
  std::string came, back;
  Trouble ending = Trouble::closed;
  run(pair.loop, [](Pair& p, std::string& all, std::string& reply, Trouble& end) -> Co<void> {
    SSL_key_update(p.client->handle(), SSL_KEY_UPDATE_REQUESTED);
    co_await p.client->write("with a new key", patience);
    std::array<char, 100> space{};
    auto got = co_await p.server->read(space, patience);
    all.assign(space.data(), got.count);
    co_await p.server->write("so have I", patience);
    got = co_await p.client->read(space, patience);
    reply.assign(space.data(), got.count);
    p.client->end_writing();
    co_await read_all(*p.server, end);
  }(pair, came, back, ending));
  CHECK(came == "with a new key");
  CHECK(back == "so have I");
  CHECK(ending == Trouble::none);
}

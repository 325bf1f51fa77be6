#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <map>

#include "base/text.hpp"
#include "http/body.hpp"
#include "http/head_view.hpp"
#include "http2/client.hpp"
#include "http2/server.hpp"

// Both ends of HTTP/2 on a loop that the test turns itself: each side is written and read as HTTP/1.1.

using namespace utakata;  // NOLINT: a test
using reactor::Co;
using reactor::Stream;
using reactor::Trouble;

namespace {

struct Sockets {
  std::unique_ptr<Stream> near;
  std::unique_ptr<Stream> far;
};
Sockets sockets(reactor::Loop& loop) {
  std::array<int, 2> ends{};
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) == 0);
  return {std::make_unique<reactor::TcpStream>(loop, ends[0]), std::make_unique<reactor::TcpStream>(loop, ends[1])};
}

// What has come of a stream, and how it stands.
struct Heard {
  std::string text;
  bool ended = false;
  Trouble trouble = Trouble::none;
};

class World {
 public:
  using Serve = std::function<Co<void>(std::unique_ptr<Stream>)>;
  /// Without `serve` the streams of requests are kept.
  explicit World(Serve serve = {}) : serve_(std::move(serve)) {
    if (!serve_) serve_ = [this](std::unique_ptr<Stream> stream) { return keep(*this, std::move(stream)); };
    Sockets both = sockets(loop);
    reactor::start(http2::serve_connection(
        std::move(both.near), {.serve = [this](std::unique_ptr<Stream> stream) { return serve_(std::move(stream)); },
                               .ending = [this] { return ending; }}));
    client =
        std::make_unique<http2::Client>(std::move(both.far), http2::ClientFacts{.ending = [this] { return ending; }});
    rounds();
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World() {
    kept.clear();
    client = nullptr;
    ending = true;
    loop.drain();
  }

  void rounds(int count = 10) {
    for (int i = 0; i < count; ++i) loop.run_once(Duration{});
  }
  Heard hear(Stream& stream) {
    Heard heard;
    std::array<char, 5000> space{};
    for (int i = 0; i < 400 && !heard.ended; ++i) {
      const auto got = stream.try_read(space);
      if (!got) {
        rounds(1);
        continue;
      }
      heard.text.append(space.data(), got->count);
      heard.trouble = got->trouble;
      heard.ended = got->count == 0;
    }
    return heard;
  }
  void say(Stream& stream, std::string_view text) {
    Stream::Slices slices{text, {}, {}};
    for (int i = 0; i < 400 && !slices[0].empty(); ++i) {
      REQUIRE(stream.try_write(slices) == Trouble::none);
      if (!slices[0].empty()) rounds(1);
    }
    REQUIRE(slices[0].empty());
  }
  Heard ask(std::string_view request) {
    const auto stream = client->open();
    say(*stream, request);
    return hear(*stream);
  }

  reactor::Loop loop;
  bool ending = false;
  std::unique_ptr<http2::Client> client;
  std::vector<std::unique_ptr<Stream>> kept;

 private:
  static Co<void> keep(World& world, std::unique_ptr<Stream> stream) {
    world.kept.push_back(std::move(stream));
    co_return;
  }

  Serve serve_;
};

// Reads one whole request.
Co<std::string> whole_request(Stream& stream) {
  std::string text;
  std::array<char, 3000> space{};
  std::size_t head = 0;
  while (head == 0) {
    const auto got = co_await stream.read(space);
    if (got.count == 0) co_return text;
    text.append(space.data(), got.count);
    head = http::head_length(text);
  }
  http::RequestHeadView view;
  http::BodyFraming framing;
  REQUIRE_FALSE(http::view_request_head(std::string_view(text).substr(0, head), {}, view).has_value());
  REQUIRE_FALSE(http::body_framing(view, framing).has_value());
  http::BodyReader reader(framing);
  std::string ignored;
  std::string_view rest = std::string_view(text).substr(head);
  reader.take(rest, ignored);
  while (!reader.done()) {
    const auto got = co_await stream.read(space);
    if (got.count == 0) co_return text;
    const std::string_view more(space.data(), got.count);
    rest = more;
    reader.take(rest, ignored);
    text += more;
  }
  co_return text;
}

World::Serve answering(std::string answer, std::string* asked = nullptr) {
  return [=](std::unique_ptr<Stream> stream) {
    return [](std::unique_ptr<Stream> own, std::string text, std::string* heard) -> Co<void> {
      const std::string request = co_await whole_request(*own);
      if (heard != nullptr) *heard = request;
      co_await own->write(text);
    }(std::move(stream), answer, asked);
  };
}

}  // namespace

TEST_CASE("http2: a request and its answer arrive as the HTTP/1.1 that they are") {
  std::string asked;
  World world(answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\nConnection: close\r\n\r\nhello", &asked));
  CHECK(world.client->usable());
  const Heard heard =
      world.ask("GET /a?b=c HTTP/1.1\r\nHost: web\r\nAccept: */*\r\nConnection: x\r\nTE: trailers\r\n\r\n");
  CHECK(asked == "GET /a?b=c HTTP/1.1\r\nhost: web\r\naccept: */*\r\nte: trailers\r\n\r\n");
  CHECK(heard.text == "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nx-a: b\r\n\r\nhello");
  CHECK(heard.trouble == Trouble::none);
}

TEST_CASE("http2: bodies with a length, chunked ones and trailers go both ways") {
  std::string asked;
  World world(answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nGrpc-Status: 0\r\n\r\n",
                        &asked));
  const Heard heard = world.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
  CHECK(asked == "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nbody");
  CHECK(heard.text == "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\ngrpc-status: 0\r\n\r\n");
  const Heard again = world.ask(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\nX-Sum: 1\r\n\r\n");
  CHECK(asked == "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nx-sum: 1\r\n\r\n");
  CHECK(again.text == heard.text);
}

TEST_CASE("http2: answers without a body say so with their head") {
  std::string asked;
  World head(answering("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", &asked));
  CHECK(head.ask("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").text == "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n");
  World none(answering("HTTP/1.1 204 No Content\r\n\r\n"));
  CHECK(none.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n").text == "HTTP/1.1 204 No Content\r\n\r\n");
  World empty(answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"));
  CHECK(empty.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n").text ==
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n");
  World hints(answering("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  CHECK(hints.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n").text.contains("link: x\r\n\r\nHTTP/1.1 200 OK\r\n"));
}

TEST_CASE("http2: cookies that come in crumbs are one header") {
  std::string asked;
  World world(answering("HTTP/1.1 204 No Content\r\n\r\n", &asked));
  world.ask("GET / HTTP/1.1\r\nHost: a\r\nCookie: b=1\r\nX: y\r\nCookie: c=2\r\n\r\n");
  CHECK(asked == "GET / HTTP/1.1\r\nhost: a\r\nx: y\r\ncookie: b=1; c=2\r\n\r\n");
}

TEST_CASE("http2: what a side does not read is not taken from the other") {
  World world;
  const auto client = world.client->open();
  const std::string lots(std::size_t{512} * 1024, 'x');
  const std::string head = cat("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ", lots.size(), "\r\n\r\n");
  Stream::Slices up{head, lots, {}};
  const auto push = [&](Stream& stream, Stream::Slices& slices) {
    for (int i = 0; i < 50; ++i) {
      REQUIRE(stream.try_write(slices) == Trouble::none);
      world.rounds(1);
    }
    return slices[1].size();
  };
  const std::size_t left_up = push(*client, up);
  CHECK(left_up > lots.size() - std::size_t{200} * 1024);  // a window and what waits on the way
  REQUIRE(!world.kept.empty());
  const std::string answer = cat("HTTP/1.1 200 OK\r\nContent-Length: ", lots.size(), "\r\n\r\n");
  Stream::Slices down{answer, lots, {}};
  CHECK(push(*world.kept.back(), down) > lots.size() - std::size_t{200} * 1024);
  // Once it is read, all of it comes.
  std::size_t read = 0;
  std::array<char, 10'000> space{};
  for (int i = 0; i < 3000 && read < head.size() + lots.size() - 1; ++i) {
    REQUIRE(client->try_write(up) == Trouble::none);
    if (const auto got = world.kept.back()->try_read(space)) read += got->count;
    world.rounds(1);
  }
  CHECK(read >= lots.size());
  Heard heard;
  for (int i = 0; i < 3000 && heard.text.size() < lots.size(); ++i) {
    REQUIRE(world.kept.back()->try_write(down) == Trouble::none);
    if (const auto got = client->try_read(space)) heard.text.append(space.data(), got->count);
    world.rounds(1);
  }
  world.kept.clear();
  heard.text += world.hear(*client).text;
  CHECK(heard.text.ends_with(lots));
}

TEST_CASE("http2: each side learns that the other gives a stream up") {
  World world;
  auto client = world.client->open();
  world.say(*client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
  world.rounds();
  REQUIRE(!world.kept.empty());
  CHECK_FALSE(world.kept.back()->broken());
  client = nullptr;
  world.rounds();
  CHECK(world.kept.back()->broken());

  client = world.client->open();
  world.say(*client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  world.rounds();
  world.say(*world.kept.back(), "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  world.kept.clear();
  const Heard heard = world.hear(*client);
  CHECK(heard.text.ends_with("half"));
  CHECK(heard.trouble == Trouble::reset);
}

TEST_CASE("http2: an answer before the end of its request is an answer") {
  World world([](std::unique_ptr<Stream> stream) {
    return [](std::unique_ptr<Stream> own) -> Co<void> {
      co_await own->write("HTTP/1.1 413 Payload Too Large\r\nContent-Length: 3\r\n\r\nbig");
    }(std::move(stream));
  });
  const auto client = world.client->open();
  world.say(*client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nab");
  const Heard heard = world.hear(*client);
  CHECK(heard.text.ends_with("\r\n\r\nbig"));
  CHECK(heard.trouble == Trouble::none);
  Stream::Slices rest{"more", {}, {}};
  CHECK(client->try_write(rest) == Trouble::none);  // what is on its way does no harm
}

TEST_CASE("http2: many streams at a time, and no more than the server takes") {
  World world;
  std::vector<std::unique_ptr<Stream>> asked;
  while (world.client->has_room()) {
    asked.push_back(world.client->open());
    world.say(*asked.back(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  world.rounds();
  CHECK(asked.size() == 128);
  CHECK(world.kept.size() == 128);
  for (const auto& each : world.kept) world.say(*each, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
  for (const auto& each : asked) CHECK(world.hear(*each).text.ends_with("x"));
}

TEST_CASE("http2: a connection that ends ends its streams") {
  World world;
  auto client = world.client->open();
  world.say(*client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  world.rounds();
  REQUIRE(!world.kept.empty());
  SUBCASE("by the server") {
    world.ending = true;
    world.loop.drain();
    CHECK(world.hear(*client).trouble == Trouble::reset);
    CHECK_FALSE(world.client->usable());
  }
  SUBCASE("by the client, once it has been answered") {
    world.client = std::make_unique<http2::Client>(sockets(world.loop).near,
                                                   http2::ClientFacts{.ending = [&] { return world.ending; }});
    world.rounds();
    CHECK_FALSE(world.kept.back()->broken());
    world.say(*world.kept.back(), "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
    CHECK(world.hear(*client).text.ends_with("x"));
  }
  world.kept.clear();
  client = nullptr;
}

TEST_CASE("http2: a server that speaks something else is no server") {
  reactor::Loop loop;
  bool ending = false;
  Sockets both = sockets(loop);
  http2::Client client(std::move(both.near), {.ending = [&] { return ending; }});
  std::optional<bool> ready;
  reactor::start([](http2::Client& asked, std::optional<bool>& answer) -> Co<void> {
    answer = co_await asked.ready(seconds(5));
  }(client, ready));
  for (int i = 0; i < 3; ++i) loop.run_once(Duration{});
  CHECK_FALSE(ready.has_value());
  Stream::Slices slices{"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", {}, {}};
  REQUIRE(both.far->try_write(slices) == Trouble::none);
  both.far = nullptr;
  for (int i = 0; i < 10; ++i) loop.run_once(Duration{});
  CHECK(ready == false);
  CHECK_FALSE(client.usable());
  ending = true;
  loop.drain();
}

TEST_CASE("http2: a head that we send may have more headers than one that comes") {
  std::string lines;
  for (int i = 0; i < 510; ++i) lines += cat("h", i, ": v\r\n");
  std::string asked;
  World world([&](std::unique_ptr<Stream> stream) {
    return [](std::unique_ptr<Stream> own, std::string text, std::string* heard) -> Co<void> {
      std::array<char, 20'000> space{};
      while (http::head_length(*heard) == 0) {
        const auto got = co_await own->read(space);
        if (got.count == 0) co_return;
        heard->append(space.data(), got.count);
      }
      co_await own->write(text);
    }(std::move(stream), cat("HTTP/1.1 200 OK\r\n", lines, "Content-Length: 0\r\n\r\n"), &asked);
  });
  const Heard heard = world.ask(cat("GET / HTTP/1.1\r\nHost: a\r\n", lines, "\r\n"));
  CHECK(asked.ends_with("h509: v\r\n\r\n"));
  CHECK(heard.text.ends_with("h509: v\r\ncontent-length: 0\r\n\r\n"));
}

TEST_CASE("http2: whoever writes what is no head does not wait for an answer") {
  SUBCASE("a request") {
    World world;
    const auto stream = world.client->open();
    Stream::Slices slices{"nonsense\r\n\r\n", {}, {}};
    CHECK(stream->try_write(slices) == Trouble::reset);
    const Heard heard = world.hear(*stream);
    CHECK(heard.ended);
    CHECK(heard.trouble == Trouble::reset);
  }
  SUBCASE("an answer") {
    World world;
    const auto stream = world.client->open();
    world.say(*stream, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    world.rounds();
    REQUIRE(world.kept.size() == 1);
    Stream::Slices slices{"nonsense\r\n\r\n", {}, {}};
    CHECK(world.kept[0]->try_write(slices) == Trouble::reset);
    const Heard heard = world.hear(*stream);
    CHECK(heard.ended);
    CHECK(heard.trouble == Trouble::reset);
    CHECK(world.client->usable());
  }
}

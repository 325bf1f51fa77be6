#include <doctest/doctest.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/text.hpp"
#include "http/body.hpp"
#include "http/client.hpp"
#include "http/linger.hpp"
#include "http/server.hpp"

using namespace utakata;        // NOLINT: a test
using namespace utakata::http;  // NOLINT: a test
using reactor::Co;
using reactor::Loop;

namespace {

int status_of(std::string_view text) {
  RequestHead head;
  const auto violation = parse_request_head(text, {}, head);
  return violation ? violation->status : 0;
}

void run(Loop& loop, Co<void> work) {
  reactor::start([](Loop& l, Co<void> inner) -> Co<void> {
    co_await inner;
    l.stop();
  }(loop, std::move(work)));
  loop.run();
}

// A body that goes on, piece by piece: an empty one is none.
Pieces three_pieces() {
  return [pieces = std::vector<std::string>{std::string(20, 'a'), "", "bc"},
          next = std::size_t{0}]() mutable -> Co<std::optional<std::string>> {
    return [](std::optional<std::string> piece) -> Co<std::optional<std::string>> {
      co_return piece;
    }(next < pieces.size() ? std::optional(pieces[next++]) : std::nullopt);
  };
}

Co<Response> echo(Request request) {
  if (request.head.target == "/pieces")
    co_return Response{.status = 200, .headers = {}, .body = {}, .pieces = three_pieces()};
  co_return Response{.status = 200,
                     .headers = {{"X-Method", request.head.method}},
                     .body = cat(request.head.target, "|", request.body)};
}
Response refuse_plainly(int status, std::string_view why) {
  return {.status = status, .headers = {}, .body = std::string(why)};
}

struct Served {
  Loop loop;
  int port;
  Server server;
  Served() : Served(*reactor::listen_tcp({})) {}
  explicit Served(int fd) : port(reactor::local_port(fd)), server(loop, fd, {.body = 1000}, echo, refuse_plainly) {}
};

// What the server says to these bytes until it closes.
std::string said_to(std::string text) {
  Served served;
  std::string answer;
  run(served.loop, [](Loop& l, int port, std::string bytes, std::string& out) -> Co<void> {
    const auto connected = co_await reactor::connect_tcp(l, {.port = port}, seconds(5));
    co_await connected.stream->write(bytes);
    connected.stream->end_writing();
    std::array<char, 4096> space;
    while (true) {
      const auto got = co_await connected.stream->read(space, seconds(10));
      if (got.count == 0) break;
      out.append(space.data(), got.count);
    }
  }(served.loop, served.port, std::move(text), answer));
  return answer;
}

struct OwnReadiness {
  explicit OwnReadiness(Loop& loop) : own(loop) { own.ready(EPOLLIN | EPOLLOUT); }
  reactor::Readiness own;
};

// A peer that always has more to say.
class Talker final : private OwnReadiness, public reactor::Stream {
 public:
  explicit Talker(Loop& loop) : OwnReadiness(loop), Stream(own) {}
  std::optional<Read> try_read(std::span<char> space) override {
    heard += space.size();
    return Read{space.size(), reactor::Trouble::none};
  }
  reactor::Trouble try_write(Slices&) override { return reactor::Trouble::none; }
  [[nodiscard]] reactor::Address peer() const override { return {}; }
  void shut_down() override {}
  void end_writing() override {}
  std::size_t heard = 0;
};

// A server that says this to whoever connects, and then nothing.
Co<void> say(Loop& loop, reactor::Descriptor& listener, std::string text) {
  const auto stream = co_await reactor::accept_tcp(listener);
  co_await stream->write(text);
  co_await loop.sleep(seconds(1));
}

Exchange answer_to(ClientLimits limits, std::string text) {
  Loop loop;
  Exchange got;
  {
    reactor::Descriptor listener(loop, *reactor::listen_tcp({}));
    reactor::start(say(loop, listener, std::move(text)));
    run(loop, [](Loop& l, int port, ClientLimits with, Exchange& out) -> Co<void> {
      Client client(l, {.port = port}, "here", std::move(with));
      out = co_await client.send({}, seconds(20));
    }(loop, reactor::local_port(listener.fd()), std::move(limits), got));
  }
  loop.drain();
  return got;
}

}  // namespace

TEST_CASE("http: whoever lingers lets others go on meanwhile") {
  Loop loop;
  Talker talker(loop);
  bool over = false;
  reactor::start([](Talker& peer, bool& ended) -> Co<void> {
    co_await linger(peer);
    ended = true;
  }(talker, over));
  CHECK_FALSE(over);
  CHECK(talker.heard <= std::size_t{2} * 1024 * 1024);
  for (int i = 0; i < 100 && !over; ++i) loop.run_once(Duration{});
  CHECK(over);
}

TEST_CASE("http head: what two programs could read differently is refused") {
  CHECK(status_of("GET / HTTP/1.1\r\nHost: a\r\n\r\n") == 0);
  CHECK(status_of("GET / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n") == 400);
  CHECK(status_of("GET / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n") == 400);
  CHECK(status_of("GET / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n") == 0);
  CHECK(status_of("GET / HTTP/1.1\r\nContent-Length: +3\r\n\r\n") == 400);
  CHECK(status_of("GET / HTTP/1.1\r\nTransfer-Encoding: chunked, identity\r\n\r\n") == 501);
  CHECK(status_of("GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n") == 400);
  CHECK(status_of("GET / HTTP/1.1\nHost: a\r\n\r\n") == 400);
  CHECK(status_of("GET / HTTP/1.1\r\nA : b\r\n\r\n") == 400);
  CHECK(status_of("GET / HTTP/1.1\r\nA: b\rc\r\n\r\n") == 400);
  CHECK(status_of("GET  / HTTP/1.1\r\n\r\n") == 400);
  CHECK(status_of("GET / HTTP/2.0\r\n\r\n") == 505);
  CHECK(status_of("GET /" + std::string(17000, 'a') + " HTTP/1.1\r\n\r\n") == 414);
  CHECK(status_of("GET / HTTP/1.1\r\nA: " + std::string(17000, 'a') + "\r\n\r\n") == 431);
  CHECK(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == 400);
}

TEST_CASE("http head: a response's body is framed by its status, its request and its headers") {
  ResponseHead head;
  CHECK_FALSE(parse_response_head("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", false, head));
  CHECK(head.framing == Framing::length);
  head = {};
  CHECK_FALSE(parse_response_head("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true, head));
  CHECK(head.framing == Framing::none);
  head = {};
  CHECK_FALSE(parse_response_head("HTTP/1.1 204\r\n\r\n", false, head));
  CHECK(head.framing == Framing::none);
  head = {};
  CHECK_FALSE(parse_response_head("HTTP/1.0 200 OK\r\n\r\n", false, head));
  CHECK(head.framing == Framing::until_close);
  CHECK_FALSE(head.keep_alive);
  CHECK(parse_response_head("HTTP/1.1 20x OK\r\n\r\n", false, head));
}

TEST_CASE("http body: chunks are read however they are cut, and malformed ones refused") {
  const std::string coded = "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nTrailer: t\r\n\r\nNEXT";
  for (std::size_t cut = 0; cut <= coded.size(); ++cut) {
    BodyReader reader(Framing::chunked, 0);
    std::string content;
    std::string_view first = std::string_view(coded).substr(0, cut);
    REQUIRE(reader.take(first, content));
    const std::string rest_text = std::string(first) + coded.substr(cut);
    std::string_view rest = rest_text;
    REQUIRE(reader.take(rest, content));
    CHECK(reader.done());
    CHECK(content == "hello world");
    CHECK(rest == "NEXT");
  }
  for (const std::string_view bad :
       {"x\r\n", "-1\r\n", "5\nhello", "1\r\nab\r\n", "ffffffffffffffffff\r\n", "5 5\nx"}) {
    BodyReader reader(Framing::chunked, 0);
    std::string content;
    std::string_view text = bad;
    CHECK_FALSE(reader.take(text, content));
  }
}

TEST_CASE("http body: trailers are kept but for those that frame or route, and bounded") {
  const std::string coded = "1\r\na\r\n0\r\nX-Sum: 1\r\nContent-Length: 5\r\nHost: b\r\nX-Two: 2\r\n\r\n";
  for (std::size_t cut = 0; cut <= coded.size(); ++cut) {
    BodyReader reader(Framing::chunked, 0);
    std::string content;
    std::string_view first = std::string_view(coded).substr(0, cut);
    std::string_view rest = std::string_view(coded).substr(cut);
    REQUIRE(reader.take(first, content));
    REQUIRE(reader.take(rest, content));
    CHECK(reader.trailers() == "X-Sum: 1\r\nX-Two: 2\r\n");
  }
  BodyReader endless(Framing::chunked, 0);
  const std::string line = cat("X: ", std::string(4000, 'x'), "\r\n");
  std::string all = "0\r\n";
  for (int i = 0; i < 5; ++i) all += line;
  std::string content;
  std::string_view text = all;
  CHECK_FALSE(endless.take(text, content));
}

TEST_CASE("http head view: the end of a head is found however it comes, and nothing is looked at twice") {
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  for (std::size_t cut = 0; cut < head.size(); ++cut) {
    CHECK(head_length(std::string_view(head).substr(0, cut)) == 0);
    CHECK(head_length(cat(head, "next"), cut) == head.size());
  }
  CHECK(head_length("GET / HTTP/1.1\n\n") == 16);
}

TEST_CASE("http head view: what deviates but can be read is marked") {
  RequestHeadView head;
  REQUIRE_FALSE(view_request_head("GET /a b HTTP/1.1\r\nX : 1\r\nConnection: Close, X-Hop\r\n\r\n", {}, head));
  CHECK(head.deviates);
  CHECK(head.target == "/a b");
  CHECK(head.odd_target);
  CHECK(head.kinds[0] == HeaderKind::malformed);
  CHECK(head.of_this_connection("x-hop"));
  CHECK_FALSE(head.keeps_alive());
  REQUIRE_FALSE(view_request_head("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", {}, head));
  CHECK_FALSE(head.deviates);
  CHECK(head.headers.size() == 1);
  CHECK(head.keeps_alive());
}

TEST_CASE("http server: pipelined, chunked and expecting requests are answered in their order") {
  const std::string answer = said_to(
      "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
      "POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
      "POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nhi"
      "HEAD /d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK(answer.find("/a|") != std::string::npos);
  CHECK(answer.find("/b|abc") > answer.find("/a|"));
  CHECK(answer.find("100 Continue") > answer.find("/b|abc"));
  CHECK(answer.find("/c|hi") > answer.find("100 Continue"));
  CHECK(answer.ends_with("Connection: close\r\n\r\n"));
}

TEST_CASE("http server: an answer in pieces comes in chunks, and the connection is kept") {
  const std::string answers = said_to("GET /pieces HTTP/1.1\r\nHost: x\r\n\r\nGET /next HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(answers.contains(
      "Transfer-Encoding: chunked\r\n\r\n14\r\naaaaaaaaaaaaaaaaaaaa\r\n2\r\nbc\r\n0\r\n\r\nHTTP/1.1 200"));
  CHECK(answers.ends_with("/next|"));
  CHECK(said_to("HEAD /pieces HTTP/1.1\r\nHost: x\r\n\r\n").ends_with("Transfer-Encoding: chunked\r\n\r\n"));
}

TEST_CASE("http server: what is no request is answered once and the connection closed") {
  CHECK(said_to("GET / HTTP/9.9\r\n\r\n").starts_with("HTTP/1.1 505"));
  CHECK(said_to("nonsense\r\n\r\n").starts_with("HTTP/1.1 400"));
  CHECK(
      said_to("POST / HTTP/1.1\r\nContent-Length: 5000\r\n\r\n" + std::string(5000, 'x')).starts_with("HTTP/1.1 413"));
  CHECK(said_to("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n").starts_with("HTTP/1.1 400"));
  CHECK(said_to("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab").starts_with("HTTP/1.1 400"));
  CHECK(said_to("").empty());
}

TEST_CASE("http client: answers, refusals and a kept connection that the server has ended") {
  Served served;
  std::vector<Exchange> got;
  run(served.loop, [](Loop& l, int port, std::vector<Exchange>& out) -> Co<void> {
    Client client(l, {.port = port}, "here");
    for (int i = 0; i < 3; ++i) {
      auto exchange =
          co_await client.send({.method = "POST", .target = "/p", .headers = {}, .body = "body"}, seconds(10));
      out.push_back(std::move(exchange));
    }
    Client nobody(l, {.port = 1}, "nobody");
    auto refused = co_await nobody.send({}, seconds(10));
    out.push_back(std::move(refused));
  }(served.loop, served.port, got));
  CHECK(got[0].ending == Ending::answered);
  CHECK(got[2].body == "/p|body");
  CHECK(got[3].ending == Ending::refused);
}

TEST_CASE("http client: an answer's body is bounded, kept or not") {
  const std::string answer = cat("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", std::string(3000, 'x'));
  CHECK(answer_to({.body = 2000}, answer).ending == Ending::malformed);
  const Exchange unkept = answer_to({.body = 2000, .keep_body = false}, answer);
  CHECK(unkept.ending == Ending::answered);
  CHECK(unkept.status == 200);
  CHECK(unkept.body.empty());
  const Exchange whole = answer_to({.keep_body = false}, cat(answer, std::string(2000, 'y')));
  CHECK(whole.ending == Ending::answered);
  CHECK(whole.body.empty());
  CHECK(answer_to({}, cat("HTTP/1.1 200 OK\r\n", std::string(100'000, 'x'))).ending == Ending::malformed);
}

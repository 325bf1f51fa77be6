#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <map>

#include "base/text.hpp"
#include "http2/server.hpp"

// Clients that misuse HTTP/2, frame by frame.

using namespace utakata;  // NOLINT: a test
using reactor::Co;
using reactor::Stream;

namespace {

constexpr int data = 0, headers = 1, rst_stream = 3, settings = 4, ping = 6, goaway = 7, window_update = 8,
              continuation = 9;
constexpr int end_stream = 1, ack = 1, end_headers = 4;
constexpr std::int64_t no_error = 0, protocol_error = 1, refused_stream = 7, enhance_your_calm = 11;

std::string number(std::int64_t value, int bytes) {
  std::string text;
  while (bytes-- > 0) text += static_cast<char>(value >> (8 * bytes));
  return text;
}
std::string frame(int type, int flags, int stream, std::string_view payload) {
  return cat(number(static_cast<std::int64_t>(payload.size()), 3), number(type, 1), number(flags, 1), number(stream, 4),
             payload);
}
// HPACK: a literal that is not indexed; longer ones with one more byte of length.
std::string text(std::string_view value) {
  if (value.size() < 127) return cat(number(static_cast<std::int64_t>(value.size()), 1), value);
  const std::size_t rest = value.size() - 127;
  std::string length = "\x7f";
  if (rest < 128)
    length += static_cast<char>(rest);
  else
    length +=
        cat(number(static_cast<std::int64_t>((rest & 127) | 128), 1), number(static_cast<std::int64_t>(rest >> 7), 1));
  return cat(length, value);
}
std::string field(std::string_view name, std::string_view value) {
  return cat(std::string(1, '\0'), text(name), text(value));
}
std::string get() {
  return cat(field(":method", "GET"), field(":scheme", "https"), field(":path", "/"), field(":authority", "a"));
}

class Attack {
 public:
  explicit Attack(std::string_view first = {}) {
    std::array<int, 2> ends{};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) == 0);
    fd_ = ends[1];
    reactor::start(http2::serve_connection(
        std::make_unique<reactor::TcpStream>(loop_, ends[0]),
        {.serve = [this](std::unique_ptr<Stream> stream) { return keep(*this, std::move(stream)); },
         .ending = [this] { return ending_; },
         .idle = idle,
         .age_max = age_max}));
    say(cat("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", frame(settings, 0, 0, {}), first));
  }
  Attack(const Attack&) = delete;
  Attack& operator=(const Attack&) = delete;
  ~Attack() {
    kept.clear();
    ::close(fd_);
    ending_ = true;
    loop_.drain();
  }

  // Also looks at what the server says to it.
  void say(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
      hear();
      if (n < 0 && closed) return;
    }
    hear();
  }
  [[nodiscard]] std::string asked(std::size_t which = 0) {
    REQUIRE(which < kept.size());
    std::array<char, 100'000> space{};
    const auto got = kept[which]->try_read(space);
    return got ? std::string(space.data(), got->count) : "";
  }

  // Until it is sent away, but not longer than this.
  bool sent_away_within(Duration patience) {
    for (const Instant deadline = loop_.now() + patience; !goodbye && !closed && loop_.now() < deadline;) {
      loop_.run_once(milliseconds(5));
      hear();
    }
    return goodbye.has_value() || closed;
  }

  static inline Duration idle = seconds(60), age_max = seconds(3600);
  std::vector<std::unique_ptr<Stream>> kept;
  std::map<std::int32_t, std::int64_t> resets;  // by stream, the code
  std::optional<std::int64_t> goodbye;          // the code of the last GOAWAY
  std::int64_t last_stream = -1;                // of the last GOAWAY
  bool closed = false;
  int pings = 0;  // that were not acknowledgements

 private:
  static Co<void> keep(Attack& attack, std::unique_ptr<Stream> stream) {
    attack.kept.push_back(std::move(stream));
    co_return;
  }
  static std::int64_t value(std::string_view bytes) {
    std::int64_t all = 0;
    for (const char c : bytes) all = all << 8 | static_cast<unsigned char>(c);
    return all;
  }
  void hear() {
    for (int i = 0; i < 6; ++i) loop_.run_once(Duration{});
    std::array<char, 65536> space{};
    ssize_t n = 0;
    while ((n = ::recv(fd_, space.data(), space.size(), 0)) > 0)
      heard_.append(space.data(), static_cast<std::size_t>(n));
    closed = closed || n == 0 || errno != EAGAIN;
    while (heard_.size() >= 9) {
      const auto length = static_cast<std::size_t>(value(std::string_view(heard_).substr(0, 3)));
      if (heard_.size() < 9 + length) return;
      const std::string_view payload = std::string_view(heard_).substr(9, length);
      if (heard_[3] == rst_stream)
        resets[static_cast<std::int32_t>(value(std::string_view(heard_).substr(5, 4)))] = value(payload);
      if (heard_[3] == goaway) {
        last_stream = value(payload.substr(0, 4));
        goodbye = value(payload.substr(4, 4));
      }
      if (heard_[3] == ping && heard_[4] != ack) ++pings;
      heard_.erase(0, 9 + length);
    }
  }

  reactor::Loop loop_;
  bool ending_ = false;
  int fd_ = -1;
  std::string heard_;
};

}  // namespace

TEST_CASE("http2: what no HTTP/1.1 request may say resets its stream") {
  Attack attack;
  auto refused = [&, next = 1](const std::string& block) mutable {
    attack.say(frame(headers, end_stream | end_headers, next, block));
    next += 2;
    return attack.resets.contains(next - 2) && attack.resets[next - 2] == protocol_error;
  };
  CHECK(refused(cat(get(), field("connection", "close"))));
  CHECK(refused(cat(get(), field("transfer-encoding", "chunked"))));
  CHECK(refused(cat(get(), field("te", "gzip"))));
  CHECK(refused(cat(get(), field("Upper", "case"))));
  CHECK(refused(cat(get(), field("x", "a\r\nb: c"))));
  CHECK(refused(cat(get(), field("x y", "a"))));
  CHECK(refused(cat(get(), field("host", "b"))));
  CHECK(refused(cat(get(), field("content-length", "5"))));
  CHECK(refused(cat(get(), field("content-length", "1"), field("content-length", "2"))));
  CHECK(refused(cat(field(":method", "GET"), field(":scheme", "https"), field(":path", "/ HTTP/1.1\r\nx: "))));
  CHECK(refused(cat(field(":method", "CONNECT"), field(":protocol", "websocket"), field(":scheme", "https"),
                    field(":path", "/"), field(":authority", "a"))));
  CHECK(attack.kept.empty());
  CHECK_FALSE(attack.goodbye.has_value());
  CHECK_FALSE(refused(cat(get(), field("te", "trailers"), field("host", "a"))));
  CHECK(attack.asked() == "GET / HTTP/1.1\r\nhost: a\r\nte: trailers\r\n\r\n");
}

TEST_CASE("http2: a body of another length than it says is cut") {
  Attack attack;
  attack.say(frame(headers, end_headers, 1, cat(get(), field("content-length", "5"))));
  attack.say(frame(data, end_stream, 1, "1234"));
  CHECK(attack.resets[1] == protocol_error);
  REQUIRE(attack.kept.size() == 1);
  CHECK(attack.kept[0]->broken());
}

TEST_CASE("http2: a client that takes its requests back again and again is sent away") {
  Attack attack;
  for (int id = 1; id < 2000 && !attack.goodbye; id += 2)
    attack.say(cat(frame(headers, end_stream | end_headers, id, get()), frame(rst_stream, 0, id, number(8, 4))));
  CHECK(attack.goodbye == enhance_your_calm);
  CHECK(attack.kept.size() <= 201);
}

TEST_CASE("http2: a client whose requests are reset by its own errors again and again is sent away") {
  Attack attack;
  for (int id = 1; id < 2000 && !attack.goodbye; id += 2)
    attack.say(
        cat(frame(headers, end_stream | end_headers, id, get()), frame(window_update, 0, id, number(0x7fffffff, 4))));
  CHECK(attack.goodbye == enhance_your_calm);
  CHECK(attack.kept.size() <= 201);
}

TEST_CASE("http2: requests that their server leaves without an answer are not their client's fault") {
  Attack attack;
  for (int id = 1; id < 1000 && !attack.goodbye; id += 2) {
    attack.say(frame(headers, end_stream | end_headers, id, get()));
    REQUIRE(attack.kept.size() == 1);
    Stream::Slices slices{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", {}, {}};
    if (id % 4 == 1) CHECK(attack.kept[0]->try_write(slices) == reactor::Trouble::none);
    attack.kept.clear();
  }
  CHECK_FALSE(attack.goodbye.has_value());
}

TEST_CASE("http2: the headers of a request come within the idle timeout, whatever else goes on") {
  Attack::idle = milliseconds(50);
  const std::string request = frame(headers, end_stream | end_headers, 1, get());
  SUBCASE("half a block") {
    Attack attack(cat(request, frame(headers, 0, 3, get())));
    CHECK(attack.sent_away_within(seconds(20)));
    CHECK(attack.kept.size() == 1);
  }
  SUBCASE("half a frame") {
    Attack attack(cat(request, frame(headers, end_headers, 3, get()).substr(0, 20)));
    CHECK(attack.sent_away_within(seconds(20)));
  }
  SUBCASE("half a block of trailers") {
    Attack attack(cat(frame(headers, end_headers, 1, get()), frame(headers, end_stream, 1, field("a", "b"))));
    CHECK(attack.sent_away_within(seconds(20)));
  }
  SUBCASE("drop by drop") {
    const std::string more = frame(continuation, 0, 3, field("x", std::string(4000, 'a')));
    Attack attack(cat(request, frame(headers, 0, 3, get()), more.substr(0, 100)));
    for (std::size_t i = 100; i < 1000 && !attack.sent_away_within(milliseconds(5)); ++i) attack.say(more.substr(i, 1));
    CHECK((attack.goodbye == no_error || attack.closed));
  }
  SUBCASE("drop by drop, of a request that has been refused") {
    const std::string more = frame(continuation, 0, 1, field("x", std::string(4000, 'a')));
    Attack attack(cat(frame(headers, 0, 1, cat(get(), field("connection", "close"))), more.substr(0, 100)));
    for (std::size_t i = 100; i < 1000 && !attack.sent_away_within(milliseconds(5)); ++i) attack.say(more.substr(i, 1));
    CHECK(attack.resets[1] == protocol_error);
    CHECK((attack.goodbye == no_error || attack.closed));
  }
  SUBCASE("all of them") {
    Attack attack(request);
    CHECK_FALSE(attack.sent_away_within(milliseconds(200)));
    attack.kept.clear();
    CHECK(attack.sent_away_within(seconds(20)));
  }
  Attack::idle = seconds(60);
}

TEST_CASE("http2: more streams at a time than it was told a client does not get") {
  Attack attack;
  for (int id = 1; id < 400; id += 2) attack.say(frame(headers, end_stream | end_headers, id, get()));
  CHECK(attack.kept.size() == 128);
  CHECK((attack.goodbye == protocol_error || attack.resets.rbegin()->second == refused_stream));
}

TEST_CASE("http2: endless headers end the connection") {
  Attack attack;
  SUBCASE("in continuations") {
    attack.say(frame(headers, end_stream, 1, get()));
    int taken = 0;
    for (; taken < 100 && !attack.goodbye && !attack.closed; ++taken)
      attack.say(frame(continuation, 0, 1, field("x", std::string(1000, 'a'))));
    // Eight thousand bytes are in order. nghttp2 ends a connection of more frames without a word.
    CHECK(taken >= 8);
    CHECK(taken <= 10);
    CHECK(attack.goodbye.value_or(enhance_your_calm) == enhance_your_calm);
  }
  SUBCASE("in one frame") {
    attack.say(frame(headers, end_stream | end_headers, 1, cat(get(), field("x", std::string(9000, 'a')))));
    CHECK(attack.goodbye == enhance_your_calm);
  }
  CHECK(attack.kept.empty());
}

TEST_CASE("http2: headers that are small only when compressed have their limit in the reader of the request") {
  Attack attack;
  // A field that is put in the table once, and then named by its number in a byte each.
  std::string block = get() + cat("\x40", text("x"), text(std::string(3000, 'a')));
  for (int i = 0; i < 4000; ++i) block += static_cast<char>(0x80 | 62);
  attack.say(frame(headers, end_stream | end_headers, 1, block));
  const std::string head = attack.asked();
  CHECK(head.size() > std::size_t{64} * 1024);
  CHECK_FALSE(head.contains("\r\n\r\n"));
}

TEST_CASE("http2: frames that carry nothing are not taken without end") {
  Attack attack;
  std::string empty;
  attack.say(frame(headers, end_headers, 1, get()));
  SUBCASE("data") {
    for (int i = 0; i < 1000; ++i) empty += frame(data, 0, 1, {});
  }
  SUBCASE("pings") {
    for (int i = 0; i < 1000; ++i) empty += frame(ping, 0, 0, number(i, 8));
  }
  SUBCASE("settings") {
    for (int i = 0; i < 1000; ++i) empty += frame(settings, 0, 0, {});
  }
  for (int i = 0; i < 3000 && !attack.goodbye && !attack.closed; ++i) attack.say(empty);
  CHECK(attack.goodbye == enhance_your_calm);
}

TEST_CASE("http2: a connection that has become old ends after what is under way") {
  Attack::age_max = Duration{};
  Attack attack;
  Attack::age_max = seconds(3600);
  attack.say(frame(headers, end_stream | end_headers, 1, get()));
  CHECK(attack.goodbye == no_error);
  CHECK(attack.last_stream == 0x7fffffff);
  CHECK(attack.pings == 1);
  attack.say(frame(headers, end_stream | end_headers, 3, get()));  // on its way when the client hears of it
  attack.say(frame(ping, ack, 0, number(0, 8)));
  CHECK(attack.last_stream == 3);
  REQUIRE(attack.kept.size() == 2);
  for (const auto& each : attack.kept) {
    Stream::Slices slices{"HTTP/1.1 204 No Content\r\n\r\n", {}, {}};
    CHECK(each->try_write(slices) == reactor::Trouble::none);
  }
  attack.say(frame(ping, ack, 0, number(0, 8)));
  CHECK(attack.closed);
}

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/outcome.hpp"
#include "base/text.hpp"
#include "http/body.hpp"
#include "http2/client.hpp"
#include "http2/server.hpp"

// Frames of any kind, from a client or a server. The first byte chooses which, and the second how many come at a time.

using namespace utakata;  // NOLINT: a fuzzer
using reactor::Co;
using reactor::Stream;
using reactor::Trouble;

namespace {

constexpr std::size_t overlong = std::size_t{64} * 1024;  // of a head that is to be refused

struct OwnReadiness {
  explicit OwnReadiness(reactor::Loop& loop) : own(loop) {}
  reactor::Readiness own;
};

// A connection whose other end says what it is given, and takes everything.
class Said final : private OwnReadiness, public Stream {
 public:
  Said(reactor::Loop& loop, std::string_view text, std::size_t at_a_time)
      : OwnReadiness(loop), Stream(own), text_(text), at_a_time_(at_a_time) {
    own.ready(EPOLLIN | EPOLLOUT);
  }
  std::optional<Read> try_read(std::span<char> space) override {
    const std::size_t count = std::min({space.size(), text_.size(), at_a_time_});
    std::ranges::copy(text_.substr(0, count), space.begin());
    text_.remove_prefix(count);
    return Read{count, Trouble::none};
  }
  Trouble try_write(Slices& slices) override {
    slices = {};
    return Trouble::none;
  }
  [[nodiscard]] reactor::Address peer() const override { return {}; }
  void shut_down() override {}
  void end_writing() override {}

 private:
  std::string_view text_;
  std::size_t at_a_time_;
};

// Reads all that comes. What it looks like must not depend on what came: HTTP/1.1 that the strictest reader takes.
Co<std::string> read_all(Stream& stream, Trouble& trouble) {
  std::string text;
  std::array<char, 3000> space;
  while (true) {
    const auto got = co_await stream.read(space);
    trouble = got.trouble;
    if (got.count == 0) co_return text;
    text.append(space.data(), got.count);
  }
}

void check_body(http::BodyFraming framing, std::string_view rest, bool whole) {
  http::BodyReader reader(framing);
  std::string content;
  ensure(reader.take(rest, content), "a body is malformed");
  ensure(rest.empty(), "there is more than the body");
  ensure(!whole || reader.done(), "a body that has come whole does not end");
}

void check_request(std::string_view text, bool whole) {
  const std::size_t length = http::head_length(text);
  if (length == 0) return ensure(text.empty() || text.size() > overlong, "a request has no head");
  http::RequestHeadView head;
  http::BodyFraming framing;
  ensure(!http::view_request_head(text.substr(0, length), http::own_head, head), "a request cannot be read");
  ensure(!head.deviates && head.minor_version == 1, "a request deviates");
  ensure(head.connection.options == 0 && head.framing.lengths + head.framing.codings <= 1, "a request says too much");
  ensure(!http::body_framing(head, framing), "a request's body has no clear end");
  check_body(framing, text.substr(length), whole);
}

void check_answers(std::string_view text, bool to_head, bool whole) {
  while (true) {
    const std::size_t length = http::head_length(text);
    if (length == 0) return ensure(text.empty() || text.size() > overlong, "an answer has no head");
    http::ResponseHeadView head;
    http::BodyFraming framing;
    if (http::view_response_head(text.substr(0, length), head)) return;  // a status of which there is none; refused
    ensure(!head.deviates && !http::body_framing(head, to_head, framing), "an answer cannot be read");
    text.remove_prefix(length);
    if (head.status >= 200) return check_body(framing, text, whole);
  }
}

struct Run {
  int under_way = 0;
  bool ending = false;
};

Co<void> answer(Run& run, std::unique_ptr<Stream> stream) {
  ++run.under_way;
  std::array<char, 3000> space;
  std::string text;
  Trouble trouble = Trouble::none;
  // Some are answered before they are read, and some are never.
  bool ended = false;
  while (!ended && http::head_length(text) == 0) {
    const auto got = co_await stream->read(space);
    text.append(space.data(), got.count);
    trouble = got.trouble;
    ended = got.count == 0;
  }
  if (!ended && text.starts_with("POST")) text += co_await read_all(*stream, trouble);
  const bool whole = text.starts_with("POST") && trouble == Trouble::none;
  check_request(text, whole);
  if (text.contains("x-long"))
    co_await stream->write(cat("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", std::string(100'000, 'x')));
  else if (text.contains("x-cut"))
    co_await stream->write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  else if (!text.contains("x-none"))
    co_await stream->write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n");
  --run.under_way;
}

Co<void> ask(Run& run, http2::Client& client, std::string_view request, bool to_head) {
  ++run.under_way;
  const auto stream = client.open();
  Trouble trouble = co_await stream->write(request);
  const std::string text = co_await read_all(*stream, trouble);
  check_answers(text, to_head, trouble == Trouble::none);
  --run.under_way;
}

void turn(reactor::Loop& loop, const Run& run) {
  for (int i = 0; i < 2000 && (i < 6 || run.under_way > 0); ++i) loop.run_once(Duration{});
  ensure(run.under_way == 0, "a stream does not end with its connection");
}

Co<void> serve(Run& run, std::unique_ptr<Stream> stream) {
  ++run.under_way;
  co_await http2::serve_connection(
      std::move(stream), {.serve = [&run](std::unique_ptr<Stream> own) { return answer(run, std::move(own)); },
                          .ending = [&run] { return run.ending; }});
  --run.under_way;
}

void try_server(reactor::Loop& loop, std::string_view frames, std::size_t at_a_time) {
  const std::string text =
      cat("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", std::string(3, '\0'), "\x04", std::string(5, '\0'), frames);
  Run run;
  reactor::start(serve(run, std::make_unique<Said>(loop, text, at_a_time)));
  turn(loop, run);
}

void try_client(reactor::Loop& loop, std::string_view frames, std::size_t at_a_time) {
  Run run;
  {
    http2::Client client(std::make_unique<Said>(loop, frames, at_a_time), {.ending = [&run] { return run.ending; }});
    reactor::start(ask(run, client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", false));
    reactor::start(ask(run, client, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", true));
    reactor::start(ask(run, client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nxy", false));
    turn(loop, run);
  }
  turn(loop, run);
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static reactor::Loop loop;
  if (size < 2) return 0;
  const std::string all(static_cast<const char*>(static_cast<const void*>(data)), size);
  const std::string_view frames = std::string_view(all).substr(2);
  const std::size_t at_a_time = std::size_t{data[1]} * 16 + 1;
  if (all[0] == 'S')
    try_client(loop, frames, at_a_time);
  else
    try_server(loop, frames, at_a_time);
  return 0;
}

#include "http/server.hpp"

#include <array>
#include <charconv>

#include "base/text.hpp"
#include "http/body.hpp"
#include "http/linger.hpp"
#include "http/websocket_frames.hpp"

namespace utakata::http {
namespace {

constexpr std::size_t server_read_size = 64 * 1024;

std::string print(const Response& response, bool head_only, bool keep_alive) {
  std::string text = cat("HTTP/1.1 ", response.status, " ", reason_phrase(response.status), "\r\n");
  for (const Header& header : response.headers) text += cat(header.name, ": ", header.value, "\r\n");
  text += response.pieces ? std::string("Transfer-Encoding: chunked\r\n")
                          : cat("Content-Length: ", response.body.size(), "\r\n");
  if (!keep_alive) text += "Connection: close\r\n";
  text += "\r\n";
  if (!head_only) text += response.body;
  return text;
}

}  // namespace

struct Server::Shared {
  reactor::Loop& loop;
  reactor::Descriptor listener;
  ServerLimits limits;
  Handler handler;
  std::function<Response(int, std::string_view)> refuse;
  Upgrade upgrade;
  std::set<reactor::Stream*> open;
  bool ending = false;

  Shared(reactor::Loop& l, int fd, ServerLimits bounds, Handler h, std::function<Response(int, std::string_view)> r,
         Upgrade u)
      : loop(l), listener(l, fd), limits(bounds), handler(std::move(h)), refuse(std::move(r)), upgrade(std::move(u)) {}
};

// One connection's reading side: what has arrived and not been used yet.
struct Server::Connection {
  Shared& shared;
  reactor::Stream& stream;
  std::string buffer = {};

  enum class Got : std::uint8_t { request, end, violation };
  Violation violation = {};

  // More bytes; false at the end of the stream, after the patience, or on trouble.
  reactor::Co<bool> more(Duration patience) {
    const std::size_t before = buffer.size();
    buffer.resize(before + server_read_size);
    const auto got = co_await stream.read(std::span(buffer).subspan(before), patience);
    buffer.resize(before + got.count);
    co_return got.count > 0;
  }

  reactor::Co<Got> read(Request& request) {
    std::size_t length = 0;
    while ((length = head_length(buffer)) == 0) {
      while (buffer.starts_with("\r\n")) buffer.erase(0, 2);  // RFC 9112 2.2: empty lines before a request
      if (buffer.size() > shared.limits.head.all) co_return refused({431, "the headers are too long"});
      const Duration patience = buffer.empty() ? shared.limits.idle : shared.limits.arrival;
      const bool began = !buffer.empty();
      if (!co_await more(patience)) co_return began ? refused({400, "the request ends early"}) : Got::end;
    }
    if (const auto broken =
            parse_request_head(std::string_view(buffer).substr(0, length), shared.limits.head, request.head))
      co_return refused(*broken);
    buffer.erase(0, length);
    co_return co_await read_body(request);
  }

  reactor::Co<Got> read_body(Request& request) {
    if (request.head.content_length > shared.limits.body) co_return refused({413, "the body is too large"});
    BodyReader reader(request.head.framing, request.head.content_length);
    if (!reader.done() && request.head.headers.has_token("expect", "100-continue"))
      co_await stream.write("HTTP/1.1 100 Continue\r\n\r\n", shared.limits.arrival);
    while (true) {
      std::string_view text = buffer;
      const bool well_formed = reader.take(text, request.body);
      buffer.erase(0, buffer.size() - text.size());
      if (!well_formed) co_return refused({400, "the chunk coding is malformed"});
      if (request.body.size() > shared.limits.body) co_return refused({413, "the body is too large"});
      if (reader.done()) co_return Got::request;
      if (!co_await more(shared.limits.arrival)) co_return refused({400, "the body ends early"});
    }
  }

  Got refused(Violation why) {
    violation = why;
    return Got::violation;
  }
};

// The pieces of an answer as chunks, until they end (true) or the peer has gone.
static reactor::Co<bool> write_pieces(reactor::Stream& stream, const Pieces& pieces, Duration patience) {
  while (const auto piece = co_await pieces()) {
    if (piece->empty()) continue;
    std::array<char, 16> size{};
    const char* end = std::to_chars(size.data(), size.data() + size.size(), piece->size(), 16).ptr;
    const std::string chunk = cat(std::string_view(size.data(), end), "\r\n", *piece, "\r\n");
    if (co_await stream.write(chunk, patience) != reactor::Trouble::none) co_return false;
  }
  co_return co_await stream.write("0\r\n\r\n", patience) == reactor::Trouble::none;
}

reactor::Co<void> Server::serve(std::shared_ptr<Shared> shared, std::unique_ptr<reactor::TcpStream> stream) {
  shared->open.insert(stream.get());
  Connection connection{.shared = *shared, .stream = *stream};
  const std::string peer = stream->peer().host;
  while (!shared->ending) {
    Request request;
    request.peer = peer;
    const Connection::Got got = co_await connection.read(request);
    if (got == Connection::Got::end) break;
    if (got == Connection::Got::violation) {
      const Response answer = shared->refuse(connection.violation.status, connection.violation.why);
      co_await stream->write(print(answer, false, false), shared->limits.arrival);
      co_await linger(*stream);
      break;
    }
    if (shared->upgrade && wants_websocket(request.head)) {
      co_await shared->upgrade(std::move(request), *stream, std::move(connection.buffer));
      break;
    }
    const bool head_only = request.head.method == "HEAD";
    const bool keep_alive = request.head.keep_alive;
    const Response answer = co_await shared->handler(std::move(request));
    if (co_await stream->write(print(answer, head_only, keep_alive), shared->limits.arrival) != reactor::Trouble::none)
      break;
    if (answer.pieces && !head_only && !co_await write_pieces(*stream, answer.pieces, shared->limits.arrival)) break;
    if (!keep_alive) break;
  }
  shared->open.erase(stream.get());
}

reactor::Co<void> Server::accept(std::shared_ptr<Shared> shared) {
  while (!shared->ending) {
    auto stream = co_await reactor::accept_tcp(shared->listener);
    if (!stream || shared->ending) co_return;
    if (shared->open.size() < shared->limits.connections) reactor::start(serve(shared, std::move(stream)));
  }
}

Server::Server(reactor::Loop& loop, int listener, ServerLimits limits, Handler handler,
               std::function<Response(int, std::string_view)> refuse, Upgrade upgrade)
    : shared_(
          std::make_shared<Shared>(loop, listener, limits, std::move(handler), std::move(refuse), std::move(upgrade))) {
  reactor::start(accept(shared_));
}

Server::~Server() {
  shared_->ending = true;
  shared_->listener.cancel();
  for (reactor::Stream* stream : shared_->open) stream->shut_down();
}

}  // namespace utakata::http

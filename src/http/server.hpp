#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "http/head.hpp"
#include "reactor/stream.hpp"

namespace utakata::http {

struct Request {
  RequestHead head;
  std::string body;
  std::string peer;
};

/// The next piece of a body that goes on; nothing at its end.
using Pieces = std::function<reactor::Co<std::optional<std::string>>()>;

struct Response {
  int status = 200;
  std::vector<Header> headers;
  std::string body;
  Pieces pieces;  // instead of `body`, when it is there
};

using Handler = std::function<reactor::Co<Response>(Request)>;
/// Takes over a connection whose request asks to become a WebSocket; the connection ends when it returns. `arrived`:
/// what the client has sent behind its request already.
using Upgrade = std::function<reactor::Co<void>(Request, reactor::TcpStream&, std::string arrived)>;

struct ServerLimits {
  HeadLimits head;
  std::size_t body = 16 * 1024 * 1024;
  Duration idle = seconds(75);     // between requests
  Duration arrival = seconds(30);  // between pieces of one request
  std::size_t connections = 8'000;
};

/// A server of whole requests and responses over HTTP/1.1: keep-alive, pipelining, Expect, bounded bodies.
class Server {
 public:
  /// `listener` from listen_tcp. `refuse` makes the answer to what is no request of HTTP (status, why). Without
  /// `upgrade` a WebSocket handshake is a request as any other.
  Server(reactor::Loop&, int listener, ServerLimits, Handler, std::function<Response(int, std::string_view)> refuse,
         Upgrade upgrade = {});
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  /// Nothing new is accepted; connections under way are cut.
  ~Server();

 private:
  struct Connection;
  struct Shared;
  static reactor::Co<void> accept(std::shared_ptr<Shared>);
  static reactor::Co<void> serve(std::shared_ptr<Shared>, std::unique_ptr<reactor::TcpStream>);
  std::shared_ptr<Shared> shared_;
};

}  // namespace utakata::http

#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "http/head.hpp"
#include "reactor/stream.hpp"

namespace utakata::http {

struct ClientRequest {
  std::string method = "GET";
  std::string target = "/";
  std::vector<Header> headers;  // Host and Content-Length are added when they are missing
  std::string body;
};

/// How an exchange ended, told so that a report can name the cause.
enum class Ending : std::uint8_t {
  answered,     // a whole response, whatever its status
  refused,      // no connection: nobody listens
  unreachable,  // no connection for another reason
  connect_timed_out,
  reset,      // the connection ended before the whole response was there
  timed_out,  // no whole response within the patience
  malformed,  // what came is no HTTP response
};

struct Exchange {
  Ending ending = Ending::answered;
  int status = 0;
  Headers headers;
  std::string body;
};

/// What each new connection is wrapped into, TLS say; null when the two ends do not agree within the patience.
using Layer = std::function<reactor::Co<std::unique_ptr<reactor::Stream>>(std::unique_ptr<reactor::TcpStream>,
                                                                          Duration patience)>;

struct ClientLimits {
  Duration connect = seconds(10);
  std::size_t body = 64 * 1024 * 1024;
  bool keep_body = true;  // false: the answer has none, and is whole as soon as `body` of it is exceeded
  bool reuse = true;      // keep connections for the next request
  reactor::Origin origin;
  Layer layer = {};  // none: HTTP on TCP
};

/// A client of one server with a pool of kept connections. A request that finds its kept connection already ended by
/// the server, before anything of an answer came, is made once more on a new one, as every browser does.
class Client {
 public:
  Client(reactor::Loop& loop, reactor::Address address, std::string host, ClientLimits limits = {})
      : loop_(loop), address_(std::move(address)), host_(std::move(host)), limits_(std::move(limits)) {}
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  reactor::Co<Exchange> send(ClientRequest, Duration patience);

 private:
  reactor::Co<Exchange> exchange(reactor::Stream&, std::string text, bool head, Instant deadline, bool& reusable);
  std::unique_ptr<reactor::Stream> take_kept();

  reactor::Loop& loop_;
  reactor::Address address_;
  std::string host_;
  ClientLimits limits_;
  std::vector<std::unique_ptr<reactor::Stream>> kept_;
};

}  // namespace utakata::http

#pragma once

#include <functional>
#include <memory>

#include "reactor/stream.hpp"

// HTTP/2 towards servers.
namespace utakata::http2 {

class ClientSession;

struct ClientFacts {
  std::function<bool()> ending;  // true: the connection ends as soon as its loop goes on
  Duration idle = seconds(60);   // without streams; also how long the server may take nothing
  bool secure = false;           // requests are of https
};

/// A connection to a server that carries many requests at a time. When this goes, the connection ends, once what is
/// under way on it has been answered.
class Client {
 public:
  Client(std::unique_ptr<reactor::Stream>, ClientFacts);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  /// True once the server has shown that it speaks HTTP/2; false when it does not, or not within the patience. For one
  /// waiter.
  reactor::Co<bool> ready(Duration patience);
  [[nodiscard]] bool usable() const;
  /// Whether the server takes another stream now.
  [[nodiscard]] bool has_room() const;
  /// What looks like a connection of HTTP/1.1 for one request.
  std::unique_ptr<reactor::Stream> open();

 private:
  std::shared_ptr<ClientSession> session_;
};

}  // namespace utakata::http2

#pragma once

#include <functional>
#include <memory>

#include "reactor/stream.hpp"

// HTTP/2 towards clients.
namespace utakata::http2 {

struct ServerFacts {
  /// Serves one request of HTTP/1.1 and its answer; called for each stream, and started. The end of the stream that it
  /// is given says that the client has gone when the client resets the stream or its connection ends.
  std::function<reactor::Co<void>(std::unique_ptr<reactor::Stream>)> serve;
  /// True: the connection ends as soon as its loop goes on.
  std::function<bool()> ending;
  Duration idle = seconds(60);       // without streams; also how long a client may take nothing
  Duration age_max = seconds(3600);  // then the client is asked to connect anew
};

/// Until the connection ends. What a client may ask for is bounded: 128 streams at a time, 10,000 requests, 8 KB of
/// compressed headers a request, 64 KB of content that is not read yet a stream and 2 MB a connection.
reactor::Co<void> serve_connection(std::unique_ptr<reactor::Stream>, ServerFacts);

}  // namespace utakata::http2

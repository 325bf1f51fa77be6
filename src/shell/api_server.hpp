#pragma once

#include <functional>
#include <string>

#include "http/server.hpp"
#include "shell/engine.hpp"
#include "wire/dispatch.hpp"

namespace utakata::shell {

/// The API over HTTP: AWS's protocols at every path, and the platform's own pages under /_utakata/ and at /metrics.
class ApiServer {
 public:
  struct Page {
    std::string text;
    std::string content_type = "application/json";
  };
  /// A page by its path: those below /_utakata/, and /metrics. Nothing if there is none.
  using Pages = std::function<std::optional<Page>(std::string_view path)>;

  /// How the answer of an operation goes on, as an event stream; nothing of one that is whole. Its fault is the call's.
  using Streams = std::function<Outcome<http::Pieces>(const Operation&, const World&, const void* output)>;

  /// `upgrade` gets the WebSockets: the data channels of sessions.
  ApiServer(reactor::Loop&, int listener, wire::Dispatcher, Engine&, Pages, Streams streams = {},
            http::Upgrade upgrade = {});
  ApiServer(const ApiServer&) = delete;
  ApiServer& operator=(const ApiServer&) = delete;

 private:
  reactor::Co<http::Response> handle(http::Request);
  std::string next_request_id();

  wire::Dispatcher dispatcher_;
  Engine& engine_;
  Pages pages_;
  Streams streams_;
  std::uint64_t request_ids_;
  http::Server server_;
};

}  // namespace utakata::shell

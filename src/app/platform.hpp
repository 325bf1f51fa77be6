#pragma once

#include <functional>
#include <memory>
#include <string>

#include "app/serve_settings.hpp"
#include "reactor/loop.hpp"

namespace utakata::app {

/// The running whole: journal, machine, engine, sandbox, balancer, API. Made on the loop's thread and used there.
class Platform {
 public:
  using Log = std::function<void(const std::string&)>;

  /// What is missing on this host, before anything is touched; each sentence says what to do.
  static Outcome<> preflight(const ServeSettings&);
  /// Takes over the listener. Everything that a former daemon left is adopted or put right.
  static Outcome<std::unique_ptr<Platform>> start(reactor::Loop&, int listener, const ServeSettings&, Log);
  virtual ~Platform() = default;

  /// Ends tasks (unless told to keep them), network and mounts; waits until nothing is left.
  virtual void stop() = 0;
};

}  // namespace utakata::app

#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "balancer/fates.hpp"
#include "http2/client.hpp"
#include "reactor/event.hpp"

namespace utakata::balancer {

/// A new connection to a target, or by which cause there is none.
struct Dialled {
  std::unique_ptr<reactor::Stream> stream;
  Cause cause = Cause::ok;
};

/// The HTTP/2 connections to one target: one, and another when the target takes no more streams on that.
class TargetSessions {
 public:
  /// What looks like a connection of HTTP/1.1 for one request; null: connect() first.
  std::unique_ptr<reactor::Stream> open();

  /// Dials, or waits for whoever is dialling already. Cause::ok: open() may succeed now. `patience`: for the target to
  /// show that it speaks HTTP/2, once there is a connection.
  using Dial = std::function<reactor::Co<Dialled>()>;
  reactor::Co<Cause> connect(reactor::Loop&, Dial, http2::ClientFacts, Duration patience);

  /// No new streams; those that are open go on.
  void leave() { clients_.clear(); }

  [[nodiscard]] std::size_t connections() const { return clients_.size(); }

 private:
  struct Attempt {
    bool done = false;
    Cause cause = Cause::ok;
    std::vector<reactor::Event*> waiting;
  };
  reactor::Co<Cause> attempt(const Dial&, http2::ClientFacts, Duration patience);

  std::vector<std::unique_ptr<http2::Client>> clients_;
  std::shared_ptr<Attempt> attempt_;  // while one is made
};

}  // namespace utakata::balancer

#pragma once

#include <memory>
#include <set>

#include "reactor/stream.hpp"

namespace utakata::sandbox {

/// Passes the connections of one listener on to another address, byte for byte. Bounded in connections and in how long
/// one may say nothing.
class Relay {
 public:
  Relay(reactor::Loop&, int listener, reactor::Address target);
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  /// Nothing new is accepted; connections under way are cut.
  ~Relay();

 private:
  struct Shared;
  struct Pair;
  static reactor::Co<void> accept(std::shared_ptr<Shared>);
  static reactor::Co<void> join(std::shared_ptr<Shared>, std::unique_ptr<reactor::Stream>);
  static reactor::Co<void> pass(std::shared_ptr<Pair>, bool to_target);
  std::shared_ptr<Shared> shared_;
};

}  // namespace utakata::sandbox

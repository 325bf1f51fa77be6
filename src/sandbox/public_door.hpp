#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/types.hpp"
#include "reactor/stream.hpp"

namespace utakata::sandbox {

/// The ports of a task at its public address, one of the host's loopback: each connection to it is made once more
/// inside the VPC, where it comes from the internet and the task's security groups decide. Whom they do not let in gets
/// a reset: the host has taken the connection before it can be judged, while AWS never answers. Lives on one loop's
/// thread.
class PublicDoor {
 public:
  struct Way {
    str public_address;
    str task_address;
    list<i32> ports;
    reactor::Origin origin;                      // the internet, as the VPC sees it
    std::function<bool(i32 port)> lets_in = {};  // what the groups say now; the network enforces it
  };
  /// `tell`: a port that cannot be listened on.
  PublicDoor(reactor::Loop&, const Way&, const std::function<void(const str& sentence)>& tell);
  PublicDoor(const PublicDoor&) = delete;
  PublicDoor& operator=(const PublicDoor&) = delete;
  ~PublicDoor();

 private:
  struct Open;
  std::shared_ptr<Open> open_;
};

}  // namespace utakata::sandbox

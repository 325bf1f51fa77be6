#pragma once

#include <string>

#include "base/outcome.hpp"

namespace utakata::sandbox {

/// The way from VPCs to the outside: one `pasta` a VPC, which makes connections of the host's own out of what comes to
/// an interface in the router's namespace. Nothing is changed in the host's network, and its loopback stays out of
/// reach. The processes outlive the daemon; each has its number in a file below `dir`.
class WayOut {
 public:
  explicit WayOut(std::string dir) : dir_(std::move(dir)) {}

  /// Opens it unless it is open. Blocks, for less than a tenth of a second.
  Outcome<> open(const std::string& vpc_id, const std::string& namespace_file);
  void close(const std::string& vpc_id);
  void close_all();

 private:
  [[nodiscard]] std::string pid_file(const std::string& vpc_id) const;
  [[nodiscard]] int running(const std::string& vpc_id) const;  // its process; 0: none

  std::string dir_;
};

}  // namespace utakata::sandbox

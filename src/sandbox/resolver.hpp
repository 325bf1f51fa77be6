#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/vpc_config.hpp"

namespace utakata::sandbox {

/// The DNS servers of VPCs: sockets in their router namespaces, one thread for all of them. What a VPC does not know
/// itself is asked of `upstream` from the host's own namespace: "host" for the host's resolvers, an address, or "none"
/// for names of the VPC only. Thread-safe.
class Resolver {
 public:
  /// See vpc_names.hpp; called on the resolver's thread.
  using Names = std::function<std::optional<DnsName>(const str& vpc_id, const str& name)>;
  Resolver(str upstream, Names);
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  ~Resolver();

  /// Answers at these addresses of the namespace, which has them already.
  void serve(const str& vpc_id, int namespace_fd, const list<str>& addresses);
  void forget(const str& vpc_id);

 private:
  class Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace utakata::sandbox

#pragma once

#include <list>
#include <map>
#include <memory>

#include "balancer/flow.hpp"
#include "reactor/datagrams.hpp"

namespace utakata::balancer {

/// A load balancer's listener of datagrams: each client's port is a flow with a socket of its own towards its target,
/// until nothing has come either way for two minutes.
class UdpListener final : public std::enable_shared_from_this<UdpListener> {
 public:
  /// Takes over the socket, which is bound to `node`.
  UdpListener(std::shared_ptr<Shared>, int fd, reactor::Address node, std::shared_ptr<Running>);
  UdpListener(const UdpListener&) = delete;
  UdpListener& operator=(const UdpListener&) = delete;

  /// Until close().
  reactor::Co<void> serve();
  /// Ends its flows and takes nothing more.
  void close();

  [[nodiscard]] std::size_t flows() const { return flows_.size(); }

 private:
  class Exchange;
  using Client = std::pair<std::string, int>;

  void take(const reactor::Address& client, std::string_view text);
  std::shared_ptr<Exchange> begin(const reactor::Address& client);
  void ended(Exchange&);
  [[nodiscard]] bool make_room();

  std::shared_ptr<Shared> shared_;
  reactor::Descriptor socket_;
  reactor::Address node_;
  std::shared_ptr<Running> running_;
  bool closed_ = false;
  std::map<Client, std::shared_ptr<Exchange>> flows_;
  std::list<Exchange*> by_use_;  // the one used last at the end
};

}  // namespace utakata::balancer

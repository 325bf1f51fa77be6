#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "balancer/balancer.hpp"
#include "base/text.hpp"
#include "reactor/datagrams.hpp"
#include "reactor/stream.hpp"

// Clients and targets that send bytes of any kind, however wrong, over real sockets, and a balancer between them.
namespace utakata::balancer::raw {

/// A blocking TCP connection.
class Connection {
 public:
  explicit Connection(int fd) : fd_(fd) {
    const timeval patience{.tv_sec = 10, .tv_usec = 0};  // of a test that hangs
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { close(); }

  [[nodiscard]] int fd() const { return fd_; }
  void say(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  /// What has come up to and with `end`, or all until the peer ends.
  std::string hear(std::string_view end) {
    while (true) {
      if (const std::size_t at = heard_.find(end); !end.empty() && at != std::string::npos) {
        std::string text = heard_.substr(0, at + end.size());
        heard_.erase(0, at + end.size());
        return text;
      }
      std::string space(65536, '\0');
      const ssize_t n = ::recv(fd_, space.data(), space.size(), 0);
      if (n < 0) broken_ = true;
      if (n <= 0) return std::exchange(heard_, {});
      heard_.append(space, 0, static_cast<std::size_t>(n));
    }
  }
  std::string hear_all() { return hear({}); }
  /// Whether so many bytes come before the peer ends; they are taken.
  bool hear_exactly(std::size_t count) {
    std::string space(65536, '\0');
    while (heard_.size() < count) {
      const ssize_t n = ::recv(fd_, space.data(), space.size(), 0);
      if (n <= 0) return false;
      heard_.append(space, 0, static_cast<std::size_t>(n));
    }
    heard_.erase(0, count);
    return true;
  }
  /// Whatever has come, at least something; empty when the peer has ended.
  std::string hear_some() {
    if (!heard_.empty()) return std::exchange(heard_, {});
    std::string space(65536, '\0');
    const ssize_t n = ::recv(fd_, space.data(), space.size(), 0);
    space.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return space;
  }
  [[nodiscard]] bool broken() const { return broken_; }
  void end_writing() const { ::shutdown(fd_, SHUT_WR); }
  void cut() {
    const std::scoped_lock lock(closing_);
    if (fd_ >= 0) ::shutdown(fd_, SHUT_RDWR);
  }
  void close() {
    const std::scoped_lock lock(closing_);
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  void reset() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
  }

 private:
  std::mutex closing_;  // the target's end cuts what its behaviour may be closing
  int fd_;
  bool broken_ = false;
  std::string heard_;
};

inline std::unique_ptr<Connection> connect(int port) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // A balancer listens a moment after it was configured.
  for (int i = 0; i < 3000; ++i) {
    auto connection = std::make_unique<Connection>(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto* address = static_cast<const sockaddr*>(static_cast<const void*>(&to));
    if (::connect(connection->fd(), address, sizeof to) == 0) return connection;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  FAIL("nobody listens");
  return nullptr;
}

/// A target that does with each connection what the test says; each has a thread.
class Target {
 public:
  using Behaviour = std::function<void(Connection&)>;
  explicit Target(Behaviour behaviour) : fd_(*reactor::listen_tcp({})), port_(reactor::local_port(fd_)) {
    ::fcntl(fd_, F_SETFL, 0);
    acceptor_ = std::thread([this, behaviour = std::move(behaviour)] {
      while (true) {
        const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0) return;
        const std::scoped_lock lock(mutex_);
        const auto connection = std::make_shared<Connection>(fd);
        connections_.push_back(connection);
        threads_.emplace_back([behaviour, connection] { behaviour(*connection); });
      }
    });
  }
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;
  ~Target() {
    ::shutdown(fd_, SHUT_RDWR);
    acceptor_.join();
    for (const auto& connection : connections_) connection->cut();
    for (std::thread& thread : threads_) thread.join();
    ::close(fd_);
  }
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::size_t connections() {
    const std::scoped_lock lock(mutex_);
    return connections_.size();
  }

 private:
  int fd_;
  int port_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<Connection>> connections_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

constexpr const char* cookie_secret = "secret";

using Adapt = std::function<void(BalancerConfig&)>;

/// A balancer with one listener, in front of one target or none.
class Bench {
 public:
  explicit Bench(
      int target_port, const Adapt& adapt = {}, ports::ReportSink sink = [](const Report&) {},
      ports::FunctionDoor* functions = nullptr)
      : Bench(target_port, adapt, Settings{.cookie_secret = cookie_secret, .functions = functions}, std::move(sink)) {}
  Bench(
      int target_port, const Adapt& adapt, Settings settings, ports::ReportSink sink = [](const Report&) {})
      : balancer_(std::move(settings), std::move(sink), nullptr) {
    const int free = *reactor::listen_tcp({});
    port_ = reactor::local_port(free);
    ::close(free);
    config_ = {
        .arn = "lb",
        .name = "app/web/1",
        .dns_name = "web.elb.localhost",
        .listeners = {{.arn = "l",
                       .port = port_,
                       .rules = {{.arn = "r", .action = {.forward = {{.target_group_arn = "g"}}}}}}},
        // Without health checks within a test: a target that nobody has checked is used all the same (fail open).
        .target_groups = {
            {.arn = "g", .health_check = {.protocol = "TCP", .interval_seconds = 300, .timeout_seconds = 120}}}};
    if (target_port > 0) config_.target_groups[0].targets = {{.address = "127.0.0.1", .port = target_port}};
    if (adapt) adapt(config_);
    balancer_.configure(config_);
  }
  void reconfigure(const Adapt& adapt) {
    adapt(config_);
    balancer_.configure(config_);
  }

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] auto& balancer(this auto& self) { return self.balancer_; }
  [[nodiscard]] std::unique_ptr<Connection> client() const { return connect(port_); }
  /// Until the balancer has the port, of which UDP says nothing by itself.
  void wait_for_datagrams() const {
    for (int i = 0; i < 3000; ++i) {
      const auto free = reactor::bind_udp({.port = port_});
      if (!free) return;
      ::close(*free);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    FAIL("nobody takes datagrams");
  }
  /// What the balancer says to these bytes until it closes.
  [[nodiscard]] std::string answer(std::string_view bytes) const {
    const auto connection = client();
    connection->say(bytes);
    return connection->hear_all();
  }
  [[nodiscard]] int status(std::string_view bytes) const {
    const std::string text = answer(bytes);
    return text.size() < 12 ? 0 : static_cast<int>(parse_integer(text.substr(9, 3)).value_or(0));
  }
  using Counts = std::map<str, i64>;
  /// What the ledger has counted by cause, once it has counted `total` requests.
  [[nodiscard]] Counts fates(i64 total) const {
    Counts counts;
    for (int i = 0; i < 3000; ++i) {
      counts.clear();
      i64 sum = 0;
      for (const FateRow& row : balancer_.fates()) {
        counts[row.cause] += row.count;
        sum += row.count;
      }
      if (sum >= total) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return counts;
  }

 private:
  int port_ = 0;
  BalancerConfig config_;
  Balancer balancer_;
};

/// A target's usual behaviour: the answer to each head that comes.
inline Target::Behaviour answering(std::string answer) {
  return [answer = std::move(answer)](Connection& connection) {
    while (!connection.hear("\r\n\r\n").empty()) connection.say(answer);
  };
}

}  // namespace utakata::balancer::raw

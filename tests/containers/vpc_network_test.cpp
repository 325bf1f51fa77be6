// The contract of the port VpcNetwork on real containers.
#include "ports/vpc_network_contract.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>

#include "place_test.hpp"
#include "sandbox/namespaces.hpp"

using namespace utakata;        // NOLINT: a test
using namespace utakata::test;  // NOLINT: a test

namespace {

constexpr int patience_ms = 1200;  // for an answer, also to a packet that is sent a second time after a second
constexpr const char* resolver = "169.254.169.253";
constexpr i32 dns_port = 53;

sockaddr_in place_of(const str& address, i32 port) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(static_cast<std::uint16_t>(port));
  inet_pton(AF_INET, address.c_str(), &in.sin_addr);
  return in;
}

// A connected socket of this kind; -1 if nobody answered in time.
int connected(int kind, const str& address, i32 port) {
  const int fd = socket(AF_INET, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const sockaddr_in to = place_of(address, port);
  bool done = connect(fd, static_cast<const sockaddr*>(static_cast<const void*>(&to)), sizeof to) == 0;
  pollfd writable{.fd = fd, .events = POLLOUT, .revents = 0};
  int error = 0;
  socklen_t size = sizeof error;
  if (!done && errno == EINPROGRESS && poll(&writable, 1, patience_ms) == 1)
    done = getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
  if (done) return fd;
  close(fd);
  return -1;
}

// Asks for the addresses of a name: a message with one question of type A.
str question_of(const str& name) {
  str message("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12);
  for (const std::string_view label : split(name, '.')) message += cat(static_cast<char>(label.size()), label);
  return message + str("\0\0\1\0\1", 5);
}

// The answers' records are 16 bytes each and end with an address: their names are pointers.
list<str> addresses_in(std::string_view answer, std::size_t question_size) {
  list<str> found;
  for (std::size_t at = question_size + 12; at + 4 <= answer.size(); at += 16) {
    std::array<char, INET_ADDRSTRLEN> text{};
    inet_ntop(AF_INET, answer.substr(at, 4).data(), text.data(), text.size());
    found.emplace_back(text.data());
  }
  return found;
}

class RealVpcs final : public ports::test::VpcHost {
 public:
  ports::VpcNetwork& network() override { return *place_.sandbox; }

  void start_task(const str& vpc_id, const InterfaceConfig& interface) override {
    TaskSpec spec = place_.task(
        {shell("app", "mkdir -p /w; echo hello > /w/index.html; httpd -p 80 -h /w; exec httpd -f -p 81 -h /w")});
    spec.network.vpc_id = vpc_id;
    spec.network.interface_id = interface.id;
    spec.network.address = interface.address;
    spec.network.subnet_cidr = cat(interface.address.substr(0, interface.address.rfind('.')), ".0/24");
    place_.sandbox->start(spec);
    place_.reports.until(spec.arn, "RUNNING");
    tasks_[{vpc_id, interface.address}] = spec.id;
    for (const i32 port : {80, 81}) wait_for_server(vpc_id, interface.address, port);
  }

  bool connects(const str& vpc_id, const str& from, const str& to, i32 port) override {
    int fd = -1;
    at(vpc_id, from, [&] { fd = connected(SOCK_STREAM, to, port); });
    if (fd >= 0) close(fd);
    return fd >= 0;
  }

  void wait() override { usleep(100'000); }

  list<str> resolves(const str& vpc_id, const str& from, const str& name) override {
    const str question = question_of(name);
    std::array<char, 512> space{};
    ssize_t got = -1;
    for (int tries = 0; got < 0 && tries < ports::test::vpc_network::tries_max; ++tries)
      at(vpc_id, from, [&] {
        const int fd = connected(SOCK_DGRAM, resolver, dns_port);
        pollfd readable{.fd = fd, .events = POLLIN, .revents = 0};
        send(fd, question.data(), question.size(), MSG_NOSIGNAL);
        if (poll(&readable, 1, patience_ms) == 1) got = recv(fd, space.data(), space.size(), 0);
        close(fd);
      });
    REQUIRE(got > 0);
    return addresses_in({space.data(), static_cast<std::size_t>(got)}, question.size());
  }

 private:
  // In the network namespace of the task.
  void at(const str& vpc_id, const str& address, const std::function<void()>& work) {
    const str file = cat(place_.dir, "/network/task-", tasks_.at({vpc_id, address}));
    const int space = open(file.c_str(), O_RDONLY | O_CLOEXEC);
    REQUIRE(space >= 0);
    CHECK(sandbox::inside_namespace(space, [&]() -> Outcome<> {
      work();
      return {};
    }));
    close(space);
  }
  // Over its own loopback, which no rule concerns.
  void wait_for_server(const str& vpc_id, const str& address, i32 port) {
    for (int tries = 0; tries < 600; ++tries, usleep(50'000))
      if (connects(vpc_id, address, "127.0.0.1", port)) return;
    FAIL("the server of ", address, " does not listen");
  }

  Place place_;
  std::map<std::pair<str, str>, str> tasks_;  // VPC and address -> id
};

}  // namespace

TEST_CASE("containers: the network of VPCs keeps the contract of its port") {
  RealVpcs host;
  ports::test::hold_to_contract(host);
}

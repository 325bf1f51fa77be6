#include <doctest/doctest.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <random>

#include "balancer/raw_fixture_test.hpp"

// What clients lose when targets are killed is what the ledger says, request by request.

using namespace utakata;            // NOLINT: a test
using namespace utakata::balancer;  // NOLINT: a test
using raw::Bench;
using raw::Connection;

namespace {

constexpr std::size_t large = 100'000;

constexpr std::size_t at_once = 16'384;

// One connection of a target: answers GET /large with much, a little at a time, GET /half with a half of what it
// promises, and all else with "ok".
struct Served {
  int fd;
  std::string in = {}, out = {};

  void take() {
    while (true) {
      const std::size_t end = in.find("\r\n\r\n");
      if (end == std::string::npos) return;
      const std::size_t length = in.find("Content-Length: ");
      const std::size_t body =
          length < end ? static_cast<std::size_t>(std::strtol(&in[length + 16], nullptr, 10)) : std::size_t{0};
      if (in.size() < end + 4 + body) return;
      const std::string answer = in.starts_with("GET /large") ? std::string(large, 'x') : "ok";
      const std::size_t promised = answer.size() * (in.starts_with("GET /half") ? 2 : 1);
      out += cat("HTTP/1.1 200 OK\r\nContent-Length: ", promised, "\r\n\r\n", answer);
      in.erase(0, end + 4 + body);
    }
  }
  // False: the peer has gone.
  bool go_on(short events) {
    if ((events & POLLOUT) != 0 && !out.empty()) {
      const ssize_t n = ::send(fd, out.data(), std::min(out.size(), at_once), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n > 0) out.erase(0, static_cast<std::size_t>(n));
    }
    if ((events & (POLLIN | POLLHUP | POLLERR)) == 0) return true;
    std::string space(65536, '\0');
    const ssize_t n = ::recv(fd, space.data(), space.size(), MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN)) return false;
    if (n > 0) in.append(space, 0, static_cast<std::size_t>(n));
    take();
    return true;
  }
};

[[noreturn]] void serve(int listener) {
  std::vector<Served> all;
  while (true) {
    std::vector<pollfd> polled{{.fd = listener, .events = POLLIN, .revents = 0}};
    for (const Served& each : all)
      polled.push_back(
          {.fd = each.fd, .events = static_cast<short>(each.out.empty() ? POLLIN : POLLIN | POLLOUT), .revents = 0});
    // Large answers take their time, so that a kill can find them half done.
    if (std::ranges::any_of(all, [](const Served& each) { return each.out.size() > at_once; })) ::usleep(500);
    ::poll(polled.data(), polled.size(), -1);
    for (std::size_t i = all.size(); i-- > 0;) {
      if (all[i].go_on(polled[i + 1].revents)) continue;
      ::close(all[i].fd);
      all.erase(all.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if ((polled[0].revents & POLLIN) != 0)
      if (const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC); fd >= 0) all.push_back({.fd = fd});
  }
}

// A target that is a process of its own, so that it can be killed as one is.
class Victim {
 public:
  Victim() { begin(); }
  Victim(const Victim&) = delete;
  Victim& operator=(const Victim&) = delete;
  ~Victim() { kill(); }
  [[nodiscard]] int port() const { return port_; }
  void begin() {
    const auto listener = reactor::listen_tcp({.port = port_});
    REQUIRE(listener);
    port_ = reactor::local_port(*listener);
    process_ = ::fork();
    REQUIRE(process_ >= 0);
    if (process_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      serve(*listener);
    }
    ::close(*listener);
  }
  void kill() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = 0;
  }

 private:
  int port_ = 0;
  pid_t process_ = 0;
};

// What one client has seen.
struct Seen {
  std::map<int, i64> statuses;  // of whole answers
  i64 cut = 0;                  // answers that ended early
  i64 nothing = 0;              // no answer at all
};

void ask(const Bench& bench, std::unique_ptr<Connection>& connection, int kind, Seen& seen) {
  if (!connection) connection = bench.client();
  switch (kind) {
    case 0:
      connection->say("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
      break;
    case 1:
      connection->say(cat("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ", large, "\r\n\r\n"));
      connection->say(std::string(large, 'y'));
      break;
    default:
      connection->say("GET /small HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  const std::string head = connection->hear("\r\n\r\n");
  const auto status = head.size() > 12 ? parse_integer(std::string_view(head).substr(9, 3)) : std::nullopt;
  if (!head.ends_with("\r\n\r\n") || !status) {
    ++(head.empty() ? seen.nothing : seen.cut);
    connection = nullptr;
    return;
  }
  const std::size_t length = head.find("Content-Length: ");
  REQUIRE(length != std::string::npos);
  const auto size = static_cast<std::size_t>(std::strtol(&head[length + 16], nullptr, 10));
  const bool whole = connection->hear_exactly(size);
  if (whole)
    ++seen.statuses[static_cast<int>(*status)];
  else
    ++seen.cut;
  if (!whole || head.contains("Connection: close")) connection = nullptr;
}

void run_seed(unsigned seed) {
  CAPTURE(seed);
  constexpr std::size_t client_count = 4;
  constexpr int requests = 200, kills = 10;
  std::array<Victim, 3> victims;
  const Bench bench(0, [&](BalancerConfig& config) {
    for (const Victim& each : victims)
      config.target_groups[0].targets.push_back({.address = "127.0.0.1", .port = each.port()});
  });
  std::array<Seen, client_count> seen;
  std::atomic<int> asked = 0;
  std::vector<std::thread> clients;
  for (std::size_t i = 0; i < client_count; ++i)
    clients.emplace_back([&, i] {
      std::mt19937 dice(seed * 100 + static_cast<unsigned>(i));
      std::unique_ptr<Connection> connection;
      for (int n = 0; n < requests; ++n, ++asked) ask(bench, connection, static_cast<int>(dice() % 6), seen[i]);
    });
  // By what the clients have done, not by time: a kill falls somewhere into what they are doing then.
  const auto await = [&](int count) {
    while (asked < count) std::this_thread::sleep_for(std::chrono::microseconds(100));
  };
  std::mt19937 dice(seed);
  constexpr int all = static_cast<int>(client_count) * requests;
  for (int n = 1; n <= kills; ++n) {
    Victim& victim = victims[dice() % victims.size()];
    await(all * n / (kills + 1));
    victim.kill();
    await(all * n / (kills + 1) + static_cast<int>(dice() % 20));
    victim.begin();
  }
  for (std::thread& client : clients) client.join();

  // What is left to chance above happens at least once: an answer that stops half-way, and a target that is not there.
  const auto last = bench.client();
  last->say("GET /half HTTP/1.1\r\nHost: a\r\n\r\n");
  last->hear("\r\n\r\n");
  for (Victim& victim : victims) victim.kill();
  CHECK(last->hear_all() == "ok");
  std::unique_ptr<Connection> another;
  ask(bench, another, 2, seen[0]);
  ++seen[0].cut;

  Seen sum;
  for (const Seen& each : seen) {
    for (const auto& [status, count] : each.statuses) sum.statuses[status] += count;
    sum.cut += each.cut;
    sum.nothing += each.nothing;
  }
  constexpr i64 total = all + 2;
  Bench::Counts fates = bench.fates(total);
  const i64 refused = fates["connect_refused_502"];
  const i64 reset = fates["reset_in_flight_502"];
  MESSAGE("seed ", seed, ": ok ", fates["ok"], ", refused ", refused, ", reset ", reset, ", cut off ",
          fates["cut_off"]);
  CHECK(sum.nothing == 0);
  CHECK(sum.statuses[200] == fates["ok"]);
  CHECK(sum.statuses[502] == refused + reset);
  CHECK(sum.cut == fates["cut_off"]);
  CHECK(fates["ok"] + refused + reset + fates["cut_off"] == total);
  CHECK(refused > 0);
  CHECK(sum.cut > 0);
}

}  // namespace

TEST_CASE("balancer ledger: what clients lose when targets are killed is what it says") {
  for (const unsigned seed : {1U, 2U}) run_seed(seed);
}

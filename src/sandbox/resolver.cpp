#include "sandbox/resolver.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <map>
#include <thread>
#include <vector>

#include "base/text.hpp"
#include "reactor/stream.hpp"
#include "sandbox/dns_message.hpp"
#include "sandbox/namespaces.hpp"
#include "sandbox/read_text.hpp"
#include "sandbox/vpc_names.hpp"

namespace utakata::sandbox {
namespace {

using reactor::Co;

constexpr int dns_port = 53;
constexpr std::size_t forwarded_max = 256;  // questions of one VPC that wait for an answer from outside
constexpr std::size_t resolver_connections_max = 32;
constexpr Duration upstream_patience = seconds(3), client_patience = seconds(10);
constexpr int datagrams_at_once = 64;

sockaddr_in place(const str& address) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(dns_port);
  inet_pton(AF_INET, address.c_str(), &in.sin_addr);
  return in;
}
const sockaddr* generic(const sockaddr_in& address) {
  return static_cast<const sockaddr*>(static_cast<const void*>(&address));
}
int datagram_socket() { return socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

// Where one VPC is asked.
struct Door {
  str vpc_id;
  bool closed = false;
  std::size_t forwarded = 0, connections = 0, turn = 0;
  std::vector<std::unique_ptr<reactor::Descriptor>> sockets;
};
using DoorPtr = std::shared_ptr<Door>;

list<dns::Record> records_of(const DnsName& name, std::uint16_t type, std::size_t turn) {
  list<dns::Record> all;
  if (type == static_cast<std::uint16_t>(dns::Type::a) || type == static_cast<std::uint16_t>(dns::Type::any))
    for (const str& address : name.addresses) all.push_back({.address = address});
  if (type == static_cast<std::uint16_t>(dns::Type::srv) || type == static_cast<std::uint16_t>(dns::Type::any))
    for (const auto& each : name.places)
      all.push_back({.type = dns::Type::srv, .target = each.host, .port = each.port});
  if (!all.empty()) std::rotate(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(turn % all.size()), all.end());
  if (all.size() > static_cast<std::size_t>(name.answers_max)) all.resize(static_cast<std::size_t>(name.answers_max));
  return all;
}

}  // namespace

class Resolver::Inside {
 public:
  Inside(str upstream, Names names) : upstream_(std::move(upstream)), names_(std::move(names)) {
    thread_ = std::thread([this] {
      loop_.run();
      for (const auto& [id, door] : doors_) close(*door);
      loop_.drain();
    });
  }
  ~Inside() {
    loop_.stop();
    thread_.join();
  }

  void serve(const str& vpc_id, int namespace_fd, const list<str>& addresses) {
    auto door = std::make_shared<Door>();
    door->vpc_id = vpc_id;
    std::vector<int> datagrams;
    std::vector<int> listeners;
    static_cast<void>(inside_namespace(namespace_fd, [&]() -> Outcome<> {
      for (const str& address : addresses) {
        const int fd = datagram_socket();
        const sockaddr_in own = place(address);
        if (fd >= 0 && bind(fd, generic(own), sizeof own) == 0)
          datagrams.push_back(fd);
        else if (fd >= 0)
          ::close(fd);
        if (const auto listener = reactor::listen_tcp({.host = address, .port = dns_port}))
          listeners.push_back(*listener);
      }
      return {};
    }));
    loop_.post([this, door, datagrams, listeners] {
      forget_now(door->vpc_id);
      doors_[door->vpc_id] = door;
      for (const int fd : datagrams)
        reactor::start(
            answer_datagrams(door, *door->sockets.emplace_back(std::make_unique<reactor::Descriptor>(loop_, fd))));
      for (const int fd : listeners)
        reactor::start(accept(door, *door->sockets.emplace_back(std::make_unique<reactor::Descriptor>(loop_, fd))));
    });
  }
  void forget(const str& vpc_id) {
    loop_.post([this, vpc_id] { forget_now(vpc_id); });
  }

 private:
  static void close(Door& door) {
    door.closed = true;
    for (const auto& socket : door.sockets) socket->cancel();
  }
  void forget_now(const str& vpc_id) {
    const auto known = doors_.find(vpc_id);
    if (known == doors_.end()) return;
    const DoorPtr door = known->second;
    doors_.erase(known);
    close(*door);
  }

  // The answer, if nobody else has to be asked for it.
  std::optional<str> answer_at_once(Door& door, const dns::Query& query, std::size_t most) {
    const auto name = names_(door.vpc_id, query.name);
    if (!name && upstream_ != "none") return {};
    const bool there = name && (!name->addresses.empty() || !name->places.empty());
    if (!there) return dns::write_answer(query, dns::Code::no_such_name, 0, {}, most);
    return dns::write_answer(query, dns::Code::no_error, name->ttl_seconds, records_of(*name, query.type, door.turn++),
                             most);
  }

  Co<void> answer_datagrams(DoorPtr door, reactor::Descriptor& socket) {
    std::array<char, 4096> space{};
    while (co_await socket.readable() && !door->closed) {
      for (int n = 0; n < datagrams_at_once; ++n) {
        sockaddr_in from{};
        socklen_t size = sizeof from;
        const ssize_t got = recvfrom(socket.fd(), space.data(), space.size(), 0,
                                     static_cast<sockaddr*>(static_cast<void*>(&from)), &size);
        if (got < 0) {
          socket.read_again();
          break;
        }
        take(door, socket, from, std::string_view(space.data(), static_cast<std::size_t>(got)));
      }
    }
  }

  void take(const DoorPtr& door, reactor::Descriptor& socket, const sockaddr_in& from, std::string_view message) {
    const auto say = [&](const str& text) {
      sendto(socket.fd(), text.data(), text.size(), MSG_NOSIGNAL, generic(from), sizeof from);
    };
    const auto query = dns::parse_query(message);
    if (!query) {
      if (const auto error = dns::format_error(message)) say(*error);
      return;
    }
    if (const auto answer = answer_at_once(*door, *query, dns::datagram_max)) return say(*answer);
    if (door->forwarded >= forwarded_max)
      return say(dns::write_answer(*query, dns::Code::server_failure, 0, {}, dns::datagram_max));
    reactor::start(forward(door, socket, from, str(message), *query));
  }

  Co<void> forward(DoorPtr door, reactor::Descriptor& socket, sockaddr_in to, str message, dns::Query query) {
    ++door->forwarded;
    str answer = co_await ask_by_datagram(message, query);
    --door->forwarded;
    if (door->closed) co_return;
    if (answer.empty()) answer = dns::write_answer(query, dns::Code::server_failure, 0, {}, dns::datagram_max);
    sendto(socket.fd(), answer.data(), answer.size(), MSG_NOSIGNAL, generic(to), sizeof to);
  }

  // Read anew each time: the host's network may have changed.
  [[nodiscard]] list<str> servers() const {
    if (upstream_ != "host") return {upstream_};
    return name_servers(read_text("/etc/resolv.conf").value_or(""));
  }

  // The first answer that is no failure, else the first failure.
  Co<str> ask_by_datagram(str message, dns::Query query) {
    str failure;
    for (const str& server : servers()) {
      const int fd = datagram_socket();
      if (fd < 0) continue;
      reactor::Descriptor socket(loop_, fd);
      const sockaddr_in to = place(server);
      if (connect(fd, generic(to), sizeof to) != 0) continue;
      if (send(fd, message.data(), message.size(), MSG_NOSIGNAL) < 0) continue;
      const Instant deadline = loop_.now() + upstream_patience;
      std::array<char, 4096> space{};
      while (loop_.now() < deadline && co_await socket.readable(deadline - loop_.now())) {
        const ssize_t got = recv(fd, space.data(), space.size(), 0);
        if (got < 0 && errno != EAGAIN) break;
        if (got < 0) {
          socket.read_again();
          continue;
        }
        str answer(space.data(), static_cast<std::size_t>(got));
        if (!dns::answers(answer, query)) continue;
        if (!dns::is_failure(answer)) co_return answer;
        if (failure.empty()) failure = std::move(answer);
        break;
      }
    }
    co_return failure;
  }

  Co<void> accept(DoorPtr door, reactor::Descriptor& listener) {
    while (!door->closed) {
      auto stream = co_await reactor::accept_tcp(listener);
      if (!stream || door->closed) co_return;
      if (door->connections < resolver_connections_max) reactor::start(converse(door, std::move(stream)));
    }
  }

  // Messages on a connection have their length before them.
  static Co<str> read_message(reactor::Stream& stream) {
    str bytes;
    std::array<char, 2048> space{};
    while (true) {
      const std::size_t length = bytes.size() < 2
                                     ? dns::message_max
                                     : static_cast<std::size_t>(static_cast<unsigned char>(bytes[0])) << 8 |
                                           static_cast<unsigned char>(bytes[1]);
      if (bytes.size() >= 2 && bytes.size() >= length + 2) co_return bytes.substr(2, length);
      const auto read = co_await stream.read(space, client_patience);
      if (read.count == 0) co_return str();
      bytes.append(space.data(), read.count);
    }
  }
  static Co<bool> write_message(reactor::Stream& stream, str message) {
    const str framed =
        cat(static_cast<char>(message.size() >> 8 & 255), static_cast<char>(message.size() & 255), message);
    co_return co_await stream.write(framed, client_patience) == reactor::Trouble::none;
  }

  Co<str> ask_by_stream(str message, dns::Query query) {
    str failure;
    for (const str& server : servers()) {
      auto connected = co_await reactor::connect_tcp(loop_, {.host = server, .port = dns_port}, upstream_patience);
      if (!connected.stream || !co_await write_message(*connected.stream, message)) continue;
      str answer = co_await read_message(*connected.stream);
      if (!dns::answers(answer, query)) continue;
      if (!dns::is_failure(answer)) co_return answer;
      if (failure.empty()) failure = std::move(answer);
    }
    co_return failure;
  }

  // One question after the other, as most clients ask only one.
  Co<void> converse(DoorPtr door, std::unique_ptr<reactor::Stream> stream) {
    ++door->connections;
    while (!door->closed) {
      const str message = co_await read_message(*stream);
      const auto query = dns::parse_query(message);
      if (!query || door->closed) break;
      auto answer = answer_at_once(*door, *query, dns::message_max);
      if (!answer) answer = co_await ask_by_stream(message, *query);
      if (answer->empty()) answer = dns::write_answer(*query, dns::Code::server_failure, 0, {}, dns::message_max);
      if (!co_await write_message(*stream, *answer)) break;
    }
    --door->connections;
  }

  reactor::Loop loop_;
  str upstream_;
  Names names_;
  std::map<str, DoorPtr> doors_;  // on the loop's thread
  std::thread thread_;
};

Resolver::Resolver(str upstream, Names names)
    : inside_(std::make_unique<Inside>(std::move(upstream), std::move(names))) {}
Resolver::~Resolver() = default;
void Resolver::serve(const str& vpc_id, int namespace_fd, const list<str>& addresses) {
  inside_->serve(vpc_id, namespace_fd, addresses);
}
void Resolver::forget(const str& vpc_id) { inside_->forget(vpc_id); }

}  // namespace utakata::sandbox

#include "sandbox/public_door.hpp"

#include <sys/socket.h>

#include <array>
#include <vector>

#include "base/text.hpp"

namespace utakata::sandbox {

using reactor::Co;
using reactor::Stream;
using reactor::TcpStream;

namespace {

constexpr std::size_t door_connections_max = 256;  // of one task
constexpr Duration door_connect_patience = seconds(10), idle_patience = seconds(3600);

// When it is closed, the peer learns that it was not heard.
void reset_at_close(TcpStream& stream) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(stream.descriptor().fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

Co<void> copy(std::shared_ptr<Stream> from, std::shared_ptr<Stream> to) {
  std::array<char, 16'384> space{};
  while (true) {
    const auto read = co_await from->read(space, idle_patience);
    if (read.count == 0) break;
    if (co_await to->write({space.data(), read.count}, idle_patience) != reactor::Trouble::none) break;
  }
  to->end_writing();
}

}  // namespace

struct PublicDoor::Open {
  Way way;
  bool closed = false;
  std::size_t connections = 0;
  std::vector<std::unique_ptr<reactor::Descriptor>> listeners;

  static Co<void> accept(std::shared_ptr<Open> door, reactor::Descriptor& listener, i32 port) {
    while (!door->closed) {
      std::shared_ptr<TcpStream> client = co_await reactor::accept_tcp(listener);
      if (!client || door->closed) co_return;
      if (door->connections < door_connections_max && (!door->way.lets_in || door->way.lets_in(port)))
        reactor::start(relay(door, std::move(client), port));
      else
        reset_at_close(*client);
    }
  }

  static Co<void> relay(std::shared_ptr<Open> door, std::shared_ptr<TcpStream> client, i32 port) {
    ++door->connections;
    auto connected = co_await reactor::connect_tcp(client->loop(), {.host = door->way.task_address, .port = port},
                                                   door_connect_patience, door->way.origin);
    if (const std::shared_ptr<Stream> task = std::move(connected.stream); task) {
      reactor::start(copy(client, task));
      co_await copy(task, client);
    } else {
      reset_at_close(*client);
    }
    --door->connections;
  }
};

PublicDoor::PublicDoor(reactor::Loop& loop, const Way& way, const std::function<void(const str&)>& tell)
    : open_(std::make_shared<Open>()) {
  open_->way = way;
  for (const i32 port : way.ports) {
    const auto fd = reactor::listen_tcp({.host = way.public_address, .port = port});
    if (!fd) {
      tell(cat(way.task_address, " cannot be reached by its public address: ", fd.error().message));
      continue;
    }
    auto& listener = open_->listeners.emplace_back(std::make_unique<reactor::Descriptor>(loop, *fd));
    reactor::start(Open::accept(open_, *listener, port));
  }
}

PublicDoor::~PublicDoor() {
  open_->closed = true;
  for (const auto& listener : open_->listeners) listener->cancel();
  open_->listeners.clear();
}

}  // namespace utakata::sandbox

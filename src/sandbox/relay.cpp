#include "sandbox/relay.hpp"

#include <array>

namespace utakata::sandbox {
namespace {

constexpr std::size_t relay_connections_max = 64;
constexpr std::size_t piece = 32 * 1024;
constexpr Duration relay_connect_patience = seconds(5);
constexpr Duration silence = minutes(20);  // as a session of ExecuteCommand may be idle

}  // namespace

struct Relay::Shared {
  reactor::Loop& loop;
  reactor::Descriptor listener;
  reactor::Address target;
  std::set<Pair*> open = {};
  std::size_t count = 0;  // with those that are still being connected
  bool ending = false;

  Shared(reactor::Loop& l, int fd, reactor::Address to) : loop(l), listener(l, fd), target(std::move(to)) {}
};

struct Relay::Pair {
  std::shared_ptr<Shared> shared;
  std::unique_ptr<reactor::Stream> task, target;

  Pair(std::shared_ptr<Shared> s, std::unique_ptr<reactor::Stream> a, std::unique_ptr<reactor::Stream> b)
      : shared(std::move(s)), task(std::move(a)), target(std::move(b)) {
    shared->open.insert(this);
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
  ~Pair() {
    shared->open.erase(this);
    --shared->count;
  }
  void shut_down() const {
    task->shut_down();
    target->shut_down();
  }
};

// One direction. Its end is passed on; trouble ends both.
reactor::Co<void> Relay::pass(std::shared_ptr<Pair> pair, bool to_target) {
  reactor::Stream& from = to_target ? *pair->task : *pair->target;
  reactor::Stream& to = to_target ? *pair->target : *pair->task;
  std::array<char, piece> buffer;
  while (true) {
    const auto got = co_await from.read(buffer, silence);
    if (got.trouble != reactor::Trouble::none) co_return pair->shut_down();
    if (got.count == 0) co_return to.end_writing();
    if (co_await to.write({buffer.data(), got.count}, silence) != reactor::Trouble::none) co_return pair->shut_down();
  }
}

reactor::Co<void> Relay::join(std::shared_ptr<Shared> shared, std::unique_ptr<reactor::Stream> task) {
  auto connected = co_await reactor::connect_tcp(shared->loop, shared->target, relay_connect_patience);
  if (!connected.stream || shared->ending) {
    --shared->count;
    co_return;
  }
  const auto pair = std::make_shared<Pair>(shared, std::move(task), std::move(connected.stream));
  reactor::start(pass(pair, true));
  reactor::start(pass(pair, false));
}

reactor::Co<void> Relay::accept(std::shared_ptr<Shared> shared) {
  while (!shared->ending) {
    auto stream = co_await reactor::accept_tcp(shared->listener);
    if (!stream || shared->ending) co_return;
    if (shared->count >= relay_connections_max) continue;
    ++shared->count;
    reactor::start(join(shared, std::move(stream)));
  }
}

Relay::Relay(reactor::Loop& loop, int listener, reactor::Address target)
    : shared_(std::make_shared<Shared>(loop, listener, std::move(target))) {
  reactor::start(accept(shared_));
}

Relay::~Relay() {
  shared_->ending = true;
  shared_->listener.cancel();
  for (Pair* pair : std::set<Pair*>(shared_->open)) pair->shut_down();
}

}  // namespace utakata::sandbox

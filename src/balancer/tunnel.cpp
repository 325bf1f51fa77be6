#include "balancer/tunnel.hpp"

#include "balancer/body_relay.hpp"
#include "reactor/event.hpp"
#include "reactor/fair_share.hpp"

namespace utakata::balancer {
namespace {

using reactor::Co;
using reactor::Stream;
using reactor::Trouble;

struct Tunnel {
  Stream& client;
  Stream& target;
  Duration idle;
  std::function<bool()> over;
  Carried& carried;
  Instant last_byte;
  bool target_broke = false;
  bool upstream_running = true;
  reactor::Event upstream_ended;

  void cut() const {
    client.shut_down();
    target.shut_down();
  }
};

// False: nothing more will come.
Co<bool> wait_for_bytes(Tunnel& tunnel, Stream& from, Bytes& bytes) {
  reactor::Loop& loop = from.loop();
  while (bytes.empty()) {
    const Duration left = tunnel.last_byte + tunnel.idle - loop.now();
    if (left.ns <= 0 || !co_await from.readiness().readable(left)) {
      if (!tunnel.over() && loop.now() - tunnel.last_byte < tunnel.idle)
        continue;  // the other direction was busy meanwhile
      tunnel.cut();
      co_return false;
    }
    const auto got = from.try_read(bytes.room());
    if (!got) continue;
    if (got->trouble != Trouble::none) {
      tunnel.target_broke = tunnel.target_broke || &from == &tunnel.target;
      tunnel.cut();
    }
    if (got->count == 0) co_return false;
    bytes.came(got->count);
    tunnel.last_byte = loop.now();
  }
  co_return true;
}

Co<void> carry(Tunnel& tunnel, Stream& from, Stream& to, Bytes& bytes) {
  reactor::FairShare share(from.loop(), relay_share);
  while (co_await wait_for_bytes(tunnel, from, bytes)) {
    if (const Trouble trouble = co_await to.write(bytes.text(), tunnel.idle); trouble != Trouble::none) {
      const bool broke = &to == &tunnel.target && trouble != Trouble::timed_out;
      tunnel.target_broke = tunnel.target_broke || broke;
      tunnel.cut();
      co_return;
    }
    i64& counted = &from == &tunnel.client ? tunnel.carried.from_client : tunnel.carried.to_client;
    counted += static_cast<i64>(bytes.text().size());
    if (share.used_up(bytes.text().size())) co_await from.loop().next_round();
    bytes.clear();
  }
  if (tunnel.over())
    tunnel.cut();
  else
    to.end_writing();
}

Co<void> carry_upstream(Tunnel& tunnel, Bytes& bytes) {
  co_await carry(tunnel, tunnel.client, tunnel.target, bytes);
  tunnel.upstream_running = false;
  tunnel.upstream_ended.tell();
}

}  // namespace

Co<TunnelEnd> tunnel(Stream& client, Stream& target, Workspace& work, Duration idle, std::function<bool()> over,
                     Carried& carried) {
  reactor::Loop& loop = client.loop();
  Tunnel both{.client = client,
              .target = target,
              .idle = idle,
              .over = std::move(over),
              .carried = carried,
              .last_byte = loop.now(),
              .upstream_ended = reactor::Event(loop)};
  reactor::start(carry_upstream(both, work.from_client));
  co_await carry(both, target, client, work.from_target);
  while (both.upstream_running) co_await both.upstream_ended.wait();
  co_return both.target_broke ? TunnelEnd::target_reset : TunnelEnd::orderly;
}

}  // namespace utakata::balancer

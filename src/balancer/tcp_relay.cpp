#include "balancer/tcp_relay.hpp"

#include <array>

#include "balancer/body_relay.hpp"

namespace utakata::balancer {
namespace {

using reactor::Co;
using reactor::Stream;
using reactor::Trouble;

// Whoever reads writes on in the same round, so everybody on a thread reads into the same memory.
thread_local std::array<char, 65'536> relay_space;

}  // namespace

TcpRelay::TcpRelay(RelayEnd client, RelayEnd target, Duration idle, reactor::SplicePipes& pipes, OpenFlow& counted)
    : client_(client),
      target_(target),
      loop_(client.stream.loop()),
      idle_(idle),
      pipes_(pipes),
      counted_(counted),
      last_byte_(loop_.now()),
      over_(loop_) {}

TcpRelay::~TcpRelay() {
  client_.stream.readiness().on_hang_up = nullptr;
  target_.stream.readiness().on_hang_up = nullptr;
}

Co<Cause> TcpRelay::run() {
  watch(client_, Cause::flow_client_reset);
  watch(target_, Cause::flow_target_reset);
  reactor::start(carry({client_, target_, Cause::flow_client_reset, Cause::flow_target_reset}));
  reactor::start(carry({target_, client_, Cause::flow_target_reset, Cause::flow_client_reset}));
  while (directions_ > 0) co_await over_.wait();
  co_return ended_.value_or(Cause::flow_ended);
}

void TcpRelay::end(Cause cause) {
  if (ended_) return;
  ended_ = cause;
  // Both directions look at that when they go on; this outlives both.
  client_.stream.readiness().cancel();
  target_.stream.readiness().cancel();
}

// A side that breaks while nobody waits for it: what comes from it waits for room in the other.
void TcpRelay::watch(const RelayEnd& side, Cause breaks) {
  side.stream.readiness().on_hang_up = [this, side, breaks] {
    if (side.tcp.has_failed()) return end(breaks);
    watch(side, breaks);  // it has ended its side; it may still break
  };
}

Duration TcpRelay::left() const { return last_byte_ + idle_ - loop_.now(); }

Co<void> TcpRelay::carry(Direction way) {
  reactor::FairShare share(loop_, relay_share);
  while (!ended_) {
    if (left().ns <= 0) {
      end(Cause::flow_idle);
      break;
    }
    if (!co_await way.from.stream.readiness().readable(left())) continue;  // or the other direction was busy meanwhile
    if (ended_) break;
    const auto got = way.from.stream.try_read(relay_space);
    if (!got) continue;
    if (got->trouble != Trouble::none) {
      end(way.from_breaks);
      break;
    }
    if (got->count == 0) {
      way.to.stream.end_writing();
      break;
    }
    last_byte_ = loop_.now();
    counted_.carried(got->count);
    if (!co_await pass(way, {relay_space.data(), got->count})) break;
    if (got->count == relay_space.size() && !co_await carry_much(way)) break;
    if (share.used_up(got->count)) co_await loop_.next_round();
  }
  --directions_;
  over_.tell();
}

// True when the other side may have room again.
Co<bool> TcpRelay::room_in(const Direction& way) {
  if (!co_await way.to.stream.readiness().writable(idle_) && !ended_ && left().ns <= 0) end(Cause::flow_idle);
  co_return !ended_;
}

Co<bool> TcpRelay::pass(const Direction& way, std::string_view text) {
  Stream::Slices slices{text};
  Trouble trouble = way.to.stream.try_write(slices);
  if (trouble == Trouble::none && Stream::all_taken(slices)) co_return true;
  const std::string rest(slices[0]);  // others read into that memory meanwhile
  slices = {rest};
  while (trouble == Trouble::none) {
    if (Stream::all_taken(slices)) co_return true;
    if (!co_await room_in(way)) co_return false;
    trouble = way.to.stream.try_write(slices);
    last_byte_ = loop_.now();
  }
  end(way.to_breaks);
  co_return false;
}

Co<bool> TcpRelay::drain(const Direction& way, reactor::SplicePipe& pipe) {
  while (true) {
    if (pipe.try_drain(way.to.tcp) != Trouble::none) {
      end(way.to_breaks);
      co_return false;
    }
    last_byte_ = loop_.now();
    if (pipe.held() == 0) co_return true;
    if (!co_await room_in(way)) co_return false;
  }
}

// A read that fills the memory says that there is more: it goes past us for as long as more is there at once.
Co<bool> TcpRelay::carry_much(const Direction& way) {
  if (way.from.layered() || way.to.layered()) co_return true;
  auto pipe = pipes_.take();
  if (!pipe) co_return true;
  reactor::FairShare share(loop_, relay_share);
  bool goes_on = true;
  while (goes_on && !ended_) {
    const auto got = pipe->try_fill(way.from.tcp);
    // An end and a trouble are found again by the next read.
    if (!got || got->trouble != Trouble::none || got->count == 0) break;
    counted_.carried(got->count);
    goes_on = co_await drain(way, *pipe);
    if (goes_on && share.used_up(got->count)) co_await loop_.next_round();
  }
  pipes_.give_back(std::move(pipe));
  co_return goes_on && !ended_;
}

}  // namespace utakata::balancer

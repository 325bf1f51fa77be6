#include "http/linger.hpp"

#include <algorithm>
#include <array>

#include "reactor/fair_share.hpp"

namespace utakata::http {
namespace {

constexpr std::size_t lingering_bytes = 64 * 1024 * 1024;
constexpr std::size_t share_of_a_round = std::size_t{1024} * 1024;
constexpr Duration lingering_patience = seconds(2);  // for the next bytes
constexpr Duration lingering_max = seconds(10);      // however they drip

}  // namespace

reactor::Co<void> linger(reactor::Stream& stream) {
  reactor::Loop& loop = stream.loop();
  const Instant deadline = loop.now() + lingering_max;
  stream.end_writing();
  std::array<char, 16 * 1024> ignored;
  reactor::FairShare share(loop, share_of_a_round);
  for (std::size_t left = lingering_bytes; left > 0;) {
    const Duration time_left = deadline - loop.now();
    if (time_left.ns <= 0) co_return;
    const auto got = co_await stream.read(ignored, std::min(lingering_patience, time_left));
    if (got.count == 0) co_return;
    left -= std::min(left, got.count);
    if (share.used_up(got.count)) co_await loop.next_round();
  }
}

}  // namespace utakata::http

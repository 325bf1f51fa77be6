#include "http/linger.hpp"

#include <algorithm>
#include <array>

namespace utakata::http {
namespace {

constexpr std::size_t lingering_bytes = 64 * 1024 * 1024;
constexpr Duration lingering_patience = seconds(2);

}  // namespace

reactor::Co<void> linger(reactor::Stream& stream) {
  stream.end_writing();
  std::array<char, 16 * 1024> ignored;
  for (std::size_t left = lingering_bytes; left > 0;) {
    const auto got = co_await stream.read(ignored, lingering_patience);
    if (got.count == 0) co_return;
    left -= std::min(left, got.count);
  }
}

}  // namespace utakata::http

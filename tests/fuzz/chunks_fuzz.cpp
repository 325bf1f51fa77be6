#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "balancer/body_relay.hpp"
#include "balancer/desync.hpp"
#include "base/outcome.hpp"

// The chunk coding. The first byte says how the rest is cut into what arrives at a time.

using namespace utakata;  // NOLINT: a fuzzer

namespace {

struct Relayed {
  bool sound = true;
  bool done = false;
  std::string content;
  std::string trailers;
  std::string out;  // as it goes on
  std::size_t used = 0;
};

Relayed relay(std::string_view coded, std::size_t at_a_time) {
  Relayed result;
  http::BodyReader reader(http::Framing::chunked, 0);
  balancer::Bytes bytes;
  std::string behind;
  while (!reader.done()) {
    const std::size_t count = std::min({at_a_time, coded.size(), bytes.room().size()});
    if (count == 0) break;
    std::ranges::copy(coded.substr(0, count), bytes.room().begin());
    bytes.came(count);
    coded.remove_prefix(count);
    const balancer::Piece piece = balancer::take_body(reader, bytes);
    if (!piece.sound) {
      result.sound = false;
      return result;
    }
    balancer::add_chunk(reader, piece.content, result.out, behind);
    result.out.append(piece.content).append(behind);
    result.content += piece.content;
    result.used += piece.used;
    bytes.drop(piece.used);
    ensure(reader.done() || bytes.empty(), "bytes of a body are left over");
  }
  result.done = reader.done();
  result.trailers = reader.trailers();
  return result;
}

// The trailers that go on: not those that a careless reader could take for a length or a coding.
std::string harmless(std::string_view trailers) {
  std::string kept;
  while (!trailers.empty()) {
    const std::string_view line = trailers.substr(0, trailers.find('\n') + 1);
    if (!balancer::resembles_framing_header(line.substr(0, line.find(':')))) kept += line;
    trailers.remove_prefix(line.size());
  }
  return kept;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view coded(static_cast<const char*>(static_cast<const void*>(data + 1)), size - 1);
  const Relayed whole = relay(coded, coded.size());
  const Relayed pieces = relay(coded, std::size_t{data[0]} + 1);
  ensure(whole.sound == pieces.sound && whole.done == pieces.done, "what is sound depends on how it comes");
  if (!whole.sound) return 0;
  ensure(whole.content == pieces.content && whole.trailers == pieces.trailers, "content depends on how it comes");
  ensure(!whole.done || whole.used == pieces.used, "where a body ends depends on how it comes");
  // What goes on is read as the same, to its last byte, by a reader that expects nothing unusual.
  const Relayed again = relay(pieces.out, pieces.out.empty() ? 1 : pieces.out.size());
  ensure(again.sound && again.done == whole.done, "what goes on is not sound");
  ensure(again.content == whole.content && (!whole.done || again.trailers == harmless(whole.trailers)),
         "what goes on carries something else");
  ensure(again.used == pieces.out.size(), "what goes on has more than the body");
  return 0;
}

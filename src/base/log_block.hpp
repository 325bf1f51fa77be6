#pragma once

#include <cstdint>
#include <cstring>

// The format of a log stream on disk, which the supervisors of containers write and the log store reads and writes.
//
// A stream is a folder of segments, "NUMBER.log" with 20 digits: they are read in the order of their numbers. Each
// segment has one writer, which makes it and never opens it again, so writers need no locks. A segment is a row of
// blocks; a block is a header and its events: each a size, its time after the block's first in milliseconds, and its
// bytes. All numbers are little-endian. What a crash has left behind the last whole block is no block and is not read.
// The last block of a segment that was closed in good order is a seal: a header whose numbers are those of the whole
// segment. Plain C++ without allocation: the supervisor includes it.
namespace utakata::log_block {

inline constexpr uint32_t magic = 0x314c'6b75;       // "ukL1"
inline constexpr uint32_t seal_magic = 0x534c'6b75;  // "ukLS"
inline constexpr uint32_t body_bytes_max = 4U << 20;
inline constexpr int64_t segment_bytes = int64_t{16} << 20;              // a segment ends when it has grown to this
inline constexpr int64_t segment_milliseconds = int64_t{6} * 3'600'000;  // or when it is this old
// As AWS's driver cuts longer lines: 256 KiB less what is counted for each event.
inline constexpr uint32_t line_bytes_max = 262'144 - 26;

struct Header {
  uint32_t kind = magic;
  uint32_t bytes = 0;   // of the body; of a seal: 0
  uint32_t events = 0;  // of a seal: 1 if times never go back in this segment
  uint32_t reserved = 0;
  int64_t first = 0, last = 0;  // milliseconds since 1970
  int64_t ingested = 0;
  int64_t text_bytes = 0;  // of a seal: of all events with AWS's overhead of 26
  uint64_t check = 0;      // of the header with check 0, and of the body
};
static_assert(sizeof(Header) == 56);

struct EventHeader {
  uint32_t bytes;
  uint32_t after_first;  // milliseconds
};

/// No defence against forgery: it finds what was not written whole.
inline uint64_t checksum(const void* data, size_t size, uint64_t seed) {
  const auto* at = static_cast<const unsigned char*>(data);
  constexpr uint64_t factor = 0x9e37'79b9'7f4a'7c15;
  uint64_t a = seed ^ (size * factor);
  uint64_t b = ~a;
  for (; size >= 16; size -= 16, at += 16) {
    uint64_t words[2];
    memcpy(words, at, 16);
    a = (a ^ words[0]) * factor;
    b = (b ^ words[1]) * 0xc2b2'ae3d'27d4'eb4f;
    a ^= a >> 29;
    b ^= b >> 31;
  }
  uint64_t rest[2] = {0, 0};
  if (size > 0) memcpy(rest, at, size);  // a seal has no body, and no pointer to it
  a = (a ^ rest[0]) * factor;
  b = (b ^ rest[1]) * 0xc2b2'ae3d'27d4'eb4f;
  const uint64_t all = (a ^ (b << 32 | b >> 32)) * factor;
  return all ^ all >> 32;
}

inline uint64_t check_of(Header header, const void* body) {
  header.check = 0;
  return checksum(body, header.bytes, checksum(&header, sizeof header, 1));
}

}  // namespace utakata::log_block

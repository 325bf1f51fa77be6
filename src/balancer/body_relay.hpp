#pragma once

#include <string>
#include <string_view>

#include "balancer/workspace.hpp"
#include "http/body.hpp"

// A body on its way through: what has come without its coding, and the coding in which it goes on.
namespace utakata::balancer {

/// Bytes that a connection carries in one direction in one round of the loop.
inline constexpr std::size_t relay_share = 1024 * 1024;

struct Piece {
  bool sound = true;     // false: the chunk coding is malformed
  std::size_t used = 0;  // so many bytes at the front belong to it
  std::string_view content;
};

/// As much of the body as is at the front of `bytes`. Chunks are joined where they lie; nothing is dropped yet.
Piece take_body(http::BodyReader&, Bytes& bytes);

/// What stands before (appended) and behind (replaced) a piece that goes on as one chunk. Behind the last one of a body
/// that is done come the end and its trailers.
void add_chunk(const http::BodyReader&, std::string_view content, std::string& before, std::string& behind);

}  // namespace utakata::balancer

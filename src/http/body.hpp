#pragma once

#include <string>
#include <string_view>

#include "http/head.hpp"

namespace utakata::http {

/// Where in a message's body the stream is: fed the bytes as they come, it says which belong to the body and what they
/// carry.
class BodyReader {
 public:
  BodyReader() = default;
  BodyReader(Framing, std::uint64_t content_length);

  /// Takes bytes from the front of `text`, as many as belong to this body, and appends what they carry to `content`.
  /// False: the chunk coding is malformed.
  bool take(std::string_view& text, std::string& content);
  [[nodiscard]] bool done() const { return state_ == State::done; }
  /// The peer has ended the stream: true if the body may end here.
  [[nodiscard]] bool may_end() const { return done() || framing_ == Framing::until_close; }

 private:
  enum class State : std::uint8_t { size, data, after_data, trailer, plain, done };
  bool take_line(std::string_view& text);
  bool begin_chunk();

  Framing framing_ = Framing::none;
  State state_ = State::done;
  std::uint64_t left_ = 0;
  std::string line_;  // of the chunk coding, as far as it has come
};

}  // namespace utakata::http

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/head_view.hpp"

namespace utakata::http {

/// Where in a message's body the stream is: fed the bytes as they come, it says which belong to the body and what they
/// carry. The chunk coding is read strictly: what a lenient reader could cut elsewhere is malformed.
class BodyReader {
 public:
  BodyReader() = default;
  BodyReader(Framing, std::uint64_t content_length);
  explicit BodyReader(BodyFraming body) : BodyReader(body.framing, body.length) {}

  /// Takes bytes from the front of `text` up to the end of the next piece of content, and gives that piece, which lies
  /// in `text`; an empty one when `text` has no more of this body. Nothing: the chunk coding is malformed.
  std::optional<std::string_view> next(std::string_view& text);
  /// Takes all that belongs to this body and appends what it carries to `content`. False: malformed.
  bool take(std::string_view& text, std::string& content);

  [[nodiscard]] bool done() const { return state_ == State::done; }
  /// The peer has ended the stream: true if the body may end here.
  [[nodiscard]] bool may_end() const { return done() || framing_ == Framing::until_close; }
  /// The trailers of a chunked body, each a line with its CR LF, once it is done. Those that would change how the
  /// message is framed, routed or passed on are left out.
  [[nodiscard]] std::string_view trailers() const { return trailers_; }

 private:
  enum class State : std::uint8_t { size, data, after_data, trailer, plain, done };
  bool take_line(std::string_view& text);
  bool use_line();
  bool begin_chunk(std::string_view line);
  bool use_trailer(std::string_view line);

  Framing framing_ = Framing::none;
  State state_ = State::done;
  std::uint64_t left_ = 0;
  std::size_t trailers_read_ = 0;
  std::string line_;  // of the chunk coding, as far as it has come
  std::string trailers_;
};

}  // namespace utakata::http

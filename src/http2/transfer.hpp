#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "http/body.hpp"
#include "http2/fifo.hpp"

// One HTTP/2 stream as HTTP/1.1: its two messages, the one that comes and the one that goes, without sockets and
// frames.
namespace utakata::http2 {

class End;

/// A message that comes in frames and is read as the text of HTTP/1.1.
class Inbound {
 public:
  /// What stands in the pseudo-headers.
  struct Start {
    std::string method, path, authority, status;
  };
  Start start;

  /// A header of the head or, once that is whole, a trailer. False: no HTTP/1.1 message says this.
  bool add(std::string_view name, std::string_view value);
  /// The head is whole. `last`: nothing follows it.
  void end_request_head(bool last);
  void end_response_head(int status, bool last, bool to_head);
  void add_content(std::string_view);
  void end() { ended_ = true; }

  [[nodiscard]] bool head_whole() const { return head_whole_; }
  [[nodiscard]] bool ended() const { return ended_; }
  /// Whether there is something to read.
  [[nodiscard]] bool readable() const;
  /// Fills as much of `space` as there is text for.
  std::size_t read(std::span<char> space);
  /// How many bytes of content have been read, and not been told by this before.
  std::size_t take_consumed();
  /// Nobody will read what has come.
  void abandon();

 private:
  void end_head(std::string_view start_line, bool chunked);
  bool next_text();

  std::string lines_, cookies_;  // of the head that is coming
  std::size_t headers_size_ = 0;
  bool overlong_ = false;  // the head never ends then, and its reader refuses it
  bool head_whole_ = false, has_length_ = false, chunked_ = false, bodiless_ = false;
  Fifo text_;  // goes before what is in content_
  Fifo content_;
  std::size_t chunk_left_ = 0;  // of the content, after text_
  std::size_t consumed_ = 0;
  std::string trailers_;
  bool ended_ = false, end_said_ = false, abandoned_ = false;
};

/// A message that is written as the text of HTTP/1.1 and goes in frames.
struct Outbound {
  static constexpr std::size_t capacity = std::size_t{64} * 1024;  // of content that waits

  std::string head;  // as far as it has come
  bool head_whole = false;
  bool submitted = false;  // the head has been given to the session
  bool waits = false;      // the session asks for content no more until it is told that there is some
  bool full = false;       // the writer waits for room
  bool cut = false;        // no more will come, although the message is not whole
  bool sent = false;       // to its end
  http::BodyReader body;
  Fifo content;

  [[nodiscard]] bool whole() const { return head_whole && body.done(); }
  /// Takes content from the front of `text`, as far as there is room. False: its chunk coding is malformed.
  bool take(std::string_view& text);
};

struct Transfer : std::enable_shared_from_this<Transfer> {
  std::int32_t id = 0;
  End* end = nullptr;  // who reads and writes it; null when nobody does any more
  Inbound in;
  Outbound out;
  bool to_head = false;    // the request's method is HEAD
  bool closed = false;     // by the session: nothing more comes or goes
  std::uint32_t news = 0;  // for the end's readiness
};

}  // namespace utakata::http2

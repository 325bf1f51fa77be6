#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/types.hpp"
#include "http/header_view.hpp"

// The head of an HTTP/1.1 message as views into the bytes that came, copied nowhere (RFC 9112). What cannot be read in
// one way only is a Violation; what deviates but can be read is marked, and the reader decides: head.hpp refuses it,
// the load balancer goes by its desync mitigation mode.
namespace utakata::http {

/// What a head may not be: the status to answer with, and why.
struct Violation {
  int status = 400;
  std::string_view why;
};

/// Of a head that comes. What is done with a head takes time by the product of its headers.
inline constexpr std::size_t headers_max = 500;

struct HeadLimits {
  std::size_t line = 16 * 1024;     // request line: 414
  std::size_t header = 16 * 1024;   // one header: 431
  std::size_t all = 64 * 1024;      // the whole head: 431
  std::size_t count = headers_max;  // of headers: 431
};
/// Of a head that we have written ourselves: it has all that has come, and our own headers.
inline constexpr HeadLimits own_head{.line = SIZE_MAX, .header = SIZE_MAX, .all = SIZE_MAX, .count = SIZE_MAX};

enum class Framing : std::uint8_t { none, length, chunked, until_close };

/// Where a message's body ends.
struct BodyFraming {
  Framing framing = Framing::none;
  std::uint64_t length = 0;
};

/// The headers that decide how a message is read or passed on.
enum class HeaderKind : std::uint8_t {
  other,
  malformed,  // its name is no token, or its value has control characters
  connection,
  content_length,
  expect,
  forwarded_for,
  forwarded_port,
  forwarded_proto,
  hop_by_hop,  // of one connection only, besides those that have a kind of their own
  host,
  trace,
  transfer_encoding,
  upgrade,
};
HeaderKind kind_of(std::string_view name);
bool is_token(std::string_view);

/// What Content-Length and Transfer-Encoding say about where the message ends.
struct FramingHeaders {
  int lengths = 0;  // Content-Length headers
  bool length_malformed = false;
  bool lengths_differ = false;
  std::uint64_t length = 0;
  int codings = 0;  // names in Transfer-Encoding headers
  int chunked = 0;
  bool known_coding = false;    // gzip, deflate, compress
  bool unknown_coding = false;  // no name that HTTP knows
};

/// What the Connection header asks for.
struct ConnectionHeader {
  int options = 0;
  bool close = false;
  bool keep_alive = false;
  bool upgrade = false;
  bool names_headers = false;  // others, which are of this connection only
};

struct HeadViews {
  std::vector<HeaderView> headers;
  std::vector<HeaderKind> kinds;  // of each header
  int minor_version = 1;          // HTTP/1.x
  bool deviates = false;          // something is malformed but can be read
  FramingHeaders framing;
  ConnectionHeader connection;

  [[nodiscard]] const std::string_view* find(HeaderKind) const;  // the value of the first
  /// Named in a Connection header.
  [[nodiscard]] bool of_this_connection(std::string_view name) const;
  [[nodiscard]] bool keeps_alive() const { return !connection.close && (minor_version >= 1 || connection.keep_alive); }
};

struct RequestHeadView : HeadViews {
  std::string_view method, target, version;
  bool odd_target = false;  // it has blanks or control characters
};

struct ResponseHeadView : HeadViews {
  int status = 0;
  std::string_view reason;
};

/// How many bytes the head at the front of `text` takes, with its empty line; 0 when it is not complete yet. A line
/// that ends without CR counts here and is refused by the parser. `looked_at`: so many bytes have been looked at
/// before.
std::size_t head_length(std::string_view text, std::size_t looked_at = 0);

/// `text` is exactly one head, and stays where it is for as long as the views are used. What `head` held is forgotten,
/// its memory is used again.
std::optional<Violation> view_request_head(std::string_view text, const HeadLimits&, RequestHeadView& head);
std::optional<Violation> view_response_head(std::string_view text, ResponseHeadView& head,
                                            std::size_t count = headers_max);

/// The body that follows a request's head. 400: its headers do not say where it ends; 501: a coding other than chunked.
std::optional<Violation> body_framing(const RequestHeadView&, BodyFraming&);
/// `to_head_request`: the response has no body whatever its headers say.
std::optional<Violation> body_framing(const ResponseHeadView&, bool to_head_request, BodyFraming&);

}  // namespace utakata::http

#include "http/head_view.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/text.hpp"

namespace utakata::http {
namespace {

constexpr int connection_options_max = 100;

constexpr auto token_characters = [] {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
  return table;
}();

// Whether any byte is below `least` or DEL, eight bytes at a time: each compares in its own lane of a word.
bool has_below(std::string_view text, unsigned char least) {
  constexpr std::uint64_t lanes = 0x0101010101010101U;
  constexpr std::uint64_t high = lanes << 7;
  std::uint64_t found = 0;
  const auto look_at = [&](std::uint64_t word) {
    const std::uint64_t del = word ^ (lanes * 0x7f);
    found |= ((word - lanes * least) & ~word) | ((del - lanes) & ~del);
  };
  std::uint64_t word = 0;
  while (text.size() >= sizeof word) {
    std::memcpy(&word, text.data(), sizeof word);
    look_at(word);
    text.remove_prefix(sizeof word);
  }
  word = lanes * ' ' + lanes;  // what is not filled is harmless
  std::memcpy(&word, text.data(), text.size());
  look_at(word);
  return (found & high) != 0;
}

bool has_control_characters(std::string_view text) {
  return has_below(text, ' ') && std::ranges::any_of(text, [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return (byte < ' ' && byte != '\t') || byte == 0x7f;
         });
}

// The next line without its CR LF. Nothing: it ends otherwise, or has a CR within.
std::optional<std::string_view> take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos || end == 0 || text[end - 1] != '\r') return {};
  const std::string_view line = text.substr(0, end - 1);
  text.remove_prefix(end + 1);
  return line;
}

struct KnownHeader {
  std::string_view name;
  HeaderKind kind;
};
constexpr std::array<KnownHeader, 16> known_headers{{{"te", HeaderKind::hop_by_hop},
                                                     {"host", HeaderKind::host},
                                                     {"expect", HeaderKind::expect},
                                                     {"upgrade", HeaderKind::upgrade},
                                                     {"keep-alive", HeaderKind::hop_by_hop},
                                                     {"connection", HeaderKind::connection},
                                                     {"http2-settings", HeaderKind::hop_by_hop},
                                                     {"content-length", HeaderKind::content_length},
                                                     {"x-forwarded-for", HeaderKind::forwarded_for},
                                                     {"x-amzn-trace-id", HeaderKind::trace},
                                                     {"x-forwarded-port", HeaderKind::forwarded_port},
                                                     {"proxy-connection", HeaderKind::hop_by_hop},
                                                     {"x-forwarded-proto", HeaderKind::forwarded_proto},
                                                     {"transfer-encoding", HeaderKind::transfer_encoding},
                                                     {"proxy-authenticate", HeaderKind::hop_by_hop},
                                                     {"proxy-authorization", HeaderKind::hop_by_hop}}};

// Calls `use` with each element of a comma-separated list that is not empty.
template <class Use>
void each_element(std::string_view list, Use use) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const std::string_view element = trim(list.substr(0, comma));
    if (!element.empty()) use(element);
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
}

// As trim() does, for values that mostly have one blank in front.
std::string_view trimmed(std::string_view value) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!value.empty() && blank(value.front())) value.remove_prefix(1);
  while (!value.empty() && blank(value.back())) value.remove_suffix(1);
  return value;
}

void take_length(std::string_view value, FramingHeaders& framing) {
  const bool digits = !value.empty() && std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; });
  const auto number = digits ? parse_integer(value) : std::nullopt;
  ++framing.lengths;
  if (!number) {
    framing.length_malformed = true;
    return;
  }
  const auto length = static_cast<std::uint64_t>(*number);
  if (framing.lengths > 1 && framing.length != length) framing.lengths_differ = true;
  framing.length = length;
}

void take_codings(std::string_view value, FramingHeaders& framing) {
  constexpr std::array<std::string_view, 5> known{"gzip", "deflate", "compress", "x-gzip", "x-compress"};
  if (trim(value).empty()) framing.unknown_coding = true;
  each_element(value, [&](std::string_view coding) {
    ++framing.codings;
    if (equals_ignoring_case(coding, "chunked"))
      ++framing.chunked;
    else if (std::ranges::any_of(known, [&](std::string_view k) { return equals_ignoring_case(coding, k); }))
      framing.known_coding = true;
    else if (!equals_ignoring_case(coding, "identity"))
      framing.unknown_coding = true;
  });
}

void take_connection(std::string_view value, ConnectionHeader& connection) {
  each_element(value, [&](std::string_view option) {
    ++connection.options;
    if (equals_ignoring_case(option, "close"))
      connection.close = true;
    else if (equals_ignoring_case(option, "keep-alive"))
      connection.keep_alive = true;
    else if (equals_ignoring_case(option, "upgrade"))
      connection.upgrade = true;
    else
      connection.names_headers = true;
  });
}

void take_header(std::string_view name, bool token, std::string_view value, HeadViews& head) {
  HeaderKind kind = token ? kind_of(name) : HeaderKind::malformed;
  // These say for themselves what is wrong with their value.
  const bool framing = kind == HeaderKind::content_length || kind == HeaderKind::transfer_encoding;
  if (!framing && has_control_characters(value)) kind = HeaderKind::malformed;
  if (kind == HeaderKind::malformed) head.deviates = true;
  if (kind == HeaderKind::content_length) take_length(value, head.framing);
  if (kind == HeaderKind::transfer_encoding) take_codings(value, head.framing);
  if (kind == HeaderKind::connection) take_connection(value, head.connection);
  head.headers.push_back({name, value});
  head.kinds.push_back(kind);
}

std::optional<Violation> take_headers(std::string_view text, std::size_t limit, std::size_t count, HeadViews& head) {
  while (true) {
    const auto line = take_line(text);
    if (!line) return Violation{400, "a line ends without CR LF"};
    if (line->empty()) break;
    if (line->size() > limit) return Violation{431, "a header is too long"};
    if (line->front() == ' ' || line->front() == '\t') return Violation{400, "a header is folded over lines"};
    std::size_t colon = 0;
    while (colon < line->size() && token_characters[static_cast<unsigned char>((*line)[colon])]) ++colon;
    const bool token = colon > 0 && colon < line->size() && (*line)[colon] == ':';
    if (!token) colon = line->find(':');
    if (colon == std::string_view::npos) return Violation{400, "a header's name is malformed"};
    take_header(line->substr(0, colon), token, trimmed(line->substr(colon + 1)), head);
    if (head.headers.size() > count) return Violation{431, "too many headers"};
    if (head.connection.options > connection_options_max) return Violation{431, "too many options in Connection"};
    if (head.deviates && line->contains('\r')) return Violation{400, "a line ends without CR LF"};
  }
  if (!text.empty()) return Violation{400, "an empty line in the midst of the headers"};
  return {};
}

// What no two readers can agree on. That both headers are there, or one twice with the same value, is left to the
// caller.
std::optional<Violation> sound(const FramingHeaders& framing) {
  if (framing.length_malformed) return Violation{400, "Content-Length is no number"};
  if (framing.lengths_differ) return Violation{400, "two different Content-Lengths"};
  if (framing.chunked > 1) return Violation{400, "chunked twice"};
  const bool only_chunked = framing.chunked == 1 && framing.codings == 1;
  const bool only_identity = framing.codings > 0 && framing.chunked == 0 && !framing.known_coding;
  if (framing.unknown_coding || (framing.codings > 0 && !only_chunked && !only_identity))
    return Violation{501, "a transfer coding other than chunked"};
  return {};
}

// A head's memory is used again and again: forgets what it held.
void clear(HeadViews& head) {
  head.headers.clear();
  head.kinds.clear();
  head.minor_version = 1;
  head.deviates = false;
  head.framing = {};
  head.connection = {};
}

}  // namespace

bool is_token(std::string_view text) {
  bool good = !text.empty();
  for (const char c : text) good = good && token_characters[static_cast<unsigned char>(c)];
  return good;
}

HeaderKind kind_of(std::string_view name) {
  if (name.empty()) return HeaderKind::other;
  for (const KnownHeader& known : known_headers)
    if (known.name.size() == name.size() && known.name[0] == (name[0] | 0x20) && equals_ignoring_case(known.name, name))
      return known.kind;
  return HeaderKind::other;
}

const std::string_view* HeadViews::find(HeaderKind kind) const {
  for (std::size_t i = 0; i < kinds.size(); ++i)
    if (kinds[i] == kind) return &headers[i].value;
  return nullptr;
}

bool HeadViews::of_this_connection(std::string_view name) const {
  if (!connection.names_headers) return false;
  bool named = false;
  for (std::size_t i = 0; i < kinds.size() && !named; ++i)
    if (kinds[i] == HeaderKind::connection)
      each_element(headers[i].value,
                   [&](std::string_view option) { named = named || equals_ignoring_case(option, name); });
  return named;
}

std::size_t head_length(std::string_view text, std::size_t looked_at) {
  // The end may have begun in what was looked at before.
  std::size_t at = looked_at - std::min<std::size_t>(looked_at, 2);
  while ((at = text.find('\n', at)) != std::string_view::npos) {
    const std::string_view next = text.substr(++at);
    if (next.starts_with("\r\n")) return at + 2;
    if (next.starts_with('\n')) return at + 1;
  }
  return 0;
}

std::optional<Violation> view_request_head(std::string_view text, const HeadLimits& limits, RequestHeadView& head) {
  clear(head);
  if (text.size() > limits.all) return Violation{431, "the headers are too long"};
  const auto line = take_line(text);
  if (!line) return Violation{400, "a line ends without CR LF"};
  if (line->size() > limits.line) return Violation{414, "the request line is too long"};
  const std::size_t first = line->find(' ');
  const std::size_t last = line->rfind(' ');
  if (first == std::string_view::npos || first == last) return Violation{400, "the request line is malformed"};
  head.method = line->substr(0, first);
  head.target = line->substr(first + 1, last - first - 1);
  head.version = line->substr(last + 1);
  if (!is_token(head.method) || head.target.empty()) return Violation{400, "the request line is malformed"};
  head.odd_target = has_below(head.target, ' ' + 1);
  if (head.odd_target && head.target.contains('\r')) return Violation{400, "a line ends without CR LF"};
  if (head.version != "HTTP/1.1") {
    const bool one = head.version.size() == 8 && head.version.starts_with("HTTP/1.");
    if (!one || head.version[7] < '0' || head.version[7] > '9')
      return Violation{head.version.starts_with("HTTP/") ? 505 : 400, "the HTTP version is not supported"};
    head.minor_version = head.version[7] == '0' ? 0 : 1;
  }
  head.deviates = head.odd_target || head.version.back() > '1';
  return take_headers(text, limits.header, limits.count, head);
}

std::optional<Violation> view_response_head(std::string_view text, ResponseHeadView& head, std::size_t count) {
  clear(head);
  const std::size_t all = text.size();
  const auto line = take_line(text);
  if (!line) return Violation{502, "a line ends without CR LF"};
  const bool begins = line->size() >= 12 && line->starts_with("HTTP/1.") && (*line)[8] == ' ';
  const bool one = begins && ((*line)[7] == '0' || (*line)[7] == '1');
  const auto digit = [&](std::size_t at) { return (*line)[at] >= '0' && (*line)[at] <= '9'; };
  const bool number = one && digit(9) && digit(10) && digit(11) && (*line)[9] != '0';
  if (!number || (line->size() > 12 && (*line)[12] != ' ') || has_control_characters(*line))
    return Violation{502, "the status line is malformed"};
  head.minor_version = (*line)[7] - '0';
  head.status = ((*line)[9] - '0') * 100 + ((*line)[10] - '0') * 10 + ((*line)[11] - '0');
  head.reason = line->size() > 13 ? line->substr(13) : std::string_view();
  if (const auto violation = take_headers(text, all, count, head)) return Violation{502, violation->why};
  return {};
}

std::optional<Violation> body_framing(const RequestHeadView& head, BodyFraming& body) {
  if (const auto violation = sound(head.framing)) return violation;
  body = {};
  if (head.framing.chunked > 0)
    body.framing = Framing::chunked;
  else if (head.framing.length > 0)
    body = {Framing::length, head.framing.length};
  return {};
}

std::optional<Violation> body_framing(const ResponseHeadView& head, bool to_head_request, BodyFraming& body) {
  if (const auto violation = sound(head.framing)) return Violation{502, violation->why};
  if (head.framing.chunked > 0 && head.framing.lengths > 0)
    return Violation{502, "both Content-Length and Transfer-Encoding"};
  body = {};
  if (to_head_request || head.status < 200 || head.status == 204 || head.status == 304) return {};
  if (head.framing.chunked > 0)
    body.framing = Framing::chunked;
  else if (head.framing.lengths == 0)
    body.framing = Framing::until_close;
  else if (head.framing.length > 0)
    body = {Framing::length, head.framing.length};
  return {};
}

}  // namespace utakata::http

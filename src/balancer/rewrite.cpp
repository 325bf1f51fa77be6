#include "balancer/rewrite.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "balancer/desync.hpp"
#include "base/hash.hpp"
#include "base/outcome.hpp"
#include "base/text.hpp"
#include "reactor/wall_clock.hpp"

namespace utakata::balancer {
namespace {

using http::HeaderKind;

constexpr std::size_t traced_headers_max = 7 * 1024;  // facts: platform.md A6
constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::size_t own_lines_max = 512;  // at most, of what we write ourselves into a head

// Writes into memory that has been made large enough once: a head is a dozen short texts, and asking for each whether
// it fits would cost more than copying it.
class Writer {
 public:
  explicit Writer(char* begin) : at_(begin) {}
  [[nodiscard]] char* at() const { return at_; }
  void put(std::string_view text) { at_ = std::ranges::copy(text, at_).out; }
  void put(char c) { *at_++ = c; }
  void put_number(std::uint64_t number) {
    constexpr std::ptrdiff_t digits_max = 20;
    at_ = std::to_chars(at_, at_ + digits_max, number).ptr;
  }
  template <int Count>
  void put_hex(std::uint64_t value) {
    for (int i = Count; i-- > 0; value >>= 4) at_[i] = hex_digits[value & 15];
    at_ += Count;
  }
  // One that came in the usual form goes on with one copy: behind its value there is a CR LF, unless blanks were cut
  // off.
  void put_header(const http::HeaderView& header) {
    const char* const end = header.name.data() + header.name.size();
    const char* const behind = header.value.data() + header.value.size();
    if (header.value.data() == end + 2 && end[1] == ' ' && *behind == '\r')
      return put({header.name.data(), behind + 2});
    put(header.name);
    put(": ");
    put(header.value);
    put("\r\n");
  }

 private:
  char* at_;
};

// Replaces `out` by what `write` writes, which is not more than `bound`.
template <class Write>
void write_head(std::string& out, std::size_t bound, Write write) {
  out.resize_and_overwrite(bound, [&](char* begin, std::size_t) {
    Writer writer(begin);
    write(writer);
    const auto length = static_cast<std::size_t>(writer.at() - begin);
    ensure(length <= bound, "a head is longer than was reckoned");
    return length;
  });
}

std::size_t size_of(const http::HeadViews& head) {
  constexpr std::size_t marks = 4;  // colon, blank, CR, LF
  std::size_t size = 0;
  for (const http::HeaderView& header : head.headers) size += header.name.size() + header.value.size() + marks;
  return size;
}

void put_new_trace_id(Writer& out) {
  const std::int64_t now = reactor::wall_clock().ns;
  thread_local std::uint64_t counter = mix(static_cast<std::uint64_t>(now));
  const std::uint64_t a = mix(++counter);
  out.put("1-");
  out.put_hex<8>(static_cast<std::uint64_t>(now / 1'000'000'000));
  out.put('-');
  out.put_hex<12>(a);
  out.put_hex<12>(mix(a ^ 0x9e3779b97f4a7c15U));
}

// facts: a caller's Root stays and gets our Self in front; without one we begin a trace. Of a request whose headers are
// large only the Root goes on.
void put_trace(Writer& out, const http::RequestHeadView& head) {
  const std::string_view* const given = head.find(HeaderKind::trace);
  const bool has_root = given != nullptr && given->contains("Root=");
  if (!has_root) {
    out.put("Root=");
    put_new_trace_id(out);
  } else if (size_of(head) > traced_headers_max) {
    const std::string_view root = given->substr(given->find("Root="));
    out.put(trim(root.substr(0, root.find(';'))));
  } else {
    out.put("Self=");
    put_new_trace_id(out);
    for (const std::string_view piece : split(*given, ';')) {
      if (trim(piece).starts_with("Self=")) continue;
      out.put(';');
      out.put(trim(piece));
    }
  }
}

std::string_view host_of(const RequestFacts& facts) {
  return facts.host.empty() ? std::string_view(facts.config.dns_name) : facts.host;
}

void put_host(Writer& out, const RequestFacts& facts) {
  const std::string_view host = host_of(facts);
  out.put("Host: ");
  if (facts.config.preserve_host_header) {
    out.put(host);
  } else {
    const std::string_view name = without_port(host);
    const bool usual_port = facts.port == 80 || facts.port == 443;
    for (const char c : usual_port ? name : host) out.put(c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c);
    if (!usual_port && name.size() == host.size()) {
      out.put(':');
      out.put_number(static_cast<std::uint64_t>(facts.port));
    }
  }
  out.put("\r\n");
}

// Only what is appended vouches for the peer; what a client sent stands for what it may be.
void put_forwarded_for(Writer& out, const http::RequestHeadView& head, const RequestFacts& facts) {
  const auto each_given = [&](auto put) {
    for (std::size_t i = 0; i < head.headers.size(); ++i)
      if (head.kinds[i] == HeaderKind::forwarded_for) put(head.headers[i]);
  };
  if (facts.config.forwarded_for == "remove") return;
  if (facts.config.forwarded_for == "preserve")
    return each_given([&](const http::HeaderView& header) { out.put_header(header); });
  out.put("X-Forwarded-For: ");
  each_given([&](const http::HeaderView& header) {
    out.put(header.value);
    out.put(", ");
  });
  const bool bracketed = facts.config.forwarded_for_client_port && facts.peer.contains(':');
  if (bracketed) out.put('[');
  out.put(facts.peer);
  if (bracketed) out.put(']');
  if (facts.config.forwarded_for_client_port) {
    out.put(':');
    out.put_number(static_cast<std::uint64_t>(facts.peer_port));
  }
  out.put("\r\n");
}

// Blanks and control characters would let the target cut the request line elsewhere.
void put_target(Writer& out, std::string_view target, bool odd) {
  if (!odd) return out.put(target);
  for (const char c : target) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte != 0x7f) {
      out.put(c);
    } else {
      out.put('%');
      out.put_hex<2>(byte);
    }
  }
}

bool valid_for_alb(std::string_view name) {
  return std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
  });
}

bool tells_tls(const RequestFacts& facts) {
  return facts.config.tls_version_and_cipher_headers && !facts.tls_version.empty();
}

bool goes_on(const http::RequestHeadView& head, std::size_t at, const RequestFacts& facts) {
  const std::string_view name = head.headers[at].name;
  if (head.kinds[at] != HeaderKind::other) return facts.websocket && head.kinds[at] == HeaderKind::upgrade;
  if (facts.config.drop_invalid_header_fields && !valid_for_alb(name)) return false;
  if (tells_tls(facts) &&
      (equals_ignoring_case(name, "x-amzn-tls-version") || equals_ignoring_case(name, "x-amzn-tls-cipher-suite")))
    return false;
  if (facts.irregular && resembles_framing_header(name)) return false;
  return !head.of_this_connection(name);
}

}  // namespace

std::string trace_id(const http::RequestHeadView& head) {
  const std::string_view* given = head.find(HeaderKind::trace);
  std::string out;
  write_head(out, own_lines_max + (given == nullptr ? 0 : given->size()), [&](Writer& to) { put_trace(to, head); });
  return out;
}

void write_request_head(const http::RequestHeadView& head, const RequestFacts& facts, std::string& out) {
  constexpr std::size_t escaped = 3;  // bytes at most of one of the target
  const std::size_t bound = own_lines_max + head.method.size() + facts.target.size() * escaped + host_of(facts).size() +
                            facts.peer.size() + size_of(head);
  write_head(out, bound, [&](Writer& to) {
    to.put(head.method);
    to.put(' ');
    put_target(to, facts.target, head.odd_target);
    to.put(" HTTP/1.1\r\n");
    put_host(to, facts);
    for (std::size_t i = 0; i < head.headers.size(); ++i)
      if (goes_on(head, i, facts)) to.put_header(head.headers[i]);
    put_forwarded_for(to, head, facts);
    to.put(facts.tls_version.empty() ? "X-Forwarded-Proto: http\r\nX-Forwarded-Port: "
                                     : "X-Forwarded-Proto: https\r\nX-Forwarded-Port: ");
    to.put_number(static_cast<std::uint64_t>(facts.port));
    to.put("\r\n");
    to.put("X-Amzn-Trace-Id: ");
    put_trace(to, head);
    to.put("\r\n");
    if (tells_tls(facts)) {
      to.put(cat("X-Amzn-Tls-Version: ", facts.tls_version, "\r\nX-Amzn-Tls-Cipher-Suite: ", facts.tls_cipher, "\r\n"));
    }
    if (facts.body.framing == http::Framing::chunked) {
      to.put("Transfer-Encoding: chunked\r\n");
    } else if (head.framing.lengths > 0) {
      to.put("Content-Length: ");
      to.put_number(facts.body.length);
      to.put("\r\n");
    }
    if (facts.websocket) to.put("Connection: Upgrade\r\n");
    if (facts.trailers) to.put("TE: trailers\r\n");
    to.put("\r\n");
  });
}

void write_answer_head(const http::ResponseHeadView& head, const AnswerFacts& facts, std::string& out) {
  write_head(out, own_lines_max + head.reason.size() + size_of(head) + facts.own_lines.size(), [&](Writer& to) {
    to.put("HTTP/1.1 ");
    to.put_number(static_cast<std::uint64_t>(head.status));
    to.put(' ');
    to.put(head.reason);
    to.put("\r\n");
    bool length_said = facts.chunked || head.status == 204 || head.status < 200;
    for (std::size_t i = 0; i < head.headers.size(); ++i) {
      const http::HeaderView& header = head.headers[i];
      switch (head.kinds[i]) {
        case HeaderKind::content_length:
          if (!std::exchange(length_said, true)) to.put_header(header);
          break;
        case HeaderKind::upgrade:
          if (facts.websocket) to.put_header(header);
          break;
        case HeaderKind::connection:
        case HeaderKind::hop_by_hop:
        case HeaderKind::transfer_encoding:
          break;
        default:
          if (!head.of_this_connection(header.name)) to.put_header(header);
      }
    }
    to.put(facts.own_lines);
    if (facts.chunked) to.put("Transfer-Encoding: chunked\r\n");
    to.put(facts.websocket    ? "Connection: Upgrade\r\n\r\n"
           : facts.keep_alive ? "Connection: keep-alive\r\n\r\n"
                              : "Connection: close\r\n\r\n");
  });
}

std::string_view without_port(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  return colon == std::string_view::npos || host.ends_with(']') ? host : host.substr(0, colon);
}

bool is_host(std::string_view text) {
  static constexpr auto allowed = [] {
    std::array<bool, 256> table{};
    for (const char c :
         std::string_view("-._~:[]%!$&'()*+,;=0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))
      table[static_cast<unsigned char>(c)] = true;
    return table;
  }();
  return !text.empty() && std::ranges::all_of(text, [](char c) { return allowed[static_cast<unsigned char>(c)]; });
}

bool split_target(std::string_view method, std::string_view target, TargetParts& parts) {
  if (target.starts_with('/') || (target == "*" && method == "OPTIONS")) {
    parts = {.host = {}, .path = target};
    return true;
  }
  constexpr std::string_view scheme = "http://";
  const bool secure = target.size() > scheme.size() && equals_ignoring_case(target.substr(0, 8), "https://");
  if (!secure && (target.size() <= scheme.size() || !equals_ignoring_case(target.substr(0, 7), scheme))) return false;
  target.remove_prefix(secure ? scheme.size() + 1 : scheme.size());
  const std::size_t end = target.find_first_of("/?");
  parts = {.host = target.substr(0, end), .path = end == std::string_view::npos ? "/" : target.substr(end)};
  return is_host(parts.host) && parts.path.starts_with('/');
}

}  // namespace utakata::balancer

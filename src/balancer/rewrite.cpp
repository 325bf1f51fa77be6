#include "balancer/rewrite.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "balancer/desync.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "reactor/wall_clock.hpp"

namespace utakata::balancer {
namespace {

using http::HeaderKind;

void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

void append_hex(std::string& out, std::uint64_t value, int count) {
  constexpr std::string_view alphabet = "0123456789abcdef";
  for (int shift = 4 * (count - 1); shift >= 0; shift -= 4) out += alphabet[value >> shift & 15];
}

void append_new_trace_id(std::string& out) {
  const std::int64_t now = reactor::wall_clock().ns;
  thread_local std::uint64_t counter = mix(static_cast<std::uint64_t>(now));
  const std::uint64_t a = mix(++counter);
  out += "1-";
  append_hex(out, static_cast<std::uint64_t>(now / 1'000'000'000), 8);
  out += '-';
  append_hex(out, a, 12);
  append_hex(out, mix(a ^ 0x9e3779b97f4a7c15U), 12);
}

// facts: a caller's Root stays and gets our Self in front; without one we begin a trace.
void append_trace(std::string& out, const std::string_view* given) {
  out += "X-Amzn-Trace-Id: ";
  if (given == nullptr || !given->contains("Root=")) {
    out += "Root=";
    append_new_trace_id(out);
  } else {
    out += "Self=";
    append_new_trace_id(out);
    for (const std::string_view piece : split(*given, ';'))
      if (!trim(piece).starts_with("Self=")) out.append(";").append(trim(piece));
  }
  out += "\r\n";
}

void append_host(std::string& out, const RequestFacts& facts) {
  out += "Host: ";
  const std::size_t begin = out.size();
  out += facts.host.empty() ? std::string_view(facts.config.dns_name) : facts.host;
  if (!facts.config.preserve_host_header) {
    const std::size_t colon = out.rfind(':');
    const bool has_port = colon >= begin && colon != std::string::npos;
    const bool usual_port = facts.port == 80 || facts.port == 443;
    if (usual_port && has_port) out.resize(colon);
    if (!usual_port && !has_port) {
      out += ':';
      append_number(out, static_cast<std::uint64_t>(facts.port));
    }
    for (std::size_t i = begin; i < out.size(); ++i)
      if (out[i] >= 'A' && out[i] <= 'Z') out[i] = static_cast<char>(out[i] | 0x20);
  }
  out += "\r\n";
}

// Blanks and control characters would let the target cut the request line elsewhere.
void append_target(std::string& out, std::string_view target, bool odd) {
  if (!odd) {
    out += target;
    return;
  }
  for (const char c : target) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte != 0x7f) {
      out += c;
    } else {
      out += '%';
      append_hex(out, byte, 2);
    }
  }
}

bool valid_for_alb(std::string_view name) {
  return std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
  });
}

bool goes_on(const http::RequestHeadView& head, std::size_t at, const RequestFacts& facts) {
  const std::string_view name = head.headers[at].name;
  if (head.kinds[at] != HeaderKind::other) return facts.websocket && head.kinds[at] == HeaderKind::upgrade;
  if (facts.config.drop_invalid_header_fields && !valid_for_alb(name)) return false;
  if (facts.irregular && resembles_framing_header(name)) return false;
  return !head.of_this_connection(name);
}

}  // namespace

void write_request_head(const http::RequestHeadView& head, const RequestFacts& facts, std::string& out) {
  out.assign(head.method);
  out += ' ';
  append_target(out, facts.target, head.odd_target);
  out += " HTTP/1.1\r\n";
  append_host(out, facts);
  for (std::size_t i = 0; i < head.headers.size(); ++i)
    if (goes_on(head, i, facts)) append_header(out, head.headers[i].name, head.headers[i].value);
  out += "X-Forwarded-For: ";
  for (std::size_t i = 0; i < head.headers.size(); ++i)
    if (head.kinds[i] == HeaderKind::forwarded_for) out.append(head.headers[i].value).append(", ");
  out.append(facts.peer).append("\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Port: ");
  append_number(out, static_cast<std::uint64_t>(facts.port));
  out += "\r\n";
  append_trace(out, head.find(HeaderKind::trace));
  if (facts.body.framing == http::Framing::chunked) {
    out += "Transfer-Encoding: chunked\r\n";
  } else if (head.framing.lengths > 0) {
    out += "Content-Length: ";
    append_number(out, facts.body.length);
    out += "\r\n";
  }
  if (facts.websocket) out += "Connection: Upgrade\r\n";
  out += "\r\n";
}

void write_answer_head(const http::ResponseHeadView& head, const AnswerFacts& facts, std::string& out) {
  out.assign("HTTP/1.1 ");
  append_number(out, static_cast<std::uint64_t>(head.status));
  out += ' ';
  out.append(head.reason).append("\r\n");
  bool length_said = facts.chunked || head.status == 204 || head.status < 200;
  for (std::size_t i = 0; i < head.headers.size(); ++i) {
    const http::HeaderView& header = head.headers[i];
    switch (head.kinds[i]) {
      case HeaderKind::content_length:
        if (!std::exchange(length_said, true)) append_header(out, header.name, header.value);
        break;
      case HeaderKind::upgrade:
        if (facts.websocket) append_header(out, header.name, header.value);
        break;
      case HeaderKind::connection:
      case HeaderKind::hop_by_hop:
      case HeaderKind::transfer_encoding:
        break;
      default:
        if (!head.of_this_connection(header.name)) append_header(out, header.name, header.value);
    }
  }
  if (facts.chunked) out += "Transfer-Encoding: chunked\r\n";
  out += facts.websocket    ? "Connection: Upgrade\r\n\r\n"
         : facts.keep_alive ? "Connection: keep-alive\r\n\r\n"
                            : "Connection: close\r\n\r\n";
}

bool is_host(std::string_view text) {
  constexpr std::string_view symbols = "-._~:[]%!$&'()*+,;=";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || symbols.contains(c);
  });
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

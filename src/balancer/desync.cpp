#include "balancer/desync.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace utakata::balancer {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

// The letters of `name` are those of `letters`, whatever stands between; a letter may be replaced by one that is not
// ASCII, and a name that is malformed anyway may have more behind.
bool resembles(std::string_view name, std::string_view letters) {
  std::size_t at = 0;
  bool replaced = false;
  for (const char c : name) {
    if (!is_letter(c)) {
      replaced = replaced || !is_ascii(c);
      continue;
    }
    if (at == letters.size()) return !http::is_token(name);
    const char lower = static_cast<char>(c | 0x20);
    if (lower != letters[at] && replaced && at + 1 < letters.size() && lower == letters[at + 1]) ++at;
    if (lower != letters[at]) return false;
    ++at;
    replaced = false;
  }
  return at == letters.size();
}
bool resembles_length(std::string_view name) { return resembles(name, "contentlength"); }
bool resembles_coding(std::string_view name) { return resembles(name, "transferencoding"); }

// Remembers the worst that was found, and of the equally bad the first.
struct Findings {
  Classification worst;
  void add(Safety safety, std::string_view reason) {
    if (safety > worst.safety) worst = {safety, reason};
  }
};

void look_at_request_line(const http::RequestHeadView& head, Findings& found) {
  if (head.version.back() > '1') found.add(Safety::acceptable, "NonCompliantVersion");
  if (!head.odd_target) return;
  const bool control = std::ranges::any_of(head.target, [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; });
  if (head.target.contains('\0'))
    found.add(Safety::severe, "BadUri");
  else
    found.add(control ? Safety::ambiguous : Safety::acceptable, control ? "AmbiguousUri" : "SpaceInUri");
}

void look_at_framing(const http::RequestHeadView& head, Findings& found) {
  const http::FramingHeaders& framing = head.framing;
  const bool bodiless = head.method == "GET" || head.method == "HEAD";
  if (framing.length_malformed) found.add(Safety::severe, "BadContentLength");
  if (framing.lengths_differ) found.add(Safety::severe, "MultipleContentLength");
  if (framing.unknown_coding) found.add(Safety::severe, "BadTransferEncoding");
  if (framing.chunked > 1) found.add(Safety::severe, "MultipleTransferEncodingChunked");
  if (framing.lengths > 0 && framing.codings > 0) found.add(Safety::ambiguous, "BothTeClPresent");
  if (framing.lengths > 1) found.add(Safety::ambiguous, "DuplicateContentLength");
  if (framing.codings > 0 && (bodiless || head.minor_version == 0))
    found.add(Safety::ambiguous, "UndefinedTransferEncodingSemantics");
  if (framing.lengths > 0 && bodiless) {
    const bool zero = framing.length == 0;
    found.add(zero ? Safety::acceptable : Safety::ambiguous,
              zero ? "GetHeadZeroContentLength" : "UndefinedContentLengthSemantics");
  }
}

void look_at_header(const http::HeaderView& header, const http::FramingHeaders& framing, Findings& found) {
  if (resembles_length(header.name)) {
    if (framing.lengths > 0) found.add(Safety::severe, "MultipleContentLength");
    found.add(Safety::ambiguous, "SuspiciousHeader");
  } else if (resembles_coding(header.name)) {
    if (framing.chunked > 0) found.add(Safety::severe, "MultipleTransferEncodingChunked");
    found.add(Safety::ambiguous, "SuspiciousHeader");
  } else if (http::is_token(header.name) && !header.value.contains('\0')) {
    found.add(Safety::acceptable, "NonCompliantHeader");
  } else if (trim(header.name).empty()) {
    found.add(Safety::ambiguous, "EmptyHeader");
  } else {
    const bool zero = header.name.contains('\0') || header.value.contains('\0');
    found.add(zero ? Safety::severe : Safety::acceptable, zero ? "BadHeader" : "NonCompliantHeader");
  }
}

}  // namespace

bool resembles_framing_header(std::string_view name) {
  constexpr std::size_t shortest = std::string_view("contentlengt").size();
  return name.size() >= shortest && (resembles_length(name) || resembles_coding(name));
}

Classification classify(const http::RequestHeadView& head) {
  Findings found;
  if (head.deviates) look_at_request_line(head, found);
  if (head.framing.lengths > 0 || head.framing.codings > 0 || head.framing.unknown_coding) look_at_framing(head, found);
  for (std::size_t i = 0; i < head.headers.size(); ++i) {
    const bool malformed = head.kinds[i] == http::HeaderKind::malformed;
    const bool other = head.kinds[i] == http::HeaderKind::other;
    if (malformed || (other && resembles_framing_header(head.headers[i].name)))
      look_at_header(head.headers[i], head.framing, found);
  }
  return found.worst;
}

DesyncVerdict judge(std::string_view mode, Safety safety) {
  if (mode == "monitor" || safety == Safety::compliant) return {};
  if (mode == "strictest") return {.refuse = true};
  return {.refuse = safety == Safety::severe, .close_connections = safety >= Safety::ambiguous};
}

}  // namespace utakata::balancer

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "balancer/desync.hpp"
#include "balancer/rewrite.hpp"
#include "base/outcome.hpp"
#include "http/head.hpp"

// Heads of any kind. The first byte chooses: an answer, or a request that is passed on to a target.

using namespace utakata;  // NOLINT: a fuzzer

namespace {

constexpr http::HeadLimits limits;

bool lies_in(std::string_view piece, std::string_view text) {
  return piece.empty() || (piece.data() >= text.data() && piece.data() + piece.size() <= text.data() + text.size());
}

void try_strict_reader(std::string_view text, bool readable) {
  http::RequestHead head;
  if (!http::parse_request_head(text, limits, head))
    ensure(readable, "the strict reader takes what the lenient one does not");
}

// Whatever came, a target gets a head that the strictest reader reads as we have read it.
void try_passing_on(const http::RequestHeadView& head, bool websocket) {
  const BalancerConfig config{.dns_name = "a.b"};
  balancer::TargetParts parts;
  http::BodyFraming body;
  if (!balancer::split_target(head.method, head.target, parts) || http::body_framing(head, body)) return;
  const auto* host = head.find(http::HeaderKind::host);
  if (parts.host.empty() && host != nullptr) parts.host = *host;
  if (!parts.host.empty() && !balancer::is_host(parts.host)) return;
  const bool irregular = balancer::classify(head).safety != balancer::Safety::compliant;
  std::string out;
  balancer::write_request_head(head,
                               {.config = config,
                                .port = 8080,
                                .peer = "192.0.2.1",
                                .host = parts.host,
                                .target = parts.path,
                                .body = body,
                                .websocket = websocket,
                                .irregular = irregular},
                               out);
  // Ours makes a head longer than the limits for what comes; nothing else may be wrong with it.
  http::RequestHeadView passed;
  ensure(http::head_length(out) == out.size(), "what is passed on is not one head");
  ensure(!http::view_request_head(out, http::own_head, passed), "what is passed on cannot be read");
  ensure(!passed.deviates, "what is passed on deviates");
  http::BodyFraming again;
  ensure(!http::body_framing(passed, again) && again.framing == body.framing && again.length == body.length,
         "what is passed on ends elsewhere");
  ensure(passed.framing.lengths + passed.framing.codings <= 1, "what is passed on says its length twice");
  int hosts = 0;
  for (std::size_t i = 0; i < passed.kinds.size(); ++i) {
    hosts += passed.kinds[i] == http::HeaderKind::host ? 1 : 0;
    ensure(!balancer::resembles_framing_header(passed.headers[i].name) || passed.kinds[i] != http::HeaderKind::other,
           "a header that resembles one of framing is passed on");
  }
  ensure(hosts == 1, "what is passed on has not one host");
}

void try_request(std::string_view text, bool websocket) {
  http::RequestHeadView head;
  const bool readable = !http::view_request_head(text, limits, head);
  try_strict_reader(text, readable);
  if (!readable) return;
  ensure(lies_in(head.method, text) && lies_in(head.target, text), "a view points elsewhere");
  for (const http::HeaderView& header : head.headers)
    ensure(lies_in(header.name, text) && lies_in(header.value, text), "a view points elsewhere");
  try_passing_on(head, websocket);
}

void try_answer(std::string_view text) {
  http::ResponseHeadView head;
  http::BodyFraming body;
  if (http::view_response_head(text, head) || head.deviates || http::body_framing(head, false, body)) return;
  std::string out;
  const bool chunked = body.framing == http::Framing::chunked || body.framing == http::Framing::until_close;
  balancer::write_answer_head(head, {.chunked = chunked}, out);
  http::ResponseHeadView passed;
  http::BodyFraming again;
  ensure(http::head_length(out) == out.size(), "an answer that is passed on is not one head");
  ensure(!http::view_response_head(out, passed) && !passed.deviates, "an answer that is passed on cannot be read");
  const bool same = !http::body_framing(passed, false, again) && again.length == body.length;
  ensure(same && (chunked ? again.framing == http::Framing::chunked : again.framing == body.framing),
         "an answer that is passed on ends elsewhere");
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string all(static_cast<const char*>(static_cast<const void*>(data)), size);
  const std::string_view rest = std::string_view(all).substr(1);
  const std::size_t length = http::head_length(rest);
  for (std::size_t cut = 0; cut < std::min<std::size_t>(rest.size(), 8); ++cut)
    if (length == 0 || cut < length) ensure(http::head_length(rest, cut) == length, "a head ends elsewhere in pieces");
  const std::string_view text = length == 0 ? rest : rest.substr(0, length);
  if (all[0] == 'A')
    try_answer(text);
  else
    try_request(text, all[0] == 'W');
  return 0;
}

#include <algorithm>
#include <array>

#include "balancer/own_answers.hpp"
#include "balancer/routing.hpp"
#include "balancer/state.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "http/body.hpp"

namespace utakata::balancer {
namespace {

using reactor::Co;
using reactor::Stream;
using reactor::Trouble;

constexpr std::size_t read_size = 32 * 1024;
constexpr Duration connect_patience = seconds(10);
constexpr std::size_t forwarded_addresses_max = 30;
constexpr std::array<std::string_view, 8> hop_by_hop{
    "connection", "keep-alive",         "proxy-connection",    "te",
    "upgrade",    "proxy-authenticate", "proxy-authorization", "transfer-encoding"};

bool is_hop_by_hop(std::string_view name) {
  return std::ranges::any_of(hop_by_hop, [&](std::string_view each) { return equals_ignoring_case(each, name); });
}

// One side of an exchange: bytes that have come and are not used yet.
struct Side {
  Stream& stream;
  std::string buffer = {};

  Co<Stream::Read> more(Duration patience) {
    const std::size_t before = buffer.size();
    buffer.resize(before + read_size);
    const auto got = co_await stream.read(std::span(buffer).subspan(before), patience);
    buffer.resize(before + got.count);
    co_return got;
  }
};

// A busy connection to a target, counted in flight until it goes out of scope.
struct Lease {
  Shared& shared;
  std::shared_ptr<Group> group;
  std::shared_ptr<Target> target;
  std::unique_ptr<Stream> stream = nullptr;
  bool reusable = false;

  Lease(Shared& s, std::shared_ptr<Group> g, std::shared_ptr<Target> t)
      : shared(s), group(std::move(g)), target(std::move(t)) {
    ++target->in_flight;
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease() {
    --target->in_flight;
    release();
    report_if_idle(shared, group->config.arn, *target);
  }
  void use(std::unique_ptr<Stream> with) {
    stream = std::move(with);
    target->busy.insert(stream.get());
  }
  void release() {
    if (!stream) return;
    target->busy.erase(stream.get());
    if (reusable && !target->gone && !target->draining && !stream->hung_up()) target->kept.push_back(std::move(stream));
    stream = nullptr;
  }
};

// How one request ended: what is counted, and whether the client's connection is still good.
struct Ended {
  Cause cause = Cause::ok;
  int own_status = 0;  // the balancer's own answer is still to be sent
  bool keep_alive = true;
};

class Exchange {
 public:
  Exchange(std::shared_ptr<Shared> shared, Side& client, i32 port, http::RequestHead& head, const std::string& peer)
      : shared_(std::move(shared)), client_(client), port_(port), head_(head), peer_(peer) {}

  Co<Ended> run(std::shared_ptr<Running> running);

 private:
  Co<Ended> forward(Running& running, std::shared_ptr<Group> group, std::shared_ptr<Target> target);
  Co<Ended> relay_answer(Running& running, Lease& lease);
  Co<bool> connect(Running& running, Lease& lease, Ended& ended);
  Co<bool> send_request(Running& running, Lease& lease);
  Co<bool> send_body(Running& running, Stream& to);
  Co<Ended> relay_body(Running& running, Lease& lease, Side& upstream, const http::ResponseHead& answer,
                       bool keep_alive);
  [[nodiscard]] std::string rewritten_request(const Running& running) const;
  [[nodiscard]] std::string rewritten_answer(const http::ResponseHead& answer, bool rechunk, bool keep_alive) const;
  [[nodiscard]] Duration idle(const Running& running) const { return seconds(running.config->idle_timeout_seconds); }
  [[nodiscard]] Ended lost(const Lease& lease, Cause cause, int status) const {
    return lease.target->gone ? Ended{Cause::deregistered_502, 502, true} : Ended{cause, status, true};
  }

  std::shared_ptr<Shared> shared_;
  Side& client_;
  i32 port_;
  http::RequestHead& head_;
  const std::string& peer_;
  bool body_sent_ = false;
};

std::string lower_host(const http::RequestHead& head) {
  const std::string* host = head.headers.find("host");
  const std::string name = host != nullptr ? to_lower(*host) : std::string();
  return name.substr(0, name.rfind(':'));
}

std::string new_trace_id() {
  thread_local std::uint64_t counter = mix(static_cast<std::uint64_t>(wall_clock().ns));
  const std::uint64_t a = mix(++counter);
  const std::uint64_t b = mix(a ^ 0x9e3779b97f4a7c15U);
  const auto digits = [](std::uint64_t value, int count) {
    constexpr std::string_view alphabet = "0123456789abcdef";
    std::string text;
    for (int shift = 4 * (count - 1); shift >= 0; shift -= 4) text += alphabet[value >> shift & 15];
    return text;
  };
  return cat("1-", digits(static_cast<std::uint64_t>(wall_clock().ns / 1'000'000'000), 8), "-", digits(a, 12),
             digits(b, 12));
}

// facts: a caller's Root stays and gets our Self in front; without one we begin a trace.
std::string trace_header(const std::string* given) {
  if (given == nullptr || given->find("Root=") == std::string::npos) return "Root=" + new_trace_id();
  std::string rest;
  for (const std::string_view piece : split(*given, ';'))
    if (!trim(piece).starts_with("Self=")) rest += cat(";", trim(piece));
  return cat("Self=", new_trace_id(), rest);
}

std::string Exchange::rewritten_request(const Running& running) const {
  std::string text = cat(head_.method, " ", head_.target, " HTTP/1.1\r\n");
  const std::string* forwarded = head_.headers.find("x-forwarded-for");
  const std::string* host = head_.headers.find("host");
  for (const http::Header& header : head_.headers.list) {
    const std::string_view name = header.name;
    const bool ours = equals_ignoring_case(name, "host") || equals_ignoring_case(name, "x-forwarded-for") ||
                      equals_ignoring_case(name, "x-forwarded-proto") ||
                      equals_ignoring_case(name, "x-forwarded-port") || equals_ignoring_case(name, "x-amzn-trace-id") ||
                      equals_ignoring_case(name, "expect");
    if (ours || is_hop_by_hop(name) || head_.headers.has_token("connection", name)) continue;
    text += cat(name, ": ", header.value, "\r\n");
  }
  std::string name = host != nullptr ? *host : running.config->dns_name;
  if (!running.config->preserve_host_header) {
    name = to_lower(name);
    const std::size_t colon = name.rfind(':');
    if (port_ == 80 || port_ == 443)
      name = name.substr(0, colon);
    else if (colon == std::string::npos)
      name += cat(":", port_);
  }
  text += cat("Host: ", name, "\r\nX-Forwarded-For: ", forwarded != nullptr ? *forwarded + ", " : "", peer_,
              "\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Port: ", port_,
              "\r\nX-Amzn-Trace-Id: ", trace_header(head_.headers.find("x-amzn-trace-id")), "\r\n");
  if (head_.framing == http::Framing::chunked) text += "Transfer-Encoding: chunked\r\n";
  return text + "\r\n";
}

std::string Exchange::rewritten_answer(const http::ResponseHead& answer, bool rechunk, bool keep_alive) const {
  std::string text =
      cat("HTTP/1.1 ", answer.status, " ",
          answer.reason.empty() ? std::string(http::reason_phrase(answer.status)) : answer.reason, "\r\n");
  for (const http::Header& header : answer.headers.list)
    if (!is_hop_by_hop(header.name) && !answer.headers.has_token("connection", header.name))
      text += cat(header.name, ": ", header.value, "\r\n");
  if (rechunk) text += "Transfer-Encoding: chunked\r\n";
  text += keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  return text;
}

Co<Ended> Exchange::run(std::shared_ptr<Running> running) {
  const std::string host = lower_host(head_);
  std::vector<http::HeaderView> headers;
  for (const http::Header& header : head_.headers.list) headers.push_back({header.name, header.value});
  const RequestView request{.host = host,
                            .port = port_,
                            .target = head_.target,
                            .method = head_.method,
                            .source_address = peer_,
                            .headers = headers};
  // The configuration may be replaced while this request waits; it goes on by the one it began with.
  const std::shared_ptr<const BalancerConfig> config = running->config;
  const std::shared_ptr<const Routing> routing = running->routing;
  const BalancerRule* rule = routing->choose(request).rule;
  if (rule == nullptr) co_return Ended{Cause::no_target_503, 503, head_.framing == http::Framing::none};
  const BalancerAction& action = rule->action;
  if (action.type != "forward") {
    const bool redirect = action.type == "redirect";
    const bool keep_alive = head_.keep_alive && head_.framing == http::Framing::none;
    const std::string answer =
        action_answer(action.status, redirect ? "text/html" : std::string_view(action.content_type),
                      redirect ? std::string_view() : std::string_view(action.body),
                      redirect ? redirect_location(action, request) : std::string(), keep_alive, head_.method == "HEAD",
                      wall_clock());
    const Trouble sent = co_await client_.stream.write(answer, idle(*running));
    shared_->fates.count(wall_clock().ns / 1'000'000'000, config->name, "", "", Cause::ok);
    co_return Ended{Cause::ok, 0, keep_alive && sent == Trouble::none};
  }
  const auto group = running->groups.find(str(choose_group(action, running->turn++)));
  std::shared_ptr<Target> target =
      group == running->groups.end() ? nullptr : group->second->choose(shared_->loop.now());
  Ended ended;
  if (!target)
    ended = Ended{Cause::no_target_503, 503, head_.framing == http::Framing::none};
  else
    ended = co_await forward(*running, group->second, target);
  if (!body_sent_ && head_.framing != http::Framing::none) ended.keep_alive = false;
  shared_->fates.count(wall_clock().ns / 1'000'000'000, config->name,
                       group == running->groups.end() ? "" : group->first, target ? target->name() : "", ended.cause);
  co_return ended;
}

Co<Ended> Exchange::forward(Running& running, std::shared_ptr<Group> group, std::shared_ptr<Target> target) {
  Lease lease(*shared_, std::move(group), std::move(target));
  Ended ended;
  if (!co_await connect(running, lease, ended)) co_return ended;
  bool sent = co_await send_request(running, lease);
  // A kept connection that the target had ended took no byte of the request: a new one to the same target does.
  if (!sent && !body_sent_) {
    lease.release();
    if (!co_await connect(running, lease, ended)) co_return ended;
    sent = co_await send_request(running, lease);
  }
  if (!sent) co_return lost(lease, Cause::reset_in_flight_502, 502);
  if (head_.framing != http::Framing::none && !co_await send_body(running, *lease.stream)) {
    // The target may have answered early and closed; its answer still counts.
    if (client_.stream.hung_up()) co_return Ended{Cause::client_closed_460, 0, false};
  }
  co_return co_await relay_answer(running, lease);
}

Co<bool> Exchange::connect(Running& running, Lease& lease, Ended& ended) {
  if (auto kept = lease.target->take_kept()) {
    lease.use(std::move(kept));
    co_return true;
  }
  auto connected =
      co_await reactor::connect_tcp(shared_->loop, {.host = lease.target->address, .port = lease.target->port},
                                    connect_patience, shared_->origin_of(running));
  if (connected.stream) {
    lease.use(std::move(connected.stream));
    co_return true;
  }
  ended = connected.trouble == Trouble::timed_out ? lost(lease, Cause::connect_timeout_504, 504)
                                                  : lost(lease, Cause::connect_refused_502, 502);
  co_return false;
}

Co<bool> Exchange::send_request(Running& running, Lease& lease) {
  const std::string text = rewritten_request(running);
  co_return co_await lease.stream->write(text, idle(running)) == Trouble::none;
}

// The body goes on as it is coded; the reader only finds its end.
Co<bool> Exchange::send_body(Running& running, Stream& to) {
  http::BodyReader reader(head_.framing, head_.content_length);
  if (head_.headers.has_token("expect", "100-continue"))
    co_await client_.stream.write("HTTP/1.1 100 Continue\r\n\r\n", idle(running));
  body_sent_ = true;
  while (!reader.done()) {
    if (client_.buffer.empty()) {
      const auto got = co_await client_.more(idle(running));
      if (got.count == 0) {
        body_sent_ = false;
        co_return false;
      }
    }
    std::string_view rest = client_.buffer;
    std::string decoded;
    if (!reader.take(rest, decoded)) {
      body_sent_ = false;
      co_return false;
    }
    const std::size_t used = client_.buffer.size() - rest.size();
    const Trouble sent = co_await to.write(std::string_view(client_.buffer).substr(0, used), idle(running));
    client_.buffer.erase(0, used);
    if (sent != Trouble::none) {
      body_sent_ = reader.done();
      co_return false;
    }
  }
  co_return true;
}

Co<Ended> Exchange::relay_answer(Running& running, Lease& lease) {
  Side upstream{.stream = *lease.stream};
  while (true) {
    std::size_t length = 0;
    while ((length = http::head_length(upstream.buffer)) == 0) {
      if (upstream.buffer.size() > std::size_t{32} * 1024) co_return lost(lease, Cause::malformed_502, 502);
      const auto got = co_await upstream.more(idle(running));
      if (got.trouble == Trouble::timed_out) co_return lost(lease, Cause::timeout_504, 504);
      if (got.count == 0) co_return lost(lease, Cause::reset_in_flight_502, 502);
    }
    http::ResponseHead answer;
    if (http::parse_response_head(std::string_view(upstream.buffer).substr(0, length), head_.method == "HEAD", answer))
      co_return lost(lease, Cause::malformed_502, 502);
    upstream.buffer.erase(0, length);
    if (answer.status < 200 && answer.status != 101) continue;
    if (answer.status == 101) co_return lost(lease, Cause::malformed_502, 502);  // we took the Upgrade header away
    const bool keep_alive = head_.keep_alive && (head_.framing == http::Framing::none || body_sent_);
    co_return co_await relay_body(running, lease, upstream, answer, keep_alive);
  }
}

Co<Ended> Exchange::relay_body(Running& running, Lease& lease, Side& upstream, const http::ResponseHead& answer,
                               bool keep_alive) {
  const Cause cause = answer.status >= 500 ? Cause::target_5xx : answer.status >= 400 ? Cause::target_4xx : Cause::ok;
  const bool old_client = head_.minor_version == 0;
  const bool chunked = answer.framing == http::Framing::chunked;
  // Clients of HTTP/1.0 know no chunks; a body until the target's end is chunked for those of 1.1.
  const bool rechunk = !old_client && (chunked || answer.framing == http::Framing::until_close);
  const bool decode = old_client && chunked;
  if (old_client && (chunked || answer.framing == http::Framing::until_close)) keep_alive = false;
  std::string out = rewritten_answer(answer, rechunk, keep_alive);
  http::BodyReader reader(answer.framing, answer.content_length);
  while (true) {
    std::string_view rest = upstream.buffer;
    std::string decoded;
    const bool sound = reader.take(rest, decoded);
    const std::size_t used = upstream.buffer.size() - rest.size();
    if (answer.framing == http::Framing::until_close && rechunk) {
      if (!decoded.empty()) {
        constexpr std::string_view digits = "0123456789abcdef";
        std::string size;
        for (std::size_t n = decoded.size(); n > 0; n /= 16) size.insert(size.begin(), digits[n % 16]);
        out += cat(size, "\r\n", decoded, "\r\n");
      }
    } else {
      out += decode ? decoded : upstream.buffer.substr(0, used);
    }
    upstream.buffer.erase(0, used);
    if (!out.empty() && co_await client_.stream.write(out, idle(running)) != Trouble::none)
      co_return Ended{Cause::client_closed_460, 0, false};
    out.clear();
    if (!sound) co_return Ended{Cause::malformed_502, 0, false};
    if (reader.done()) break;
    const auto got = co_await upstream.more(idle(running));
    if (got.count > 0) continue;
    if (got.trouble == Trouble::none && reader.may_end()) {
      if (rechunk) co_await client_.stream.write("0\r\n\r\n", idle(running));
      co_return Ended{cause, 0, keep_alive};
    }
    // Half an answer cannot be taken back: the client sees its connection end.
    co_return Ended{lease.target->gone ? Cause::deregistered_502 : Cause::cut_off, 0, false};
  }
  lease.reusable = answer.keep_alive && upstream.buffer.empty();
  co_return Ended{cause, 0, keep_alive};
}

std::shared_ptr<Running> balancer_for(const Shared& shared, i32 port, const std::string& host) {
  std::shared_ptr<Running> only;
  int candidates = 0;
  for (const auto& [arn, running] : shared.balancers) {
    if (std::ranges::find(running->config->listeners, port, &BalancerListener::port) ==
        running->config->listeners.end())
      continue;
    if (host == running->config->dns_name) return running;
    only = running;
    ++candidates;
  }
  return candidates == 1 ? only : nullptr;
}

// Reads one head; the status to refuse with, 0 when there is a request, -1 when the client has gone.
Co<int> read_head(Side& client, http::RequestHead& head, Duration patience) {
  std::size_t length = 0;
  while ((length = http::head_length(client.buffer)) == 0) {
    while (client.buffer.starts_with("\r\n")) client.buffer.erase(0, 2);
    if (client.buffer.size() > std::size_t{64} * 1024) co_return 400;
    const bool began = !client.buffer.empty();
    const auto got = co_await client.more(patience);
    if (got.count > 0) continue;
    co_return began ? (got.trouble == Trouble::timed_out ? 408 : 400) : -1;
  }
  const auto violation = http::parse_request_head(std::string_view(client.buffer).substr(0, length), {}, head);
  client.buffer.erase(0, length);
  if (violation) co_return violation->status == 431 ? 400 : violation->status;
  if (head.method == "TRACE") co_return 405;
  if (const std::string* forwarded = head.headers.find("x-forwarded-for"))
    if (split(*forwarded, ',').size() > forwarded_addresses_max) co_return 463;
  co_return 0;
}

}  // namespace

Co<void> serve_client(std::shared_ptr<Shared> shared, std::unique_ptr<Stream> stream, i32 port,
                      std::shared_ptr<Running> own) {
  shared->clients.insert(stream.get());
  Side client{.stream = *stream};
  const std::string peer = stream->peer();
  const Instant begun = shared->loop.now();
  bool keep_alive = true;
  while (keep_alive && !shared->ending) {
    http::RequestHead head;
    const int refused = co_await read_head(client, head, seconds(60));
    if (refused < 0) break;
    const auto running = own && !own->removed ? own : balancer_for(*shared, port, lower_host(head));
    if (refused > 0) {
      shared->fates.count(wall_clock().ns / 1'000'000'000, running ? running->config->name : "", "", "",
                          Cause::bad_request);
      co_await stream->write(own_answer(refused, false, false, wall_clock()), seconds(60));
      stream->end_writing();
      break;
    }
    Ended ended{Cause::no_target_503, 503, head.framing == http::Framing::none};
    if (running) {
      // ALB closes a client's connection by its age, after an answer.
      if (shared->loop.now() - begun > seconds(running->config->client_keep_alive_seconds)) head.keep_alive = false;
      Exchange exchange(shared, client, port, head, peer);
      ended = co_await exchange.run(running);
    }
    keep_alive = ended.keep_alive && head.keep_alive;
    if (ended.own_status > 0) {
      const std::string answer = own_answer(ended.own_status, keep_alive, head.method == "HEAD", wall_clock());
      if (co_await stream->write(answer, seconds(60)) != Trouble::none) break;
    }
  }
  shared->clients.erase(stream.get());
}

}  // namespace utakata::balancer

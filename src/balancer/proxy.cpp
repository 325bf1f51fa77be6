#include <algorithm>
#include <optional>

#include "balancer/destination.hpp"
#include "balancer/desync.hpp"
#include "balancer/exchange.hpp"
#include "balancer/function_exchange.hpp"
#include "balancer/holding.hpp"
#include "balancer/own_answers.hpp"
#include "balancer/routing.hpp"
#include "balancer/state.hpp"
#include "base/text.hpp"
#include "http/linger.hpp"
#include "http2/server.hpp"
#include "reactor/fair_share.hpp"

namespace utakata::balancer {
namespace {

using reactor::Co;
using reactor::Stream;
using reactor::Trouble;

constexpr Duration unclaimed_idle = seconds(60);  // on a port whose load balancer the Host has not told yet
constexpr std::ptrdiff_t forwarded_addresses_max = 30;
constexpr http::HeadLimits limits;
constexpr std::size_t share_of_a_round = 64;  // requests answered and pieces read

// One client's connection.
struct Client {
  Shared& shared;
  Stream& stream;
  i32 port;
  reactor::Address peer;
  std::shared_ptr<Running> own;  // null on a listener that several load balancers share by Host
  Instant begun;
  str address;  // of the listener
  ClientTls tls = {};
  bool http2 = false;  // the stream carries one request
  std::unique_ptr<Workspace> work = nullptr;

  // The request that is being served.
  std::shared_ptr<Running> running = nullptr;
  std::shared_ptr<const BalancerConfig> config = nullptr;  // replaced meanwhile, it goes on by the one it began with
  std::shared_ptr<const Routing> routing = nullptr;        // of that configuration
  std::string_view zone = {};                              // of the node that it came to, of that configuration
  Incoming request = {};
  TargetParts target = {};
  bool irregular = false;
  reactor::FairShare share = reactor::FairShare(shared.loop, share_of_a_round);

  [[nodiscard]] Duration idle() const { return config ? seconds(config->idle_timeout_seconds) : unclaimed_idle; }
  void count(const std::shared_ptr<FateLine>& line, Cause cause) const {
    shared.fates.count(wall_clock().ns / 1'000'000'000, line, cause);
  }
};

// Several load balancers share a port by Host; one that has it alone gets every request. Null: none is meant.
const std::shared_ptr<Running>* balancer_for(const Shared& shared, Door door, std::string_view host) {
  const auto place = shared.by_door.find(door);
  if (place == shared.by_door.end()) return nullptr;
  if (place->second.size() == 1) return &place->second.front();
  for (const auto& running : place->second)
    if (host == running->config->dns_name) return &running;
  return nullptr;
}

// Usually it is the one of the connection's request before: then no count of references is touched.
void choose_balancer(Client& client, std::string_view host) {
  const bool owned = client.own && !client.own->removed;
  const std::shared_ptr<Running>* running =
      owned ? &client.own : balancer_for(client.shared, {client.port, client.tls.used()}, host);
  if (running == nullptr) {
    client.running = nullptr;
    client.config = nullptr;
    client.routing = nullptr;
    client.zone = {};
    return;
  }
  if (client.running != *running) client.running = *running;
  if (client.config == client.running->config) return;
  client.config = client.running->config;
  client.routing = client.running->routing;
  client.zone = client.running->zone_of_node(client.address);
}

// More of a head that has begun; the status to refuse with when it does not come.
Co<int> read_more(Client& client, Instant deadline) {
  Bytes& bytes = client.work->from_client;
  while (true) {
    const Duration left = deadline - client.shared.loop.now();
    if (left.ns <= 0 || client.shared.ending) co_return 408;
    if (bytes.room().empty() && !bytes.make_room(limits.all)) co_return 400;
    if (!co_await client.stream.readiness().readable(left)) continue;
    const auto got = client.stream.try_read(bytes.room());
    if (!got) continue;
    if (got->count == 0) co_return 400;
    bytes.came(got->count);
    co_return 0;
  }
}

// Waits for the first bytes of a request without holding memory for them.
Co<bool> wait_for_request(Client& client) {
  while (!client.work || client.work->from_client.empty()) {
    if (client.work) client.shared.workspaces.give_back(std::move(client.work));
    if (client.share.used_up(1)) co_await client.shared.loop.next_round();
    if (!co_await client.stream.readiness().readable(client.idle())) co_return false;
    client.work = client.shared.workspaces.take();
    const auto got = client.stream.try_read(client.work->from_client.room());
    if (!got) continue;
    if (got->count == 0) co_return false;
    client.work->from_client.came(got->count);
  }
  co_return true;
}

// The length of the request's head, or -STATUS to refuse with; 0 when the client goes.
Co<int> read_head(Client& client) {
  Instant deadline;
  std::size_t looked_at = 0;
  while (true) {
    if ((!client.work || client.work->from_client.empty()) && !co_await wait_for_request(client)) co_return 0;
    Bytes& bytes = client.work->from_client;
    if (bytes.text().starts_with("\r\n")) {  // RFC 9112 2.2: empty lines before a request
      bytes.drop(2);
      looked_at = 0;
      continue;
    }
    const std::size_t length = http::head_length(bytes.text(), looked_at);
    if (length > 0) co_return static_cast<int>(length);
    if (looked_at == 0) deadline = client.shared.loop.now() + client.idle();
    looked_at = bytes.text().size();
    if (looked_at > limits.line && !bytes.text().substr(0, limits.line).contains('\n')) co_return -414;
    if (looked_at >= limits.all) co_return -400;
    if (const int status = co_await read_more(client, deadline)) co_return -status;
  }
}

bool too_many_forwarded(const http::RequestHeadView& head) {
  std::ptrdiff_t addresses = 0;
  for (std::size_t i = 0; i < head.kinds.size(); ++i)
    if (head.kinds[i] == http::HeaderKind::forwarded_for)
      addresses += 1 + std::ranges::count(head.headers[i].value, ',');
  return addresses > forwarded_addresses_max;
}

bool is_idempotent(std::string_view method) {  // RFC 9110 9.2.2
  return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "PUT" || method == "DELETE";
}

bool wants_websocket(const http::RequestHeadView& head) {
  const std::string_view* protocol = head.find(http::HeaderKind::upgrade);
  return protocol != nullptr && equals_ignoring_case(*protocol, "websocket") && head.connection.upgrade &&
         head.method == "GET" && head.minor_version == 1;
}

// Looks at the head at the front of what has come. The status to refuse with, 0: it is a request to be served.
int look_at_request(Client& client, std::size_t length) {
  http::RequestHeadView& head = client.work->request;
  const std::string_view text = client.work->from_client.text().substr(0, length);
  if (const auto violation = http::view_request_head(text, limits, head)) {
    choose_balancer(client, {});
    return violation->status == 431 ? 400 : violation->status;  // facts: ALB answers 400 to large headers
  }
  client.request.head_method = head.method == "HEAD";
  client.target = {};
  const bool good_target = split_target(head.method, head.target, client.target);
  if (const auto* host = head.find(http::HeaderKind::host); client.target.host.empty() && host != nullptr)
    client.target.host = *host;
  client.work->host.assign(without_port(client.target.host));
  for (char& c : client.work->host)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  choose_balancer(client, client.work->host);

  const Safety safety = classify(head).safety;
  const DesyncVerdict verdict =
      judge(client.config ? client.config->desync_mitigation_mode.name() : "defensive", safety);
  client.irregular = safety != Safety::compliant;
  if (verdict.refuse) return 400;
  if (head.method == "TRACE" || head.method == "CONNECT") return 405;
  const bool no_host = client.target.host.empty() && head.minor_version == 0;
  if (!good_target || (!no_host && !is_host(client.target.host))) return 400;
  if (too_many_forwarded(head)) return 463;
  if (const auto violation = http::body_framing(head, client.request.body)) return violation->status;
  const auto* expect = head.find(http::HeaderKind::expect);
  client.request.old_client = head.minor_version == 0;
  client.request.keep_alive = head.keeps_alive();
  client.request.idempotent = is_idempotent(head.method);
  client.request.websocket = wants_websocket(head) && client.request.body.framing == http::Framing::none;
  client.request.expects_continue =
      expect != nullptr && equals_ignoring_case(*expect, "100-continue") && head.minor_version == 1;
  client.request.close_connections = verdict.close_connections;
  return 0;
}

// The request is answered without its body. True if that has come already, so that the connection is still good.
bool skip_body(Client& client, std::size_t head_length) {
  Bytes& bytes = client.work->from_client;
  bytes.drop(head_length);
  http::BodyReader reader(client.request.body);
  std::string_view rest = bytes.text();
  std::string ignored;
  const std::size_t before = rest.size();
  const bool whole = reader.take(rest, ignored) && reader.done();
  if (whole) bytes.drop(before - rest.size());
  return whole;
}

Co<Ended> answer_ourselves(Client& client, const BalancerAction& action, const RequestView& view, std::size_t length) {
  const bool redirect = action.type == "redirect";
  RequestView asked = view;
  if (asked.host.empty()) asked.host = client.config->dns_name;  // HTTP/1.0 may do without
  const std::string location = redirect ? redirect_location(action, asked) : std::string();
  const bool keep_alive = skip_body(client, length) && client.request.keep_alive && !client.request.close_connections;
  const std::string answer =
      action_answer(action.status, redirect ? "text/html" : std::string_view(action.content_type),
                    redirect ? std::string_view() : std::string_view(action.body), location, keep_alive,
                    client.request.head_method, wall_clock());
  const Trouble sent = co_await client.stream.write(answer, client.idle());
  const Cause cause = sent == Trouble::none ? Cause::ok : Cause::client_closed_460;
  client.count(client.running->fates, cause);
  co_return Ended{cause, 0, keep_alive && sent == Trouble::none};
}

// facts: platform.md A6. The rest of what a client says is for the target to understand.
bool goes_together(bool http2, const http::RequestHeadView& head, std::string_view version) {
  if (version == "GRPC") return http2 && head.method == "POST";
  if (version == "HTTP2") return http2;
  if (!http2) return true;
  return std::ranges::none_of(head.headers, [](const http::HeaderView& header) {
    return equals_ignoring_case(header.name, "content-type") && header.value.starts_with("application/grpc");
  });
}

Co<Ended> serve_request(Client& client, std::size_t length) {
  const http::RequestHeadView& head = client.work->request;
  Running& running = *client.running;
  const RequestView view = [&] {
    RequestView it;
    it.host = client.work->host;
    it.host_header = client.target.host;
    it.port = client.port;
    it.target = client.target.path;
    it.method = head.method;
    it.source_address = client.peer.host;
    it.headers = head.headers;
    if (client.tls.used()) it.protocol = "https";
    return it;
  }();
  const BalancerRule* rule = client.routing->choose(view).rule;
  if (rule != nullptr && rule->action.type != "forward")
    co_return co_await answer_ourselves(client, rule->action, view, length);
  Destination to = rule == nullptr
                       ? Destination()
                       : choose_destination(client.shared, running, rule->action, head.headers, client.zone);
  if (to.group && has_to_wait(*to.group, client.zone) && may_wait(*to.group)) {
    co_await wait_for_target(client.shared, to.group, client.stream, str(client.zone));
    if (client.stream.broken()) {
      client.count(to.group->fates, Cause::client_closed_460);
      co_return Ended{Cause::client_closed_460, 0, false};
    }
    to.target = to.group->choose({.now = client.shared.loop.now(), .zone = client.zone});
  }
  if (!to.target) {
    const Choice choice{.now = client.shared.loop.now(), .zone = client.zone};
    const Cause cause = to.group && all_full(to.group->candidates, to.group->config, choice) ? Cause::target_full_503
                                                                                             : Cause::no_target_503;
    client.count(to.group ? to.group->fates : running.fates, cause);
    co_return Ended{cause, 503, skip_body(client, length)};
  }
  const auto& version = to.group->config.protocol_version;
  if (!goes_together(client.http2, head, version.name())) {
    client.count(to.group->fates, Cause::bad_request);
    co_return Ended{Cause::bad_request, 464, skip_body(client, length)};
  }
  const RequestFacts facts{.config = *client.config,
                           .port = client.port,
                           .peer = client.peer.host,
                           .peer_port = client.peer.port,
                           .host = client.target.host,
                           .target = client.target.path,
                           .body = client.request.body,
                           .websocket = client.request.websocket,
                           .irregular = client.irregular,
                           .trailers = version != "HTTP1",
                           .tls_version = client.tls.version,
                           .tls_cipher = client.tls.cipher};
  write_request_head(head, facts, client.work->out);
  client.request.binding = std::move(to.binding);
  client.work->from_client.drop(length);
  Ended ended;
  if (to.group->config.function) {
    ended = co_await call_function(client.shared, *client.config, client.stream, client.work, client.request, to);
  } else {
    Exchange exchange(client.shared, running, *client.config, client.stream, client.work, client.request, client.zone);
    ended = co_await exchange.forward(to);
  }
  client.count(ended.cause == Cause::exhausted_503 ? to.group->fates : to.target->fates, ended.cause);
  if (to.group->ended(*to.target, ended.cause)) report_anomalies(client.shared, *to.group);
  co_return ended;
}

bool answered(Cause cause) { return cause == Cause::ok || cause == Cause::target_4xx || cause == Cause::target_5xx; }

// What is left to do when a request is not simply answered. False: nothing more can be sent.
Co<bool> finish(Client& client, const Ended& ended, bool keep_alive) {
  if (ended.own_status > 0) {
    const std::string answer = own_answer(ended.own_status, keep_alive, client.request.head_method, wall_clock());
    if (co_await client.stream.write(answer, client.idle()) != Trouble::none) co_return false;
  }
  if (ended.keep_alive || (ended.own_status == 0 && !answered(ended.cause))) co_return keep_alive;
  if (client.work) client.shared.workspaces.give_back(std::move(client.work));
  co_await http::linger(client.stream);
  co_return false;
}

// The request to be served, whose head has so many bytes, or how it has ended already.
std::optional<Ended> ended_at_once(Client& client, int length) {
  client.request = {};
  if (length < 0) choose_balancer(client, {});
  const int refused = length < 0 ? -length : look_at_request(client, static_cast<std::size_t>(length));
  if (refused > 0) {
    client.count(client.running ? client.running->fates : client.shared.unclaimed, Cause::bad_request);
    return Ended{Cause::bad_request, refused, false};
  }
  if (!client.running) {
    client.count(client.shared.unclaimed, Cause::no_target_503);
    return Ended{Cause::no_target_503, 503, skip_body(client, static_cast<std::size_t>(length))};
  }
  // ALB closes a client's connection by its age, after an answer.
  const Duration age = client.shared.loop.now() - client.begun;
  if (age >= seconds(client.config->client_keep_alive_seconds)) client.request.keep_alive = false;
  return {};
}

// Until the client goes, or its one request is answered. True: the last answer is whole.
Co<bool> serve(Client& client) {
  Shared& shared = client.shared;
  choose_balancer(client, {});
  bool whole = true;
  while (!shared.ending) {
    const int length = co_await read_head(client);
    if (length == 0) break;
    std::optional<Ended> ended = ended_at_once(client, length);
    if (!ended) ended = co_await serve_request(client, static_cast<std::size_t>(length));
    const bool keep_alive = ended->keep_alive && client.request.keep_alive && !client.request.close_connections;
    const bool simple = ended->own_status == 0 && keep_alive;
    whole = ended->own_status > 0 || answered(ended->cause);
    if (!simple && !co_await finish(client, *ended, keep_alive)) break;
    if (client.http2) break;
    if (client.share.used_up(1)) co_await shared.loop.next_round();
  }
  if (client.work) shared.workspaces.give_back(std::move(client.work));
  co_return whole;
}

Co<void> serve_http2_stream(std::shared_ptr<Shared> shared, std::unique_ptr<Stream> stream, i32 port,
                            std::shared_ptr<Running> own, str address, ClientTls tls) {
  Client client{.shared = *shared,
                .stream = *stream,
                .port = port,
                .peer = stream->peer(),
                .own = std::move(own),
                .begun = shared->loop.now(),
                .address = std::move(address),
                .tls = tls,
                .http2 = true};
  co_await serve(client);
}

}  // namespace

Co<void> serve_client(std::shared_ptr<Shared> shared, std::unique_ptr<Stream> stream, i32 port,
                      std::shared_ptr<Running> own, str address, ClientTls tls) {
  shared->clients.insert(stream.get());
  Client client{.shared = *shared,
                .stream = *stream,
                .port = port,
                .peer = stream->peer(),
                .own = std::move(own),
                .begun = shared->loop.now(),
                .address = std::move(address),
                .tls = tls};
  const bool whole = co_await serve(client);
  if (tls.used() && whole) stream->end_writing();  // else the client would take its answer for one that was cut off
  shared->clients.erase(stream.get());
}

Co<void> serve_http2_client(std::shared_ptr<Shared> shared, std::unique_ptr<Stream> stream, i32 port,
                            std::shared_ptr<Running> own, str address, ClientTls tls) {
  Stream* const connection = stream.get();
  shared->clients.insert(stream.get());
  const auto running = own ? &own : balancer_for(*shared, {port, tls.used()}, {});
  http2::ServerFacts facts{.ending = [shared] { return shared->ending; }};
  if (running != nullptr) {
    facts.idle = seconds((*running)->config->idle_timeout_seconds);
    facts.age_max = seconds((*running)->config->client_keep_alive_seconds);
  }
  facts.serve = [shared, port, own, address, tls](std::unique_ptr<Stream> each) {
    return serve_http2_stream(shared, std::move(each), port, own, address, tls);
  };
  co_await http2::serve_connection(std::move(stream), std::move(facts));
  shared->clients.erase(connection);
}

}  // namespace utakata::balancer

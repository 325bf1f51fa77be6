#include <algorithm>
#include <optional>

#include "balancer/destination.hpp"
#include "balancer/desync.hpp"
#include "balancer/exchange.hpp"
#include "balancer/function_exchange.hpp"
#include "balancer/holding.hpp"
#include "balancer/lcu.hpp"
#include "balancer/own_answers.hpp"
#include "balancer/request_text.hpp"
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
  Arrival arrival;
  reactor::Address peer;
  Instant begun;
  bool http2 = false;  // the stream carries one request
  std::unique_ptr<Workspace> work = nullptr;

  // The request that is being served.
  std::shared_ptr<Running> running = nullptr;
  std::shared_ptr<const BalancerConfig> config = nullptr;  // replaced meanwhile, it goes on by the one it began with
  std::shared_ptr<const Routing> routing = nullptr;        // of that configuration
  std::string_view zone = {};                              // of the node that it came to, of that configuration
  Incoming request = {};
  TargetParts target = {};
  Classification classified = {};
  Record record = {};
  std::shared_ptr<Group> group = nullptr;        // null: it is answered without one
  std::unique_ptr<RequestText> text = nullptr;   // null: the load balancer has no access log
  std::string connection_id = {};                // of the access log
  OpenConnection connection = OpenConnection();  // with the load balancer of the last request
  reactor::FairShare share = reactor::FairShare(shared.loop, share_of_a_round);

  [[nodiscard]] Duration idle() const { return config ? seconds(config->idle_timeout_seconds) : unclaimed_idle; }
  void count(const std::shared_ptr<FateLine>& line, Cause cause) const {
    shared.fates.count(wall_clock().ns / 1'000'000'000, line, cause);
  }
};

RequestView view_of(const Client& client) {
  RequestView view;
  view.host = client.work->host;
  view.host_header = client.target.host;
  view.port = client.arrival.port;
  view.target = client.target.path;
  view.method = client.work->request.method;
  view.source_address = client.peer.host;
  view.headers = client.work->request.headers;
  if (client.arrival.tls.used()) view.protocol = "https";
  return view;
}

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
  const bool owned = client.arrival.own && !client.arrival.own->removed;
  const std::shared_ptr<Running>* running =
      owned
          ? &client.arrival.own
          : balancer_for(client.shared, {client.arrival.port, client.arrival.tls.used() || client.arrival.plain}, host);
  if (running == nullptr) {
    client.running = nullptr;
    client.config = nullptr;
    client.routing = nullptr;
    client.zone = {};
    return;
  }
  if (client.running != *running) {
    client.running = *running;
    if (!client.http2) client.connection = OpenConnection(client.running->meter);
  }
  if (client.config == client.running->config) return;
  client.config = client.running->config;
  client.routing = client.running->routing;
  client.zone = client.running->zone_of_node(client.arrival.address);
}

// To be called with the request's head still there; `whole` says whether it could be read.
void describe(Client& client, bool whole) {
  if (!client.running || !client.running->log) return;
  const str& name = client.config->dns_name;
  if (!client.text) client.text = std::make_unique<RequestText>();
  *client.text = whole ? text_of(client.work->request, view_of(client), name, client.classified)
                       : text_of_nothing(name, client.arrival.port);
  if (client.arrival.tls.used()) note_tls(*client.text, client.arrival.tls, client.http2, *client.config);
}

// The request has ended, and its answer has been sent.
void note_end(Client& client, const Ended& ended) {
  if (!client.running) return;
  Record& record = client.record;
  record.zone = client.zone;
  record.ended = wall_clock();
  if (ended.own_status > 0) record.status = ended.own_status;
  if (record.status == 0 && ended.cause == Cause::client_closed_460) record.status = 460;
  count_request(*client.running->meter, client.group ? client.group->meter.get() : nullptr, record, ended.cause);
  client.group = nullptr;
  AccessLog* log = client.running->log.get();
  if (log == nullptr || !client.text) return;
  if (record.status == 101) client.text->type = client.arrival.tls.used() ? "wss" : "ws";
  client.text->error_reason = function_error(ended.cause);
  if (client.connection_id.empty()) client.connection_id = new_connection_id();
  log->add({.load_balancer = client.config->name,
            .client = client.peer,
            .connection_id = client.connection_id,
            .request = *client.text,
            .record = record,
            .cause = ended.cause});
  client.text = nullptr;
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

  client.classified = classify(head);
  const DesyncVerdict verdict =
      judge(client.config ? client.config->desync_mitigation_mode.name() : "defensive", client.classified.safety);
  describe(client, true);
  if (client.running && client.classified.safety != Safety::compliant)
    client.running->meter->add_in(client.zone, Measure::noncompliant);
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
  client.running->meter->add_in(client.zone, redirect ? Measure::redirects : Measure::fixed_responses);
  if (redirect && location.empty()) client.running->meter->add_in(client.zone, Measure::redirects_too_long);
  if (client.text) {
    client.text->trace_id = trace_id(client.work->request);
    client.text->redirect_url = location;
  }
  const bool keep_alive = skip_body(client, length) && client.request.keep_alive && !client.request.close_connections;
  const bool head_only = client.request.head_method;
  const std::string answer =
      redirect ? redirect_answer(action.status, location, keep_alive, head_only, wall_clock())
               : fixed_answer(action.status, action.content_type, action.body, keep_alive, head_only, wall_clock());
  const Trouble sent = co_await client.stream.write(answer, client.idle());
  const Cause cause = sent == Trouble::none ? Cause::ok : Cause::client_closed_460;
  client.count(client.running->fates, cause);
  if (sent == Trouble::none) {
    client.record.status = action.status;
    client.record.sent_bytes += static_cast<i64>(answer.size());
  }
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

void count_evaluations(Meter& meter, const Chosen& chosen) {
  if (chosen.evaluated == 0) return;
  meter.add(Measure::rule_evaluations, chosen.evaluated);
  meter.add(Measure::billed_evaluations, std::max(0, chosen.evaluated - free_rules));
}

// Of the head that goes to the target.
std::string_view sent_trace_id(std::string_view head) {
  constexpr std::string_view name = "\r\nX-Amzn-Trace-Id: ";
  const std::size_t at = head.rfind(name);
  if (at == std::string_view::npos) return {};
  head.remove_prefix(at + name.size());
  return head.substr(0, head.find('\r'));
}

RequestFacts request_facts(const Client& client, bool trailers) {
  return {.config = *client.config,
          .port = client.arrival.port,
          .peer = client.peer.host,
          .peer_port = client.peer.port,
          .host = client.target.host,
          .target = client.target.path,
          .body = client.request.body,
          .websocket = client.request.websocket,
          .irregular = client.classified.safety != Safety::compliant,
          .trailers = trailers,
          .tls_version = client.arrival.tls.version,
          .tls_cipher = client.arrival.tls.cipher};
}

// Whether the client's connection is good for another request.
bool stays_open(const Client& client, const Ended& ended) {
  return ended.keep_alive && client.request.keep_alive && !client.request.close_connections;
}

// The answer of our own that a request ends with. False: its client has left.
Co<bool> send_own_answer(Client& client, const Ended& ended) {
  const bool head_only = client.request.head_method;
  const std::string answer = client.arrival.plain && ended.own_status == 400
                                 ? plain_http_answer(head_only, wall_clock())
                                 : own_answer(ended.own_status, stays_open(client, ended), head_only, wall_clock());
  const bool ended_before = client.stream.hung_up();
  const Trouble trouble = co_await client.stream.write(answer, client.idle());
  if (trouble != Trouble::none || (ended_before && co_await has_left(client.stream))) co_return false;
  client.record.sent_bytes += static_cast<i64>(answer.size());
  co_return true;
}

Co<Ended> serve_request(Client& client, std::size_t length) {
  const http::RequestHeadView& head = client.work->request;
  Running& running = *client.running;
  const RequestView view = view_of(client);
  const Chosen chosen = client.routing->choose(view);
  const BalancerRule* rule = chosen.rule;
  count_evaluations(*running.meter, chosen);
  if (client.text && rule != nullptr) note_rule(*client.text, *rule);
  if (rule != nullptr && rule->action.type != "forward")
    co_return co_await answer_ourselves(client, rule->action, view, length);
  Destination to = rule == nullptr
                       ? Destination()
                       : choose_destination(client.shared, running, rule->action, head.headers, client.zone);
  client.group = to.group;
  if (client.text && to.group) note_group(*client.text, to.group->config);
  if (to.group && has_to_wait(*to.group, client.zone) && may_wait(*to.group)) {
    if (!co_await wait_for_target(client.shared, to.group, client.stream, str(client.zone))) {
      client.record.waited_in_vain = true;
      if (client.text) client.text->trace_id = trace_id(head);
      client.count(client.group->fates, Cause::client_closed_460);
      co_return Ended{Cause::client_closed_460, 0, false};
    }
    to.target = to.group->choose({.now = client.shared.loop.now(), .zone = client.zone});
  }
  if (!to.target) {
    if (client.text) client.text->trace_id = trace_id(head);
    const Choice choice{.now = client.shared.loop.now(), .zone = client.zone};
    const Cause cause = to.group && all_full(to.group->candidates, to.group->config, choice) ? Cause::target_full_503
                                                                                             : Cause::no_target_503;
    client.count(to.group ? to.group->fates : running.fates, cause);
    co_return Ended{cause, 503, skip_body(client, length)};
  }
  client.record.of_function = to.group->config.function;
  client.record.failed_open = !to.group->config.function && to.group->fails_open(client.zone);
  if (to.newly_bound) running.meter->add_in(client.zone, Measure::unbound_requests);
  const auto& version = to.group->config.protocol_version;
  if (!goes_together(client.http2, head, version.name())) {
    if (client.text) client.text->trace_id = trace_id(head);
    client.count(to.group->fates, Cause::bad_request);
    co_return Ended{Cause::bad_request, 464, skip_body(client, length)};
  }
  if (version == "GRPC")
    for (Meter* const meter : {running.meter.get(), to.group->meter.get()})
      meter->add_in(client.zone, Measure::grpc_requests);
  write_request_head(head, request_facts(client, version != "HTTP1"), client.work->out);
  if (client.text) client.text->trace_id = sent_trace_id(client.work->out);
  client.request.binding = std::move(to.binding);
  client.work->from_client.drop(length);
  Ended ended;
  if (to.group->config.function) {
    ended = co_await call_function(client.shared, *client.config, client.stream, client.work, client.request, to,
                                   client.record);
  } else {
    Exchange exchange(client.shared, running, *client.config, client.stream, client.work, client.request, client.record,
                      client.zone);
    ended = co_await exchange.forward(to);
  }
  // Where it was tried again, the last target is the one that counts.
  if (client.text && !to.group->config.function) client.text->target_address = to.target->name;
  if (to.group->ended(*to.target, ended.cause)) report_anomalies(client.shared, *to.group);
  const bool of_group = ended.cause == Cause::exhausted_503;
  // Who leaves in the midst of a request is 400 all the same.
  if (ended.own_status >= 500 && client.stream.hung_up()) {
    ended.sent = co_await send_own_answer(client, ended);
    if (!ended.sent) ended = {Cause::client_closed_460, 0, false};
  }
  client.count(of_group ? to.group->fates : to.target->fates, ended.cause);
  co_return ended;
}

bool answered(Cause cause) { return cause == Cause::ok || cause == Cause::target_4xx || cause == Cause::target_5xx; }

// What is left to do when a request is not simply answered. False: nothing more can be sent.
Co<bool> finish(Client& client, const Ended& ended) {
  const bool heard = ended.own_status == 0 || ended.sent || co_await send_own_answer(client, ended);
  note_end(client, ended);
  if (!heard) co_return false;
  const bool keep_alive = stays_open(client, ended);
  if (ended.keep_alive || (ended.own_status == 0 && !answered(ended.cause))) co_return keep_alive;
  if (client.work) client.shared.workspaces.give_back(std::move(client.work));
  co_await http::linger(client.stream);
  co_return false;
}

// The request to be served, whose head has so many bytes, or how it has ended already.
std::optional<Ended> ended_at_once(Client& client, int length) {
  client.request = {};
  client.record = {.received = wall_clock(),
                   .received_bytes = length > 0 ? length : static_cast<i64>(client.work->from_client.text().size())};
  client.text = nullptr;
  client.classified = {};
  if (length < 0) choose_balancer(client, {});
  int refused = length < 0 ? -length : look_at_request(client, static_cast<std::size_t>(length));
  if (client.arrival.plain && length > 0) {
    refused = 400;
    client.text = nullptr;  // AWS's logs have no request of it
  }
  if (refused > 0) {
    if (!client.text) describe(client, false);
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
    const bool simple = ended->own_status == 0 && stays_open(client, *ended);
    whole = ended->own_status > 0 || answered(ended->cause);
    if (simple) note_end(client, *ended);
    if (!simple && !co_await finish(client, *ended)) break;
    if (client.http2) break;
    if (client.share.used_up(1)) co_await shared.loop.next_round();
  }
  if (client.work) shared.workspaces.give_back(std::move(client.work));
  co_return whole;
}

Co<void> serve_http2_stream(std::shared_ptr<Shared> shared, std::unique_ptr<Stream> stream, Arrival arrival,
                            std::string connection_id) {
  Client client{.shared = *shared,
                .stream = *stream,
                .arrival = std::move(arrival),
                .peer = stream->peer(),
                .begun = shared->loop.now(),
                .http2 = true,
                .connection_id = std::move(connection_id)};
  co_await serve(client);
}

}  // namespace

Co<void> serve_client(std::shared_ptr<Shared> shared, std::unique_ptr<Stream> stream, Arrival arrival) {
  shared->clients.insert(stream.get());
  Client client{.shared = *shared,
                .stream = *stream,
                .arrival = std::move(arrival),
                .peer = stream->peer(),
                .begun = shared->loop.now()};
  const bool whole = co_await serve(client);
  if (client.arrival.tls.used() && whole)
    stream->end_writing();  // else the client would take its answer for one that was cut off
  shared->clients.erase(stream.get());
}

Co<void> serve_http2_client(std::shared_ptr<Shared> shared, std::unique_ptr<Stream> stream, Arrival arrival) {
  Stream* const connection = stream.get();
  shared->clients.insert(stream.get());
  const auto* running = arrival.own ? &arrival.own : balancer_for(*shared, {arrival.port, arrival.tls.used()}, {});
  http2::ServerFacts facts{.ending = [shared] { return shared->ending; }};
  if (running != nullptr) {
    facts.idle = seconds((*running)->config->idle_timeout_seconds);
    facts.age_max = seconds((*running)->config->client_keep_alive_seconds);
  }
  // Its requests are one connection's, in the counts and in the access log.
  const OpenConnection counted = running == nullptr ? OpenConnection() : OpenConnection((*running)->meter);
  const std::string id = running != nullptr && (*running)->log ? new_connection_id() : std::string();
  facts.serve = [shared, arrival, id](std::unique_ptr<Stream> each) {
    return serve_http2_stream(shared, std::move(each), arrival, id);
  };
  co_await http2::serve_connection(std::move(stream), std::move(facts));
  shared->clients.erase(connection);
}

}  // namespace utakata::balancer

#include "balancer/state.hpp"

#include <algorithm>
#include <optional>

#include "balancer/flow.hpp"
#include "balancer/function_exchange.hpp"
#include "balancer/http2_check.hpp"
#include "balancer/proxy_protocol.hpp"
#include "balancer/secure.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "http/client.hpp"

namespace utakata::balancer {
namespace {

constexpr std::size_t kept_connections_max = 256;
constexpr std::size_t checked_body_max = std::size_t{1024} * 1024;  // a health check reads on no longer

// Whether the checks of a function have been switched on is looked at so often.
constexpr Duration switched_on_after = seconds(5);

// A window ends after so many requests a target, not after a time: one with the smallest share still gets enough of
// them to be judged, however seldom requests come.
constexpr std::uint64_t window_requests_of_target = 200;

// Whether the target has failed; nothing where the request says nothing about it.
std::optional<bool> failed(Cause cause) {
  switch (cause) {
    case Cause::ok:
    case Cause::target_4xx:
    case Cause::upgraded:
      return false;
    case Cause::target_5xx:
    case Cause::connect_refused_502:
    case Cause::connect_timeout_504:
    case Cause::reset_in_flight_502:
    case Cause::malformed_502:
    case Cause::cut_off:
    case Cause::timeout_504:
    case Cause::tls_failed_502:
    case Cause::lambda_missing_502:
    case Cause::lambda_failed_502:
    case Cause::lambda_invalid_answer_502:
    case Cause::lambda_answer_too_large_502:
    case Cause::lambda_timeout_504:
      return true;
    case Cause::bad_request:
    case Cause::client_closed_460:
    case Cause::no_target_503:
    case Cause::exhausted_503:
    case Cause::deregistered_502:
    case Cause::client_tls_error:
    case Cause::flow_ended:
    case Cause::flow_client_reset:
    case Cause::flow_target_reset:
    case Cause::flow_idle:
    case Cause::flow_refused:
    case Cause::flow_connect_timeout:
    case Cause::flow_tls_failed:
    case Cause::flow_no_target:
    case Cause::flow_exhausted:
    case Cause::flow_unhealthy:
    case Cause::flow_deregistered:
    case Cause::retried:
    case Cause::retry_refused:
    case Cause::target_full_503:
    case Cause::lambda_request_too_large_413:
      break;
  }
  return {};
}

CheckResult result_of(const http::Exchange& exchange) {
  switch (exchange.ending) {
    case http::Ending::answered:
      return {CheckResult::Kind::answered, exchange.status};
    case http::Ending::timed_out:
    case http::Ending::connect_timed_out:
      return {CheckResult::Kind::timed_out, 0};
    default:
      return {CheckResult::Kind::failed, 0};
  }
}

CheckResult unconnected(reactor::Trouble trouble) {
  return {trouble == reactor::Trouble::timed_out ? CheckResult::Kind::timed_out : CheckResult::Kind::failed, 0};
}

// What a check's connection begins with: the PROXY protocol's header where targets wait for one, then TLS.
reactor::Co<std::unique_ptr<reactor::Stream>> begin_check(Shared& shared, std::unique_ptr<reactor::TcpStream> tcp,
                                                          Duration patience, bool proxy_protocol, bool secure) {
  const Instant deadline = shared.loop.now() + patience;
  if (proxy_protocol && co_await tcp->write(own_proxy_header(), patience) != reactor::Trouble::none) co_return nullptr;
  if (!secure) co_return tcp;
  co_return co_await secure_to_target(shared, std::move(tcp), deadline - shared.loop.now());
}

reactor::Co<CheckResult> check_once(Shared& shared, const BalancerTargetGroup& group, str address, i32 port,
                                    reactor::Origin origin) {
  const HealthCheckRule& rule = group.health_check;
  const Duration patience = seconds(rule.timeout_seconds);
  const bool proxy_protocol = group.flows.proxy_protocol;
  http::Layer layer;
  if (proxy_protocol || rule.protocol == "HTTPS")
    layer = [&shared, proxy_protocol, secure = rule.protocol == "HTTPS"](std::unique_ptr<reactor::TcpStream> tcp,
                                                                         Duration left) {
      return begin_check(shared, std::move(tcp), left, proxy_protocol, secure);
    };
  if (rule.protocol == "TCP") {
    auto connected = co_await reactor::connect_tcp(shared.loop, {.host = address, .port = port}, patience, origin);
    if (!connected.stream) co_return unconnected(connected.trouble);
    if (proxy_protocol) co_await begin_check(shared, std::move(connected.stream), patience, true, false);
    co_return CheckResult{CheckResult::Kind::connected, 0};
  }
  if (group.protocol_version != "HTTP1") {
    const Instant deadline = shared.loop.now() + patience;
    auto connected = co_await reactor::connect_tcp(shared.loop, {.host = address, .port = port}, patience, origin);
    if (!connected.stream) co_return unconnected(connected.trouble);
    std::unique_ptr<reactor::Stream> stream;
    if (rule.protocol == "HTTPS")
      stream = co_await secure_to_target(shared, std::move(connected.stream), deadline - shared.loop.now(), true);
    else
      stream = std::move(connected.stream);
    if (!stream) co_return CheckResult{CheckResult::Kind::failed, 0};
    Http2Question question{
        .authority = cat(address, ":", port), .path = rule.path, .grpc = group.protocol_version == "GRPC"};
    co_return co_await check_http2(std::move(stream), std::move(question),
                                   {.ending = [&shared] { return shared.ending; }, .secure = rule.protocol == "HTTPS"},
                                   deadline - shared.loop.now());
  }
  http::Client client(shared.loop, {.host = address, .port = port}, cat(address, ":", port),
                      {.connect = patience,
                       .body = checked_body_max,
                       .keep_body = false,
                       .reuse = false,
                       .origin = origin,
                       .layer = std::move(layer)});
  const http::Exchange exchange = co_await client.send({.method = "GET",
                                                        .target = rule.path,
                                                        .headers = {{"User-Agent", "ELB-HealthChecker/2.0"},
                                                                    {"Accept-Encoding", "gzip, compressed"},
                                                                    {"Connection", "close"}},
                                                        .body = {}},
                                                       patience);
  co_return result_of(exchange);
}

void take_health(const Group& group, Target& target, Instant now) {
  Candidate& candidate = target.candidate;
  if (candidate.healthy == target.health.healthy()) return;
  candidate.slow_start_began = begins_slowly(group.candidates, group.config, now) ? now : Instant();
  candidate.healthy = target.health.healthy();
  if (candidate.healthy) group.wake();
}

// While a group of a network load balancer says so, a target is `unhealthy.draining` before it is `unhealthy`.
void report_health(Shared& shared, const Group& group, const std::shared_ptr<Target>& target) {
  TargetHealthReport report = target->health.report(group.config.arn, target->address, target->port);
  const bool unhealthy = report.state == "unhealthy";
  if (unhealthy && target->began_unhealthy && group.config.flows.unhealthy_draining_seconds > 0) {
    report.state = "unhealthy.draining";
    const int registration = target->registrations;
    shared.loop.after(seconds(group.config.flows.unhealthy_draining_seconds),
                      [&shared, target, registration, said = report] {
                        const bool over = target->gone || target->draining || target->registrations != registration;
                        if (over || shared.ending || target->health.healthy()) return;
                        TargetHealthReport later = said;
                        later.state = "unhealthy";
                        shared.sink(later);
                      });
  }
  target->began_unhealthy = !unhealthy;
  shared.sink(report);
  if (!unhealthy || !group.config.flows.end_when_unhealthy) return;
  // While all targets get flows, those of the unhealthy ones go on.
  if (!health_of(group.candidates, group.config, target->zone).fails_open(group.config))
    end_flows(target->flows, Cause::flow_unhealthy);
}

// For as long as the target is registered; the rule is read anew before each check.
reactor::Co<void> check_health(Shared& shared, std::shared_ptr<Running> running, str group_arn,
                               std::shared_ptr<Target> target) {
  const int registration = target->registrations;
  const auto over = [&] { return target->gone || target->draining || target->registrations != registration; };
  shared.sink(target->health.report(group_arn, target->address, target->port));
  while (!over() && !shared.ending) {
    const auto group = running->groups.find(group_arn);
    if (group == running->groups.end()) co_return;
    const std::shared_ptr<Group> kept = group->second;
    const HealthCheckRule rule = kept->config.health_check;
    if (!rule.enabled) {  // only a function's need not be
      target->candidate.healthy = true;
      kept->wake();
      co_await shared.loop.sleep(switched_on_after);
      continue;
    }
    const Instant begun = shared.loop.now();
    const BalancerTargetGroup config = kept->config;
    const CheckResult result = config.function
                                   ? co_await check_function(shared, config, target->address)
                                   : co_await check_once(shared, config, target->address,
                                                         rule.port.value_or(target->port), shared.origin_of(*running));
    if (over()) co_return;
    target->drop_kept_before(begun - seconds(running->config->idle_timeout_seconds));
    if (target->health.take(rule, result, shared.loop.now() - begun)) {
      take_health(*kept, *target, shared.loop.now());
      kept->measure_targets();
      report_health(shared, *kept, target);
    }
    const Duration left = begun + seconds(target->health.interval_seconds(rule)) - shared.loop.now();
    if (left.ns > 0) co_await shared.loop.sleep(left);
  }
}

void begin(Shared& shared, const std::shared_ptr<Running>& running, Group& group, const BalancerTarget& wanted) {
  auto target = std::make_shared<Target>();
  target->group_arn = group.config.arn;
  target->address = wanted.address;
  target->port = wanted.port;
  target->name = group.config.function ? wanted.address : cat(wanted.address, ":", wanted.port);
  target->zone = wanted.zone;
  target->draining = wanted.draining;
  target->tls = group.config.tls;
  target->http2 = group.config.protocol_version != "HTTP1";
  target->fates = std::make_shared<FateLine>(running->config->name, group.config.arn, target->name);
  group.targets.push_back(target);
  if (!wanted.draining) reactor::start(check_health(shared, running, group.config.arn, target));
}

// A target that drained is registered again: new to health and selection. What is in flight on it stays its own.
void begin_again(Shared& shared, const std::shared_ptr<Running>& running, const Group& group,
                 const std::shared_ptr<Target>& target) {
  ++target->registrations;
  target->idle_reported = false;
  target->health = {};
  target->candidate.healthy = false;
  target->candidate.slow_start_began = {};
  reactor::start(check_health(shared, running, group.config.arn, target));
}

}  // namespace

std::unique_ptr<reactor::Stream> Target::take_kept() {
  while (!kept_.empty()) {
    auto stream = std::move(kept_.back().stream);
    kept_.pop_back();
    reactor::Readiness& readiness = stream->readiness();
    readiness.on_hang_up = nullptr;
    // What came although nothing was asked would be taken for the answer to the next request.
    if (!readiness.hung_up() && !readiness.has_unread()) return stream;
  }
  return nullptr;
}

std::string_view Running::zone_of_node(std::string_view address) {
  const list<str>& zones = config->zones;
  if (zones.empty()) return {};
  for (std::size_t i = 0; i < zones.size() && i < config->addresses.size(); ++i)
    if (config->addresses[i] == address) return zones[i];
  for (std::size_t i = 0; i < zones.size() && i < config->public_addresses.size(); ++i)
    if (config->public_addresses[i] == address) return zones[i];
  // DNS does not name the nodes of a zone that has failed. At least one zone has not (BalancerConfig).
  for (std::size_t i = 0; i < zones.size(); ++i) {
    const str& zone = zones[connections++ % zones.size()];
    if (std::ranges::find(config->failed_zones, zone) == config->failed_zones.end()) return zone;
  }
  return zones.front();
}

std::shared_ptr<Target> Group::choose(Choice choice) {
  choice.dice = mix(++turn);
  const auto place = choose_target(candidates, config, choice);
  return place ? targets[*place] : nullptr;
}

std::shared_ptr<Target> Group::bound(std::string_view name, const Choice& choice) {
  const auto target = std::ranges::find_if(targets, [&](const auto& each) { return each->name == name; });
  const auto place = static_cast<std::size_t>(target - targets.begin());
  return may_stay(candidates, place, config, choice) ? *target : nullptr;
}

bool Group::fails_open(std::string_view zone) const {
  const bool all_healthy = meter->healthy_targets.get() == static_cast<i64>(targets.size());
  return !all_healthy && health_of(candidates, config, zone).fails_open(config);
}

bool Group::ended(Target& target, Cause cause) {
  const std::optional<bool> bad = failed(cause);
  if (!bad) return false;
  ++target.candidate.requests;
  target.candidate.failures += *bad ? 1 : 0;
  if (++requests_in_window_ < window_requests_of_target * candidates.size()) return false;
  judge_anomalies(candidates);
  requests_in_window_ = 0;
  return true;
}

void Group::targets_changed() {
  candidates.clear();
  for (const auto& target : targets) {
    target->candidate.draining = target->draining;
    target->candidate.zone = target->zone;
    target->candidate.key = hash64(target->name);
    candidates.push_back(&target->candidate);
  }
  measure_targets();
}

void Group::measure_targets() {
  TargetCounts all;
  std::map<std::string_view, TargetCounts> by_zone;
  std::size_t connections = 0;
  for (const auto& target : targets) {
    connections += target->connections();
    if (target->draining || target->health.initial()) continue;
    for (TargetCounts* const counts : {&all, &by_zone[target->zone]})
      ++(target->health.healthy() ? counts->healthy : counts->unhealthy);
  }
  meter->set_targets(all, by_zone);
  meter->open_target_connections.set(static_cast<i64>(connections));
}

void Group::wake() const {
  for (reactor::Event* each : waiting) each->tell();
}

void Target::begin(Busy& busy_one) {
  busy_one.place = busy.size();
  busy.push_back(&busy_one);
}

void Target::end(Busy& busy_one) {
  busy.back()->place = busy_one.place;
  busy[busy_one.place] = busy.back();
  busy.pop_back();
}

void Target::keep(std::unique_ptr<reactor::Stream> stream) {
  if (kept_.size() == kept_connections_max) return;
  stream->readiness().on_hang_up = [this, ended = stream.get()] {
    std::erase_if(kept_, [&](const Kept& each) { return each.stream.get() == ended; });
  };
  const Instant now = stream->loop().now();
  kept_.push_back({std::move(stream), now});
}

void Target::drop_kept_before(Instant when) {
  std::erase_if(kept_, [&](const Kept& each) { return each.since < when; });
}

void Shared::configured() {
  by_door.clear();
  for (const auto& [arn, running] : balancers) {
    if (running->config->network) continue;
    for (const BalancerListener& listener : running->config->listeners)
      by_door[{listener.port, listener.protocol == "HTTPS"}].push_back(running);
  }
}

int Shared::namespace_of(const Running& running) const {
  return network != nullptr && !running.config->vpc_id.empty() ? network->namespace_of(running.config->vpc_id) : -1;
}

reactor::Origin Shared::origin_of(const Running& running) const {
  const int namespace_fd = namespace_of(running);
  if (namespace_fd < 0 || running.config->addresses.empty()) return {.namespace_fd = namespace_fd};
  return {.namespace_fd = namespace_fd, .address = running.config->addresses.front()};
}

void report_if_idle(Shared& shared, Target& target) {
  if (!target.draining || target.gone || target.candidate.in_flight > 0 || target.idle_reported) return;
  target.idle_reported = true;
  shared.sink(TargetIdleReport{.target_group_arn = target.group_arn, .address = target.address, .port = target.port});
}

void report_anomalies(Shared& shared, Group& group) {
  const bool mitigates = group.config.anomaly_mitigation && group.config.algorithm == "weighted_random";
  for (const auto& target : group.targets) {
    const bool anomalous = target->candidate.anomalous;
    const bool mitigated = mitigates && target->candidate.anomaly_share < full_share;
    if (anomalous == target->anomaly_reported && mitigated == target->mitigation_reported) continue;
    target->anomaly_reported = anomalous;
    target->mitigation_reported = mitigated;
    shared.sink(TargetAnomalyReport{.target_group_arn = target->group_arn,
                                    .address = target->address,
                                    .port = target->port,
                                    .anomalous = anomalous,
                                    .mitigated = mitigated});
  }
}

std::shared_ptr<Group> new_group(Shared& shared, const Running& running, const str& arn) {
  auto group = std::make_shared<Group>();
  group->meter = shared.meters.add(running.config->arn, running.config->name, arn);
  group->fates = std::make_shared<FateLine>(running.config->name, arn, "");
  return group;
}

void update_group(Shared& shared, const std::shared_ptr<Running>& running, Group& group,
                  const BalancerTargetGroup& wanted) {
  if (group.config.tls != wanted.tls)
    for (const auto& target : group.targets) {
      target->tls = wanted.tls;
      target->drop_kept();
    }
  group.config = wanted;
  std::erase_if(group.targets, [&](const std::shared_ptr<Target>& target) {
    const bool stays = std::ranges::any_of(wanted.targets, [&](const BalancerTarget& w) {
      return w.address == target->address && w.port == target->port;
    });
    if (stays) return false;
    target->gone = true;
    target->drop_kept();
    for (const Busy* busy : target->busy) busy->stream->shut_down();
    // Flows go on to a target that is no more registered, as on AWS, unless they are to end with its delay.
    if (running->removed || wanted.flows.end_when_deregistered) end_flows(target->flows, Cause::flow_deregistered);
    return true;
  });
  for (const BalancerTarget& each : wanted.targets) {
    const auto known = std::ranges::find_if(
        group.targets, [&](const auto& t) { return t->address == each.address && t->port == each.port; });
    if (known == group.targets.end()) {
      begin(shared, running, group, each);
      continue;
    }
    const std::shared_ptr<Target>& target = *known;
    const bool again = target->draining && !each.draining;
    target->zone = each.zone;
    target->draining = each.draining;
    if (again) begin_again(shared, running, group, target);
    if (target->draining) target->drop_kept();
  }
  group.targets_changed();
  for (const auto& target : group.targets) report_if_idle(shared, *target);
  group.wake();
}

}  // namespace utakata::balancer

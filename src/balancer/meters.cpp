#include "balancer/meters.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>

#include "balancer/lcu.hpp"
#include "base/text.hpp"

namespace utakata::balancer {
namespace {

// When a count is told: those of zero that AWS leaves out are told only when there was something.
enum class Told : std::uint8_t { always, when_any, never };
struct Telling {
  std::string_view name;
  Told of_balancer = Told::never, of_group = Told::never;
  Told of_flows = Told::never, of_flow_group = Told::never;  // the same of network load balancers
  bool by_ones = false;  // minimum, maximum and average are 1: each request is a sample
  bool whole = false;    // its zeros are not told of an application load balancer's zones, which do not have it
};
constexpr std::array<Telling, measure_count> tellings{{
    {"RequestCount", Told::always, Told::always},
    {.name = "NewConnectionCount", .of_balancer = Told::always, .whole = true},
    {"RejectedConnectionCount", Told::when_any},
    {.name = "ProcessedBytes", .of_balancer = Told::always, .of_flows = Told::always, .whole = true},
    {.name = "RuleEvaluations", .of_balancer = Told::when_any},
    {"HTTP_Fixed_Response_Count", Told::when_any},
    {"HTTP_Redirect_Count", Told::when_any},
    {"HTTPCode_ELB_3XX_Count", Told::when_any},
    {.name = "HTTPCode_ELB_4XX_Count", .of_balancer = Told::when_any, .by_ones = true},
    {.name = "HTTPCode_ELB_5XX_Count", .of_balancer = Told::when_any, .by_ones = true},
    {"HTTPCode_ELB_500_Count", Told::when_any},
    {"HTTPCode_ELB_502_Count", Told::when_any},
    {"HTTPCode_ELB_503_Count", Told::when_any},
    {"HTTPCode_ELB_504_Count", Told::when_any},
    {"DesyncMitigationMode_NonCompliant_Request_Count", Told::when_any},
    {.name = "HTTPCode_Target_2XX_Count", .of_balancer = Told::when_any, .of_group = Told::when_any, .by_ones = true},
    {.name = "HTTPCode_Target_3XX_Count", .of_balancer = Told::when_any, .of_group = Told::when_any, .by_ones = true},
    {.name = "HTTPCode_Target_4XX_Count", .of_balancer = Told::when_any, .of_group = Told::when_any, .by_ones = true},
    {.name = "HTTPCode_Target_5XX_Count", .of_balancer = Told::when_any, .of_group = Told::when_any, .by_ones = true},
    {"TargetConnectionErrorCount", Told::when_any, Told::when_any},
    {"ClientTLSNegotiationErrorCount", Told::when_any, Told::never, Told::when_any},
    {"TargetTLSNegotiationErrorCount", Told::when_any, Told::when_any, Told::when_any, Told::when_any},
    {.name = "NewFlowCount", .of_flows = Told::always},
    {.name = "NewFlowCount_TCP", .of_flows = Told::when_any},
    {.name = "NewFlowCount_TLS", .of_flows = Told::when_any},
    {.name = "NewFlowCount_UDP", .of_flows = Told::when_any},
    {.name = "ProcessedBytes_TCP", .of_flows = Told::when_any},
    {.name = "ProcessedBytes_TLS", .of_flows = Told::when_any},
    {.name = "ProcessedBytes_UDP", .of_flows = Told::when_any},
    {.name = "TCP_Client_Reset_Count", .of_flows = Told::always},
    {.name = "TCP_ELB_Reset_Count", .of_flows = Told::always},
    {.name = "TCP_Target_Reset_Count", .of_flows = Told::always},
    {.name = "UnhealthyRoutingRequestCount", .of_group = Told::when_any},
    {.name = "UnhealthyRoutingFlowCount", .of_flow_group = Told::when_any},
    {.name = "PortAllocationErrorCount", .of_flows = Told::always},
    {.name = "GrpcRequestCount", .of_balancer = Told::when_any, .of_group = Told::when_any},
    {.name = "NonStickyRequestCount", .of_balancer = Told::when_any},
    {.name = "HTTP_Redirect_Url_Limit_Exceeded_Count", .of_balancer = Told::when_any},
    {.name = "LambdaUserError", .of_group = Told::when_any},
    {.name = "LambdaInternalError", .of_group = Told::when_any},
    {.name = "LambdaTargetProcessedBytes", .of_balancer = Told::when_any},
    {""},
    {""},
}};

Told told_of(const Telling& telling, bool network, bool group, bool part) {
  if (part && telling.whole && !network) return Told::never;
  if (network) return group ? telling.of_flow_group : telling.of_flows;
  return group ? telling.of_group : telling.of_balancer;
}

MetricStatistics once(double value) { return {.count = 1, .sum = value, .minimum = value, .maximum = value}; }
MetricStatistics ones(double count) { return {.count = count, .sum = count, .minimum = 1, .maximum = 1}; }

// The samples of one meter's minute.
struct Minute {
  const Meter& meter;
  i64 at;
  list<MetricSample>& into;

  void tell(std::string_view name, std::string_view unit, MetricStatistics statistics, bool group_alone = false) const {
    MetricSample sample{.metric = {.world = meter.world,
                                   .name_space = meter.network() ? "AWS/NetworkELB" : "AWS/ApplicationELB",
                                   .name = str(name)},
                        .unit = str(unit),
                        .at = at,
                        .statistics = std::move(statistics)};
    if (!meter.zone.empty()) sample.metric.dimensions.push_back({"AvailabilityZone", meter.zone});
    if (!group_alone) sample.metric.dimensions.push_back({"LoadBalancer", meter.load_balancer});
    if (!meter.target_group.empty()) sample.metric.dimensions.push_back({"TargetGroup", meter.target_group});
    into.push_back(std::move(sample));
  }
  void count(std::string_view name, i64 value) const { tell(name, "Count", once(static_cast<double>(value))); }
};

Measure by_hundreds(Measure first, int status, int first_hundred) {
  return static_cast<Measure>(static_cast<int>(first) + status / 100 - first_hundred);
}

void count_own_status(Meter& meter, int status) {
  if (status >= 300 && status < 600) meter.add(by_hundreds(Measure::elb_3xx, status, 3));
  switch (status) {
    case 500:
      return meter.add(Measure::elb_500);
    case 502:
      return meter.add(Measure::elb_502);
    case 503:
      return meter.add(Measure::elb_503);
    case 504:
      return meter.add(Measure::elb_504);
    default:
      return;
  }
}

// Of a function: whose fault it was that there is no answer.
std::optional<Measure> function_error_of(Cause cause) {
  switch (cause) {
    case Cause::lambda_missing_502:
    case Cause::lambda_failed_502:
    case Cause::lambda_invalid_answer_502:
    case Cause::lambda_answer_too_large_502:
    case Cause::lambda_request_too_large_413:
      return Measure::function_user_errors;
    case Cause::lambda_timeout_504:
      return Measure::function_own_errors;
    default:
      return std::nullopt;
  }
}

void count_target_status(Meter& meter, int status) {
  if (status >= 200 && status < 600) meter.add(by_hundreds(Measure::target_2xx, status, 2));
}

Measure of_kind(Measure tcp, FlowKind kind) {
  return static_cast<Measure>(static_cast<int>(tcp) + static_cast<int>(kind));
}

// Whose reset ends a connection that ended for this cause. A target that takes none answers with one.
std::optional<Measure> reset_of(Cause cause) {
  switch (cause) {
    case Cause::flow_client_reset:
      return Measure::client_resets;
    case Cause::flow_target_reset:
    case Cause::flow_refused:
      return Measure::target_resets;
    case Cause::flow_idle:
    case Cause::flow_connect_timeout:
    case Cause::flow_tls_failed:
    case Cause::flow_no_target:
    case Cause::flow_exhausted:
    case Cause::flow_unhealthy:
    case Cause::flow_deregistered:
      return Measure::own_resets;
    default:
      return std::nullopt;
  }
}

}  // namespace

void Meter::take_minute(i64 at, list<MetricSample>& into) {
  const Minute minute{*this, at, into};
  const bool group = !target_group.empty();
  const bool whole = zone.empty();
  std::array<i64, measure_count> now{};
  std::array<i64, measure_count> since{};
  for (std::size_t i = 0; i < measure_count; ++i) {
    now[i] = counts[i].get();
    since[i] = now[i] - told_[i];
  }
  const auto in_minute = [&](Measure measure) { return since[static_cast<std::size_t>(measure)]; };
  const i64 requests = in_minute(Measure::requests);
  // AWS tells nothing while nothing goes on.
  const bool anything = open_before_ > 0 || std::ranges::any_of(since, [](i64 each) { return each != 0; });
  for (std::size_t i = 0; anything && i < measure_count; ++i) {
    const Telling& telling = tellings[i];
    const Told told = told_of(telling, network(), group, !whole);
    if (told == Told::never || (told == Told::when_any && since[i] == 0)) continue;
    const auto number = static_cast<double>(since[i]);
    minute.tell(telling.name, telling.name.contains("ProcessedBytes") ? "Bytes" : "Count",
                telling.by_ones ? ones(number) : once(number));
  }
  const i64 targets = healthy_targets.get() + unhealthy_targets.get();
  if (group && targets > 0) {
    minute.count("HealthyHostCount", healthy_targets.get());
    minute.count("UnHealthyHostCount", unhealthy_targets.get());
  }
  if (group && whole && anything && targets > 0 && !network()) {
    const double each = static_cast<double>(requests) / static_cast<double>(targets);
    minute.tell("RequestCountPerTarget", "Count", once(each));
    minute.tell("RequestCountPerTarget", "Count", once(each), true);
  }
  if (MetricStatistics times = response_times.take(); times.count > 0)
    minute.tell("TargetResponseTime", "Seconds", std::move(times));
  if (!group && whole && anything && !network()) {
    minute.count("ActiveConnectionCount", open_before_ + in_minute(Measure::new_connections));
    const auto number = [&](Measure measure) { return static_cast<double>(in_minute(measure)); };
    const CapacityUnits units = consumed_lcus(
        {.new_connections = number(Measure::billed_connections),
         .active_connections = static_cast<double>(open_clients_before_) + number(Measure::billed_connections),
         .processed_bytes = number(Measure::processed_bytes),
         .function_bytes = number(Measure::function_bytes),
         .rule_evaluations = number(Measure::billed_evaluations)});
    minute.tell("ConsumedLCUs", "Count", once(units.billed()));
    set_lcus(units);
  }
  if (!group && whole && !anything) set_lcus({});
  if (!group && anything && network()) tell_open_flows(at, into);
  told_ = now;
  open_clients_before_ = open_client_connections.get();
  open_before_ = open_clients_before_ + open_target_connections.get() + open_flows.get();
  for (const auto& part : parts_) part->take_minute(at, into);
}

void Meter::set_lcus(const CapacityUnits& units) {
  const std::array<double, 4> all{units.new_connections, units.active_connections, units.processed_bytes,
                                  units.rule_evaluations};
  for (std::size_t i = 0; i < all.size(); ++i) lcus[i].set(std::llround(all[i] * 1e6));
}

void Meter::add_in(std::string_view of_zone, Measure measure, i64 more) {
  add(measure, more);
  if (Meter* const of_part = part(of_zone)) of_part->add(measure, more);
}

Meter* Meter::part(std::string_view of_zone) {
  if (of_zone.empty()) return nullptr;
  for (const auto& known : parts_)
    if (known->zone == of_zone) return known.get();
  auto& made = *parts_.emplace_back(std::make_unique<Meter>());
  made.world = world;
  made.load_balancer = load_balancer;
  made.target_group = target_group;
  made.zone = of_zone;
  return &made;
}

void Meter::set_targets(const TargetCounts& all, const std::map<std::string_view, TargetCounts>& by_zone) {
  const auto set = [](Meter& meter, const TargetCounts& targets) {
    meter.healthy_targets.set(targets.healthy);
    meter.unhealthy_targets.set(targets.unhealthy);
  };
  set(*this, all);
  for (const auto& known : parts_) set(*known, {});
  for (const auto& [of_zone, targets] : by_zone)
    if (Meter* const of_part = part(of_zone)) set(*of_part, targets);
}

void Meter::tell_open_flows(i64 at, list<MetricSample>& into) {
  constexpr std::array<std::string_view, flow_kind_count> names{"ActiveFlowCount_TCP", "ActiveFlowCount_TLS",
                                                                "ActiveFlowCount_UDP"};
  const Minute minute{*this, at, into};
  minute.tell("ActiveFlowCount", "Count", open_flows.take());
  for (std::size_t i = 0; i < flow_kind_count; ++i)
    if (MetricStatistics flows = open_flows_of[i].take(); flows.maximum > 0)
      minute.tell(names[i], "Count", std::move(flows));
}

void OpenFlowCount::add(i64 more) {
  now_.add(more);
  fewest_ = std::min(fewest_, get());
  most_ = std::max(most_, get());
}

MetricStatistics OpenFlowCount::take() {
  const auto now = static_cast<double>(get());
  MetricStatistics taken{
      .count = 1, .sum = now, .minimum = static_cast<double>(fewest_), .maximum = static_cast<double>(most_)};
  fewest_ = most_ = get();
  return taken;
}

OpenConnection::OpenConnection(std::shared_ptr<Meter> meter) : meter_(std::move(meter)) {
  meter_->open_client_connections.add();
  meter_->add(Measure::new_connections);
  meter_->add(Measure::billed_connections);
}

OpenConnection& OpenConnection::operator=(OpenConnection&& other) noexcept {
  if (this == &other) return *this;
  end();
  meter_ = std::move(other.meter_);
  return *this;
}

void OpenConnection::end() {
  if (meter_) meter_->open_client_connections.add(-1);
  meter_.reset();
}

template <typename Count>
void OpenFlow::by_both(Count count) const {
  count(*meter_);
  if (part_ != nullptr) count(*part_);
}

OpenFlow::OpenFlow(std::shared_ptr<Meter> balancer, FlowKind kind, std::string_view zone)
    : meter_(std::move(balancer)), part_(meter_->part(zone)), kind_(kind) {
  by_both([this](Meter& meter) {
    meter.add(Measure::new_flows);
    meter.add(of_kind(Measure::new_flows_tcp, kind_));
    meter.open_flows.add(1);
    meter.open_flows_of[static_cast<std::size_t>(kind_)].add(1);
  });
}

OpenFlow::~OpenFlow() {
  by_both([this](Meter& meter) {
    meter.open_flows.add(-1);
    meter.open_flows_of[static_cast<std::size_t>(kind_)].add(-1);
  });
}

void OpenFlow::carried(std::size_t bytes) {
  by_both([&](Meter& meter) {
    meter.add(Measure::processed_bytes, static_cast<i64>(bytes));
    meter.add(of_kind(Measure::processed_bytes_tcp, kind_), static_cast<i64>(bytes));
  });
}

void count_flow(Meter& balancer, Meter* group, FlowKind kind, Cause cause, std::string_view zone) {
  (group != nullptr ? *group : balancer).causes[static_cast<std::size_t>(cause)].add();
  if (cause == Cause::flow_exhausted) balancer.add_in(zone, Measure::port_exhaustions);
  if (kind == FlowKind::udp) return;  // nothing more becomes of datagrams
  if (const auto reset = reset_of(cause)) balancer.add_in(zone, *reset);
  if (cause != Cause::flow_refused && cause != Cause::flow_connect_timeout) return;
  balancer.add_in(zone, Measure::target_connection_errors);
  if (group != nullptr) group->add_in(zone, Measure::target_connection_errors);
}

void count_request(Meter& balancer, Meter* group, const Record& record, Cause cause) {
  // The balancer's and the group's, each whole and of the zone; null where there is none.
  const std::array<Meter*, 4> all{&balancer, balancer.part(record.zone), group,
                                  group != nullptr ? group->part(record.zone) : nullptr};
  const auto by = [](std::span<Meter* const> meters, auto count) {
    for (Meter* const meter : meters)
      if (meter != nullptr) count(*meter);
  };
  const auto by_both = [&](auto count) { by(all, count); };
  (group != nullptr ? *group : balancer).causes[static_cast<std::size_t>(cause)].add();
  balancer.add(Measure::processed_bytes, record.received_bytes + record.sent_bytes);
  if (record.target_status == 0 && record.status != 0)
    by(std::span(all).first(2), [&](Meter& meter) { count_own_status(meter, record.status); });
  if (group == nullptr) return;
  const bool found_none = cause == Cause::no_target_503 || cause == Cause::target_full_503 || record.waited_in_vain;
  if (!found_none) by_both([](Meter& meter) { meter.add(Measure::requests); });
  if (!found_none && record.failed_open) group->add_in(record.zone, Measure::failed_open_requests);
  if (const auto error = function_error_of(cause)) group->add(*error);
  if (record.of_function) balancer.add(Measure::function_bytes, record.received_bytes + record.sent_bytes);
  if (record.target_status != 0) by_both([&](Meter& meter) { count_target_status(meter, record.target_status); });
  if (cause == Cause::connect_refused_502 || cause == Cause::connect_timeout_504)
    by_both([](Meter& meter) { meter.add(Measure::target_connection_errors); });
  if (record.dispatched.set() && record.answered.set())
    by_both([&](Meter& meter) { meter.response_times.add(record.answered - record.dispatched); });
}

std::shared_ptr<Meter> Meters::add(std::string_view balancer_arn, std::string_view load_balancer,
                                   std::string_view target_group_arn) {
  auto meter = std::make_shared<Meter>();
  // arn:aws:elasticloadbalancing:REGION:ACCOUNT:targetgroup/NAME/ID
  const auto parts = split(target_group_arn, ':');
  const auto whose = split(balancer_arn, ':');
  if (whose.size() > 4) meter->world = cat(whose[4], "/", whose[3], "/");
  meter->load_balancer = load_balancer;
  meter->target_group = parts.size() > 5 ? parts[5] : target_group_arn;
  const std::scoped_lock lock(mutex_);
  meters_.push_back(meter);
  return meter;
}

list<MetricSample> Meters::take_minute(i64 at) {
  const std::scoped_lock lock(mutex_);
  list<MetricSample> samples;
  for (const auto& meter : meters_) meter->take_minute(at, samples);
  std::erase_if(meters_, [](const auto& meter) { return meter.use_count() == 1; });
  return samples;
}

std::vector<std::shared_ptr<const Meter>> Meters::all() const {
  const std::scoped_lock lock(mutex_);
  return {meters_.begin(), meters_.end()};
}

}  // namespace utakata::balancer

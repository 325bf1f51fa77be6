#include "balancer/meters.hpp"

#include <algorithm>
#include <optional>

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
};
constexpr std::array<Telling, measure_count> tellings{{
    {"RequestCount", Told::always, Told::always},
    {"NewConnectionCount", Told::always},
    {"RejectedConnectionCount", Told::when_any},
    {"ProcessedBytes", Told::always, Told::never, Told::always},
    {"RuleEvaluations", Told::when_any},
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
    {""},
    {""},
}};

Told told_of(const Telling& telling, bool network, bool group) {
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
    const Told told = told_of(telling, network(), group);
    if (told == Told::never || (told == Told::when_any && since[i] == 0)) continue;
    const auto number = static_cast<double>(since[i]);
    minute.tell(telling.name, telling.name.starts_with("ProcessedBytes") ? "Bytes" : "Count",
                telling.by_ones ? ones(number) : once(number));
  }
  const i64 targets = healthy_targets.get() + unhealthy_targets.get();
  if (group && targets > 0) {
    minute.count("HealthyHostCount", healthy_targets.get());
    minute.count("UnHealthyHostCount", unhealthy_targets.get());
  }
  if (group && anything && targets > 0 && !network()) {
    const double each = static_cast<double>(requests) / static_cast<double>(targets);
    minute.tell("RequestCountPerTarget", "Count", once(each));
    minute.tell("RequestCountPerTarget", "Count", once(each), true);
  }
  if (MetricStatistics times = response_times.take(); times.count > 0)
    minute.tell("TargetResponseTime", "Seconds", std::move(times));
  if (!group && anything && !network()) {
    minute.count("ActiveConnectionCount", open_before_ + in_minute(Measure::new_connections));
    const auto number = [&](Measure measure) { return static_cast<double>(in_minute(measure)); };
    minute.tell("ConsumedLCUs", "Count",
                once(consumed_lcus({.new_connections = number(Measure::billed_connections),
                                    .active_connections =
                                        static_cast<double>(open_clients_before_) + number(Measure::billed_connections),
                                    .processed_bytes = number(Measure::processed_bytes),
                                    .rule_evaluations = number(Measure::billed_evaluations)})));
  }
  if (!group && anything && network()) tell_open_flows(at, into);
  told_ = now;
  open_clients_before_ = open_client_connections.get();
  open_before_ = open_clients_before_ + open_target_connections.get() + open_flows.get();
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

OpenFlow::OpenFlow(std::shared_ptr<Meter> balancer, FlowKind kind) : meter_(std::move(balancer)), kind_(kind) {
  meter_->add(Measure::new_flows);
  meter_->add(of_kind(Measure::new_flows_tcp, kind_));
  meter_->open_flows.add(1);
  meter_->open_flows_of[static_cast<std::size_t>(kind_)].add(1);
}

OpenFlow::~OpenFlow() {
  meter_->open_flows.add(-1);
  meter_->open_flows_of[static_cast<std::size_t>(kind_)].add(-1);
}

void OpenFlow::carried(std::size_t bytes) {
  meter_->add(Measure::processed_bytes, static_cast<i64>(bytes));
  meter_->add(of_kind(Measure::processed_bytes_tcp, kind_), static_cast<i64>(bytes));
}

void count_flow(Meter& balancer, Meter* group, FlowKind kind, Cause cause) {
  (group != nullptr ? *group : balancer).causes[static_cast<std::size_t>(cause)].add();
  if (kind == FlowKind::udp) return;  // nothing more becomes of datagrams
  if (const auto reset = reset_of(cause)) balancer.add(*reset);
  if (cause != Cause::flow_refused && cause != Cause::flow_connect_timeout) return;
  balancer.add(Measure::target_connection_errors);
  if (group != nullptr) group->add(Measure::target_connection_errors);
}

void count_request(Meter& balancer, Meter* group, const Record& record, Cause cause) {
  const auto by_both = [&](auto count) {
    count(balancer);
    if (group != nullptr) count(*group);
  };
  (group != nullptr ? *group : balancer).causes[static_cast<std::size_t>(cause)].add();
  balancer.add(Measure::processed_bytes, record.received_bytes + record.sent_bytes);
  if (record.target_status == 0 && record.status != 0) count_own_status(balancer, record.status);
  if (group == nullptr) return;
  const bool found_none = cause == Cause::no_target_503 || cause == Cause::target_full_503 || record.waited_in_vain;
  if (!found_none) by_both([](Meter& meter) { meter.add(Measure::requests); });
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

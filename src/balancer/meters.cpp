#include "balancer/meters.hpp"

#include <algorithm>

#include "balancer/lcu.hpp"
#include "base/text.hpp"

namespace utakata::balancer {
namespace {

// When a count is told: those of zero that AWS leaves out are told only when there was something.
enum class Told : std::uint8_t { always, when_any, never };
struct Telling {
  std::string_view name;
  Told of_balancer, of_group;
  bool of_flows = false;  // of network load balancers, too, which count nothing else
};
constexpr std::array<Telling, measure_count> tellings{{
    {"RequestCount", Told::always, Told::always},
    {"NewConnectionCount", Told::always, Told::never},
    {"RejectedConnectionCount", Told::when_any, Told::never},
    {"ProcessedBytes", Told::always, Told::never},
    {"RuleEvaluations", Told::when_any, Told::never},
    {"HTTP_Fixed_Response_Count", Told::when_any, Told::never},
    {"HTTP_Redirect_Count", Told::when_any, Told::never},
    {"HTTPCode_ELB_3XX_Count", Told::when_any, Told::never},
    {"HTTPCode_ELB_4XX_Count", Told::when_any, Told::never},
    {"HTTPCode_ELB_5XX_Count", Told::when_any, Told::never},
    {"HTTPCode_ELB_500_Count", Told::when_any, Told::never},
    {"HTTPCode_ELB_502_Count", Told::when_any, Told::never},
    {"HTTPCode_ELB_503_Count", Told::when_any, Told::never},
    {"HTTPCode_ELB_504_Count", Told::when_any, Told::never},
    {"DesyncMitigationMode_NonCompliant_Request_Count", Told::when_any, Told::never},
    {"HTTPCode_Target_2XX_Count", Told::when_any, Told::when_any},
    {"HTTPCode_Target_3XX_Count", Told::when_any, Told::when_any},
    {"HTTPCode_Target_4XX_Count", Told::when_any, Told::when_any},
    {"HTTPCode_Target_5XX_Count", Told::when_any, Told::when_any},
    {"TargetConnectionErrorCount", Told::when_any, Told::when_any},
    {"ClientTLSNegotiationErrorCount", Told::when_any, Told::never, true},
    {"TargetTLSNegotiationErrorCount", Told::when_any, Told::when_any, true},
    {"", Told::never, Told::never},
    {"", Told::never, Told::never},
}};

MetricStatistics once(double value) { return {.count = 1, .sum = value, .minimum = value, .maximum = value}; }

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
    if (network() && !tellings[i].of_flows) continue;
    const Told told = group ? tellings[i].of_group : tellings[i].of_balancer;
    const bool bytes = i == static_cast<std::size_t>(Measure::processed_bytes);
    if (told == Told::always || (told == Told::when_any && since[i] > 0))
      minute.tell(tellings[i].name, bytes ? "Bytes" : "Count", once(static_cast<double>(since[i])));
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
  told_ = now;
  open_clients_before_ = open_client_connections.get();
  open_before_ = open_clients_before_ + open_target_connections.get();
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

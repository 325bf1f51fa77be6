#include "app/prometheus.hpp"

#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <functional>

#include "base/text.hpp"

namespace utakata::app {
namespace {

using balancer::Cause;
using balancer::Measure;
using balancer::Meter;
using balancer::ResponseTimes;
using Meters = std::vector<std::shared_ptr<const Meter>>;

constexpr i64 million = 1'000'000;

// In decimal, without an exponent and without zeros at the end.
std::string from_millionths(i64 millionths) {
  std::string text = cat(millionths % million + million).substr(1);
  while (text.ends_with('0')) text.pop_back();
  return cat(millionths / million, text.empty() ? "" : ".", text);
}

std::string label(std::string_view name, std::string_view value) {
  std::string out = cat(name, "=\"");
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out + "\"";
}

// The labels of a meter, without braces.
std::string labels_of(const Meter& meter) {
  const auto parts = split(meter.world, '/');
  std::string labels =
      cat(label("account", parts.empty() ? "" : parts[0]), ",", label("region", parts.size() > 1 ? parts[1] : ""), ",",
          label("load_balancer", meter.load_balancer));
  if (!meter.target_group.empty()) labels += cat(",", label("target_group", meter.target_group));
  return labels;
}

class Page {
 public:
  // Everything of one name stands together, under what it means.
  void begin(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    text_ += cat("# HELP ", name, " ", help, "\n# TYPE ", name, " ", type, "\n");
  }
  void add(std::string_view labels, std::string_view value, std::string_view suffix = {}) {
    text_ += cat(name_, suffix, labels.empty() ? "" : "{", labels, labels.empty() ? "" : "}", " ", value, "\n");
  }
  void add(std::string_view labels, i64 value, std::string_view suffix = {}) { add(labels, cat(value), suffix); }
  void single(std::string_view name, std::string_view type, std::string_view help, std::string_view value) {
    begin(name, type, help);
    add({}, value);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string name_, text_;
};

enum class Of : std::uint8_t { balancers, groups };

void each(const Meters& meters, Of of, const std::function<void(const Meter&)>& use) {
  for (const auto& meter : meters)
    if (meter->target_group.empty() == (of == Of::balancers)) use(*meter);
}

Meters only(const Meters& meters, bool network) {
  Meters some;
  for (const auto& meter : meters)
    if (meter->network() == network) some.push_back(meter);
  return some;
}

// Of what met a target group that of the group, else that of the load balancer which no group has.
void add_causes(Page& page, const Meters& meters) {
  for (std::size_t i = 0; i < balancer::cause_count; ++i) {
    const auto kind = static_cast<Cause>(i);
    if (kind == Cause::retried || kind == Cause::retry_refused) continue;  // no end of a request
    const std::string cause = label("cause", balancer::name_of(kind));
    each(meters, Of::balancers, [&](const Meter& balancer) {
      if (const i64 count = balancer.causes[i].get(); count > 0)
        page.add(cat(labels_of(balancer), ",", label("target_group", ""), ",", cause), count);
    });
    each(meters, Of::groups, [&](const Meter& group) {
      if (const i64 count = group.causes[i].get(); count > 0) page.add(cat(labels_of(group), ",", cause), count);
    });
  }
}

void add_requests(Page& page, const Meters& meters) {
  page.begin("utakata_elb_requests_total", "counter", "Requests by how they ended.");
  add_causes(page, meters);
  const auto add_tries = [&](Cause cause) {
    each(meters, Of::groups,
         [&](const Meter& group) { page.add(labels_of(group), group.causes[static_cast<std::size_t>(cause)].get()); });
  };
  page.begin("utakata_elb_retries_total", "counter",
             "Tries of requests that another target was given after; the requests' ends are counted apart.");
  add_tries(Cause::retried);
  page.begin("utakata_elb_retries_refused_total", "counter", "Tries that the retry budget did not allow.");
  add_tries(Cause::retry_refused);
}

// What network load balancers carry.
void add_flows(Page& page, const Meters& meters) {
  constexpr std::array<std::string_view, balancer::flow_kind_count> kinds{"tcp", "tls", "udp"};
  page.begin("utakata_elb_flows_total", "counter", "Flows by how they ended.");
  add_causes(page, meters);
  const auto by_kind = [&](const std::function<i64(const Meter&, std::size_t)>& number) {
    each(meters, Of::balancers, [&](const Meter& balancer) {
      for (std::size_t kind = 0; kind < kinds.size(); ++kind)
        page.add(cat(labels_of(balancer), ",", label("protocol", kinds[kind])), number(balancer, kind));
    });
  };
  page.begin("utakata_elb_new_flows_total", "counter", "Flows that were given to a target.");
  by_kind([](const Meter& balancer, std::size_t kind) {
    return balancer.get(static_cast<Measure>(static_cast<std::size_t>(Measure::new_flows_tcp) + kind));
  });
  page.begin("utakata_elb_flows", "gauge", "Flows that a target has.");
  by_kind([](const Meter& balancer, std::size_t kind) { return balancer.open_flows_of[kind].get(); });
}

void add_responses(Page& page, const Meters& meters) {
  struct Class {
    Measure measure;
    std::string_view name;
  };
  constexpr std::array<Class, 4> classes{{{Measure::target_2xx, "2xx"},
                                          {Measure::target_3xx, "3xx"},
                                          {Measure::target_4xx, "4xx"},
                                          {Measure::target_5xx, "5xx"}}};
  page.begin("utakata_elb_target_responses_total", "counter", "Answers of targets by the class of their status.");
  each(meters, Of::groups, [&](const Meter& group) {
    for (const Class& one : classes)
      page.add(cat(labels_of(group), ",", label("class", one.name)), group.get(one.measure));
  });
}

void add_response_times(Page& page, const Meters& meters) {
  page.begin("utakata_elb_target_response_seconds", "histogram",
             "From a request's dispatch to the head of its target's answer.");
  each(meters, Of::groups, [&](const Meter& group) {
    const std::string labels = labels_of(group);
    const ResponseTimes::Cumulative times = group.response_times.cumulative();
    for (std::size_t i = 0; i < ResponseTimes::bounds.size(); ++i)
      page.add(cat(labels, ",", label("le", from_millionths(ResponseTimes::bounds[i]))), times.counts[i], "_bucket");
    page.add(cat(labels, ",", label("le", "+Inf")), times.counts.back(), "_bucket");
    page.add(labels, from_millionths(times.microseconds), "_sum");
    page.add(labels, times.counts.back(), "_count");
  });
}

void add_counts(Page& page, const Meters& meters) {
  struct Counted {
    Of of;
    Measure measure;
    std::string_view name, help;
    bool of_requests = false;  // else of flows, too
  };
  constexpr std::array<Counted, 7> all{{
      {Of::balancers, Measure::billed_connections, "utakata_elb_client_connections_total", "Connections of clients."},
      {Of::balancers, Measure::rejected_connections, "utakata_elb_rejected_connections_total",
       "Connections of clients that were refused because there were too many."},
      {Of::balancers, Measure::processed_bytes, "utakata_elb_processed_bytes_total",
       "Bytes of requests and answers, heads included; what flows carried."},
      {Of::balancers, Measure::rule_evaluations, "utakata_elb_rule_evaluations_total",
       "Rules that requests were held against, without default rules.", true},
      {Of::groups, Measure::target_connection_errors, "utakata_elb_target_connection_errors_total",
       "Connections that targets did not take."},
      {Of::balancers, Measure::client_tls_errors, "utakata_elb_client_tls_errors_total",
       "Connections of clients that got through no TLS handshake."},
      {Of::groups, Measure::target_tls_errors, "utakata_elb_target_tls_errors_total",
       "Connections to targets that got through no TLS handshake."},
  }};
  for (const Counted& one : all) {
    page.begin(one.name, "counter", one.help);
    each(meters, one.of, [&](const Meter& meter) {
      if (!one.of_requests || !meter.network()) page.add(labels_of(meter), meter.get(one.measure));
    });
  }
}

void add_lcus(Page& page, const Meters& meters) {
  constexpr std::array<std::string_view, 4> dimensions{"new_connections", "active_connections", "processed_bytes",
                                                       "rule_evaluations"};
  page.begin("utakata_elb_lcus", "gauge",
             "Load balancer capacity units of the last minute, by what takes them; the largest is billed.");
  each(meters, Of::balancers, [&](const Meter& meter) {
    for (std::size_t i = 0; i < dimensions.size(); ++i)
      page.add(cat(labels_of(meter), ",", label("dimension", dimensions[i])), from_millionths(meter.lcus[i].get()));
  });
}

void add_gauges(Page& page, const Meters& meters) {
  page.begin("utakata_elb_client_connections", "gauge", "Connections of clients that are open.");
  each(meters, Of::balancers,
       [&](const Meter& meter) { page.add(labels_of(meter), meter.open_client_connections.get()); });
  page.begin("utakata_elb_targets", "gauge", "Registered targets by their health, without those that drain.");
  each(meters, Of::groups, [&](const Meter& meter) {
    page.add(cat(labels_of(meter), ",", label("health", "healthy")), meter.healthy_targets.get());
    page.add(cat(labels_of(meter), ",", label("health", "unhealthy")), meter.unhealthy_targets.get());
  });
}

void add_process(Page& page) {
  std::ifstream file("/proc/self/stat");
  const std::string stat((std::istreambuf_iterator<char>(file)), {});
  // Behind the program's name, which may have blanks: field 3 and so on (proc(5)).
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return;
  const auto fields = split_words(std::string_view(stat).substr(name_end + 1));
  constexpr std::size_t user_time = 11, system_time = 12, resident_pages = 21;
  if (fields.size() <= resident_pages) return;
  const auto number = [&](std::size_t field) { return parse_integer(fields[field]).value_or(0); };
  const i64 ticks_a_second = sysconf(_SC_CLK_TCK);
  page.single("process_cpu_seconds_total", "counter", "Processor time of the daemon.",
              from_millionths((number(user_time) + number(system_time)) * million / ticks_a_second));
  page.single("process_resident_memory_bytes", "gauge", "Memory of the daemon.",
              cat(number(resident_pages) * sysconf(_SC_PAGESIZE)));
  std::error_code error;
  i64 descriptors = 0;
  for (std::filesystem::directory_iterator at("/proc/self/fd", error), end; !error && at != end; at.increment(error))
    ++descriptors;
  page.single("process_open_fds", "gauge", "File descriptors of the daemon.", cat(descriptors));
}

}  // namespace

std::string prometheus_page(const Meters& meters, const PlatformState& platform) {
  Page page;
  const Meters of_requests = only(meters, false);
  add_requests(page, of_requests);
  add_responses(page, of_requests);
  add_response_times(page, of_requests);
  add_flows(page, only(meters, true));
  add_counts(page, meters);
  add_lcus(page, of_requests);
  add_gauges(page, meters);
  page.single("utakata_engine_steps_total", "counter", "Transactions of the control plane's history.",
              cat(platform.engine.steps));
  page.single("utakata_engine_steps_not_durable", "gauge", "Transactions that the journal has not taken yet.",
              cat(platform.engine.not_durable));
  page.single("utakata_engine_parked_calls", "gauge", "API calls that wait for something to come.",
              cat(platform.engine.parked_calls));
  page.single("utakata_engine_journal_failing", "gauge", "1 while the journal cannot be written.",
              platform.engine.journal_fails ? "1" : "0");
  page.single("utakata_sandbox_tasks", "gauge", "Tasks that this host has, from their start to their end.",
              cat(platform.tasks));
  page.single("utakata_ready", "gauge", "1 when everything a former daemon left is taken over.",
              platform.ready ? "1" : "0");
  add_process(page);
  return page.take();
}

}  // namespace utakata::app

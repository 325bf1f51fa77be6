#include "drill/platform.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace utakata::drill {
namespace {

constexpr std::string_view control = "Utakata_20261101.";
constexpr std::string_view ecs = "AmazonEC2ContainerServiceV20141113.";

f64 seconds_at(const Json& object, std::string_view name, Instant began) {
  const Json* value = object.find(name);
  const auto epoch = value != nullptr ? value->number() : std::nullopt;
  return epoch ? *epoch - static_cast<f64>(began.ns) / 1e9 : -1;
}

ContainerEnd container_end(const Json& from) {
  ContainerEnd end{.name = str(from.text_at({"name"})), .reason = str(from.text_at({"reason"}))};
  if (const Json* code = from.find("exitCode"); code != nullptr && code->integer())
    end.exitCode = static_cast<i32>(*code->integer());
  const Json* killed = from.find("killed");
  end.killed = killed != nullptr && killed->boolean();
  return end;
}

TaskTimeline timeline(const Json& from, Instant began) {
  const std::string_view arn = from.text_at({"taskArn"});
  TaskTimeline out{.task = str(arn.substr(arn.rfind('/') + 1)),
                   .service = str(from.text_at({"service"})),
                   .availabilityZone = str(from.text_at({"availabilityZone"})),
                   .stopCode = str(from.text_at({"stopCode"})),
                   .warning = seconds_at(from, "warnedAt", began),
                   .deregistered = seconds_at(from, "deregisteredAt", began),
                   .stopped = seconds_at(from, "stoppedAt", began)};
  if (const Json* containers = from.find("containers")) {
    for (const Json& each : containers->items()) {
      out.containers.push_back(container_end(each));
      // The first signal begins the stop, the last exit ends it.
      const f64 signalled = seconds_at(each, "signalledAt", began);
      if (signalled >= 0 && (out.signalled < 0 || signalled < out.signalled)) out.signalled = signalled;
      out.exited = std::max(out.exited, seconds_at(each, "exitedAt", began));
    }
  }
  return out;
}

}  // namespace

reactor::Co<Outcome<list<LedgerRow>>> ledger(client::ApiClient& api, const opt<str>& load_balancer, i64 first,
                                             i64 last) {
  const auto page = co_await api.page("/_utakata/fates");
  if (!page) co_return std::unexpected(page.error());
  const Json* rows = page->find("fates");
  list<LedgerRow> found;
  if (rows == nullptr) co_return found;
  const auto number = [](const Json& row, std::string_view name) {
    const Json* value = row.find(name);
    return value != nullptr ? value->integer().value_or(0) : 0;
  };
  for (const Json& each : rows->items()) {
    const i64 second = number(each, "second");
    const std::string_view cause = each.text_at({"cause"});
    const std::string_view balancer = each.text_at({"load_balancer"});
    const bool lost = cause != "ok" && cause != "upgraded" && cause != "retried" && cause != "retry_refused";
    if (second < first || second > last || !lost) continue;
    if (load_balancer && !balancer.contains(cat("/", *load_balancer, "/"))) continue;
    LedgerRow row{.loadBalancer = str(balancer), .target = str(each.text_at({"target"})), .cause = str(cause)};
    const auto same = std::ranges::find_if(found, [&](const LedgerRow& known) {
      return known.loadBalancer == row.loadBalancer && known.target == row.target && known.cause == row.cause;
    });
    (same == found.end() ? found.emplace_back(std::move(row)) : *same).requests += number(each, "count");
  }
  co_return found;
}

reactor::Co<Outcome<Taken>> reclaim(client::ApiClient& api, const str& cluster, const ReclaimStep& step, i64 seed) {
  Json input = Json::object();
  input.set("cluster", cluster);
  input.set("service", step.service);
  input.set("count", step.count);
  input.set("seed", seed);
  if (step.zone) input.set("zone", *step.zone);
  if (step.refuseSeconds > 0) input.set("refuseSeconds", step.refuseSeconds);
  auto answer = co_await api.call("utakata", cat(control, "ReclaimSpot"), std::move(input));
  if (!answer) co_return std::unexpected(answer.error());
  Taken taken;
  if (const Json* tasks = answer->find("tasks"))
    for (const Json& arn : tasks->items()) taken.task_arns.push_back(arn.text());
  co_return taken;
}

reactor::Co<Outcome<ServiceCounts>> service_counts(client::ApiClient& api, const str& cluster, const str& service) {
  Json input = Json::object();
  input.set("cluster", cluster);
  input.set("services", Json::array()).push(service);
  auto answer = co_await api.call("ecs", cat(ecs, "DescribeServices"), std::move(input));
  if (!answer) co_return std::unexpected(answer.error());
  const Json* services = answer->find("services");
  if (services == nullptr || services->size() == 0 || services->items().front().text_at({"status"}) == "INACTIVE")
    co_return refuse("ServiceNotFoundException", cat("there is no service ", service, " in cluster ", cluster));
  const Json& found = services->items().front();
  co_return ServiceCounts{.desired = found.integer_at({"desiredCount"}), .running = found.integer_at({"runningCount"})};
}

reactor::Co<Outcome<bool>> cluster_exists(client::ApiClient& api, const str& cluster) {
  Json input = Json::object();
  input.set("clusters", Json::array()).push(cluster);
  auto answer = co_await api.call("ecs", cat(ecs, "DescribeClusters"), std::move(input));
  if (!answer) co_return std::unexpected(answer.error());
  const Json* clusters = answer->find("clusters");
  co_return clusters != nullptr && clusters->size() > 0 && clusters->items().front().text_at({"status"}) != "INACTIVE";
}

reactor::Co<Outcome<list<TaskTimeline>>> timelines(client::ApiClient& api, const list<str>& task_arns, Instant began) {
  Json input = Json::object();
  Json& tasks = input.set("tasks", Json::array());
  for (const str& arn : task_arns) tasks.push(arn);
  auto answer = co_await api.call("utakata", cat(control, "DescribeTaskTimeline"), std::move(input));
  if (!answer) co_return std::unexpected(answer.error());
  list<TaskTimeline> out;
  if (const Json* found = answer->find("tasks"))
    for (const Json& each : found->items()) out.push_back(timeline(each, began));
  co_return out;
}

reactor::Co<Outcome<str>> balancer_address(client::ApiClient& api) {
  const auto page = co_await api.page("/_utakata/balancer");
  if (!page) co_return std::unexpected(page.error());
  co_return str(page->text_at({"address"}));
}

reactor::Co<Outcome<str>> load_balancer_name(client::ApiClient& api, const str& name) {
  auto answer =
      co_await api.query("elasticloadbalancing",
                         cat("Action=DescribeLoadBalancers&Version=2015-12-01&Names.member.1=", percent_encode(name)));
  if (!answer) co_return std::unexpected(answer.error());
  const std::size_t begin = answer->find("<DNSName>");
  const std::size_t end = answer->find("</DNSName>");
  if (begin == str::npos || end == str::npos)
    co_return refuse("LoadBalancerNotFound", cat("there is no load balancer named ", name));
  co_return answer->substr(begin + 9, end - begin - 9);
}

}  // namespace utakata::drill

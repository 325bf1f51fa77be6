#include <cstdio>
#include <functional>

#include "app/commands.hpp"
#include "app/endpoint.hpp"
#include "base/instant.hpp"
#include "base/text.hpp"
#include "client/api_client.hpp"

namespace utakata::app {
namespace {

Outcome<Json> ask(const Arguments& arguments, std::string_view operation, Json input) {
  const client::Endpoint endpoint = TRY(client::endpoint_of(endpoint_url(arguments)));
  reactor::Loop loop;
  client::ApiClient api(loop, endpoint);
  Outcome<Json> answer = refuse("NotReachable", "no answer");
  reactor::start([](reactor::Loop& l, client::ApiClient& to, std::string target, Json what,
                    Outcome<Json>& into) -> reactor::Co<void> {
    auto got = co_await to.call("utakata", std::move(target), std::move(what));
    into = std::move(got);
    l.stop();
  }(loop, api, cat("Utakata_20261101.", operation), std::move(input), answer));
  loop.run();
  return answer;
}

int show(const Arguments& arguments, const Outcome<Json>& answer,
         const std::function<std::string(const Json&)>& as_text) {
  if (!answer) return fail(answer.error());
  const std::string text = arguments.flag("json") ? answer->write() + "\n" : as_text(*answer);
  std::fputs(text.c_str(), stdout);
  return 0;
}

std::string tasks_text(i64 count, std::string_view kind = "") {
  return cat(count, " ", kind, kind.empty() ? "" : " ", count == 1 ? "task" : "tasks");
}

std::string amount_text(const Json& of, std::string_view cpu, std::string_view memory) {
  return cat(of.integer_at({cpu}), " CPU units, ", of.integer_at({memory}), " MiB");
}

std::string time_text(const Json& of) {
  const Json* at = of.find("at");
  const double since_1970 = at != nullptr ? at->number().value_or(0) : 0;
  return iso8601(Instant{} + milliseconds(static_cast<std::int64_t>(since_1970 * 1000)));
}

// AWS says only that there is no capacity.
std::string room_text(const Json& answer) {
  std::string out;
  if (const Json* refusal = answer.find("lastRefusal"))
    out += cat("last refusal    ", time_text(*refusal), ": ", refusal->text_at({"provider"}), " asked for ",
               amount_text(*refusal, "cpu", "memoryMiB"), "; there were ",
               amount_text(*refusal, "roomCpu", "roomMemoryMiB"), "\n");
  if (const Json* squeeze = answer.find("lastSqueeze"))
    out += cat("last squeeze    ", time_text(*squeeze), ": On-Demand asked Spot for ",
               amount_text(*squeeze, "cpu", "memoryMiB"), "; Spot tasks were interrupted for it\n");
  return out;
}

std::string capacity_text(const Json& answer) {
  std::string out =
      cat("pool            ", answer.integer_at({"cpu"}), " CPU units, ", answer.integer_at({"memoryMiB"}), " MiB\n");
  if (const Json* use = answer.find("use"))
    for (const Json& each : use->items()) {
      std::string name(each.text_at({"provider"}));
      name.resize(16, ' ');
      out += cat(name, tasks_text(each.integer_at({"tasks"})), ", ", each.integer_at({"cpu"}), " CPU units, ",
                 each.integer_at({"memoryMiB"}), " MiB\n");
    }
  out += cat("surplus         ", answer.integer_at({"surplusCpu"}), " CPU units, ",
             answer.integer_at({"surplusMemoryMiB"}), " MiB\n");
  out += room_text(answer);
  out += cat("reclaim order   ", answer.text_at({"reclaimOrder"}), "\n");
  if (answer.find("spotRefusedUntil") != nullptr) out += "Spot placement is refused at this time\n";
  const Json* tasks = answer.find("spotTasks");
  out += tasks == nullptr || tasks->size() == 0 ? "no Spot task in this account and region\n" : "Spot tasks\n";
  if (tasks != nullptr)
    for (const Json& task : tasks->items())
      out += cat("  ", task.text_at({"taskArn"}), "  ", task.text_at({"group"}), "  ",
                 task.text_at({"availabilityZone"}), "  ", task.text_at({"lastStatus"}), "\n");
  return out;
}

Outcome<Json> reclaim_input(const Arguments& arguments) {
  Json input = Json::object();
  input.set("cluster", arguments.text("cluster"));
  if (arguments.given("service")) input.set("service", arguments.text("service"));
  if (arguments.given("zone")) input.set("zone", arguments.text("zone"));
  input.set("seed", TRY(arguments.integer("seed", 0, INT64_MAX)));
  input.set("refuseSeconds", TRY(arguments.integer("refuse-seconds", 0, 86'400)));
  if (arguments.positional().empty()) {
    input.set("count", TRY(arguments.integer("count", 1, 10'000)));
    return input;
  }
  Json& tasks = input.set("tasks", Json::array());
  for (const std::string& arn : arguments.positional()) tasks.push(arn);
  return input;
}

}  // namespace

int run_spot_status(const Arguments& arguments) {
  return show(arguments, ask(arguments, "DescribeCapacity", Json::object()), capacity_text);
}

int run_spot_reclaim(const Arguments& arguments) {
  auto input = reclaim_input(arguments);
  if (!input) return fail(input.error());
  return show(arguments, ask(arguments, "ReclaimSpot", *std::move(input)), [](const Json& answer) {
    const Json* tasks = answer.find("tasks");
    const auto count = static_cast<i64>(tasks != nullptr ? tasks->size() : 0);
    std::string out = cat(tasks_text(count, "Spot"), count == 1 ? " is taken\n" : " are taken\n");
    if (tasks != nullptr)
      for (const Json& arn : tasks->items()) out += cat("  ", arn.text(), "\n");
    return out;
  });
}

}  // namespace utakata::app

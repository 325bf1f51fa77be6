#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <set>

#include "app/commands.hpp"
#include "app/endpoint.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "client/api_client.hpp"
#include "reactor/wall_clock.hpp"

namespace utakata::app {
namespace {

constexpr Duration poll_interval = seconds(1);
constexpr int polls_per_look = 5;              // for tasks that have come meanwhile
constexpr std::size_t streams_per_call = 100;  // AWS's quota of FilterLogEvents
constexpr std::size_t tasks_per_call = 100;    // of DescribeTasks

i64 now_ms() { return reactor::wall_clock().ns / 1'000'000; }

/// "30s", "10m", "2h", "1d", "1w" ago, or an instant.
Outcome<i64> since_ms(const std::string& text) {
  if (const auto instant = parse_iso8601(text)) return instant->ns / 1'000'000;
  const auto number = text.size() > 1 ? parse_integer(std::string_view(text).substr(0, text.size() - 1)) : std::nullopt;
  i64 unit = 0;
  for (const auto& [letter, milliseconds] : std::initializer_list<std::pair<char, i64>>{
           {'s', 1'000}, {'m', 60'000}, {'h', 3'600'000}, {'d', 86'400'000}, {'w', 604'800'000}})
    if (!text.empty() && text.back() == letter) unit = milliseconds;
  if (!number || *number < 0 || *number > 1'000'000 || unit == 0)
    return refuse("Usage", cat("utakata logs: --since is a span (30s, 10m, 2h, 1d, 1w) or an instant "
                               "(2026-05-06T12:00:00Z), not '",
                               text, "'"));
  return now_ms() - *number * unit;
}

/// Where to look: streams of one group, or all of it when none is named.
struct Source {
  std::string group;
  std::vector<std::string> streams;
};

bool is_task_id(std::string_view word) {
  return word.size() == 32 && word.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

class Follower {
 public:
  Follower(reactor::Loop& loop, client::Endpoint endpoint, const Arguments& arguments, i64 since)
      : loop_(loop), api_(loop, std::move(endpoint)), arguments_(arguments), since_(since) {}

  reactor::Co<Outcome<>> run() {
    auto sources = co_await find_sources();
    if (!sources) co_return std::unexpected(std::move(sources).error());
    for (int polls = 1;; ++polls) {
      for (const Source& source : *sources)
        if (auto shown = co_await show(source); !shown) co_return std::unexpected(std::move(shown).error());
      std::fflush(stdout);
      if (!arguments_.flag("follow")) co_return Outcome<>();
      co_await loop_.sleep(poll_interval);
      if (polls % polls_per_look != 0) continue;
      if (auto again = co_await find_sources(); again) sources = std::move(again);
    }
  }

 private:
  using Answer = Outcome<Json>;

  reactor::Co<Answer> ecs(std::string_view operation, Json input) {
    return api_.call("ecs", cat("AmazonEC2ContainerServiceV20141113.", operation), std::move(input));
  }

  reactor::Co<Outcome<std::vector<Source>>> find_sources() {
    const std::string what = arguments_.positional().front();
    const std::size_t slash = what.find('/');
    if (what.starts_with("arn:") && what.contains(":task/")) {
      const std::string path = what.substr(what.find(":task/") + 6);
      co_return co_await of_tasks(path.substr(0, path.find('/')), {what});
    }
    if (is_task_id(what)) co_return co_await of_tasks(arguments_.text("cluster"), {what});
    if (slash != std::string::npos && slash > 0 && what.find('/', slash + 1) == std::string::npos) {
      auto found = co_await of_service(what.substr(0, slash), what.substr(slash + 1));
      if (found && !found->empty()) co_return found;
      if (!found && found.error().code == "NotReachable") co_return found;
      looked_for_service_ = cat("the cluster ", what.substr(0, slash), " has no service ", what.substr(slash + 1),
                                " with tasks, and as a log group: ");
    }
    co_return std::vector<Source>{Source{.group = what, .streams = {}}};
  }

  // Its tasks, also those that have ended within the hour.
  reactor::Co<Outcome<std::vector<Source>>> of_service(std::string cluster, std::string service) {
    std::vector<std::string> tasks;
    for (const char* status : {"RUNNING", "STOPPED"}) {
      Json input = Json::object();
      input.set("cluster", cluster);
      input.set("serviceName", service);
      input.set("desiredStatus", status);
      const Answer answer = co_await ecs("ListTasks", std::move(input));
      if (!answer) co_return std::unexpected(answer.error());
      if (const Json* arns = answer->find("taskArns"))
        for (const Json& arn : arns->items())
          if (tasks.size() < tasks_per_call) tasks.push_back(arn.text());
    }
    if (tasks.empty()) co_return std::vector<Source>{};
    co_return co_await of_tasks(cluster, tasks);
  }

  reactor::Co<Outcome<std::vector<Source>>> of_tasks(std::string cluster, std::vector<std::string> tasks) {
    Json input = Json::object();
    input.set("cluster", cluster);
    Json& list = input.set("tasks", Json::array());
    for (const std::string& task : tasks) list.push(task);
    const Answer answer = co_await ecs("DescribeTasks", std::move(input));
    if (!answer) co_return std::unexpected(with_cluster(answer.error(), cluster));
    std::map<std::string, Source> by_group;
    const Json* described = answer->find("tasks");
    if (described == nullptr || described->size() == 0)
      co_return std::unexpected(
          with_cluster({.code = "NotFound", .message = cat("there is no task ", tasks.front())}, cluster));
    for (const Json& task : described->items()) {
      const std::string arn(task.text_at({"taskArn"}));
      if (auto added =
              co_await add(std::string(task.text_at({"taskDefinitionArn"})), arn.substr(arn.rfind('/') + 1), by_group);
          !added)
        co_return std::unexpected(added.error());
    }
    std::vector<Source> sources;
    for (auto& [group, source] : by_group) sources.push_back(std::move(source));
    if (sources.empty()) co_return refuse("NotFound", "no container of it has the log driver awslogs");
    co_return sources;
  }

  // The streams of one task, by what its definition says.
  reactor::Co<Outcome<>> add(std::string definition, std::string task_id, std::map<std::string, Source>& by_group) {
    auto known = definitions_.find(definition);
    if (known == definitions_.end()) {
      Json input = Json::object();
      input.set("taskDefinition", definition);
      auto answer = co_await ecs("DescribeTaskDefinition", std::move(input));
      if (!answer) co_return std::unexpected(answer.error());
      known = definitions_.emplace(definition, *std::move(answer)).first;
    }
    const Json* containers = known->second.find({"taskDefinition", "containerDefinitions"});
    if (containers == nullptr) co_return Outcome<>();
    for (const Json& container : containers->items()) {
      const auto option = [&container](const char* name) {
        return std::string(container.text_at({"logConfiguration", "options", name}));
      };
      const std::string group = option("awslogs-group");
      if (group.empty()) continue;
      const std::string prefix = option("awslogs-stream-prefix");
      Source& source = by_group[group];
      source.group = group;
      if (source.streams.size() < streams_per_call)
        source.streams.push_back(cat(prefix, prefix.empty() ? "" : "/", container.text_at({"name"}), "/", task_id));
    }
    co_return Outcome<>();
  }

  // Every event that has not been shown, from the latest millisecond that has been.
  reactor::Co<Outcome<>> show(const Source& source) {
    i64& from = from_.try_emplace(source.group, since_).first->second;
    std::string token;
    do {
      Json input = Json::object();
      input.set("logGroupName", source.group);
      input.set("startTime", from);
      if (!arguments_.text("filter").empty()) input.set("filterPattern", arguments_.text("filter"));
      if (!source.streams.empty()) {
        Json& names = input.set("logStreamNames", Json::array());
        for (const std::string& stream : source.streams) names.push(stream);
      }
      if (!token.empty()) input.set("nextToken", token);
      auto answer = co_await api_.call("logs", "Logs_20140328.FilterLogEvents", std::move(input));
      if (!answer && answer.error().code == "ResourceNotFoundException")
        co_return refuse("NotFound", cat(looked_for_service_, answer.error().message, " (", source.group, ")"));
      if (!answer) co_return std::unexpected(answer.error());
      if (const Json* events = answer->find("events"))
        for (const Json& event : events->items()) print(source, event);
      token = answer->text_at({"nextToken"});
    } while (!token.empty());
    // What arrives late within the last moments is still found.
    from = std::max(from, latest_ - 5'000);
    if (shown_.size() > 200'000) shown_.clear();
    co_return Outcome<>();
  }

  void print(const Source& source, const Json& event) {
    const std::string id(event.text_at({"eventId"}));
    const i64 at = event.integer_at({"timestamp"});
    if (arguments_.flag("follow") && !shown_.insert(id).second) return;
    latest_ = std::max(latest_, at);
    if (arguments_.flag("json")) {
      Json whole = event;
      whole.set("logGroupName", source.group);
      std::printf("%s\n", whole.write().c_str());
      return;
    }
    const std::string_view stream = event.text_at({"logStreamName"});
    const std::string_view message = event.text_at({"message"});
    static const bool colours = isatty(1) == 1 && std::getenv("NO_COLOR") == nullptr;  // NOLINT(concurrency-mt-unsafe)
    const std::string time = iso8601(Instant{} + milliseconds(at), 3);
    if (colours)
      std::printf("\033[2m%s\033[0m \033[%dm%s\033[0m ", time.c_str(), static_cast<int>(31 + hash64(stream) % 6),
                  short_name(stream).c_str());
    else
      std::printf("%s %s ", time.c_str(), short_name(stream).c_str());
    std::fwrite(message.data(), 1, message.size(), stdout);
    std::fputc('\n', stdout);
  }

  // "prefix/container/0123..." of a task: container and the first eight digits.
  static std::string short_name(std::string_view stream) {
    const auto parts = split(stream, '/');
    if (parts.size() < 2 || !is_task_id(parts.back())) return std::string(stream);
    return cat(parts[parts.size() - 2], "/", parts.back().substr(0, 8));
  }

  reactor::Loop& loop_;
  client::ApiClient api_;
  const Arguments& arguments_;
  i64 since_;
  i64 latest_ = 0;
  std::string looked_for_service_;   // why what was named is taken for a log group
  std::map<std::string, i64> from_;  // by group
  std::map<std::string, Json> definitions_;
  std::set<std::string> shown_;
};

Outcome<> run(const Arguments& arguments) {
  if (arguments.positional().size() != 1)
    return refuse("Usage",
                  "utakata logs: name one service (CLUSTER/SERVICE), task or log group (see utakata help logs)");
  const i64 since = TRY(since_ms(arguments.text("since")));
  client::Endpoint endpoint = TRY(client::endpoint_of(endpoint_url(arguments)));
  reactor::Loop loop;
  Follower follower(loop, std::move(endpoint), arguments, since);
  Outcome<> outcome;
  reactor::start([](reactor::Loop& l, Follower& of, Outcome<>& into) -> reactor::Co<void> {
    auto done = co_await of.run();
    into = std::move(done);
    l.stop();
  }(loop, follower, outcome));
  loop.run();
  return outcome;
}

}  // namespace

int run_logs(const Arguments& arguments) {
  const Outcome<> outcome = run(arguments);
  return outcome ? 0 : fail(outcome.error());
}

}  // namespace utakata::app

#include "sim/scenario_player.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "sim/json_text.hpp"
#include "sim/scenario_words.hpp"

namespace utakata::sim {
namespace {

constexpr Duration scenario_patience = hours(2);

Outcome<> ignore_value(Outcome<bool> outcome) {
  if (!outcome) return std::unexpected(std::move(outcome).error());
  return {};
}

}  // namespace

ScenarioPlayer::ScenarioPlayer(Program program)
    : sim_(program, {.seed = 1}), customer_(sim_), trace_(sim_), checkers_(sim_, customer_, 1) {
  sim_.watch({.event = [this](const Json& event) {
    if (event.text_at({"detail", "eventName"}) == awaited_) awaited_.clear();
  }});
}

std::span<const ScenarioPlayer::Rule> ScenarioPlayer::rules() {
  using P = ScenarioPlayer;
  static constexpr std::array all{
      Rule{"image", 2, &P::image,
           "image NAME [boot 2s] [stop finishes|drops|ignores] [drain 1s] [life 10s] [pull-fails denied] ..."},
      Rule{"capacity", 5, &P::capacity, "capacity cpu UNITS memory MIB"},
      Rule{"cluster", 2, &P::cluster, "cluster NAME"},
      Rule{"container", 5, &P::container,
           "container FAMILY NAME image IMAGE [port N] [stop-timeout N] [depends NAME:CONDITION] [check]"},
      Rule{"service", 2, &P::service,
           "service NAME [desired N] [strategy FARGATE:base=2,FARGATE_SPOT:weight=1] [image IMAGE | family FAMILY] "
           "[balanced [CONTAINER:]PORT [network]] [min PERCENT] [max PERCENT] [grace SECONDS] [circuit-breaker]"},
      Rule{"deploy", 3, &P::deploy, "deploy SERVICE image IMAGE [stop-timeout N] | deploy SERVICE again"},
      Rule{"scale", 3, &P::scale, "scale SERVICE N"},
      Rule{"delete", 2, &P::remove, "delete SERVICE"},
      Rule{"stop", 3, &P::stop, "stop SERVICE POSITION"},
      Rule{"run", 2, &P::run, "run 150s | run until stable | run until EVENT_NAME"},
      Rule{"reclaim", 4, &P::reclaim, "reclaim SERVICE count N [refuse SECONDS]"},
      Rule{"load", 3, &P::load, "load SERVICE RATE takes 300ms | load SERVICE end"},
      Rule{"kill", 5, &P::kill, "kill control plane down 2s"},
      Rule{"crash", 3, &P::crash, "crash SERVICE POSITION [exit CODE]"},
      Rule{"protect", 3, &P::protect, "protect SERVICE POSITION [minutes N] | protect SERVICE POSITION off"},
      Rule{"show", 2, &P::show, "show tasks SERVICE | show service SERVICE | show requests"},
  };
  return all;
}

Outcome<> ScenarioPlayer::play(const Words& words) {
  const auto rule = std::ranges::find(rules(), words.front(), &Rule::name);
  if (rule == rules().end()) return refuse("Scenario", cat("no such command: ", words.front()));
  if (words.size() < rule->least_words) return refuse("Scenario", cat("usage: ", rule->usage));
  std::string said = ">";
  for (const std::string_view word : words) said += cat(" ", word);
  trace_.line(said);
  trace_.restart_clock();
  return (this->*rule->command)(words);
}

void ScenarioPlayer::finish() {
  checkers_.check_acknowledged();
  for (const std::string& failure : failures()) trace_.line(cat("BROKEN: ", failure));
}

// What the platform refuses is a part of the story.
void ScenarioPlayer::tell(const Outcome<>& outcome) {
  if (!outcome) trace_.event(cat("refused: ", outcome.error().code, ": ", outcome.error().message));
}

Outcome<> ScenarioPlayer::image(const Words& words) {
  return sim_.images.describe(std::string(words[1]), {words.begin() + 2, words.end()});
}

Outcome<> ScenarioPlayer::capacity(const Words& words) {
  const Options options = TRY(Options::read(words, 1, {"cpu", "memory"}));
  sim_.offer({
    .cpu_units = TRY(options.number("cpu", 0))
    , .memory_mib = TRY(options.number("memory", 0))
  });
  sim_.run_for(seconds(1));
  return {};
}

Outcome<> ScenarioPlayer::cluster(const Words& words) {
  tell(customer_.make_cluster(std::string(words[1])));
  return {};
}

Outcome<> ScenarioPlayer::container(const Words& words) {
  families_[std::string(words[1])].push_back(TRY(read_container(words)));
  return {};
}

Outcome<> ScenarioPlayer::register_family(const std::string& family) {
  const auto made = customer_.register_task(family, families_[family]);
  if (!made) return std::unexpected(made.error());
  return {};
}

Outcome<> ScenarioPlayer::service(const Words& words) {
  ServicePlan plan = TRY(read_service(words));
  const Options options = TRY(Options::read(words, 2, service_options));
  if (!options.has("family")) {
    plan.family = plan.name;
    families_[plan.name] = {{.image = options.text("image", "app"),
                             .port = plan.balanced_port,
                             .stop_timeout = TRY(options.number("stop-timeout", 30))}};
  }
  family_of_[plan.name] = plan.family;
  if (auto made = register_family(plan.family); !made) return tell(made), Outcome<>{};
  const auto made = customer_.make_service(plan);
  if (made) checkers_.wanted(plan.name, plan.desired);
  tell(made);
  return {};
}

Outcome<> ScenarioPlayer::deploy(const Words& words) {
  const std::string name(words[1]);
  if (words[2] == "again")
    return tell(customer_.update_service(name, object({{"forceNewDeployment", true}}))), Outcome<>{};
  const Options options = TRY(Options::read(words, 2, {"image", "stop-timeout"}));
  auto& containers = families_[family_of_[name]];
  if (containers.empty()) return refuse("Scenario", cat("there is no service ", name));
  containers.front().image = options.text("image", "app");
  containers.front().stop_timeout = TRY(options.number("stop-timeout", containers.front().stop_timeout));
  if (auto made = register_family(family_of_[name]); !made) return tell(made), Outcome<>{};
  tell(customer_.update_service(name, object({{"taskDefinition", family_of_[name]}})));
  return {};
}

Outcome<> ScenarioPlayer::scale(const Words& words) {
  const std::string name(words[1]);
  const auto count = parse_integer(words[2]);
  if (!count) return refuse("Scenario", cat("not a number of tasks: ", words[2]));
  checkers_.maybe_wanted(name, *count);
  const auto done = customer_.update_service(name, object({{"desiredCount", *count}}));
  if (done) checkers_.wanted(name, *count);
  tell(done);
  return {};
}

Outcome<> ScenarioPlayer::remove(const Words& words) {
  const std::string name(words[1]);
  checkers_.forget(name);
  tell(customer_.delete_service(name));
  return {};
}

Outcome<std::string> ScenarioPlayer::task_of(const std::string& service, std::string_view position) {
  const auto tasks = TRY(customer_.tasks(service));
  const auto at = parse_integer(position);
  if (!at || *at < 1 || static_cast<std::size_t>(*at) > tasks.size())
    return refuse("Scenario", cat(service, " has ", tasks.size(), " tasks, and none at position ", position));
  return std::string(tasks[static_cast<std::size_t>(*at) - 1].text_at({"taskArn"}));
}

Outcome<> ScenarioPlayer::stop(const Words& words) {
  tell(customer_.stop_task(TRY(task_of(std::string(words[1]), words[2]))));
  return {};
}

Outcome<> ScenarioPlayer::run(const Words& words) {
  if (words[1] != "until") {
    sim_.run_for(TRY(parse_duration(words[1])));
    return {};
  }
  if (words.size() < 3) return refuse("Scenario", "run until what?");
  return words[2] == "stable" ? run_until_stable() : run_until_event(words[2]);
}

Outcome<> ScenarioPlayer::run_until_stable() {
  const auto stable = customer_.run_until_stable(scenario_patience);
  if (!stable) return tell(ignore_value(stable)), Outcome<>{};
  if (*stable)
    trace_.event("stable");
  else
    checkers_.fail("the services do not become stable");
  return {};
}

Outcome<> ScenarioPlayer::run_until_event(std::string_view name) {
  awaited_ = name;
  const Instant limit = sim_.queue.now() + scenario_patience;
  while (!awaited_.empty())
    if (!sim_.queue.run_next(limit)) return checkers_.fail(cat("no event named ", name, " came")), Outcome<>{};
  return {};
}

Outcome<> ScenarioPlayer::reclaim(const Words& words) {
  const Options options = TRY(Options::read(words, 2, {"count", "refuse"}));
  const auto taken = customer_.reclaim(std::string(words[1]), TRY(options.number("count", 1)),
                                       TRY(options.number("refuse", 0)), ++reclaims_);
  if (!taken) tell(std::unexpected(taken.error()));
  return {};
}

Outcome<> ScenarioPlayer::load(const Words& words) {
  const std::string group = customer_.target_group(std::string(words[1]));
  if (group.empty()) return refuse("Scenario", cat("service ", words[1], " is behind no load balancer"));
  if (words[2] == "end") return sim_.workload.end(group), Outcome<>{};
  const auto rate = parse_integer(words[2]);
  if (!rate || *rate < 1) return refuse("Scenario", cat("a rate is requests a second, not ", words[2]));
  const Options options = TRY(Options::read(words, 3, {"takes"}));
  sim_.workload.flow(group, *rate, TRY(parse_duration(options.text("takes", "300ms"))));
  return {};
}

Outcome<> ScenarioPlayer::kill(const Words& words) {
  sim_.crash(TRY(parse_duration(words[4])));
  trace_.event("the control plane is gone, and the balancer with it");
  return {};
}

Outcome<> ScenarioPlayer::crash(const Words& words) {
  const std::string arn = TRY(task_of(std::string(words[1]), words[2]));
  const Options options = TRY(Options::read(words, 3, {"exit"}));
  sim_.runtime.crash(arn, TRY(options.number("exit", 1)));
  return {};
}

Outcome<> ScenarioPlayer::protect(const Words& words) {
  const Options options = TRY(Options::read(words, 3, {"minutes", "-off"}));
  tell(customer_.protect_task(TRY(task_of(std::string(words[1]), words[2])), !options.has("off"),
                              TRY(options.number("minutes", 120))));
  return {};
}

Outcome<> ScenarioPlayer::show(const Words& words) {
  if (words[1] == "requests") return show_requests(), Outcome<>{};
  if (words.size() < 3) return refuse("Scenario", "show which service?");
  if (words[1] == "tasks") return show_tasks(std::string(words[2]));
  if (words[1] == "service") return show_service(std::string(words[2]));
  return refuse("Scenario", cat("there is nothing to show of ", words[1]));
}

Outcome<> ScenarioPlayer::show_tasks(const std::string& service) {
  std::vector<std::string> lines;
  for (const Json& task : TRY(customer_.tasks(service)))
    lines.push_back(cat("    ", trace_.name_of(std::string(task.text_at({"taskArn"}))), " ",
                        task.text_at({"lastStatus"}), " ", task.text_at({"capacityProviderName"})));
  std::ranges::sort(lines);
  for (std::string& line : lines) trace_.line(std::move(line));
  return {};
}

Outcome<> ScenarioPlayer::show_service(const std::string& name) {
  const Json found = TRY(customer_.service(name));
  trace_.line(cat("    ", name, " ", found.text_at({"status"}), ": desired ", found.integer_at({"desiredCount"}),
                  ", running ", found.integer_at({"runningCount"}), ", pending ", found.integer_at({"pendingCount"})));
  for (const Json& deployment : items_at(found, "deployments")) {
    const std::string_view definition = deployment.text_at({"taskDefinition"});
    trace_.line(cat("    ", deployment.text_at({"status"}), " ", definition.substr(definition.rfind('/') + 1), " ",
                    deployment.text_at({"rolloutState"}), ": running ", deployment.integer_at({"runningCount"}),
                    ", failed ", deployment.integer_at({"failedTasks"})));
  }
  return {};
}

void ScenarioPlayer::show_requests() {
  const Fates fates = sim_.workload.all();
  trace_.line(cat("    ", fates.sent, " requests, ", fates.lost(), " lost: ", fates.lost_in_flight, " in flight, ",
                  fates.refused, " refused (502), ", fates.no_target, " without a target (503), ", fates.balancer_gone,
                  " without a balancer"));
}

}  // namespace utakata::sim

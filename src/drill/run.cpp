#include "drill/run.hpp"

#include "base/text.hpp"
#include "core/balancer_name.hpp"
#include "drill/load.hpp"
#include "drill/platform.hpp"
#include "reactor/process.hpp"
#include "reactor/wall_clock.hpp"

namespace utakata::drill {
namespace {

constexpr Duration prepare_patience = minutes(15);
constexpr Duration farewell_patience = seconds(150);  // two minutes of warning and what comes after
constexpr i32 ledger_seconds = 900;                   // how far back the platform's ledger reaches
constexpr Duration watch_interval = milliseconds(250);

using reactor::wall_clock;

// What one variant's parts share while they run side by side.
struct Running {
  reactor::Loop& loop;
  client::ApiClient& api;
  const Plan& plan;
  VariantReport& report;
  Instant began;  // monotonic
  Instant began_wall;
  list<str> taken;
  i64 unanswered = 0;  // questions that the platform did not answer
  int reclaims_open = 0;

  [[nodiscard]] f64 elapsed() const { return static_cast<f64>((loop.now() - began).ns) / 1e9; }
};

// Takes tasks away at their second, then watches until as many run as before.
reactor::Co<void> reclaim_and_watch(Running& run, ReclaimStep step, Say say) {
  ++run.reclaims_open;
  co_await run.loop.sleep(run.began + seconds(step.atSecond) - run.loop.now());
  const std::size_t row = run.report.reclaims.size();
  run.report.reclaims.push_back({.second = run.elapsed(), .service = step.service, .asked = step.count});
  const auto before = co_await service_counts(run.api, run.plan.cluster, step.service);
  auto taken = co_await reclaim(run.api, run.plan.cluster, step, run.plan.seed);
  if (!taken) {
    run.report.remarks.push_back(cat("the reclaim at second ", step.atSecond, " was refused: ", taken.error().message));
    --run.reclaims_open;
    co_return;
  }
  run.report.reclaims[row].taken = static_cast<i32>(taken->task_arns.size());
  run.taken.insert(run.taken.end(), taken->task_arns.begin(), taken->task_arns.end());
  say(cat("second ", step.atSecond, ": ", taken->task_arns.size(), " Spot tasks of ", step.service, " are taken"));
  const Instant patience = run.loop.now() + farewell_patience;
  bool fell = !taken->task_arns.empty();  // at once: a task that is warned counts no more
  while (run.loop.now() < patience) {
    co_await run.loop.sleep(watch_interval);
    const auto counts = co_await service_counts(run.api, run.plan.cluster, step.service);
    if (!counts) {
      ++run.unanswered;
      continue;
    }
    fell = fell || (before && counts->running < before->running);
    if (fell && counts->running >= counts->desired) {
      run.report.reclaims[row].replacedAfter = run.elapsed() - run.report.reclaims[row].second;
      break;
    }
  }
  --run.reclaims_open;
}

reactor::Co<void> follow_farewells(Running& run) {
  const Instant patience = run.loop.now() + farewell_patience;
  while (!run.taken.empty() && run.loop.now() < patience) {
    auto rows = co_await timelines(run.api, run.taken, run.began_wall);
    bool all_stopped = false;
    if (rows) {
      run.report.tasks = *std::move(rows);
      all_stopped = true;
      for (const TaskTimeline& task : run.report.tasks) all_stopped = all_stopped && task.stopped >= 0;
    } else {
      ++run.unanswered;
    }
    if (all_stopped) co_return;
    co_await run.loop.sleep(watch_interval);
  }
  if (!run.taken.empty())
    run.report.remarks.push_back("not every task that was taken had stopped when the drill ended");
}

reactor::Co<Outcome<>> prepare(reactor::Loop& loop, const Variant& variant, const Say& say) {
  if (!variant.prepare) co_return Outcome<>();
  say(cat(variant.name, ": ", *variant.prepare));
  auto done = co_await reactor::run_process(loop, {"sh", "-c", *variant.prepare}, prepare_patience);
  if (!done) co_return std::unexpected(done.error());
  if (done->exit_code != 0 || done->timed_out)
    co_return refuse("PrepareFailed", cat(variant.name, ": '", *variant.prepare, "' ended with status ",
                                          done->exit_code, ":\n", done->output));
  co_return Outcome<>();
}

// Whom the script takes tasks from must be there before the load begins, not only when their turn comes.
reactor::Co<Outcome<>> check_reclaimed(client::ApiClient& api, const Plan& plan) {
  for (const ReclaimStep& step : plan.reclaims) {
    const auto counts = co_await service_counts(api, plan.cluster, step.service);
    if (counts) continue;
    Fault fault = counts.error();
    if (fault.code == "ClusterNotFoundException") fault.message = cat("there is no cluster ", plan.cluster);
    fault.message = cat("the reclaim at second ", step.atSecond, " cannot be made: ", fault.message);
    co_return std::unexpected(std::move(fault));
  }
  co_return Outcome<>();
}

// Names of load balancers lead where the platform's listeners are, which a resolver of this machine does not know.
reactor::Co<void> look_up(client::ApiClient& api, client::Url& url) {
  if (!is_balancer_name(url.host.substr(0, url.host.rfind(':')))) co_return;
  if (auto address = co_await balancer_address(api); address && !address->empty()) url.address.host = *address;
}

reactor::Co<Outcome<VariantReport>> run_variant(reactor::Loop& loop, client::ApiClient& api, const Plan& plan,
                                                const Variant& variant, const client::Url& url, const Say& say) {
  VariantReport report{.name = variant.name, .maximumLost = variant.maximumLost};
  if (const auto exists = co_await cluster_exists(api, plan.cluster); exists && !*exists)
    report.remarks.push_back(cat("there is no cluster ", plan.cluster, ": nothing of it was drilled but the load"));
  Running run{.loop = loop, .api = api, .plan = plan, .report = report, .began = {}, .began_wall = {}, .taken = {}};
  Tally tally;
  say(cat(variant.name, ": ", plan.load.requestsPerSecond, " requests a second for ", plan.load.seconds, " s to ",
          url.host));
  co_await run_load(
      loop, plan.load, url.address, url.host, static_cast<std::uint64_t>(plan.seed), tally,
      [&](Instant began) {
        run.began = began;
        run.began_wall = wall_clock();
        for (const ReclaimStep& step : plan.reclaims) reactor::start(reclaim_and_watch(run, step, say));
      },
      [&](i32 second, const Tally& so_far) {
        say(cat(variant.name, " second ", second, ": ", so_far.sent(), " answered, ", so_far.lost(), " lost"));
      });
  const Instant load_ended = wall_clock();
  while (run.reclaims_open > 0) co_await loop.sleep(milliseconds(50));
  co_await follow_farewells(run);
  constexpr i64 second = 1'000'000'000;
  if (auto rows = co_await ledger(api, plan.load.loadBalancer, run.began_wall.ns / second, load_ended.ns / second))
    report.ledger = *std::move(rows);
  else
    ++run.unanswered;
  if (plan.load.seconds > ledger_seconds)
    report.remarks.push_back(cat("the ledger shows the last ", ledger_seconds, " seconds only"));
  report.sent = tally.sent();
  report.lost = tally.lost();
  report.ok = report.sent - report.lost;
  report.saved_by_retries = tally.saved_by_retries();
  report.causes = tally.causes();
  report.latency = tally.latency();
  report.seconds = tally.seconds_with_losses();
  if (run.unanswered > 0)
    report.remarks.push_back(cat("the platform's API left ", run.unanswered, " questions of the drill unanswered"));
  judge(report);
  co_return report;
}

}  // namespace

Outcome<> check_plan(const Plan& plan) {
  const Load& load = plan.load;
  const auto wrong = [](std::string_view field, std::string_view why) {
    return refuse("Usage", cat("drill plan: ", field, " ", why));
  };
  if (load.url.empty() && !load.loadBalancer)
    return wrong("/load/url", "or /load/loadBalancer must say where the load goes");
  if (load.paths.empty()) return wrong("/load/paths", "must name at least one path");
  if (load.requestsPerSecond < 1 || load.requestsPerSecond > 20'000)
    return wrong("/load/requestsPerSecond", "must be from 1 to 20000");
  if (load.seconds < 1 || load.seconds > 86'400) return wrong("/load/seconds", "must be from 1 to 86400");
  if (load.timeoutMilliseconds < 1) return wrong("/load/timeoutMilliseconds", "must be positive");
  if (load.retries < 0 || load.retries > 10) return wrong("/load/retries", "must be from 0 to 10");
  if (plan.variants.empty()) return wrong("/variants", "must name at least one");
  for (const ReclaimStep& step : plan.reclaims)
    if (step.count < 1 || step.atSecond < 0 || step.atSecond >= load.seconds)
      return wrong("/reclaims", "must take at least one task, within the seconds of the load");
  return {};
}

reactor::Co<Outcome<Report>> run_drill(reactor::Loop& loop, client::ApiClient& api, Plan plan, Say say) {
  if (auto sound = check_plan(plan); !sound) co_return std::unexpected(sound.error());
  Report report{.cluster = plan.cluster,
                .url = plan.load.url,
                .seed = plan.seed,
                .requestsPerSecond = plan.load.requestsPerSecond};
  for (const Variant& variant : plan.variants) {
    if (auto prepared = co_await prepare(loop, variant, say); !prepared) co_return std::unexpected(prepared.error());
    if (auto sound = co_await check_reclaimed(api, plan); !sound) co_return std::unexpected(sound.error());
    str where = plan.load.url;
    if (plan.load.loadBalancer) {
      auto name = co_await load_balancer_name(api, *plan.load.loadBalancer);
      if (!name) co_return std::unexpected(name.error());
      where = cat("http://", *name, ":", plan.load.port);
    }
    auto url = client::parse_url(where);
    if (!url) co_return std::unexpected(url.error());
    co_await look_up(api, *url);
    report.url = where;
    auto done = co_await run_variant(loop, api, plan, variant, *url, say);
    if (!done) co_return std::unexpected(done.error());
    report.passed = report.passed && done->passed;
    report.variants.push_back(*std::move(done));
  }
  co_return report;
}

}  // namespace utakata::drill

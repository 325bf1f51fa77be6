#include <cstdio>
#include <fstream>
#include <sstream>

#include "app/commands.hpp"
#include "app/endpoint.hpp"
#include "base/text.hpp"
#include "drill/run.hpp"
#include "wire/json.hpp"

namespace utakata::app {
namespace {

std::unexpected<Fault> misused(const std::string& message) { return refuse("Usage", "utakata drill: " + message); }

// SERVICE:COUNT@SECOND[+REFUSE]
Outcome<drill::ReclaimStep> reclaim_step(std::string_view text) {
  const auto wrong = [&] { return misused(cat("--reclaim: '", text, "' is not SERVICE:COUNT@SECOND[+REFUSE]")); };
  const std::size_t colon = text.find(':');
  const std::size_t at = text.find('@');
  if (colon == std::string_view::npos || at == std::string_view::npos || at < colon) return wrong();
  const std::size_t plus = text.find('+', at);
  const auto count = parse_integer(text.substr(colon + 1, at - colon - 1));
  const auto second = parse_integer(text.substr(at + 1, plus == std::string_view::npos ? plus : plus - at - 1));
  const auto refuse_for = plus == std::string_view::npos ? std::optional<i64>(0) : parse_integer(text.substr(plus + 1));
  if (!count || !second || !refuse_for || *count < 1 || *second < 0 || *refuse_for < 0) return wrong();
  return drill::ReclaimStep{.atSecond = static_cast<i32>(*second),
                            .service = std::string(text.substr(0, colon)),
                            .count = static_cast<i32>(*count),
                            .refuseSeconds = static_cast<i32>(*refuse_for)};
}

Outcome<drill::Plan> plan_of_options(const Arguments& arguments) {
  if (!arguments.given("url")) return misused("--plan or --url is needed (see utakata help drill)");
  drill::Plan plan { .cluster = arguments.text("cluster"), .seed = TRY(arguments.integer("seed", 0, INT64_MAX)) };
  plan.load.url = arguments.text("url");
  const auto url = client::parse_url(plan.load.url);
  if (!url) return misused(cat("--url: ", url.error().message));
  for (const std::string_view path : split(arguments.given("path") ? arguments.text("path") : url->path, ','))
    plan.load.paths.emplace_back(path);
  plan.load.requestsPerSecond = static_cast<i32>(TRY(arguments.integer("rate", 1, 20'000)));
  plan.load.seconds = static_cast<i32>(TRY(arguments.integer("seconds", 1, 86'400)));
  plan.load.timeoutMilliseconds = static_cast<i32>(TRY(arguments.integer("timeout", 1, 3'600'000)));
  plan.load.retries = static_cast<i32>(TRY(arguments.integer("retries", 0, 10)));
  if (arguments.given("expect")) plan.load.expectBody = arguments.text("expect");
  if (arguments.given("reclaim"))
    for (const std::string_view step : split(arguments.text("reclaim"), ','))
      plan.reclaims.push_back(TRY(reclaim_step(step)));
  plan.variants.push_back(
      { .name = "drill", .maximumLost = static_cast<i32>(TRY(arguments.integer("maximum-lost", 0, INT32_MAX))) });
  return plan;
}

Outcome<drill::Plan> plan_of_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) return misused(cat("--plan: cannot read ", path));
  std::ostringstream text;
  text << file.rdbuf();
  auto plan = wire::read_json<drill::Plan>(text.str());
  if (!plan) return misused(cat("--plan ", path, ": ", plan.error().field, " ", plan.error().message));
  return *std::move(plan);
}

Outcome<drill::Report> drilled(const Arguments& arguments) {
  drill::Plan plan = TRY(arguments.given("plan") ? plan_of_file(arguments.text("plan")) : plan_of_options(arguments));
  TRY_VOID(drill::check_plan(plan));
  const client::Endpoint endpoint = TRY(client::endpoint_of(endpoint_url(arguments)));
  reactor::Loop loop;
  client::ApiClient api(loop, endpoint);
  Outcome<drill::Report> result = misused("it did not end");
  reactor::start(
      [](reactor::Loop& l, client::ApiClient& to, drill::Plan what, Outcome<drill::Report>& into) -> reactor::Co<void> {
        auto done = co_await drill::run_drill(l, to, std::move(what),
                                              [](const str& line) { std::fprintf(stderr, "%s\n", line.c_str()); });
        into = std::move(done);
        l.stop();
      }(loop, api, std::move(plan), result));
  loop.run();
  return result;
}

}  // namespace

int run_drill(const Arguments& arguments) {
  const auto report = drilled(arguments);
  if (!report) return fail(report.error());
  const std::string text = arguments.flag("json") ? wire::write_json(*report) + "\n" : "\n" + drill::render(*report);
  std::fputs(text.c_str(), stdout);
  return report->passed ? 0 : 1;
}

}  // namespace utakata::app

#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "app/commands.hpp"
#include "app/endpoint.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "client/api_client.hpp"
#include "http/client.hpp"
#include "reactor/stream.hpp"

namespace utakata::app {

int run_env(const Arguments& arguments) {
  const std::string account = arguments.text("account");
  if (account.size() != 12 || !parse_integer(account))
    return fail({.code = "Usage", .message = cat("utakata env: --account must have 12 digits, not '", account, "'")});
  const std::string url = endpoint_url(arguments);
  if (const auto parsed = client::parse_url(url); !parsed) return fail(parsed.error());
  const std::string region = arguments.text("region");
  std::printf(
      "export AWS_ENDPOINT_URL=%s\nexport AWS_ACCESS_KEY_ID=%s\nexport AWS_SECRET_ACCESS_KEY=utakata\n"
      "export AWS_DEFAULT_REGION=%s\nexport AWS_REGION=%s\nexport AWS_PAGER=\nexport AWS_EC2_METADATA_DISABLED=true\n"
      "unset AWS_PROFILE AWS_SESSION_TOKEN\n",
      url.c_str(), account.c_str(), region.c_str(), region.c_str());
  return 0;
}

int run_ca(const Arguments& arguments) {
  const auto url = client::parse_url(endpoint_url(arguments));
  if (!url) return fail(url.error());
  reactor::Loop loop;
  http::Exchange answer;
  reactor::start([](reactor::Loop& l, client::Url where, http::Exchange& into) -> reactor::Co<void> {
    http::Client client(l, where.address, where.host);
    into = co_await client.send({.method = "GET", .target = "/_utakata/authority", .headers = {}, .body = {}},
                                seconds(10));
    l.stop();
  }(loop, *url, answer));
  loop.run();
  const auto page = answer.status == 200 ? Json::parse(answer.body) : Outcome<Json>(std::unexpect, Fault{});
  if (!page)
    return fail({.code = "NotReachable", .message = cat("the API at ", url->host, " does not tell its authority")});
  std::fputs(std::string(page->text_at({"certificate"})).c_str(), stdout);
  return 0;
}

int run_wait_ready(const Arguments& arguments) {
  const auto patience = arguments.integer("seconds", 1, 3600);
  if (!patience) return fail(patience.error());
  const auto url = client::parse_url(endpoint_url(arguments));
  if (!url) return fail(url.error());
  reactor::Loop loop;
  bool ready = false;
  reactor::start([](reactor::Loop& l, client::Url where, Duration limit, bool& done) -> reactor::Co<void> {
    http::Client client(l, where.address, where.host);
    const Instant end = l.now() + limit;
    while (!done && l.now() < end) {
      const http::Exchange exchange =
          co_await client.send({.method = "GET", .target = "/_utakata/ready", .headers = {}, .body = {}}, seconds(5));
      done = exchange.ending == http::Ending::answered && exchange.status == 200;
      if (!done) co_await l.sleep(milliseconds(100));
    }
    l.stop();
  }(loop, *url, seconds(*patience), ready));
  loop.run();
  if (ready) return 0;
  return fail(
      {.code = "NotReachable", .message = cat("the API at ", url->host, " did not answer within ", *patience, " s")});
}

}  // namespace utakata::app

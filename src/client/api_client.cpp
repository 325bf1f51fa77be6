#include "client/api_client.hpp"

#include <cstdlib>

#include "base/text.hpp"
#include "reactor/wall_clock.hpp"

namespace utakata::client {
namespace {

constexpr Duration patience = seconds(70);  // longer than the longest long poll

std::string from_environment(const char* name, std::string otherwise) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): read at start, never set
  return value != nullptr && *value != '\0' ? value : std::move(otherwise);
}

using reactor::wall_clock;

Fault fault_of(const http::Exchange& exchange, const std::string& where) {
  if (exchange.ending == http::Ending::refused)
    return {.code = "NotReachable",
            .message = cat("nothing listens at ", where, ": is `utakata serve` running?"),
            .status = 503};
  return {.code = "NotReachable", .message = cat("the platform at ", where, " did not answer"), .status = 503};
}

}  // namespace

Outcome<Url> parse_url(std::string_view url) {
  constexpr std::string_view scheme = "http://";
  if (!url.starts_with(scheme)) return refuse("InvalidUrl", cat("'", url, "' is no URL beginning with http://"));
  std::string_view rest = url.substr(scheme.size());
  const std::size_t slash = rest.find('/');
  Url result{.address = {},
             .host = std::string(rest.substr(0, slash)),
             .path = slash == std::string_view::npos ? std::string("/") : std::string(rest.substr(slash))};
  std::string_view name = result.host;
  std::string_view port = "80";
  if (const std::size_t colon = name.rfind(':'); colon != std::string_view::npos) {
    port = name.substr(colon + 1);
    name = name.substr(0, colon);
  }
  const bool local = name == "localhost" || name.ends_with(".localhost");
  result.address = TRY(reactor::parse_address(cat(local ? std::string_view("127.0.0.1") : name, ":", port)));
  return result;
}

Outcome<Endpoint> endpoint_of(std::string_view url) {
  const Url parsed = TRY(parse_url(url));
  return Endpoint{.address = parsed.address,
                  .host = parsed.host,
                  .access_key = from_environment("AWS_ACCESS_KEY_ID", "000000000000"),
                  .secret = from_environment("AWS_SECRET_ACCESS_KEY", "utakata"),
                  .region = from_environment("AWS_REGION", from_environment("AWS_DEFAULT_REGION", "ap-northeast-1"))};
}

ApiClient::ApiClient(reactor::Loop& loop, Endpoint endpoint)
    : endpoint_(std::move(endpoint)), client_(loop, endpoint_.address, endpoint_.host) {}

reactor::Co<http::Exchange> ApiClient::post(std::string service, std::vector<http::Header> headers, std::string body) {
  headers.push_back({"Host", endpoint_.host});
  std::vector<wire::HeaderView> views;
  views.reserve(headers.size());
  for (const http::Header& header : headers) views.push_back({header.name, header.value});
  const wire::Request request{.method = "POST", .target = "/", .headers = views, .body = body};
  const wire::Signer signer{
      .access_key = endpoint_.access_key, .secret = endpoint_.secret, .region = endpoint_.region, .service = service};
  const std::vector<wire::Header> signature = wire::sign(request, signer, wall_clock());
  for (const wire::Header& header : signature) headers.push_back({header.name, header.value});
  http::ClientRequest message{.method = "POST", .target = "/", .headers = std::move(headers), .body = std::move(body)};
  co_return co_await client_.send(std::move(message), patience);
}

reactor::Co<Outcome<Json>> ApiClient::call(std::string service, std::string target, Json input) {
  std::vector<http::Header> headers{{"Content-Type", "application/x-amz-json-1.1"}, {"X-Amz-Target", target}};
  const http::Exchange exchange = co_await post(std::move(service), std::move(headers), input.write());
  if (exchange.ending != http::Ending::answered) co_return std::unexpected(fault_of(exchange, endpoint_.host));
  auto answer = Json::parse(exchange.body.empty() ? "{}" : exchange.body);
  if (!answer) co_return std::unexpected(answer.error());
  if (exchange.status / 100 == 2) co_return *std::move(answer);
  std::string message(answer->text_at({"message"}));
  if (message.empty()) message = answer->text_at({"Message"});
  const std::string_view code = answer->text_at({"__type"});
  co_return std::unexpected(Fault{.code = std::string(code.substr(code.rfind('#') + 1)),
                                  .message = message.empty() ? cat("status ", exchange.status) : message,
                                  .status = exchange.status});
}

reactor::Co<Outcome<Json>> ApiClient::page(std::string path) {
  const http::Exchange exchange = co_await client_.send(
      {.method = "GET", .target = path, .headers = {{"Host", endpoint_.host}}, .body = {}}, patience);
  if (exchange.ending != http::Ending::answered) co_return std::unexpected(fault_of(exchange, endpoint_.host));
  if (exchange.status / 100 != 2)
    co_return std::unexpected(
        Fault{.code = "NoSuchPage", .message = cat("there is no ", path), .status = exchange.status});
  co_return Json::parse(exchange.body);
}

reactor::Co<Outcome<std::string>> ApiClient::query(std::string service, std::string form) {
  std::vector<http::Header> headers{{"Content-Type", "application/x-www-form-urlencoded"}};
  http::Exchange exchange = co_await post(std::move(service), std::move(headers), std::move(form));
  if (exchange.ending != http::Ending::answered) co_return std::unexpected(fault_of(exchange, endpoint_.host));
  if (exchange.status / 100 != 2)
    co_return std::unexpected(Fault{.code = "QueryFailed", .message = exchange.body, .status = exchange.status});
  co_return std::move(exchange.body);
}

}  // namespace utakata::client

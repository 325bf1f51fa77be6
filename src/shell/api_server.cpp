#include "shell/api_server.hpp"

#include "base/hash.hpp"
#include "base/text.hpp"
#include "reactor/random.hpp"
#include "wire/event_stream.hpp"

namespace utakata::shell {
namespace {

constexpr std::string_view own_pages = "/_utakata/";
constexpr std::string_view metrics_page = "/metrics";  // where Prometheus looks
constexpr std::size_t secret_size = 32;

http::Response to_http(wire::Response from) {
  http::Response response{.status = from.status, .headers = {}, .body = std::move(from.body)};
  for (wire::Header& header : from.headers)
    response.headers.push_back({std::move(header.name), std::move(header.value)});
  return response;
}

Origin origin_of(const wire::Caller& caller, const http::Request& request) {
  const std::string* host = request.head.headers.find("host");
  return {.caller = caller.access_key,
          .endpoint = host != nullptr ? *host : std::string(),
          .secret = reactor::random_bytes(secret_size)};
}

/// co_await Stepped{engine, call}: the call's outcome once its answer may leave.
struct Stepped {
  Engine& engine;
  std::unique_ptr<PendingCall> call;
  Operation::Object output{nullptr, nullptr};
  Outcome<> outcome{};
  std::vector<std::string> stored{};
  bool finished = false;
  std::coroutine_handle<> waiter{};

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> suspended) {
    PendingCall* raw = call.get();
    raw->done = [this, raw](Outcome<> result) {
      outcome = std::move(result);
      output = std::move(raw->output);
      stored = std::move(raw->stored);
      finished = true;
      if (waiter) waiter.resume();
    };
    engine.call(std::move(call));
    // Answered at once: go on without suspending, so that a long pipeline of reads does not grow the stack.
    if (finished) return false;
    waiter = suspended;
    return true;
  }
  void await_resume() const noexcept {}
};

http::Response event_stream(const wire::Call& call, http::Pieces pieces) {
  http::Response response{.status = 200,
                          .headers = {{"Content-Type", std::string(wire::event_stream_type)},
                                      {"x-amzn-RequestId", call.envelope.request_id}},
                          .body = {},
                          .pieces = std::move(pieces)};
  for (wire::Header& header : wire::note_headers(call.notes))
    response.headers.push_back({std::move(header.name), std::move(header.value)});
  return response;
}

// What is no HTTP request has no protocol of AWS to be refused in: plain JSON, never HTML.
http::Response refuse_bytes(int status, std::string_view why) {
  return {.status = status,
          .headers = {{"Content-Type", "application/x-amz-json-1.1"}},
          .body = cat(R"({"__type":"RequestEntityInvalid","message":")", why, R"("})")};
}

}  // namespace

ApiServer::ApiServer(reactor::Loop& loop, int listener, wire::Dispatcher dispatcher, Engine& engine, Pages pages,
                     Streams streams, http::Upgrade upgrade)
    : dispatcher_(std::move(dispatcher)),
      engine_(engine),
      pages_(std::move(pages)),
      streams_(std::move(streams)),
      request_ids_(mix(static_cast<std::uint64_t>(engine.now().ns))),
      server_(
          loop, listener, {.body = dispatcher_.max_body()},
          [this](http::Request request) { return handle(std::move(request)); }, refuse_bytes, std::move(upgrade)) {}

std::string ApiServer::next_request_id() {
  const std::uint64_t high = mix(++request_ids_);
  const std::uint64_t low = mix(high ^ 0x5bf0'3635'dcf5'6b3aU);
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(high >> shift & 255);
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(low >> shift & 255);
  const std::string digits = hex(bytes);
  return cat(digits.substr(0, 8), "-", digits.substr(8, 4), "-4", digits.substr(13, 3), "-a", digits.substr(17, 3), "-",
             digits.substr(20));
}

reactor::Co<http::Response> ApiServer::handle(http::Request request) {
  const std::string_view target = request.head.target;
  if (target.starts_with(own_pages) || target.substr(0, target.find('?')) == metrics_page) {
    auto page = pages_(request.head.target);
    if (!page) co_return http::Response{.status = 404, .headers = {}, .body = "{}"};
    co_return http::Response{
        .status = 200, .headers = {{"Content-Type", page->content_type}}, .body = std::move(page->text)};
  }
  std::vector<wire::HeaderView> headers;
  for (const http::Header& header : request.head.headers.list) headers.push_back({header.name, header.value});
  const wire::Request asked{
      .method = request.head.method, .target = request.head.target, .headers = headers, .body = request.body};
  auto call = dispatcher_.interpret(asked, engine_.now(), next_request_id());
  if (!call) co_return to_http(std::move(call).error());
  auto pending = std::make_unique<PendingCall>();
  pending->world = call->caller.world;
  pending->origin = origin_of(call->caller, request);
  pending->operation = call->envelope.operation;
  pending->input = std::move(call->input);
  Stepped stepped{.engine = engine_, .call = std::move(pending)};
  co_await stepped;
  for (std::string& path : stepped.stored) call->notes.note_stored(std::move(path));
  if (stepped.outcome && streams_) {
    auto pieces = streams_(*call->envelope.operation, call->caller.world, stepped.output.get());
    if (!pieces) co_return to_http(wire::refuse_call(*call, pieces.error()));
    if (*pieces) co_return event_stream(*call, *std::move(pieces));
  }
  co_return to_http(stepped.outcome ? wire::answer(*call, stepped.output.get())
                                    : wire::refuse_call(*call, stepped.outcome.error()));
}

}  // namespace utakata::shell

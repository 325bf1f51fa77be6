#include "app/live_tail.hpp"

#include <algorithm>
#include <memory>
#include <set>

#include "base/text.hpp"
#include "reactor/event.hpp"
#include "services/logs/limits.hpp"
#include "services/logs/live_tail_ops.hpp"
#include "wire/event_stream.hpp"
#include "wire/json.hpp"

namespace utakata::app {
namespace {

constexpr Duration update_interval = seconds(1);
constexpr Duration session_life = hours(3);  // as AWS's
constexpr Duration late_by = minutes(1);     // an event may be older than its ingestion by so much and is still told
constexpr i64 nanoseconds_a_millisecond = 1'000'000;
constexpr std::size_t results_max = 500;  // of one update, as AWS's

const Operation page_operation = operation<logs::live_tail_page>("LiveTailPage");

class LiveTail {
 public:
  LiveTail(reactor::Loop& loop, shell::Engine& engine, World world, const logs::api::StartLiveTailResponse& begun)
      : loop_(loop),
        engine_(engine),
        answered_(loop),
        world_(std::move(world)),
        begun_(*begun.responseStream),
        began_(engine.now()) {}

  reactor::Co<std::optional<std::string>> next() {
    if (!std::exchange(told_begin_, true)) {
      asked_at_ = began_;
      co_return cat(wire::event_message("initial-response", "{}"),
                    wire::event_message("sessionStart", wire::write_json(*begun_.sessionStart)));
    }
    if (over_) co_return std::nullopt;
    co_await loop_.sleep(update_interval);
    const Instant now = engine_.now();
    if (now >= began_ + session_life) {
      over_ = true;
      co_return wire::exception_message("SessionTimeoutException", R"({"message":"The session has timed out."})");
    }
    ask(now);
    while (!page_) co_await answered_.wait();
    const Outcome<logs::LiveTailPage> page = *std::exchange(page_, std::nullopt);
    if (!page) {
      over_ = true;
      co_return wire::exception_message("SessionStreamingException", R"({"message":"An unknown error occurred."})");
    }
    co_return wire::event_message("sessionUpdate", wire::write_json(update(*page)));
  }

 private:
  void ask(Instant now) {
    auto call = std::make_unique<shell::PendingCall>();
    call->world = world_;
    call->operation = &page_operation;
    call->input = page_operation.new_input();
    from_ = (asked_at_.ns - late_by.ns) / nanoseconds_a_millisecond;
    *static_cast<logs::LiveTailRequest*>(call->input.get()) = {.session = *begun_.sessionStart, .from = from_};
    asked_at_ = now;
    call->done = [this, raw = call.get()](Outcome<> outcome) {
      page_ = outcome ? Outcome<logs::LiveTailPage>(std::move(*static_cast<logs::LiveTailPage*>(raw->output.get())))
                      : std::unexpected(std::move(outcome).error());
      answered_.tell();
    };
    engine_.call(std::move(call));
  }

  // Events that came before the session, or were told already, are left out. A page that cannot hold all begins with
  // what is older than they are: only without one of them is something missing before it.
  logs::api::LiveTailSessionUpdate update(const logs::LiveTailPage& page) {
    logs::api::LiveTailSessionUpdate update{.sessionMetadata = logs::api::LiveTailSessionMetadata{.sampled = false},
                                            .sessionResults = list<logs::api::LiveTailSessionLogEvent>{}};
    for (const logs::LiveTailEvent& each : page.events)
      if (*each.event.ingestionTime >= began_.ns / nanoseconds_a_millisecond && seen_.insert(each.place).second)
        update.sessionResults->push_back(each.event);
    const bool all_new = !page.events.empty() && update.sessionResults->size() == page.events.size();
    if (page.more && all_new && page.events.front().place.at > from_) update.sessionMetadata->sampled = true;
    std::erase_if(seen_, [this](const LogPlace& place) { return place.at < from_; });
    if (update.sessionResults->size() <= results_max) return update;
    update.sessionMetadata->sampled = true;
    auto& results = *update.sessionResults;
    for (std::size_t n = 0; n < results_max; ++n) results[n] = results[n * results.size() / results_max];
    results.resize(results_max);
    return update;
  }

  reactor::Loop& loop_;
  shell::Engine& engine_;
  reactor::Event answered_;
  World world_;
  logs::api::StartLiveTailResponseStream begun_;
  Instant began_, asked_at_;
  i64 from_ = 0;  // milliseconds since 1970, of the newest question
  std::set<LogPlace> seen_;
  std::optional<Outcome<logs::LiveTailPage>> page_;
  bool told_begin_ = false, over_ = false;
};

}  // namespace

Outcome<http::Pieces> LiveTails::begin(const World& world, const logs::api::StartLiveTailResponse& begun) {
  if ((*open_)[world] >= logs::limits::live_tail_sessions)
    return refuse("LimitExceededException",
                  cat("There are ", logs::limits::live_tail_sessions,
                      " Live Tail sessions already, which is the most that can be open at a time."));
  ++(*open_)[world];
  const std::shared_ptr<void> place(nullptr, [open = open_, world](void*) {
    if (--(*open)[world] == 0) open->erase(world);
  });
  return [tail = std::make_shared<LiveTail>(loop_, engine_, world, begun), place] { return tail->next(); };
}

}  // namespace utakata::app

#include "app/access_log_group.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "services/logs/api/groups.hpp"
#include "services/logs/module.hpp"

namespace utakata::app {
namespace {

constexpr std::size_t under_way_max = 64;      // batches
constexpr std::size_t bytes_max = 900 * 1024;  // of a batch; AWS's limit is 1 MiB
constexpr std::size_t events_max = 5'000;      // of a batch; AWS's limit is 10,000
constexpr std::size_t bytes_besides = 26;      // of each event, as AWS counts
constexpr std::int64_t millisecond = 1'000'000;

}  // namespace

AccessLogGroup::AccessLogGroup(reactor::Loop& loop, shell::Engine& engine, std::string group,
                               std::function<void(const std::string&)> tell)
    : loop_(loop),
      engine_(engine),
      group_(std::move(group)),
      tell_(std::move(tell)),
      self_(std::make_shared<AccessLogGroup*>(this)) {}

AccessLogGroup::~AccessLogGroup() { *self_ = nullptr; }

void AccessLogGroup::add(const balancer::LogSource& source, const std::string& lines) {
  loop_.post([self = self_, source, lines] {
    AccessLogGroup* group = *self;
    if (group == nullptr) return;
    const i64 now = group->engine_.now().ns / millisecond;
    const auto begin = [&] {
      Batch batch{.world = {source.account, source.region}, .request = {}};
      batch.request.logGroupName = group->group_;
      batch.request.logStreamName = source.load_balancer;
      return batch;
    };
    Batch batch = begin();
    std::size_t bytes = 0;
    for (const std::string_view line : split(lines, '\n')) {
      if (line.empty()) continue;
      if (bytes + line.size() > bytes_max || batch.request.logEvents.size() == events_max) {
        group->put(std::exchange(batch, begin()), true);
        bytes = 0;
      }
      batch.request.logEvents.push_back({.timestamp = now, .message = str(line)});
      bytes += line.size() + bytes_besides;
    }
    if (!batch.request.logEvents.empty()) group->put(std::move(batch), true);
  });
}

template <class Request>
void AccessLogGroup::call(const World& world, std::string_view operation, Request request, Then then) {
  auto call = std::make_unique<shell::PendingCall>();
  call->world = world;
  call->operation = logs::service.find(operation);
  call->input = call->operation->new_input();
  *static_cast<Request*>(call->input.get()) = std::move(request);
  call->done = [self = self_, then = std::move(then)](const Outcome<>& outcome) {
    if (*self != nullptr) then(outcome);
  };
  engine_.call(std::move(call));
}

void AccessLogGroup::put(Batch batch, bool may_make) {
  if (under_way_ >= under_way_max)
    return ended(refuse("ThrottlingException", "the log takes lines more slowly than they come"));
  ++under_way_;
  const World world = batch.world;
  auto request = batch.request;
  call(world, "PutLogEvents", std::move(request),
       [this, batch = std::move(batch), may_make](const Outcome<>& outcome) mutable {
         --under_way_;
         const bool missing = !outcome && outcome.error().code == "ResourceNotFoundException";
         if (!missing || !may_make) return ended(outcome);
         make(batch, [this, batch] { put(batch, false); });
       });
}

// What is there already is as good: the put after it tells whether something is still missing.
void AccessLogGroup::make(const Batch& batch, std::function<void()> then) {
  call(batch.world, "CreateLogGroup", logs::api::CreateLogGroupRequest{.logGroupName = group_},
       [this, batch, then = std::move(then)](const Outcome<>&) {
         call(batch.world, "CreateLogStream",
              logs::api::CreateLogStreamRequest{.logGroupName = group_, .logStreamName = batch.request.logStreamName},
              [then](const Outcome<>&) { then(); });
       });
}

void AccessLogGroup::ended(const Outcome<>& outcome) {
  if (outcome) {
    told_ = false;
    return;
  }
  if (!std::exchange(told_, true))
    tell_(cat("access log: lines for the log group ", group_, " were dropped: ", outcome.error().message));
}

}  // namespace utakata::app

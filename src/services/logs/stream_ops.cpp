#include "services/logs/stream_ops.hpp"

#include <algorithm>

#include "services/logs/limits.hpp"

namespace utakata::logs {
namespace {

struct Listed {
  i64 last_event = 0;
  Key key;
  friend auto operator<=>(const Listed&, const Listed&) = default;
};

Outcome<> check(const api::DescribeLogStreamsRequest& request, bool by_time) {
  if (by_time && request.logStreamNamePrefix)
    return invalid("Cannot order by LastEventTime with a logStreamNamePrefix.");
  const i32 limit = request.limit.value_or(limits::describe_results);
  if (limit < 1 || limit > limits::describe_results)
    return invalid(cat("1 validation error detected: Value '", limit,
                       "' at 'limit' failed to satisfy constraint: Member must have value between 1 and 50"));
  return {};
}

api::LogStream shown(const Key& group, const Stream& stream) {
  api::LogStream view{.logStreamName = stream.name,
                      .creationTime = milliseconds_of(stream.created_at),
                      .uploadSequenceToken = str("0"),
                      .arn = cat(group_arn(group), ":log-stream:", stream.name),
                      .storedBytes = stream.bytes};
  if (stream.last_ingestion == 0) return view;
  view.firstEventTimestamp = stream.first_event;
  view.lastEventTimestamp = stream.last_event;
  view.lastIngestionTime = stream.last_ingestion;
  return view;
}

}  // namespace

Outcome<api::Empty> create_log_stream(Tx& tx, const api::CreateLogStreamRequest& request) {
  const Key group = TRY(find_group(tx, request.logGroupName));
  if (!is_stream_name(request.logStreamName))
    return invalid(cat("1 validation error detected: Value '", request.logStreamName.substr(0, 600),
                       "' at 'logStreamName' failed to satisfy constraint: Member must satisfy regular expression "
                       "pattern: [^:*]*, with 1 to 512 characters"));
  if (tx.find<Stream>(stream_key(group, request.logStreamName)) != nullptr)
    return refuse("ResourceAlreadyExistsException", "The specified log stream already exists");
  create_stream(tx, group, request.logStreamName);
  return api::Empty{};
}

Outcome<api::Empty> delete_log_stream(Tx& tx, const api::DeleteLogStreamRequest& request) {
  const Key group = TRY(find_group(tx, request.logGroupName));
  erase_streams(tx, { TRY(find_stream(tx, group, request.logStreamName)) });
  return api::Empty{};
}

// A token carries the first stream of the next page: its time (0 in the order of names) and name.
Outcome<api::DescribeLogStreamsResponse> describe_log_streams(Tx& tx, const api::DescribeLogStreamsRequest& request) {
  const Key group = TRY(find_group(tx, request.logGroupName, request.logGroupIdentifier));
  const bool by_time = request.orderBy && *request.orderBy == "LastEventTime";
  const bool descending = request.descending.value_or(false);
  TRY_VOID(check(request, by_time));
  list<Listed> all;
  tx.each<Stream>(cat(group, ":", *request.logStreamNamePrefix), [&](const Key& key, const Stream& stream) {
    all.push_back({.last_event = by_time ? stream.last_event : 0, .key = key});
  });
  std::ranges::sort(all);
  if (descending) std::ranges::reverse(all);
  auto at = all.begin();
  if (request.nextToken) {
    const auto token = base64_decode(*request.nextToken);
    const std::size_t space = token ? token->find(' ') : str::npos;
    const auto time = space != str::npos ? parse_integer(token->substr(0, space)) : std::optional<i64>();
    if (!time) return invalid("The specified nextToken is invalid.");
    const Listed from{.last_event = *time, .key = stream_key(group, token->substr(space + 1))};
    at = std::ranges::find_if(all, [&](const Listed& one) { return descending ? one <= from : one >= from; });
  }
  const auto limit = static_cast<std::size_t>(request.limit.value_or(limits::describe_results));
  api::DescribeLogStreamsResponse response{.logStreams = list<api::LogStream>{}};
  for (; at != all.end() && response.logStreams->size() < limit; ++at)
    response.logStreams->push_back(shown(group, *tx.find<Stream>(at->key)));
  if (at != all.end()) response.nextToken = base64_encode(cat(at->last_event, " ", tx.find<Stream>(at->key)->name));
  return response;
}

}  // namespace utakata::logs

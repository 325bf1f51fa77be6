#include "sim/memory_log_store.hpp"

#include <algorithm>

#include "filter/pattern.hpp"
#include "ports/log_page.hpp"

namespace utakata::sim {

std::vector<Outcome<>> MemoryLogStore::append(const std::vector<LogAppend>& batch) {
  for (const LogAppend& each : batch) {
    Stream& stream = streams_[each.stream];
    for (const LogEvent& event : each.events) stream.events[++stream.last_number] = event;
  }
  return std::vector<Outcome<>>(batch.size());
}

Outcome<LogPage> MemoryLogStore::read(const LogQuery& query) {
  const filter::Pattern pattern = TRY(filter::Pattern::parse(query.pattern));
  ports::LogPageKeeper keeper(query);
  for (const std::string& id : query.streams) {
    const auto stream = streams_.find(id);
    if (stream == streams_.end()) continue;
    for (const auto& [number, event] : stream->second.events) {
      LogPlace place{.at = event.at, .stream = id, .segment = 1, .offset = number};
      if (keeper.wants(place) && pattern.matches(event.text)) keeper.take(std::move(place), event.ingested, event.text);
    }
  }
  return keeper.finish();
}

LogReport MemoryLogStore::holds(const std::string& id) {
  LogReport report{.stream = id};
  for (const auto& [number, event] : streams_[id].events) {
    report.first = report.bytes == 0 ? event.at : std::min(report.first, event.at);
    report.last = std::max(report.last, event.at);
    report.last_ingestion = std::max(report.last_ingestion, event.ingested);
    report.bytes += static_cast<i64>(event.text.size()) + ports::log_event_overhead;
  }
  return report;
}

void MemoryLogStore::expire(const std::string& id, std::int64_t before) {
  if (const auto stream = streams_.find(id); stream != streams_.end())
    std::erase_if(stream->second.events, [before](const auto& one) { return one.second.at < before; });
}

std::int64_t MemoryLogStore::trim(std::int64_t bytes_kept) {
  i64 bytes = 0;
  for (const std::string& id : streams()) bytes += holds(id).bytes;
  const i64 before = bytes;
  while (bytes > bytes_kept) {
    auto oldest = streams_.end();
    for (auto at = streams_.begin(); at != streams_.end(); ++at)
      if (!at->second.events.empty() &&
          (oldest == streams_.end() ||
           at->second.events.begin()->second.ingested < oldest->second.events.begin()->second.ingested))
        oldest = at;
    if (oldest == streams_.end()) break;
    bytes -= static_cast<i64>(oldest->second.events.begin()->second.text.size()) + ports::log_event_overhead;
    oldest->second.events.erase(oldest->second.events.begin());
  }
  return before - bytes;
}

std::vector<std::string> MemoryLogStore::streams() {
  std::vector<std::string> ids;
  for (const auto& [id, stream] : streams_) ids.push_back(id);
  return ids;
}

}  // namespace utakata::sim

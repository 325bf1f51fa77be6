#pragma once

#include <compare>
#include <cstdint>
#include <variant>

#include "base/types.hpp"
#include "core/metric.hpp"

// What an operation may ask for that is no row: data too large for rows, kept behind a port (ports/log_store.hpp,
// ports/metric_store.hpp). The
// operation asks (Tx::ask) instead of answering; the shell has the question answered without making the loop wait, and
// makes the call again with the answer (Tx::answer). So the answer is a part of the input, and a step stays a function
// of its input.
namespace utakata {

/// One event of a log stream; times in milliseconds since 1970.
struct LogEvent {
  i64 at = 0;
  i64 ingested = 0;
  str text;
};

/// Where an event stands among those of several streams: by its time, then by stream, then as it came.
struct LogPlace {
  i64 at = 0;
  str stream;
  i64 segment = 0;
  i64 offset = 0;
  friend auto operator<=>(const LogPlace&, const LogPlace&) = default;
};

/// One page of the events of these streams, in their order, that a filter pattern matches.
struct LogQuery {
  list<str> streams;                     // ids
  i64 start = 0;                         // the first millisecond
  i64 end = INT64_MAX;                   // and the one after the last
  opt<LogPlace> from, after, before;     // at or after; strictly after; strictly before
  bool newest = false;                   // the page at the end of what is asked for, else at its beginning
  i64 events = 10'000, bytes = 1 << 20;  // a page's bounds; bytes as AWS counts them
  str pattern;                           // filter/pattern.hpp; empty: all
};
struct LogPage {
  struct Event {
    LogPlace place;
    LogEvent event;
  };
  list<Event> events;
  opt<LogPlace> next;  // where to go on (LogQuery::from), if there may be more
};

/// Makes events durable; answered when they are.
struct LogAppend {
  str stream;
  list<LogEvent> events;
};
struct LogAppended {};

using Question = std::variant<LogQuery, LogAppend, MetricAppend, MetricQueries, MetricSearch>;
using Answer = std::variant<LogPage, LogAppended, MetricAppended, MetricData, MetricListing>;

}  // namespace utakata

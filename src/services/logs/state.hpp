#pragma once

#include "base/outcome.hpp"
#include "core/tx.hpp"
#include "services/logs/api/groups.hpp"

// The rows of CloudWatch Logs. Group names hold no ':', so it parts the names in keys:
//   WORLD GROUP                      a group
//   WORLD GROUP : STREAM             a stream
//   WORLD GROUP : STREAM : NUMBER    a chunk of its events
namespace utakata::logs {

struct Group {
  static constexpr std::string_view table_name = "logs.groups";
  str name;
  i32 retention_days = 0;  // 0 = for ever
  dict<str> tags;
  opt<str> kms_key_id;
  api::LogGroupClass group_class;
  Instant created_at;
};

struct Stream {
  static constexpr std::string_view table_name = "logs.streams";
  str name;
  Instant created_at;
  i64 first_event = 0, last_event = 0;  // milliseconds since 1970
  i64 last_ingestion = 0;
  i64 bytes = 0;       // of the chunks
  i64 last_chunk = 0;  // its number; they begin with 1
};

struct Event {
  i64 at = 0;        // milliseconds since 1970
  i64 ingested = 0;  // the same
  str text;
};

struct Chunk {
  static constexpr std::string_view table_name = "logs.chunks";
  i64 number = 0;
  i64 bytes = 0;  // as AWS counts: text and 26 for each event
  i64 first = 0, last = 0;
  Instant expires_at = Instant::never();
  list<Event> events;
};

void declare_tables(Schema&);

Key group_key(const World&, std::string_view group);
Key stream_key(const Key& group, std::string_view stream);
Key chunk_key(const Key& stream, i64 number);

str group_arn(const Key& group);  // without ":*"
i64 milliseconds_of(Instant);

bool is_group_name(std::string_view name);
bool is_stream_name(std::string_view name);

/// Fault ResourceNotFoundException. `identifier` is a name or an ARN, with or without ":*".
Outcome<Key> find_group(const Tx&, std::string_view identifier);
/// By one of the two members that name a group. Fault InvalidParameterException when it is not exactly one.
Outcome<Key> find_group(const Tx&, const opt<str>& name, const opt<str>& identifier);
Outcome<Key> find_stream(const Tx&, const Key& group, std::string_view stream);

std::unexpected<Fault> invalid(str message);
std::unexpected<Fault> no_such_group();
std::unexpected<Fault> no_such_stream();

void create_stream(Tx&, const Key& group, std::string_view stream);
void erase_stream(Tx&, const Key& stream);
/// Adds events to an existing stream; the oldest chunks go when it grows beyond its bound.
void append_events(Tx&, const Key& group, const Key& stream, list<Event>);

/// When the events of a chunk expire.
Instant expiry(const Group&, i64 last_event);

}  // namespace utakata::logs

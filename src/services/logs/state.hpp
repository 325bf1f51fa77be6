#pragma once

#include "base/outcome.hpp"
#include "core/tx.hpp"
#include "filter/pattern.hpp"
#include "services/logs/api/groups.hpp"

// The rows of CloudWatch Logs. Events are no rows: they are in the log store, under their stream's id. Group names hold
// no ':', so it parts the names in keys:
//   WORLD GROUP             a group
//   WORLD GROUP : STREAM    a stream
//   UUID                    events of other services that the log store has not got yet
namespace utakata::logs {

struct Group {
  static constexpr std::string_view table_name = "logs.groups";
  str name;
  i32 retention_days = 0;  // 0 = for ever
  dict<str> tags;
  opt<str> kms_key_id;
  api::LogGroupClass group_class;
  Instant created_at;
  Instant expires_at = Instant::never();  // when its streams are looked at next for events that are too old
};

struct Stream {
  static constexpr std::string_view table_name = "logs.streams";
  str name;
  Instant created_at;
  str id;                               // its name in the log store; never given again
  i64 first_event = 0, last_event = 0;  // milliseconds since 1970
  i64 last_ingestion = 0;
  i64 bytes = 0;  // as AWS counts: text and 26 for each event

  enum Index : std::size_t { by_id };
};

struct Pending {
  static constexpr std::string_view table_name = "logs.pending";
  LogAppend append;
};

void declare_tables(Schema&);

Key group_key(const World&, std::string_view group);
Key stream_key(const Key& group, std::string_view stream);

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
/// Fault InvalidParameterException if the member's text is no filter pattern.
Outcome<filter::Pattern> pattern_of(std::string_view member, const str& text);
std::unexpected<Fault> no_such_group();
std::unexpected<Fault> no_such_stream();

/// Makes the stream's row; its id.
str create_stream(Tx&, const Key& group, std::string_view stream);
void erase_streams(Tx&, const list<Key>& streams);
/// What the stream's row says after these events.
void count_events(Tx&, const Key& stream, const list<LogEvent>&);

/// The first millisecond that the group's retention keeps.
i64 kept_from(const Tx&, const Key& group);
/// Sets the retention; what is too old then is taken away from now on.
void retain(Tx&, const Key& group, i32 days);

}  // namespace utakata::logs

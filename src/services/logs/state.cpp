#include "services/logs/state.hpp"

#include <algorithm>

#include "core/effect.hpp"
#include "core/report.hpp"
#include "services/logs/limits.hpp"
#include "services/logs/public.hpp"

namespace utakata::logs {
namespace {

bool letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

constexpr Duration expiry_interval = hours(1);

// Expiry goes by whole segments of the store, so there is no hurry: reads leave out what is too old.
void expire(Tx& tx, const Key& key) {
  list<str> ids;
  tx.each<Stream>(cat(key, ":"), [&](const Key&, const Stream& stream) { ids.push_back(stream.id); });
  if (!ids.empty()) tx.emit(ExpireLogs{.streams = std::move(ids), .before = kept_from(tx, key)});
  tx.update<Group>(key, [&](Group& group) { group.expires_at = tx.now() + expiry_interval; });
}

void take_report(Tx& tx, const Report& given) {
  const auto& report = std::get<LogReport>(given);
  for (const Key& key : tx.where<Stream>(Stream::by_id, report.stream))
    tx.update<Stream>(key, [&](Stream& row) {
      row.first_event = report.first;
      row.last_event = report.last;
      row.last_ingestion = report.last_ingestion;
      row.bytes = report.bytes;
    });
}

void take_stored(Tx& tx, const Report& report) { tx.erase<Pending>(std::get<LogStored>(report).id); }

// What was on its way when the process ended goes again; what nobody owns goes away.
void recover(Tx& tx) {
  RemoveLogs others{.all_others = true};
  tx.each<Stream>("", [&](const Key&, const Stream& stream) { others.streams.push_back(stream.id); });
  tx.emit(std::move(others));
  tx.each<Pending>("", [&](const Key& id, const Pending& row) { tx.emit(StoreLog{.id = id, .append = row.append}); });
}

}  // namespace

void declare_tables(Schema& schema) {
  schema.table<Group>({.due = [](const Group& group) { return group.expires_at; }, .on_due = expire});
  schema.table<Stream>({.indexes = {[](const Stream& row) { return row.id; }}});
  schema.table<Pending>();
  schema.report(report_kind<LogReport>, take_report);
  schema.report(report_kind<LogStored>, take_stored);
  schema.on_recover(recover);
}

Key group_key(const World& world, std::string_view group) { return world.key(group); }
Key stream_key(const Key& group, std::string_view stream) { return cat(group, ":", stream); }

str group_arn(const Key& group) {
  const World world = world_of(group);
  return cat("arn:aws:logs:", world.region, ":", world.account, ":log-group:", local_part(group));
}

i64 milliseconds_of(Instant at) { return at.ns / 1'000'000; }

bool is_group_name(std::string_view name) {
  return !name.empty() && name.size() <= limits::name_characters && std::ranges::all_of(name, [](char c) {
    return letter_or_digit(c) || c == '.' || c == '-' || c == '_' || c == '/' || c == '#';
  });
}

bool is_stream_name(std::string_view name) {
  return !name.empty() && name.size() <= limits::name_characters && name.find_first_of(":*") == std::string_view::npos;
}

Outcome<Key> find_group(const Tx& tx, std::string_view identifier) {
  const World& world = tx.world();
  if (identifier.starts_with("arn:")) {
    const auto parts = split(identifier, ':');
    if (parts.size() < 7 || parts[2] != "logs" || parts[5] != "log-group" || parts[4] != world.account ||
        parts[3] != world.region)
      return no_such_group();
    identifier = parts[6];
  }
  Key key = group_key(world, identifier);
  if (tx.find<Group>(key) == nullptr) return no_such_group();
  return key;
}

Outcome<Key> find_group(const Tx& tx, const opt<str>& name, const opt<str>& identifier) {
  if (name.has == identifier.has)
    return invalid("Either logGroupName or logGroupIdentifier must be specified, and not both.");
  return find_group(tx, name ? *name : *identifier);
}

Outcome<Key> find_stream(const Tx& tx, const Key& group, std::string_view stream) {
  Key key = stream_key(group, stream);
  if (!is_stream_name(stream) || tx.find<Stream>(key) == nullptr) return no_such_stream();
  return key;
}

std::unexpected<Fault> invalid(str message) { return refuse("InvalidParameterException", std::move(message)); }

Outcome<filter::Pattern> pattern_of(std::string_view member, const str& text) {
  if (text.size() > limits::pattern_bytes)
    return invalid(cat("1 validation error detected: Value at '", member,
                       "' failed to satisfy constraint: Member must have length less than or equal to ",
                       limits::pattern_bytes));
  return filter::Pattern::parse(text);
}
std::unexpected<Fault> no_such_group() {
  return refuse("ResourceNotFoundException", "The specified log group does not exist.");
}
std::unexpected<Fault> no_such_stream() {
  return refuse("ResourceNotFoundException", "The specified log stream does not exist.");
}

str create_stream(Tx& tx, const Key& group, std::string_view stream) {
  str id = tx.random_hex(32);
  tx.put(stream_key(group, stream), Stream{.name = str(stream), .created_at = tx.now(), .id = id});
  return id;
}

void erase_streams(Tx& tx, const list<Key>& streams) {
  RemoveLogs gone;
  for (const Key& key : streams) {
    gone.streams.push_back(tx.find<Stream>(key)->id);
    tx.erase<Stream>(key);
  }
  if (!gone.streams.empty()) tx.emit(std::move(gone));
}

void count_events(Tx& tx, const Key& stream, const list<LogEvent>& events) {
  if (events.empty()) return;
  tx.update<Stream>(stream, [&](Stream& row) {
    if (row.bytes == 0) row.first_event = events.front().at;
    for (const LogEvent& event : events) {
      row.first_event = std::min(row.first_event, event.at);
      row.last_event = std::max(row.last_event, event.at);
      row.bytes += static_cast<i64>(event.text.size() + limits::event_overhead);
    }
    row.last_ingestion = milliseconds_of(tx.now());
  });
}

i64 kept_from(const Tx& tx, const Key& group) {
  const i32 days = tx.find<Group>(group)->retention_days;
  return days == 0 ? 0 : milliseconds_of(tx.now()) - i64{days} * 24 * 3'600'000 + 1;
}

void retain(Tx& tx, const Key& key, i32 days) {
  tx.update<Group>(key, [&](Group& group) {
    group.retention_days = days;
    group.expires_at = days == 0 ? Instant::never() : tx.now();
  });
}

bool group_exists(const Tx& tx, const World& world, std::string_view group) {
  return tx.find<Group>(group_key(world, group)) != nullptr;
}

void ensure_group(Tx& tx, const World& world, std::string_view group) {
  const Key key = group_key(world, group);
  if (tx.find<Group>(key) != nullptr || !is_group_name(group)) return;
  tx.put(key, Group{.name = str(group), .created_at = tx.now()});
}

Outcome<str> ensure_stream(Tx& tx, const World& world, std::string_view group, std::string_view stream) {
  const Key key = group_key(world, group);
  if (tx.find<Group>(key) == nullptr) return no_such_group();
  if (!is_stream_name(stream)) return invalid(cat("The log stream name '", stream, "' is not valid."));
  if (const Stream* row = tx.find<Stream>(stream_key(key, stream)); row != nullptr) return row->id;
  return create_stream(tx, key, stream);
}

str stream_id(const Tx& tx, const World& world, std::string_view group, std::string_view stream) {
  const Stream* row = tx.find<Stream>(stream_key(group_key(world, group), stream));
  return row != nullptr ? row->id : str();
}

Outcome<> append(Tx& tx, const World& world, std::string_view group, std::string_view stream,
                 const list<LogLine>& lines) {
  LogAppend append {
    .stream = TRY(ensure_stream(tx, world, group, stream))
    , .events = {}
  };
  for (const LogLine& line : lines) {
    // A line that is longer than an event may be is continued in the next event.
    for (std::size_t from = 0; from == 0 || from < line.text.size(); from += limits::event_bytes)
      append.events.push_back({.at = std::max<i64>(0, milliseconds_of(line.at)),
                               .ingested = milliseconds_of(tx.now()),
                               .text = line.text.substr(from, limits::event_bytes)});
  }
  if (append.events.empty()) return {};
  count_events(tx, stream_key(group_key(world, group), stream), append.events);
  str id = tx.uuid();
  tx.put(id, Pending{.append = append});
  tx.emit(StoreLog{.id = std::move(id), .append = std::move(append)});
  return {};
}

}  // namespace utakata::logs

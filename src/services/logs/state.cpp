#include "services/logs/state.hpp"

#include <algorithm>

#include "services/logs/limits.hpp"
#include "services/logs/public.hpp"

namespace utakata::logs {
namespace {

bool letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

i64 bytes_of(const Event& event) { return static_cast<i64>(event.text.size() + limits::event_overhead); }

Key stream_of(const Key& chunk) { return chunk.substr(0, chunk.rfind(':')); }

std::vector<Key> chunk_keys(const Tx& tx, const Key& stream) {
  std::vector<Key> keys;
  tx.each<Chunk>(cat(stream, ":"), [&](const Key& key, const Chunk&) { keys.push_back(key); });
  return keys;
}

void erase_chunk(Tx& tx, const Key& key) {
  const i64 bytes = tx.find<Chunk>(key)->bytes;
  const Key stream = stream_of(key);
  tx.erase<Chunk>(key);
  i64 first = 0;
  tx.each<Chunk>(cat(stream, ":"), [&](const Key&, const Chunk& chunk) {
    first = chunk.first;
    return false;
  });
  tx.update<Stream>(stream, [&](Stream& row) {
    row.bytes -= bytes;
    row.first_event = first;
  });
}

void drop_oldest(Tx& tx, const Key& stream) {
  std::vector<Key> oldest;
  i64 bytes = tx.find<Stream>(stream)->bytes;
  tx.each<Chunk>(cat(stream, ":"), [&](const Key& key, const Chunk& chunk) {
    if (bytes <= static_cast<i64>(limits::stream_bytes)) return false;
    bytes -= chunk.bytes;
    oldest.push_back(key);
    return true;
  });
  for (const Key& key : oldest) erase_chunk(tx, key);
}

// The lines of one report go into one chunk; a small last chunk is continued.
void extend(Chunk& chunk, list<Event> events) {
  for (Event& event : events) {
    chunk.first = chunk.events.empty() ? event.at : std::min(chunk.first, event.at);
    chunk.last = chunk.events.empty() ? event.at : std::max(chunk.last, event.at);
    chunk.bytes += bytes_of(event);
    chunk.events.push_back(std::move(event));
  }
}

}  // namespace

void declare_tables(Schema& schema) {
  schema.table<Group>();
  schema.table<Stream>();
  schema.table<Chunk>({.due = [](const Chunk& chunk) { return chunk.expires_at; }, .on_due = erase_chunk});
}

Key group_key(const World& world, std::string_view group) { return world.key(group); }
Key stream_key(const Key& group, std::string_view stream) { return cat(group, ":", stream); }

Key chunk_key(const Key& stream, i64 number) {
  const str digits = cat(number);
  return cat(stream, ":", str(12 - std::min<std::size_t>(12, digits.size()), '0'), digits);
}

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
std::unexpected<Fault> no_such_group() {
  return refuse("ResourceNotFoundException", "The specified log group does not exist.");
}
std::unexpected<Fault> no_such_stream() {
  return refuse("ResourceNotFoundException", "The specified log stream does not exist.");
}

void create_stream(Tx& tx, const Key& group, std::string_view stream) {
  tx.put(stream_key(group, stream), Stream{.name = str(stream), .created_at = tx.now()});
}

void erase_stream(Tx& tx, const Key& stream) {
  for (const Key& key : chunk_keys(tx, stream)) tx.erase<Chunk>(key);
  tx.erase<Stream>(stream);
}

void append_events(Tx& tx, const Key& group, const Key& stream, list<Event> events) {
  if (events.empty()) return;
  Stream row = *tx.find<Stream>(stream);
  const Chunk* open = row.last_chunk != 0 ? tx.find<Chunk>(chunk_key(stream, row.last_chunk)) : nullptr;
  Chunk chunk;
  if (open != nullptr && open->bytes < static_cast<i64>(limits::chunk_bytes))
    chunk = *open;
  else
    chunk.number = ++row.last_chunk;
  row.bytes -= chunk.bytes;
  const bool first_events = row.bytes + chunk.bytes == 0;
  extend(chunk, std::move(events));
  row.bytes += chunk.bytes;
  row.first_event = first_events ? chunk.first : std::min(row.first_event, chunk.first);
  row.last_event = std::max(row.last_event, chunk.last);
  row.last_ingestion = milliseconds_of(tx.now());
  chunk.expires_at = expiry(*tx.find<Group>(group), chunk.last);
  const bool too_much = row.bytes > static_cast<i64>(limits::stream_bytes);
  const Key key = chunk_key(stream, chunk.number);
  tx.put(key, std::move(chunk));
  tx.put(stream, std::move(row));
  if (too_much) drop_oldest(tx, stream);
}

Instant expiry(const Group& group, i64 last_event) {
  if (group.retention_days == 0) return Instant::never();
  return Instant{} + milliseconds(last_event) + hours(24) * group.retention_days;
}

bool group_exists(const Tx& tx, const World& world, std::string_view group) {
  return tx.find<Group>(group_key(world, group)) != nullptr;
}

void ensure_group(Tx& tx, const World& world, std::string_view group) {
  const Key key = group_key(world, group);
  if (tx.find<Group>(key) != nullptr || !is_group_name(group)) return;
  tx.put(key, Group{.name = str(group), .created_at = tx.now()});
}

Outcome<> append(Tx& tx, const World& world, std::string_view group, std::string_view stream,
                 const list<LogLine>& lines) {
  const Key key = group_key(world, group);
  if (tx.find<Group>(key) == nullptr) return no_such_group();
  if (!is_stream_name(stream)) return invalid(cat("The log stream name '", stream, "' is not valid."));
  const Key into = stream_key(key, stream);
  if (tx.find<Stream>(into) == nullptr) create_stream(tx, key, stream);
  list<Event> events;
  for (const LogLine& line : lines) {
    // A line that is longer than an event may be is continued in the next event.
    for (std::size_t from = 0; from == 0 || from < line.text.size(); from += limits::event_bytes)
      events.push_back({.at = std::max<i64>(0, milliseconds_of(line.at)),
                        .ingested = milliseconds_of(tx.now()),
                        .text = line.text.substr(from, limits::event_bytes)});
  }
  append_events(tx, key, into, std::move(events));
  return {};
}

}  // namespace utakata::logs

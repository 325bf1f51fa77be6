#include "services/sqs/state.hpp"

#include <algorithm>

#include "services/sqs/limits.hpp"

namespace utakata::sqs {
namespace {

Key queue_of(const Key& message) { return message.substr(0, message.rfind('/', message.rfind('/') - 1)); }

Instant message_due(const Message& message) {
  return message.visible_at.set() ? std::min(message.visible_at, message.expires_at) : message.expires_at;
}

void on_message_due(Tx& tx, const Key& key) {
  Message message = *tx.find<Message>(key);
  tx.erase<Message>(key);
  if (message.expires_at <= tx.now()) return;
  make_ready(tx, queue_of(key), std::move(message));
}

}  // namespace

void declare_tables(Schema& schema) {
  schema.table<Queue>();
  schema.table<Counter>();
  schema.table<Message>({.due = message_due, .on_due = on_message_due});
  schema.table<Duplicate>({.due = [](const Duplicate& row) { return row.until; },
                           .on_due = [](Tx& tx, const Key& key) { tx.erase<Duplicate>(key); }});
  schema.table<Settings>();
}

Key queue_key(const World& world, std::string_view name) { return world.key(name); }
Key ready_prefix(const Key& queue) { return cat(queue, "/ready/"); }
Key waiting_prefix(const Key& queue) { return cat(queue, "/waiting/"); }

str padded(i64 number) {
  const str digits = cat(number);
  return cat(str(20 - digits.size(), '0'), digits);
}

str queue_arn(const Key& queue) {
  const World world = world_of(queue);
  return cat("arn:aws:sqs:", world.region, ":", world.account, ":", local_part(queue));
}

str queue_url(const Tx& tx, const Key& queue) {
  // SDKs may send where the URL says, so it is the way that the caller came: tasks come by another than the host.
  if (!tx.origin().endpoint.empty())
    return cat("http://", tx.origin().endpoint, "/", world_of(queue).account, "/", local_part(queue));
  const Settings* settings = tx.find<Settings>("settings");
  return cat(settings != nullptr ? settings->endpoint : Settings{}.endpoint, "/", world_of(queue).account, "/",
             local_part(queue));
}

str channel(const Key& queue) { return cat("sqs:", queue); }

Outcome<Key> find_queue(const Tx& tx, std::string_view queue_url) {
  while (queue_url.ends_with('/')) queue_url.remove_suffix(1);
  const auto parts = split(queue_url, '/');
  const std::string_view name = parts.back();
  if (parts.size() > 1 && parts[parts.size() - 2] != tx.world().account) {
    return refuse("AccessDeniedException", cat("Access to the resource ", queue_url, " is denied."), 403);
  }
  Key key = queue_key(tx.world(), name);
  if (!is_queue_name(name) || tx.find<Queue>(key) == nullptr) return no_such_queue();
  return key;
}

opt<Key> key_of_arn(std::string_view arn) {
  const auto parts = split(arn, ':');
  if (parts.size() != 6 || parts[0] != "arn" || parts[2] != "sqs" || !is_queue_name(parts[5])) return {};
  return queue_key({.account = str(parts[4]), .region = str(parts[3])}, parts[5]);
}

bool is_queue_name(std::string_view name) {
  if (name.empty() || name.size() > limits::name_characters) return false;
  if (name.ends_with(".fifo")) name.remove_suffix(5);
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

void make_ready(Tx& tx, const Key& queue, Message message) {
  message.visible_at = {};
  message.in_flight = false;
  const Key key = cat(ready_prefix(queue), padded(message.sequence));
  tx.put(key, std::move(message));
  tx.wake(channel(queue));
}

void make_waiting(Tx& tx, const Key& queue, Message message) {
  ensure(message.visible_at.set(), "a waiting message has no end of its wait");
  const Key key = cat(waiting_prefix(queue), padded(message.sequence));
  tx.put(key, std::move(message));
}

i64 next_sequence(Tx& tx, const Key& queue) {
  const Counter* counter = tx.find<Counter>(queue);
  const i64 next = (counter != nullptr ? counter->sent : 0) + 1;
  tx.put(queue, Counter{.sent = next});
  return next;
}

std::vector<Key> message_keys(const Tx& tx, std::string_view prefix, std::size_t at_most) {
  std::vector<Key> keys;
  if (at_most == 0) return keys;
  tx.each<Message>(prefix, [&](const Key& key, const Message&) {
    keys.push_back(key);
    return keys.size() < at_most;
  });
  return keys;
}

std::unexpected<Fault> no_such_queue() { return refuse("QueueDoesNotExist", "The specified queue does not exist."); }

std::unexpected<Fault> invalid_value(std::string_view value, std::string_view parameter, std::string_view reason) {
  return refuse("InvalidParameterValueException",
                cat("Value ", value, " for parameter ", parameter, " is invalid. Reason: ", reason));
}

}  // namespace utakata::sqs

#include "services/sqs/attributes.hpp"

#include <algorithm>
#include <array>

#include "base/json.hpp"
#include "services/sqs/limits.hpp"

namespace utakata::sqs {
namespace {

enum class Form : std::uint8_t { integer, boolean, text, policy };

struct Attribute {
  std::string_view name;
  std::string_view default_text;  // "" = not shown unless set
  Form form = Form::text;
  i64 least = 0, most = 0;
  bool fifo_only = false;
  std::string_view values = {};  // of a text, separated by spaces; empty = any
};

constexpr std::array<Attribute, 15> attributes_known{{
    {"VisibilityTimeout", "30", Form::integer, 0, limits::visibility_seconds},
    {"DelaySeconds", "0", Form::integer, 0, limits::delay_seconds},
    {"MaximumMessageSize", "1048576", Form::integer, 1024, 1'048'576},
    {"MessageRetentionPeriod", "345600", Form::integer, 60, 1'209'600},
    {"ReceiveMessageWaitTimeSeconds", "0", Form::integer, 0, limits::wait_seconds},
    {"SqsManagedSseEnabled", "true", Form::boolean},
    {"Policy", "", Form::policy},
    {"RedrivePolicy", "", Form::policy},
    {"RedriveAllowPolicy", "", Form::policy},
    {"KmsMasterKeyId", ""},
    {"KmsDataKeyReusePeriodSeconds", "", Form::integer, 60, 86'400},
    {"FifoQueue", "", Form::boolean, 0, 0, true},
    {"ContentBasedDeduplication", "false", Form::boolean, 0, 0, true},
    {"DeduplicationScope", "queue", Form::text, 0, 0, true, "queue messageGroup"},
    {"FifoThroughputLimit", "perQueue", Form::text, 0, 0, true, "perQueue perMessageGroupId"},
}};
constexpr std::array<std::string_view, 6> attributes_derived{"ApproximateNumberOfMessages",
                                                             "ApproximateNumberOfMessagesNotVisible",
                                                             "ApproximateNumberOfMessagesDelayed",
                                                             "CreatedTimestamp",
                                                             "LastModifiedTimestamp",
                                                             "QueueArn"};

const Attribute* known(std::string_view name) {
  const auto at = std::ranges::find(attributes_known, name, &Attribute::name);
  return at == attributes_known.end() ? nullptr : &*at;
}

std::unexpected<Fault> unknown_attribute(std::string_view name) {
  return refuse("InvalidAttributeName", cat("Unknown Attribute ", name, "."));
}
std::unexpected<Fault> bad_attribute(std::string_view name, std::string_view reason = {}) {
  return refuse("InvalidAttributeValue", cat("Invalid value for the parameter ", name, ".",
                                             reason.empty() ? std::string_view() : " Reason: ", reason));
}

Outcome<> check_redrive(const Tx& tx, const Key& queue, const str& text, const Json& policy) {
  const auto bad = [&](std::string_view reason) { return invalid_value(text, "RedrivePolicy", reason); };
  const auto target = key_of_arn(policy.text_at({"deadLetterTargetArn"}));
  if (!target) return bad("Invalid value for deadLetterTargetArn.");
  const Json* count = policy.find("maxReceiveCount");
  if (count == nullptr) return bad("Redrive policy does not contain mandatory attribute: maxReceiveCount.");
  const auto receives = count->is_text() ? parse_integer(count->text()) : count->integer();
  if (!receives || *receives < 1 || *receives > limits::receives_before_dead_letter)
    return bad("Invalid value for maxReceiveCount: it must be between 1 and 1000.");
  if (world_of(*target) != world_of(queue)) return bad("Dead-letter target owner should be same as the source.");
  if (tx.find<Queue>(*target) == nullptr) return bad("Dead letter target does not exist.");
  if (is_fifo_name(*target) != is_fifo_name(queue))
    return bad("Dead-letter queue must be same type of queue as the source.");
  return {};
}

Outcome<> check_redrive_allow(const str& text, const Json& policy) {
  const std::string_view permission = policy.text_at({"redrivePermission"});
  const Json* sources = policy.find("sourceQueueArns");
  const bool by_queue = permission == "byQueue";
  if (!by_queue && permission != "allowAll" && permission != "denyAll")
    return invalid_value(text, "RedriveAllowPolicy", "redrivePermission must be allowAll, denyAll or byQueue.");
  const bool listed = sources != nullptr && sources->is_array() && sources->size() >= 1 && sources->size() <= 10;
  if (by_queue != listed)
    return invalid_value(text, "RedriveAllowPolicy", "sourceQueueArns takes 1 to 10 ARNs, and only with byQueue.");
  return {};
}

// Whether the dead-letter queue lets this queue send to it.
Outcome<> check_allowed(const Tx& tx, const Key& queue, const str& text, const Key& target) {
  const auto policy = Json::parse(text_attribute(*tx.find<Queue>(target), "RedriveAllowPolicy"));
  if (!policy) return {};
  const std::string_view permission = policy->text_at({"redrivePermission"});
  bool allowed = permission != "denyAll";
  if (permission == "byQueue")
    allowed = std::ranges::any_of(policy->find("sourceQueueArns")->items(),
                                  [&](const Json& arn) { return arn.is_text() && arn.text() == queue_arn(queue); });
  if (allowed) return {};
  return invalid_value(text, "RedrivePolicy", "The dead-letter queue's RedriveAllowPolicy does not allow this queue.");
}

Outcome<> check_policy(const Tx& tx, const Key& queue, const Attribute& attribute, const str& text) {
  const auto policy = Json::parse(text);
  if (!policy || !policy->is_object())
    return invalid_value(text, attribute.name, "Attribute value is not a valid JSON object.");
  if (attribute.name == "RedriveAllowPolicy") return check_redrive_allow(text, *policy);
  if (attribute.name != "RedrivePolicy") return {};
  TRY_VOID(check_redrive(tx, queue, text, *policy));
  return check_allowed(tx, queue, text, *key_of_arn(policy->text_at({"deadLetterTargetArn"})));
}

Outcome<> check_value(const Tx& tx, const Key& queue, const Attribute& attribute, const str& text) {
  switch (attribute.form) {
    case Form::integer: {
      const auto number = parse_integer(text);
      if (!number || *number < attribute.least || *number > attribute.most) return bad_attribute(attribute.name);
      return {};
    }
    case Form::boolean:
      if (text != "true" && text != "false") return bad_attribute(attribute.name);
      return {};
    case Form::policy:
      return check_policy(tx, queue, attribute, text);
    case Form::text:
      break;
  }
  const auto values = split(attribute.values, ' ');
  if (!attribute.values.empty() && std::ranges::find(values, text) == values.end())
    return bad_attribute(attribute.name);
  return {};
}

Outcome<> check_one(const Tx& tx, const Key& queue, const str& name, const str& text) {
  const Attribute* attribute = known(name);
  if (attribute == nullptr) return unknown_attribute(name);
  if (attribute->fifo_only && !is_fifo_name(queue)) return unknown_attribute(name);
  if (name == "FifoQueue") {
    if (tx.find<Queue>(queue) != nullptr && text != "true")
      return bad_attribute(name, "Modifying queue type is not supported.");
    return text == "true" ? Outcome<>() : bad_attribute(name);
  }
  if (text.empty() && attribute->form != Form::integer && attribute->form != Form::boolean) return {};
  return check_value(tx, queue, *attribute, text);
}

str derived(const Tx& tx, const Key& key, const Queue& queue, std::string_view name) {
  if (name == "QueueArn") return queue_arn(key);
  if (name == "CreatedTimestamp") return cat(queue.created_at.ns / 1'000'000'000);
  if (name == "LastModifiedTimestamp") return cat(queue.modified_at.ns / 1'000'000'000);
  std::size_t count = 0;
  if (name == "ApproximateNumberOfMessages") {
    tx.each<Message>(ready_prefix(key), [&](const Key&, const Message&) { ++count; });
  } else {
    const bool in_flight = name == "ApproximateNumberOfMessagesNotVisible";
    tx.each<Message>(waiting_prefix(key),
                     [&](const Key&, const Message& message) { count += message.in_flight == in_flight ? 1U : 0U; });
  }
  return cat(count);
}

}  // namespace

bool is_fifo(const Queue& queue) { return is_fifo_name(queue.name); }
bool is_fifo_name(std::string_view name) { return name.ends_with(".fifo"); }

str text_attribute(const Queue& queue, std::string_view name) {
  const auto at = queue.attributes.find(str(name));
  if (at != queue.attributes.end()) return at->second;
  const Attribute* attribute = known(name);
  if (attribute == nullptr || (attribute->fifo_only && !is_fifo(queue))) return {};
  // The managed encryption gives way to a key of the caller's (facts: platform.md §E1).
  if (name == "SqsManagedSseEnabled" && queue.attributes.contains("KmsMasterKeyId")) return "false";
  return str(attribute->default_text);
}

i64 integer_attribute(const Queue& queue, std::string_view name) {
  return parse_integer(text_attribute(queue, name)).value_or(0);
}

opt<Redrive> redrive(const Queue& queue) {
  const auto at = queue.attributes.find("RedrivePolicy");
  if (at == queue.attributes.end()) return {};
  const auto policy = Json::parse(at->second);
  if (!policy) return {};
  const auto target = key_of_arn(policy->text_at({"deadLetterTargetArn"}));
  const Json* count = policy->find("maxReceiveCount");
  if (!target || count == nullptr) return {};
  const auto receives = count->is_text() ? parse_integer(count->text()) : count->integer();
  return Redrive{.dead_letter_queue = *target, .max_receives = receives.value_or(0)};
}

Outcome<> check_attributes(const Tx& tx, const Key& queue, const dict<str>& attributes) {
  for (const auto& [name, text] : attributes) TRY_VOID(check_one(tx, queue, name, text));
  return {};
}

void apply_attributes(Queue& queue, const dict<str>& attributes) {
  for (const auto& [name, text] : attributes) {
    if (text.empty())
      queue.attributes.erase(name);
    else
      queue.attributes[name] = text;
  }
}

Outcome<dict<str>> shown_attributes(const Tx& tx, const Key& key, const list<str>& names) {
  const Queue& queue = *tx.find<Queue>(key);
  const bool all = std::ranges::find(names, "All") != names.end();
  dict<str> shown;
  const auto show = [&](std::string_view name, str text) {
    if (!text.empty()) shown[str(name)] = std::move(text);
  };
  for (const auto& name : names) {
    if (name == "All") continue;
    if (known(name) != nullptr)
      show(name, text_attribute(queue, name));
    else if (std::ranges::find(attributes_derived, name) != attributes_derived.end())
      show(name, derived(tx, key, queue, name));
    else
      return unknown_attribute(name);
  }
  if (!all) return shown;
  for (const auto& attribute : attributes_known) show(attribute.name, text_attribute(queue, attribute.name));
  for (const auto name : attributes_derived) show(name, derived(tx, key, queue, name));
  return shown;
}

}  // namespace utakata::sqs

#pragma once

#include "base/outcome.hpp"
#include "core/tx.hpp"
#include "services/events/api/rules.hpp"
#include "services/events/api/targets.hpp"

// The rows of EventBridge. No name holds a '/', so it parts the names in keys:
//   WORLD BUS                 a custom event bus; the bus "default" is always there, without a row
//   WORLD BUS / RULE          a rule
//   WORLD BUS / RULE / ID     a target of the rule
namespace utakata::events {

struct Bus {
  static constexpr std::string_view table_name = "events.buses";
  str name;
  opt<str> description;
  opt<str> kms_key_identifier;
  dict<str> tags;
  Instant created_at;
};

struct Rule {
  static constexpr std::string_view table_name = "events.rules";
  str name;
  str bus;
  str pattern;
  list<str> sources;  // the only ones that the pattern can match; empty: any (EventPattern::exact_sources)
  api::RuleState state;
  opt<str> description;
  opt<str> role_arn;
  dict<str> tags;
};

struct Target {
  static constexpr std::string_view table_name = "events.targets";
  api::Target target;
};

void declare_tables(Schema&);

Key bus_key(const World&, std::string_view bus);
Key rule_key(const Key& bus, std::string_view rule);
Key target_key(const Key& rule, std::string_view id);

str bus_arn(const Key& bus);
str rule_arn(const Key& rule);

bool is_name(std::string_view name, std::size_t most);

/// The bus named so, or by its ARN; absent: "default". Fault ResourceNotFoundException.
Outcome<Key> find_bus(const Tx&, const opt<str>& name_or_arn);
/// Fault ResourceNotFoundException for the bus or the rule.
Outcome<Key> find_rule(const Tx&, std::string_view rule, const opt<str>& bus);
bool bus_exists(const Tx&, const Key& bus);
/// Of a bus, in the order of their names; of a rule, in the order of their ids.
std::vector<Key> rule_keys(const Tx&, const Key& bus, std::string_view name_prefix = {});
std::vector<Key> target_keys(const Tx&, const Key& rule);

std::unexpected<Fault> invalid(str message);
std::unexpected<Fault> not_found(str message);
std::unexpected<Fault> too_many();

/// A page of names in their order: where it begins, and how many it has.
struct PageBounds {
  str from;
  std::size_t most = 0;
};
Outcome<PageBounds> page_bounds(const opt<str>& token, const opt<i32>& limit);
/// The token of the page that begins with this name.
str page_token(std::string_view name);

}  // namespace utakata::events

#include "services/elb/rule_conditions.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "base/ip_block.hpp"
#include "base/linear_regex.hpp"
#include "services/elb/errors.hpp"
#include "services/elb/limits.hpp"

namespace utakata::elb {
namespace {

constexpr std::size_t value_length_max = 128;
constexpr std::size_t name_length_max = 40;  // of a header, of a method

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_one_of(char c, std::string_view others) { return is_letter(c) || is_digit(c) || others.contains(c); }

auto too_long(std::string_view field, std::size_t limit) {
  return invalid(cat("The '", field, "' value is too long; the limit is '", limit, "'"));
}
auto no_value() { return invalid("A condition value must be specified"); }

// Counts what AWS limits in a whole rule.
struct Tally {
  std::size_t values = 0;
  std::size_t wildcards = 0;

  void take(std::string_view value, bool backslash = false) {
    ++values;
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (backslash && value[i] == '\\')
        ++i;
      else if (value[i] == '*' || value[i] == '?')
        ++wildcards;
    }
  }
};

Outcome<> check_host(std::string_view host) {
  const std::size_t dot = host.rfind('.');
  if (!std::ranges::all_of(host, [](char c) { return is_one_of(c, "-_.*?"); }))
    return invalid(cat("The 'host-header' value '", host,
                       "' is not valid; the allowed characters are A-Z, a-z, 0-9, '-', '_', '.', '*' and '?'"));
  if (dot == std::string_view::npos)
    return invalid(cat("The 'host-header' value '", host, "' is not valid; it must contain at least one '.'"));
  if (dot + 1 == host.size() || !std::ranges::all_of(host.substr(dot + 1), is_letter))
    return invalid(cat("The 'host-header' value '", host,
                       "' is not valid; only alphabetical characters are allowed after the final '.'"));
  return {};
}

Outcome<> check_path(std::string_view path) {
  if (!std::ranges::all_of(path, [](char c) { return is_one_of(c, "_-.$/~\"'@:+&*?"); }))
    return invalid(cat("The 'path-pattern' value '", path,
                       "' is not valid; the allowed characters are A-Z, a-z, 0-9 and _-.$/~\"'@:+&*?"));
  return {};
}

Outcome<> check_method(std::string_view method) {
  if (method.size() > name_length_max) return too_long("http-request-method", name_length_max);
  if (!std::ranges::all_of(method, [](char c) { return (c >= 'A' && c <= 'Z') || c == '-' || c == '_'; }))
    return invalid("The 'http-request-method' value is invalid; the allowed characters are A-Z, hyphen and underscore");
  return {};
}

Outcome<> check_address(std::string_view block) {
  const auto parsed = IpBlock::parse(block);
  if (!parsed || block == "255.255.255.255/32")
    return invalid(cat("The 'source-ip' value '", block, "' is not valid; it must be in CIDR format"));
  return {};
}

Outcome<> check_any(std::string_view) { return {}; }

Outcome<> check_values(const list<str>& values, std::string_view field, Outcome<> (*check)(std::string_view),
                       Tally& tally) {
  for (const str& value : values) {
    if (value.empty()) return no_value();
    if (value.size() > value_length_max) return too_long(field, value_length_max);
    TRY_VOID(check(value));
    tally.take(value);
  }
  return {};
}

Outcome<> check_expressions(const list<str>& expressions, std::string_view field, Tally& tally) {
  for (const str& expression : expressions) {
    if (expression.empty()) return no_value();
    if (expression.size() > value_length_max) return too_long(field, value_length_max);
    if (!LinearRegex::parse(expression))
      return invalid(cat("The '", field, "' regular expression '", expression, "' is not valid"));
    ++tally.values;
  }
  return {};
}

constexpr std::string_view fields_text =
    "[path-pattern,host-header,http-header,http-request-method,query-string,source-ip]";

// Each member belongs to one field; the two plain lists to those that AWS had before it had the others.
Outcome<> check_members(const api::RuleCondition& given, std::string_view field) {
  struct Member {
    std::string_view name, field;
    bool present;
  };
  const std::array members{Member{"HostHeaderConfig", "host-header", given.HostHeaderConfig.has},
                           Member{"PathPatternConfig", "path-pattern", given.PathPatternConfig.has},
                           Member{"HttpHeaderConfig", "http-header", given.HttpHeaderConfig.has},
                           Member{"HttpRequestMethodConfig", "http-request-method", given.HttpRequestMethodConfig.has},
                           Member{"QueryStringConfig", "query-string", given.QueryStringConfig.has},
                           Member{"SourceIpConfig", "source-ip", given.SourceIpConfig.has}};
  const bool plain = field == "host-header" || field == "path-pattern";
  if (given.Values && !given.Values->empty() && !plain)
    return invalid(cat("The 'Values' field is not compatible with '", field, "'"));
  if (given.RegexValues && !given.RegexValues->empty() && !plain && field != "http-header")
    return invalid(cat("The 'RegexValues' field is not compatible with '", field, "'"));
  for (const Member& member : members) {
    if (member.field != field && member.present)
      return invalid(cat("The '", member.name, "' field is not compatible with '", field, "'"));
    if (member.field != field) continue;
    if (!member.present && !plain) return invalid(cat("A '", member.name, "' must be specified with '", field, "'"));
    if (member.present && given.Values && !given.Values->empty())
      return invalid(
          cat("You cannot provide both Values and '", member.name, "' for a condition of type '", field, "'"));
  }
  return {};
}

// The values and expressions of a host, path or header condition: in its own structure or beside it.
struct Texts {
  list<str> values, expressions;
};
template <class Config>
Texts texts_of(const api::RuleCondition& given, const opt<Config>& config) {
  Texts texts{.values = given.Values.value_or(list<str>{}), .expressions = given.RegexValues.value_or(list<str>{})};
  if (config && config->Values) texts.values = *config->Values;
  if (config && config->RegexValues) texts.expressions = *config->RegexValues;
  return texts;
}
template <class Config>
Outcome<> check_texts(api::RuleCondition& made, opt<Config>& config, const Texts& texts,
                      Outcome<> (*check)(std::string_view), Tally& tally) {
  const str& field = *made.Field;
  if (texts.values.empty() && texts.expressions.empty()) return no_value();
  TRY_VOID(check_values(texts.values, field, check, tally));
  TRY_VOID(check_expressions(texts.expressions, field, tally));
  if (!texts.values.empty()) config.ensure_value().Values = texts.values;
  if (!texts.expressions.empty()) config.ensure_value().RegexValues = texts.expressions;
  return {};
}

Outcome<> take_header(api::RuleCondition& made, const api::RuleCondition& given, Tally& tally) {
  const str name = given.HttpHeaderConfig->HttpHeaderName.value_or("");
  if (name.empty()) return invalid("A 'HttpHeaderName' must be specified in 'HttpHeaderConfig'");
  if (name.size() > name_length_max) return too_long("HttpHeaderName", name_length_max);
  if (!std::ranges::all_of(name, [](char c) { return is_one_of(c, "!#$%&'*+-.^_`|~"); }))
    return invalid(cat("The 'HttpHeaderName' value '", name, "' is not valid; it must be the name of a header"));
  if (equals_ignoring_case(name, "host"))
    return invalid("The 'HttpHeaderName' value must not be 'Host'; use a 'host-header' condition");
  made.HttpHeaderConfig.ensure_value().HttpHeaderName = name;
  return check_texts(made, made.HttpHeaderConfig, texts_of(given, given.HttpHeaderConfig), check_any, tally);
}

Outcome<> take_query(api::RuleCondition& made, const api::RuleCondition& given, Tally& tally) {
  const auto pairs = given.QueryStringConfig->Values.value_or(list<api::QueryStringKeyValuePair>{});
  if (pairs.empty()) return no_value();
  for (const api::QueryStringKeyValuePair& pair : pairs) {
    if (!pair.Value || pair.Value->empty()) return invalid("A 'Value' must be specified in 'QueryStringKeyValuePair'");
    if (pair.Key && pair.Key->size() > value_length_max) return too_long("Key", value_length_max);
    if (pair.Value->size() > value_length_max) return too_long("Value", value_length_max);
    Tally key;
    if (pair.Key) key.take(*pair.Key, true);
    tally.take(*pair.Value, true);
    tally.wildcards += key.wildcards;
  }
  made.QueryStringConfig.ensure_value().Values = pairs;
  return {};
}

Outcome<api::RuleCondition> checked(const api::RuleCondition& given, Tally& tally) {
  const str field = given.Field.value_or("");
  if (field.empty()) return invalid("A condition field must be specified");
  if (field != "host-header" && field != "path-pattern" && field != "http-header" && field != "http-request-method" &&
      field != "query-string" && field != "source-ip")
    return invalid(cat("Condition field '", field, "' must be one of '", fields_text, "'"));
  TRY_VOID(check_members(given, field));
  api::RuleCondition made{.Field = field};
  if (field == "host-header") {
    const Texts texts = texts_of(given, given.HostHeaderConfig);
    TRY_VOID(check_texts(made, made.HostHeaderConfig, texts, check_host, tally));
    if (!texts.values.empty()) made.Values = texts.values;
  } else if (field == "path-pattern") {
    const Texts texts = texts_of(given, given.PathPatternConfig);
    TRY_VOID(check_texts(made, made.PathPatternConfig, texts, check_path, tally));
    if (!texts.values.empty()) made.Values = texts.values;
  } else if (field == "http-header") {
    TRY_VOID(take_header(made, given, tally));
  } else if (field == "query-string") {
    TRY_VOID(take_query(made, given, tally));
  } else if (field == "http-request-method") {
    const list<str> methods = given.HttpRequestMethodConfig->Values.value_or(list<str>{});
    if (methods.empty()) return no_value();
    TRY_VOID(check_values(methods, field, check_method, tally));
    made.HttpRequestMethodConfig.ensure_value().Values = methods;
  } else {
    const list<str> blocks = given.SourceIpConfig->Values.value_or(list<str>{});
    if (blocks.empty()) return invalid("A 'source-ip' value must be specified");
    TRY_VOID(check_values(blocks, field, check_address, tally));
    made.SourceIpConfig.ensure_value().Values = blocks;
  }
  return made;
}

template <class Config>
void take_texts(BalancerCondition& out, const opt<Config>& config) {
  if (config->Values) out.values = *config->Values;
  if (config->RegexValues) out.expressions = *config->RegexValues;
}

}  // namespace

Outcome<list<api::RuleCondition>> checked_conditions(const list<api::RuleCondition>& given) {
  if (given.empty()) return invalid("A condition must be specified");
  list<api::RuleCondition> all;
  std::set<str> once;
  Tally tally;
  for (const api::RuleCondition& each : given) {
    all.push_back(TRY(checked(each, tally)));
    const str& field = *all.back().Field;
    if (field != "http-header" && field != "query-string" && !once.insert(field).second)
      return invalid(cat("A rule can only have one '", field, "' condition"));
  }
  if (tally.values > limits::values_of_rule)
    return invalid(cat("A rule can only have '", limits::values_of_rule, "' condition values"));
  if (tally.wildcards > limits::wildcards_of_rule)
    return invalid(cat("A rule can only have '", limits::wildcards_of_rule, "' condition wildcards"));
  return all;
}

list<BalancerCondition> conditions_of(const list<api::RuleCondition>& conditions) {
  list<BalancerCondition> all;
  for (const api::RuleCondition& each : conditions) {
    BalancerCondition& out = all.emplace_back();
    if (each.HostHeaderConfig) {
      out.field = "host-header";
      take_texts(out, each.HostHeaderConfig);
    } else if (each.PathPatternConfig) {
      out.field = "path-pattern";
      take_texts(out, each.PathPatternConfig);
    } else if (each.HttpHeaderConfig) {
      out.field = "http-header";
      out.header_name = *each.HttpHeaderConfig->HttpHeaderName;
      take_texts(out, each.HttpHeaderConfig);
    } else if (each.HttpRequestMethodConfig) {
      out.field = "http-request-method";
      out.values = *each.HttpRequestMethodConfig->Values;
    } else if (each.QueryStringConfig) {
      out.field = "query-string";
      for (const auto& pair : *each.QueryStringConfig->Values)
        out.query.push_back({.key = pair.Key, .value = *pair.Value});
    } else {
      out.field = "source-ip";
      out.values = *each.SourceIpConfig->Values;
    }
  }
  return all;
}

}  // namespace utakata::elb

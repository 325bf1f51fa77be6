#include "services/events/input.hpp"

#include <algorithm>

#include "base/json_scanner.hpp"
#include "services/events/json_path.hpp"
#include "services/events/limits.hpp"
#include "services/events/state.hpp"

namespace utakata::events {
namespace {

constexpr std::string_view predefined_prefix = "aws.events.";

bool is_predefined(std::string_view name) {
  return name == "aws.events.rule-arn" || name == "aws.events.rule-name" || name == "aws.events.event.ingestion-time" ||
         name == "aws.events.event" || name == "aws.events.event.json";
}

/// The name of the placeholder that `rest` begins with ("<name>"); empty if it is an ordinary '<'.
std::string_view placeholder(std::string_view rest) {
  const std::size_t end = rest.find('>');
  if (!rest.starts_with('<') || end == std::string_view::npos || end < 2) return {};
  const std::string_view name = rest.substr(1, end - 1);
  const bool plain = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_';
  });
  return plain ? name : std::string_view();
}

Outcome<> check_transformer(const str& target, const api::InputTransformer& transformer) {
  if (transformer.InputTemplate.empty() || transformer.InputTemplate.size() > limits::input_characters)
    return invalid(cat("InputTemplate for target ", target, " must have 1 to 8192 characters."));
  if (transformer.InputPathsMap->size() > limits::input_paths)
    return invalid(cat("InputPathsMap for target ", target, " must have at most 100 entries."));
  for (const auto& [name, path] : *transformer.InputPathsMap) {
    if (to_lower(name).starts_with("aws."))
      return invalid(
          cat("InputPathsMap for target ", target, " contains the key ", name, ": keys must not begin with AWS."));
    if (!JsonPath::parse(path) || path.size() > limits::input_path_characters)
      return invalid(cat("InputPathsMap for target ", target, " contains invalid path ", path, " for ", name, "."));
  }
  const std::string_view text = transformer.InputTemplate;
  for (std::size_t at = text.find('<'); at != std::string_view::npos; at = text.find('<', at + 1)) {
    const std::string_view name = placeholder(text.substr(at));
    if (!name.empty() && !is_predefined(name) && !transformer.InputPathsMap->contains(str(name)))
      return invalid(cat("InputTemplate for target ", target, " contains invalid placeholder ", name, "."));
  }
  return {};
}

// <aws.events.event>: the event without its detail, and with a name that JSON paths can spell.
Json without_detail(const Json& event) {
  Json rest = Json::object();
  for (std::size_t i = 0; i < event.size(); ++i) {
    const str& name = event.names()[i];
    if (name != "detail") rest.set(name == "detail-type" ? "detailType" : name, event.items()[i]);
  }
  return rest;
}

/// A value inside of a quoted string template: texts bare, objects and lists without any quotes.
void append_bare(str& out, const Json& value) {
  if (!value.is_array() && !value.is_object()) {
    out += value.is_text() ? value.text() : value.write();
    return;
  }
  out += value.is_object() ? '{' : '[';
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (i != 0) out += ',';
    if (value.is_object()) out += cat(value.names()[i], ":");
    append_bare(out, value.items()[i]);
  }
  out += value.is_object() ? '}' : ']';
}

class Template {
 public:
  Template(const api::InputTransformer& transformer, const Occasion& occasion)
      : transformer_(transformer), occasion_(occasion), of_strings_(trim_front(transformer.InputTemplate)) {}

  Outcome<str> filled() {
    const std::string_view text = transformer_.InputTemplate;
    for (std::size_t i = 0; i < text.size();) {
      const std::string_view name = placeholder(text.substr(i));
      if (!name.empty()) {
        insert(name);
        i += name.size() + 2;
        continue;
      }
      if (text[i] == '"') quoted_ = !quoted_;
      out_ += text[i++];
      if (quoted_ && text[i - 1] == '\\' && i < text.size()) out_ += text[i++];
    }
    if (is_json()) return std::move(out_);
    return refuse("INVALID_JSON", cat("The input transformer yields no JSON: ", out_.substr(0, 500)));
  }

 private:
  static bool trim_front(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && text[first] == '"';
  }

  void insert(std::string_view name) {
    const Json made = predefined(name);
    const Json* value = &made;
    if (!name.starts_with(predefined_prefix)) {
      const auto path = JsonPath::parse(transformer_.InputPathsMap->at(str(name)));
      value = path ? path->find(occasion_.event) : nullptr;
    }
    static const Json nothing("");
    if (value == nullptr) value = &nothing;
    // Within quotes a text is inserted as it is; what else stands in a JSON template must stay JSON.
    if (quoted_ && (of_strings_ || value->is_text()))
      append_escaped(*value);
    else
      out_ += value->write();
  }

  void append_escaped(const Json& value) {
    str bare;
    append_bare(bare, value);
    str escaped;
    json::append_quoted(escaped, bare);
    out_ += std::string_view(escaped).substr(1, escaped.size() - 2);
  }

  [[nodiscard]] Json predefined(std::string_view name) const {
    if (name == "aws.events.rule-arn") return occasion_.rule_arn;
    if (name == "aws.events.rule-name") return occasion_.rule_name;
    if (name == "aws.events.event.ingestion-time") return iso8601(occasion_.now);
    if (name == "aws.events.event") return without_detail(occasion_.event);
    if (name == "aws.events.event.json") return occasion_.event;
    return {};
  }

  // One JSON value, or quoted strings on lines of their own.
  [[nodiscard]] bool is_json() const {
    if (!of_strings_) return Json::parse(out_, {.depth = limits::detail_depth}).has_value();
    return std::ranges::all_of(split(out_, '\n'), [](std::string_view line) {
      if (line.ends_with('\r')) line.remove_suffix(1);
      const auto json = Json::parse(line);
      return trim(line).empty() || (json && json->is_text());
    });
  }

  const api::InputTransformer& transformer_;
  const Occasion& occasion_;
  bool of_strings_;
  bool quoted_ = false;
  str out_;
};

}  // namespace

Outcome<> check_input(const api::Target& target) {
  const int given = (target.Input ? 1 : 0) + (target.InputPath ? 1 : 0) + (target.InputTransformer ? 1 : 0);
  if (given > 1)
    return invalid(
        cat("Only one of Input, InputPath, or InputTransformer must be provided for target ", target.Id, "."));
  if (target.Input && (target.Input->size() > limits::input_characters || !Json::parse(*target.Input)))
    return invalid(cat("Input for target ", target.Id, " must be JSON text of at most 8192 characters."));
  if (target.InputPath &&
      (!JsonPath::parse(*target.InputPath) || target.InputPath->size() > limits::input_path_characters))
    return invalid(cat("Invalid InputPath for target ", target.Id, ": ", *target.InputPath));
  if (target.InputTransformer) return check_transformer(target.Id, *target.InputTransformer);
  return {};
}

Outcome<str> input_for(const api::Target& target, const Occasion& occasion) {
  if (target.Input) return *target.Input;
  if (target.InputTransformer) return Template(*target.InputTransformer, occasion).filled();
  if (!target.InputPath) return occasion.event_text;
  const auto path = JsonPath::parse(*target.InputPath);
  const Json* part = path ? path->find(occasion.event) : nullptr;
  return part != nullptr ? part->write() : str("null");
}

}  // namespace utakata::events

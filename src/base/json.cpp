#include "base/json.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "base/json_scanner.hpp"

namespace utakata {

class JsonParser {
 public:
  JsonParser(std::string_view text, int depth) : scan_(text, depth) {}

  Outcome<Json> document() {
    Json value;
    if (!read(value) || (!scan_.at_end() && !scan_.fail("something after the value")))
      return refuse("MalformedJson", cat("Malformed JSON at byte ", scan_.position(), ": ", scan_.problem(), "."));
    return value;
  }

 private:
  bool read(Json& value) {
    std::string_view source;
    switch (scan_.peek()) {
      case '"':
        value = Json(Json::Kind::text);
        return scan_.string(value.text_);
      case '{':
        value = Json(Json::Kind::object);
        return scan_.open('{') && read_members(value);
      case '[':
        value = Json(Json::Kind::array);
        return scan_.open('[') && read_items(value);
      case 't':
        value = Json(true);
        return scan_.literal("true");
      case 'f':
        value = Json(false);
        return scan_.literal("false");
      case 'n':
        return scan_.literal("null");
      default:
        break;
    }
    if (!scan_.number(source)) return false;
    value = Json(Json::Kind::number);
    value.text_ = source;
    return true;
  }

  bool read_items(Json& value) {
    if (!scan_.take(']')) {
      do {
        if (!read(value.items_.emplace_back())) return false;
      } while (scan_.take(','));
      if (!scan_.take(']')) return scan_.fail("expected ',' or ']'");
    }
    scan_.closed();
    return true;
  }

  bool read_members(Json& value) {
    if (!scan_.take('}')) {
      do {
        if (!scan_.string(value.names_.emplace_back())) return false;
        if (!scan_.take(':')) return scan_.fail("expected ':'");
        if (!read(value.items_.emplace_back())) return false;
      } while (scan_.take(','));
      if (!scan_.take('}')) return scan_.fail("expected ',' or '}'");
    }
    scan_.closed();
    keep_last(value);
    return true;
  }

  // Of equal names the last stays. By sorting, so that a hostile object of many names costs no more than its size.
  static void keep_last(Json& value) {
    std::vector<std::size_t> order(value.names_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
      const int by_name = value.names_[a].compare(value.names_[b]);
      return by_name != 0 ? by_name < 0 : a < b;
    });
    std::vector<bool> superseded(order.size());
    bool any = false;
    for (std::size_t i = 0; i + 1 < order.size(); ++i) {
      if (value.names_[order[i]] != value.names_[order[i + 1]]) continue;
      superseded[order[i]] = any = true;
    }
    if (!any) return;
    Json kept(Json::Kind::object);
    for (std::size_t i = 0; i < superseded.size(); ++i) {
      if (superseded[i]) continue;
      kept.names_.push_back(std::move(value.names_[i]));
      kept.items_.push_back(std::move(value.items_[i]));
    }
    value = std::move(kept);
  }

  json::Scanner scan_;
};

Json::Json(double number) : kind_(Kind::number) {
  if (!std::isfinite(number)) {
    kind_ = Kind::null;  // JSON has no such numbers
    return;
  }
  char digits[32];
  text_.assign(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

Outcome<Json> Json::parse(std::string_view text, Limits limits) {
  if (text.size() > limits.bytes)
    return refuse("MalformedJson", cat("JSON of ", text.size(), " bytes is longer than ", limits.bytes, "."));
  return JsonParser(text, limits.depth).document();
}

std::optional<std::int64_t> Json::integer() const {
  return is_number() ? parse_integer(text_) : std::optional<std::int64_t>();
}

std::optional<double> Json::number() const {
  if (!is_number()) return {};
  double value = 0;
  const auto error = std::from_chars(text_.data(), text_.data() + text_.size(), value).ec;
  return error == std::errc{} ? std::optional(value) : std::nullopt;
}

const Json* Json::find(std::string_view name) const {
  for (std::size_t i = 0; i < names_.size(); ++i)
    if (names_[i] == name) return &items_[i];
  return nullptr;
}

const Json* Json::find(std::initializer_list<std::string_view> path) const {
  const Json* here = this;
  for (const std::string_view name : path) {
    if (here == nullptr) break;
    here = here->find(name);
  }
  return here;
}

std::string_view Json::text_at(std::initializer_list<std::string_view> path) const {
  const Json* found = find(path);
  return found != nullptr && found->is_text() ? std::string_view(found->text_) : std::string_view();
}

std::int64_t Json::integer_at(std::initializer_list<std::string_view> path) const {
  const Json* value = find(path);
  return value != nullptr ? value->integer().value_or(0) : 0;
}

Json& Json::push(Json item) {
  ensure(is_array(), "an item was pushed to a JSON value that is no array");
  return items_.emplace_back(std::move(item));
}

Json& Json::set(std::string_view name, Json value) {
  ensure(is_object(), "a member was set in a JSON value that is no object");
  const auto found = std::ranges::find(names_, name);
  if (found != names_.end()) return items_[static_cast<std::size_t>(found - names_.begin())] = std::move(value);
  names_.emplace_back(name);
  return items_.emplace_back(std::move(value));
}

std::string Json::write() const {
  std::string out;
  write_to(out, -1);
  return out;
}

std::string Json::indented() const {
  std::string out;
  write_to(out, 0);
  return out;
}

// A negative indent means compact.
void Json::write_to(std::string& out, int indent) const {
  switch (kind_) {
    case Kind::null:
      out += "null";
      return;
    case Kind::boolean:
      out += boolean_ ? "true" : "false";
      return;
    case Kind::number:
      out += text_;
      return;
    case Kind::text:
      json::append_quoted(out, text_);
      return;
    case Kind::array:
    case Kind::object:
      break;
  }
  const auto line = [&](int level) {
    if (level >= 0) out.append(1, '\n').append(static_cast<std::size_t>(level) * 2, ' ');
  };
  const int inner = indent < 0 ? indent : indent + 1;
  out += is_object() ? '{' : '[';
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (i != 0) out += ',';
    line(inner);
    if (is_object()) {
      json::append_quoted(out, names_[i]);
      out += indent < 0 ? ":" : ": ";
    }
    items_[i].write_to(out, inner);
  }
  if (!items_.empty()) line(indent);
  out += is_object() ? '}' : ']';
}

}  // namespace utakata

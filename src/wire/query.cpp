#include "wire/query.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.hpp"
#include "wire/json.hpp"

namespace utakata::wire {
namespace {

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Parameters that address and sign the request and are no members of any input.
bool belongs_to_envelope(std::string_view name) {
  static constexpr std::array<std::string_view, 9> names{"Action",        "Version",         "AWSAccessKeyId",
                                                         "Signature",     "SignatureMethod", "SignatureVersion",
                                                         "SecurityToken", "Timestamp",       "Expires"};
  return std::ranges::find(names, name) != names.end() || name.starts_with("X-Amz-");
}

class QueryReader {
 public:
  QueryReader(QueryStyle style, ReadNotes& notes) : style_(style), notes_(notes) {}

  Outcome<> request(const Type& type, void* object, const FormNode& root) {
    return structure(type, object, root, true);
  }

 private:
  [[nodiscard]] bool strict_names() const { return style_ == QueryStyle::ec2; }

  // "containers.1.member.cpu": AWS's validation errors write the names of Query members beginning in lower case.
  [[nodiscard]] std::string member_path() const {
    std::string path = path_.member();
    for (std::size_t i = 0; i < path.size(); ++i)
      if (i == 0 || path[i - 1] == '.') path[i] = lower(path[i]);
    return path;
  }

  // "Filter.1.Value": the parameter's name as the caller wrote it.
  [[nodiscard]] const std::string& parameter() const { return parameter_; }

  std::unexpected<Fault> fault(Violation violation, std::string code, std::string message) {
    notes_.violation = violation;
    return std::unexpected(Fault{.code = std::move(code), .message = std::move(message), .field = path_.pointer()});
  }

  std::unexpected<Fault> wrong_type(std::string_view value, std::string_view expected) {
    const std::string_view shown = value.substr(0, 200);
    if (style_ == QueryStyle::query)
      return fault(Violation::wrong_type, "MalformedInput",
                   cat("Value '", shown, "' at '", parameter(), "' is not valid: expected ", expected));
    return fault(Violation::wrong_type, "InvalidParameterValue",
                 cat("Value (", shown, ") for parameter ", parameter(), " is invalid. Expected ", expected, "."));
  }

  std::unexpected<Fault> missing() {
    if (style_ == QueryStyle::query)
      return fault(Violation::missing, "ValidationError", missing_message(member_path()));
    return fault(Violation::missing, "MissingParameter",
                 cat("The request must contain the parameter ", parameter(), style_ == QueryStyle::ec2 ? "" : "."));
  }

  std::unexpected<Fault> not_allowed(std::string_view value, const Type& type) {
    const std::string_view shown = value.substr(0, 200);
    if (style_ == QueryStyle::query)
      return fault(Violation::not_allowed, "ValidationError", not_allowed_message(member_path(), shown, type));
    return fault(
        Violation::not_allowed, "InvalidParameterValue",
        cat("Value (", shown, ") for parameter ", parameter(), " is invalid. Valid values: ", allowed_values(type)));
  }

  Outcome<> value(const Type& type, void* object, const FormNode& node) {
    switch (type.kind) {
      case Kind::text:
        *static_cast<std::string*>(object) = node.value;
        return leaf(node);
      case Kind::document:
        static_cast<Document*>(object)->text = node.value;
        return leaf(node);
      case Kind::boolean:
        return boolean(*static_cast<bool*>(object), node.value);
      case Kind::i32:
        return number(*static_cast<i32*>(object), node.value, "an integer");
      case Kind::i64:
        return number(*static_cast<i64*>(object), node.value, "an integer");
      case Kind::f64:
        return number(*static_cast<f64*>(object), node.value, "a number");
      case Kind::instant:
        return instant(*static_cast<Instant*>(object), node.value);
      case Kind::blob:
        return blob(*static_cast<Blob*>(object), node.value);
      case Kind::one_of:
        return one_of(type, *static_cast<std::uint8_t*>(object), node.value);
      case Kind::structure:
        return structure(type, object, node, false);
      case Kind::list:
        return items(type, object, node);
      case Kind::dict:
        return entries(type, object, node);
    }
    return {};
  }

  Outcome<> leaf(const FormNode& node) {
    if (!node.has_value) return wrong_type("", "a text and not a structure");
    return {};
  }

  Outcome<> boolean(bool& out, std::string_view text) {
    out = equals_ignoring_case(text, "true");
    if (!out && !equals_ignoring_case(text, "false")) return wrong_type(text, "true or false");
    return {};
  }

  template <class N>
  Outcome<> number(N& out, std::string_view text, std::string_view expected) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error == std::errc::result_out_of_range) return wrong_type(text, cat(expected, " in its range"));
    if (error != std::errc{} || end != text.data() + text.size()) return wrong_type(text, expected);
    return {};
  }

  Outcome<> instant(Instant& out, std::string_view text) {
    auto parsed = parse_iso8601(text);
    if (!parsed) parsed = parse_epoch_seconds(text);
    if (!parsed) return wrong_type(text, "a timestamp");
    out = *parsed;
    return {};
  }

  Outcome<> blob(Blob& out, std::string_view text) {
    auto bytes = base64_decode(text);
    if (!bytes) return wrong_type(text, "base64");
    out.bytes = *std::move(bytes);
    return {};
  }

  Outcome<> one_of(const Type& type, std::uint8_t& out, std::string_view text) {
    const auto* const end = type.names + type.count;
    const auto* const found = std::find(type.names, end, text);
    if (found == end) return not_allowed(text, type);
    out = static_cast<std::uint8_t>(found - type.names);
    return {};
  }

  // The ways to write a member's name that this style knows, best first.
  [[nodiscard]] std::vector<std::string> spellings(const Field& field) const {
    std::vector<std::string> names;
    if (style_ == QueryStyle::ec2) {
      names.emplace_back(field.alias.empty() ? field.name : field.alias);
      names.front().front() = upper(names.front().front());
      return names;
    }
    names.emplace_back(field.name);
    if (style_ == QueryStyle::query) return names;
    if (!field.alias.empty()) names.insert(names.begin(), std::string(field.alias));
    if (field.type->kind == Kind::list || field.type->kind == Kind::dict) names.push_back(singular(field.name));
    return names;
  }

  Outcome<> structure(const Type& type, void* object, const FormNode& node, bool is_request) {
    if (node.has_value && !node.value.empty() && !is_request) return wrong_type(node.value, "a structure");
    std::size_t known = 0;
    std::vector<std::string_view> used;
    for (std::uint16_t i = 0; i < type.count; ++i) {
      const Field& field = type.fields[i];
      const std::vector<std::string> names = spellings(field);
      const FormNode* child = nullptr;
      std::string_view name = names.front();
      for (const std::string& candidate : names) {
        if (child != nullptr) break;
        child = node.find(candidate);
        if (child != nullptr) name = candidate;
      }
      TRY_VOID(member(field, object, name, child));
      if (child == nullptr) continue;
      ++known;
      used.push_back(node.children.find(name)->first);
    }
    return known == node.children.size() ? Outcome<>{} : unknown(node, used, is_request);
  }

  Outcome<> member(const Field& field, void* object, std::string_view name, const FormNode* child) {
    const Step step(*this, field.name, name);
    if (child == nullptr) {
      if (field.required()) return missing();
      return {};
    }
    void* target = field.value_in(object);
    TRY_VOID(value(*field.type, target, *child));
    if (field.stored_only) notes_.note_stored(path_, field, target);
    return {};
  }

  Outcome<> unknown(const FormNode& node, const std::vector<std::string_view>& used, bool is_request) {
    for (const auto& [name, child] : node.children) {
      if (std::ranges::find(used, name) != used.end() || (is_request && belongs_to_envelope(name))) continue;
      if (!strict_names()) {
        notes_.note_ignored(path_, name);
        continue;
      }
      const Step step(*this, name, name);
      return fault(Violation::malformed, "UnknownParameter", cat("The parameter ", parameter(), " is not recognized"));
    }
    return {};
  }

  // Lists stand as Names.member.1, flattened as Names.1, and in some services with the item's own name in between.
  const FormNode* items_node(const FormNode& node, std::string& between) {
    for (const auto& [name, child] : node.children) {
      if (name.empty() || (name.front() >= '0' && name.front() <= '9')) continue;
      between = name;
      return &child;
    }
    return &node;
  }

  Outcome<> items(const Type& type, void* object, const FormNode& node) {
    if (node.has_value && !node.value.empty()) return wrong_type(node.value, "a list");
    std::string between;
    const FormNode* holder = items_node(node, between);
    const Step step(*this, between);
    const std::vector<const FormNode*> numbered = holder->numbered();
    if (numbered.size() != holder->children.size() || (holder != &node && node.children.size() != 1))
      return wrong_type("", "a list whose items are numbered");
    for (std::size_t i = 0; i < numbered.size(); ++i) {
      const Step item(*this, i);
      TRY_VOID(value(*type.element, type.push(object), *numbered[i]));
    }
    return {};
  }

  static const FormNode* first_of(const FormNode& node, std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names)
      if (const FormNode* found = node.find(name)) return found;
    return nullptr;
  }

  Outcome<> entries(const Type& type, void* object, const FormNode& node) {
    if (node.has_value && !node.value.empty()) return wrong_type(node.value, "a map");
    std::string between;
    const FormNode* holder = items_node(node, between);
    const Step step(*this, between);
    const std::vector<const FormNode*> numbered = holder->numbered();
    if (numbered.size() != holder->children.size()) return wrong_type("", "a map whose entries are numbered");
    for (std::size_t i = 0; i < numbered.size(); ++i) {
      const Step entry(*this, i);
      const FormNode* key = first_of(*numbered[i], {"key", "Name", "Key"});
      const FormNode* item = first_of(*numbered[i], {"value", "Value"});
      if (key == nullptr || !key->has_value || item == nullptr) return wrong_type("", "an entry with key and value");
      void* target = type.put(object, key->value);
      if (type.element->reset != nullptr) type.element->reset(target);
      const Step named(*this, numbered[i]->find("value") != nullptr ? "value" : "Value");
      TRY_VOID(value(*type.element, target, *item));
    }
    return {};
  }

  // One step down: in the members' path, and in the parameter's name as it was written.
  class Step {
   public:
    Step(QueryReader& reader, std::string_view member, std::string_view written) : Step(reader, written) {
      reader.path_.enter(member);
      entered_ = true;
    }
    Step(QueryReader& reader, std::size_t index) : Step(reader, cat(index + 1)) {
      reader.path_.enter(index);
      entered_ = true;
    }
    Step(QueryReader& reader, std::string_view written) : reader_(reader), length_(reader.parameter_.size()) {
      if (written.empty()) return;
      if (length_ != 0) reader.parameter_ += '.';
      reader.parameter_ += written;
    }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;
    ~Step() {
      reader_.parameter_.resize(length_);
      if (entered_) reader_.path_.leave();
    }

   private:
    QueryReader& reader_;
    std::size_t length_;
    bool entered_ = false;
  };

  QueryStyle style_;
  ReadNotes& notes_;
  Path path_;
  std::string parameter_;
};

}  // namespace

std::string singular(std::string_view name) {
  if (name.ends_with("ies")) return cat(name.substr(0, name.size() - 3), 'y');
  return std::string(name.ends_with('s') ? name.substr(0, name.size() - 1) : name);
}

Outcome<> read_query(const Type& type, void* object, const Parameters& parameters, QueryStyle style, ReadNotes& notes) {
  auto tree = form_tree(parameters);
  if (!tree) {
    notes.violation = Violation::malformed;
    return std::unexpected(std::move(tree).error());
  }
  return QueryReader(style, notes).request(type, object, *tree);
}

}  // namespace utakata::wire

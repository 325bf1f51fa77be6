#include <cmath>

#include "base/json_scanner.hpp"
#include "base/text.hpp"
#include "wire/json.hpp"

namespace utakata::wire {
namespace {

constexpr int json_max_depth = 64;

class JsonReader {
 public:
  JsonReader(std::string_view text, ReadNotes& notes) : scan_(text, json_max_depth), notes_(notes) {}

  Outcome<> document(const Type& type, void* object) {
    if (scan_.at_end()) {  // no body at all stands for an empty structure
      if (type.kind == Kind::structure && complete(type, 0, 0)) return {};
    } else if (value(type, object)) {
      if (scan_.at_end()) return {};
      scan_.fail("something after the value");
    }
    return std::unexpected(fault());
  }

 private:
  // The one member of two 64-bit sets that says which of a structure's members were read.
  struct Seen {
    std::uint64_t low = 0, high = 0;
    bool insert(std::size_t i) {
      std::uint64_t& word = i < 64 ? low : high;
      const std::uint64_t bit = std::uint64_t{1} << (i & 63);
      const bool before = (word & bit) != 0;
      word |= bit;
      return before;
    }
  };

  Fault fault() {
    if (!refusal_.code.empty()) return std::move(refusal_);
    const bool wrong_type = notes_.violation == Violation::wrong_type;
    if (!wrong_type) notes_.violation = Violation::malformed;
    const char* why = scan_.problem() != nullptr ? scan_.problem() : "malformed JSON";
    std::string path = path_.pointer();
    std::string message =
        wrong_type ? cat(path, path.empty() ? "The request " : " ", why)
                   : cat("Malformed JSON at byte ", scan_.position(), path.empty() ? "" : " in ", path, ": ", why);
    return {.code = "SerializationException", .message = std::move(message), .field = std::move(path)};
  }

  // What is there may well be JSON, but not the type that the member has.
  bool wrong_type(const char* why) {
    const char next = scan_.peek();
    const bool looks_like_json =
        next != '\0' && std::string_view("\"{[-0123456789tfn").find(next) != std::string_view::npos;
    notes_.violation = looks_like_json ? Violation::wrong_type : Violation::malformed;
    return scan_.fail(why);
  }
  bool out_of_range() {
    notes_.violation = Violation::wrong_type;
    return scan_.fail("number out of range");
  }
  bool refuse_as(Violation violation, std::string message) {
    notes_.violation = violation;
    refusal_ = {.code = "ValidationException", .message = std::move(message), .field = path_.pointer()};
    return false;
  }

  bool value(const Type& type, void* object) {
    switch (type.kind) {
      case Kind::text:
        return text(*static_cast<std::string*>(object));
      case Kind::boolean:
        return boolean(*static_cast<bool*>(object));
      case Kind::i32:
        return integer(*static_cast<i32*>(object));
      case Kind::i64:
        return integer(*static_cast<i64*>(object));
      case Kind::f64:
        return real(*static_cast<f64*>(object));
      case Kind::instant:
        return instant(*static_cast<Instant*>(object));
      case Kind::blob:
        return blob(*static_cast<Blob*>(object));
      case Kind::document:
        return document(*static_cast<Document*>(object));
      case Kind::one_of:
        return one_of(type, *static_cast<std::uint8_t*>(object));
      case Kind::structure:
        return structure(type, object);
      case Kind::list:
        return items(type, object);
      case Kind::dict:
        return entries(type, object);
    }
    return false;
  }

  bool text(std::string& out) { return (scan_.peek() == '"' || wrong_type("expected a string")) && scan_.string(out); }

  bool boolean(bool& out) {
    const char next = scan_.peek();
    if (next != 't' && next != 'f') return wrong_type("expected true or false");
    out = next == 't';
    return scan_.literal(out ? "true" : "false");
  }

  bool number(std::string_view& source, const char* expected) {
    const char next = scan_.peek();
    if (next != '-' && (next < '0' || next > '9')) return wrong_type(expected);
    return scan_.number(source);
  }

  template <class N>
  bool integer(N& out) {
    std::string_view source;
    if (!number(source, "expected an integer")) return false;
    const auto [stop, error] = std::from_chars(source.data(), source.data() + source.size(), out);
    if (error == std::errc::result_out_of_range) return out_of_range();
    if (stop == source.data() + source.size()) return true;
    double whole = 0;  // "512.0" and "1e3" are integers too
    if (std::from_chars(source.data(), source.data() + source.size(), whole).ec != std::errc{}) return out_of_range();
    if (whole != std::floor(whole)) {
      notes_.violation = Violation::wrong_type;
      return scan_.fail("expected an integer");
    }
    constexpr double exact = 9007199254740992;  // 2^53: beyond it a double does not know its own last digit
    if (std::abs(whole) > exact || whole < static_cast<double>(std::numeric_limits<N>::min()) ||
        whole > static_cast<double>(std::numeric_limits<N>::max()))
      return out_of_range();
    out = static_cast<N>(whole);
    return true;
  }

  bool real(f64& out) {
    std::string_view source;
    if (scan_.peek() == '"') return named_real(out);
    if (!number(source, "expected a number")) return false;
    return std::from_chars(source.data(), source.data() + source.size(), out).ec == std::errc{} || out_of_range();
  }

  // JSON has no such numbers: AWS's protocols spell them as strings.
  bool named_real(f64& out) {
    std::string name;
    if (!scan_.string(name)) return false;
    constexpr f64 infinity = std::numeric_limits<f64>::infinity();
    const bool known = name == "NaN" || name == "Infinity" || name == "-Infinity";
    out = name == "NaN" ? std::numeric_limits<f64>::quiet_NaN() : name == "Infinity" ? infinity : -infinity;
    if (known) return true;
    notes_.violation = Violation::wrong_type;
    return scan_.fail("expected a number");
  }

  bool instant(Instant& out) {
    std::string_view source;
    std::string scratch;
    std::optional<Instant> parsed;
    if (scan_.peek() == '"') {
      if (!scan_.string(source, scratch)) return false;
      parsed = parse_iso8601(source);
      if (!parsed) parsed = parse_epoch_seconds(source);
    } else {
      if (!number(source, "expected a timestamp")) return false;
      parsed = parse_epoch_seconds(source);
    }
    if (!parsed) {
      notes_.violation = Violation::wrong_type;
      return scan_.fail("expected a timestamp");
    }
    out = *parsed;
    return true;
  }

  bool blob(Blob& out) {
    std::string_view source;
    std::string scratch;
    if (scan_.peek() != '"') return wrong_type("expected a string in base64");
    if (!scan_.string(source, scratch)) return false;
    auto bytes = base64_decode(source);
    if (!bytes) {
      notes_.violation = Violation::wrong_type;
      return scan_.fail("expected a string in base64");
    }
    out.bytes = *std::move(bytes);
    return true;
  }

  bool document(Document& out) {
    std::string_view source;
    if (!scan_.skip(source)) return false;
    out.text = source;
    return true;
  }

  bool one_of(const Type& type, std::uint8_t& out) {
    std::string_view name;
    std::string scratch;
    if (scan_.peek() != '"') return wrong_type("expected a string");
    if (!scan_.string(name, scratch)) return false;
    for (std::uint16_t i = 0; i < type.count; ++i) {
      if (type.names[i] != name) continue;
      out = static_cast<std::uint8_t>(i);
      return true;
    }
    return refuse_as(Violation::not_allowed, not_allowed_message(path_.member(), name, type));
  }

  bool null() { return scan_.peek() == 'n' && scan_.literal("null"); }

  bool structure(const Type& type, void* object) {
    if (scan_.peek() != '{') return wrong_type("expected a structure");
    if (!scan_.open('{')) return false;
    Seen seen;
    std::size_t next = 0;  // clients tend to send members in the model's order
    if (!scan_.take('}')) {
      do {
        if (!member(type, object, seen, next)) return false;
      } while (scan_.take(','));
      if (!scan_.take('}')) return scan_.fail("expected ',' or '}'");
    }
    scan_.closed();
    return complete(type, seen.low, seen.high);
  }

  bool member(const Type& type, void* object, Seen& seen, std::size_t& next) {
    std::string_view name;
    std::string scratch;
    if (!scan_.string(name, scratch)) return false;
    if (!scan_.take(':')) return scan_.fail("expected ':'");
    const Field* field = find(type, name, next);
    if (field == nullptr) {
      notes_.note_ignored(path_, name);
      std::string_view ignored;
      return scan_.skip(ignored);
    }
    path_.enter(field->name);
    if (scan_.peek() != 'n') {
      void* target = field->value_in(object);
      const bool again = seen.insert(static_cast<std::size_t>(field - type.fields));
      if (again && field->type->reset != nullptr) field->type->reset(target);
      if (!value(*field->type, target)) return false;
      if (field->stored_only) notes_.note_stored(path_, *field, target);
    } else if (field->type->kind == Kind::document && field->required()) {
      seen.insert(static_cast<std::size_t>(field - type.fields));
      static_cast<Document*>(field->value_in(object))->text = "null";
      if (!null()) return false;
    } else if (!null()) {
      return false;
    }
    path_.leave();
    return true;
  }

  static const Field* find(const Type& type, std::string_view name, std::size_t& next) {
    if (name.empty()) return nullptr;
    for (std::size_t tried = 0; tried < type.count; ++tried) {
      const std::size_t i = next;
      next = next + 1 == type.count ? 0 : next + 1;
      const std::string_view candidate = type.fields[i].name;
      if (candidate.size() == name.size() && candidate.front() == name.front() && candidate == name)
        return &type.fields[i];
    }
    return nullptr;
  }

  bool complete(const Type& type, std::uint64_t low, std::uint64_t high) {
    for (std::size_t i = 0; i < type.count; ++i) {
      if (!type.fields[i].required() || ((i < 64 ? low : high) >> (i & 63) & 1) != 0) continue;
      path_.enter(type.fields[i].name);
      return refuse_as(Violation::missing, missing_message(path_.member()));
    }
    return true;
  }

  bool items(const Type& type, void* object) {
    if (scan_.peek() != '[') return wrong_type("expected a list");
    if (!scan_.open('[')) return false;
    if (!scan_.take(']')) {
      std::size_t index = 0;
      do {
        path_.enter(index++);
        const bool absent = scan_.peek() == 'n' && type.element->kind != Kind::document;
        if (absent ? !null() : !value(*type.element, type.push(object))) return false;
        path_.leave();
      } while (scan_.take(','));
      if (!scan_.take(']')) return scan_.fail("expected ',' or ']'");
    }
    scan_.closed();
    return true;
  }

  bool entries(const Type& type, void* object) {
    if (scan_.peek() != '{') return wrong_type("expected a map");
    if (!scan_.open('{')) return false;
    if (!scan_.take('}')) {
      do {
        std::string key;
        if (!scan_.string(key)) return false;
        if (!scan_.take(':')) return scan_.fail("expected ':'");
        path_.enter_key(key);
        const bool absent = scan_.peek() == 'n' && type.element->kind != Kind::document;
        if (absent ? !null() : !entry(type, type.put(object, key))) {
          finish_refusal();
          return false;
        }
        path_.leave();
      } while (scan_.take(','));
      if (!scan_.take('}')) return scan_.fail("expected ',' or '}'");
    }
    scan_.closed();
    return true;
  }

  bool entry(const Type& type, void* target) {
    if (type.element->reset != nullptr) type.element->reset(target);
    return value(*type.element, target);
  }

  // A key lies in the frame that read it, so the fault is worded before that frame goes.
  void finish_refusal() {
    if (refusal_.code.empty()) refusal_ = fault();
  }

  json::Scanner scan_;
  ReadNotes& notes_;
  Path path_;
  Fault refusal_{};
};

}  // namespace

std::optional<Instant> parse_epoch_seconds(std::string_view number) {
  const bool negative = number.starts_with('-');
  const std::string_view digits = number.substr(negative ? 1 : 0);
  const std::size_t dot = digits.find('.');
  constexpr std::int64_t most = 9'000'000'000;  // seconds that an Instant of nanoseconds can hold, rounded down
  double rough = 0;
  const auto [stop, error] = std::from_chars(number.data(), number.data() + number.size(), rough);
  if (error != std::errc{} || stop != number.data() + number.size() || !(std::abs(rough) < static_cast<double>(most)))
    return {};
  const std::optional<std::int64_t> whole = parse_integer(digits.substr(0, dot));
  if (!whole || digits.find_first_of("eE") != std::string_view::npos)
    return Instant{static_cast<std::int64_t>(std::llround(rough * 1e9))};
  std::int64_t ns = *whole * 1'000'000'000;
  std::int64_t unit = 100'000'000;
  for (std::size_t i = dot; dot != std::string_view::npos && ++i < digits.size() && unit != 0; unit /= 10)
    ns += (digits[i] - '0') * unit;
  return Instant{negative ? -ns : ns};
}

Outcome<> read_json(const Type& type, void* object, std::string_view text, ReadNotes& notes) {
  return JsonReader(text, notes).document(type, object);
}

}  // namespace utakata::wire

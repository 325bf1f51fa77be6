#include <cmath>

#include "base/json_scanner.hpp"
#include "base/text.hpp"
#include "wire/json.hpp"

namespace utakata::wire {
namespace {

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  void value(const Type& type, const void* object) {
    switch (type.kind) {
      case Kind::text:
        json::append_quoted(out_, *static_cast<const std::string*>(object));
        break;
      case Kind::boolean:
        out_ += *static_cast<const bool*>(object) ? "true" : "false";
        break;
      case Kind::i32:
        number(*static_cast<const i32*>(object));
        break;
      case Kind::i64:
        number(*static_cast<const i64*>(object));
        break;
      case Kind::f64:
        real(*static_cast<const f64*>(object));
        break;
      case Kind::instant:
        out_ += epoch_seconds(*static_cast<const Instant*>(object));
        break;
      case Kind::blob:
        (out_ += '"') += base64_encode(static_cast<const Blob*>(object)->bytes) + '"';
        break;
      case Kind::document:
        document(*static_cast<const Document*>(object));
        break;
      case Kind::one_of:
        ((out_ += '"') += type.names[*static_cast<const std::uint8_t*>(object)]) += '"';
        break;
      case Kind::structure:
        structure(type, object);
        break;
      case Kind::list:
        items(type, object);
        break;
      case Kind::dict:
        entries(type, object);
        break;
    }
  }

 private:
  template <class N>
  void number(N value) {
    char digits[32];
    out_.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  }

  void real(f64 value) {
    if (std::isnan(value))
      out_ += "\"NaN\"";
    else if (std::isinf(value))
      out_ += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
    else
      number(value);
  }

  void document(const Document& document) { out_ += document.text.empty() ? "null" : std::string_view(document.text); }

  void structure(const Type& type, const void* object) {
    char before = '{';
    for (std::uint16_t i = 0; i < type.count; ++i) {
      const Field& field = type.fields[i];
      const void* member = field.find_in(object);
      if (member == nullptr) continue;
      out_ += before;
      before = ',';
      ((out_ += '"') += field.name) += "\":";
      value(*field.type, member);
    }
    out_ += before == '{' ? "{}" : "}";
  }

  void items(const Type& type, const void* object) {
    const auto [first, count] = type.range(object);
    out_ += '[';
    for (std::size_t i = 0; i < count; ++i) {
      if (i != 0) out_ += ',';
      value(*type.element, static_cast<const char*>(first) + i * type.element->size);
    }
    out_ += ']';
  }

  void entries(const Type& type, const void* object) {
    struct Context {
      JsonWriter& writer;
      const Type& element;
      bool first = true;
    } context{.writer = *this, .element = *type.element};
    out_ += '{';
    type.each(object, &context, [](void* opaque, const std::string& key, const void* item) {
      auto& at = *static_cast<Context*>(opaque);
      if (!at.first) at.writer.out_ += ',';
      at.first = false;
      json::append_quoted(at.writer.out_, key);
      at.writer.out_ += ':';
      at.writer.value(at.element, item);
    });
    out_ += '}';
  }

  std::string& out_;
};

}  // namespace

std::string epoch_seconds(Instant at) {
  const std::int64_t ms = at.ns / 1'000'000;
  const std::int64_t fraction = std::abs(ms % 1000);
  std::string out = cat(ms < 0 && ms > -1000 ? "-" : "", ms / 1000);
  if (fraction == 0) return out;
  out += cat('.', fraction / 100, fraction / 10 % 10, fraction % 10);
  out.erase(out.find_last_not_of('0') + 1);
  return out;
}

std::string write_json(const Type& type, const void* object) {
  std::string out;
  out.reserve(512);
  JsonWriter(out).value(type, object);
  return out;
}

}  // namespace utakata::wire

#include "wire/xml.hpp"

#include <charconv>

#include "base/text.hpp"

namespace utakata::wire {
namespace {

std::string lower_first(std::string_view name) {
  std::string out(name);
  if (!out.empty() && out[0] >= 'A' && out[0] <= 'Z') out[0] = static_cast<char>(out[0] - 'A' + 'a');
  return out;
}

class XmlWriter {
 public:
  XmlWriter(std::string& out, QueryStyle style) : out_(out), style_(style) {}

  void members(const Type& type, const void* object) {
    for (std::uint16_t i = 0; i < type.count; ++i) {
      const Field& field = type.fields[i];
      const void* value = field.find_in(object);
      if (value == nullptr) continue;
      const bool repeated = style_ == QueryStyle::flattened;
      if (repeated && field.type->kind == Kind::list)
        items(*field.type, value, name_of_one(field));
      else if (repeated && field.type->kind == Kind::dict)
        entries(*field.type, value, name_of_one(field));
      else
        element(*field.type, value, name(field));
    }
  }

 private:
  [[nodiscard]] std::string name(const Field& field) const {
    if (style_ != QueryStyle::ec2) return std::string(field.name);
    return field.alias.empty() ? lower_first(field.name) : std::string(field.alias);
  }
  static std::string name_of_one(const Field& field) {
    return field.alias.empty() ? singular(field.name) : std::string(field.alias);
  }

  void open(std::string_view name) { ((out_ += '<') += name) += '>'; }
  void close(std::string_view name) { ((out_ += "</") += name) += '>'; }

  void element(const Type& type, const void* object, std::string_view name) {
    open(name);
    const std::size_t before = out_.size();
    content(type, object);
    if (out_.size() != before || type.kind == Kind::text) return close(name);
    out_.insert(out_.size() - 1, "/");  // <Name> without content is <Name/>
  }

  void content(const Type& type, const void* object) {
    switch (type.kind) {
      case Kind::text:
        append_escaped(out_, *static_cast<const std::string*>(object));
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
        number(*static_cast<const f64*>(object));
        break;
      case Kind::instant:
        out_ += iso8601(*static_cast<const Instant*>(object), 3);
        break;
      case Kind::blob:
        out_ += base64_encode(static_cast<const Blob*>(object)->bytes);
        break;
      case Kind::document:
        append_escaped(out_, static_cast<const Document*>(object)->text);
        break;
      case Kind::one_of:
        append_escaped(out_, type.names[*static_cast<const std::uint8_t*>(object)]);
        break;
      case Kind::structure:
        members(type, object);
        break;
      case Kind::list:
        items(type, object, style_ == QueryStyle::ec2 ? "item" : "member");
        break;
      case Kind::dict:
        entries(type, object, style_ == QueryStyle::ec2 ? "item" : "entry");
        break;
    }
  }

  template <class N>
  void number(N value) {
    char digits[32];
    out_.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  }

  void items(const Type& type, const void* object, std::string_view name) {
    const auto [first, count] = type.range(object);
    for (std::size_t i = 0; i < count; ++i)
      element(*type.element, static_cast<const char*>(first) + i * type.element->size, name);
  }

  // SQS's flattened maps are pairs of Name and Value, its tags pairs of Key and Value.
  void entries(const Type& type, const void* object, std::string_view name) {
    const bool repeated = style_ == QueryStyle::flattened;
    struct Context {
      XmlWriter& writer;
      const Type& element;
      std::string_view entry, key, value;
    } context{.writer = *this,
              .element = *type.element,
              .entry = name,
              .key = !repeated       ? "key"
                     : name == "Tag" ? "Key"
                                     : "Name",
              .value = repeated ? "Value" : "value"};
    type.each(object, &context, [](void* opaque, const std::string& key, const void* item) {
      const auto& at = *static_cast<Context*>(opaque);
      at.writer.open(at.entry);
      at.writer.element(type_of<std::string>, &key, at.key);
      at.writer.element(at.element, item, at.value);
      at.writer.close(at.entry);
    });
  }

  std::string& out_;
  QueryStyle style_;
};

}  // namespace

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&apos;";
        break;
      case '\r':
        out += "&#xD;";
        break;
      case '\n':
      case '\t':
        out += c;
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20)
          out += "\xef\xbf\xbd";
        else
          out += c;
    }
  }
}

void append_members(std::string& out, const Type& structure, const void* object, QueryStyle style) {
  XmlWriter(out, style).members(structure, object);
}

std::string write_xml(const XmlAnswer& answer, const Type& output, const void* object) {
  std::string out;
  out.reserve(1024);
  const bool ec2 = answer.style == QueryStyle::ec2;
  if (ec2) out += "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  out += cat('<', answer.operation, "Response xmlns=\"", answer.xml_namespace, "\">");
  if (ec2) {
    out += cat("<requestId>", answer.request_id, "</requestId>");
    if (output.count == 0) out += "<return>true</return>";  // what EC2 says when there is nothing else to say
    append_members(out, output, object, answer.style);
  } else {
    // Clients look for the result element even when it is empty; only SQS leaves it out then.
    if (output.count != 0 || answer.style == QueryStyle::query) {
      out += cat('<', answer.operation, "Result>");
      append_members(out, output, object, answer.style);
      out += cat("</", answer.operation, "Result>");
    }
    out += cat("<ResponseMetadata><RequestId>", answer.request_id, "</RequestId></ResponseMetadata>");
  }
  out += cat("</", answer.operation, "Response>");
  return out;
}

}  // namespace utakata::wire

#include "services/sqs/message_attributes.hpp"

#include <algorithm>
#include <charconv>

#include "base/md5.hpp"
#include "base/text.hpp"
#include "services/sqs/limits.hpp"

namespace utakata::sqs {
namespace {

bool is_binary(const api::MessageAttributeValue& value) { return value.DataType.starts_with("Binary"); }
const str& bytes_of(const api::MessageAttributeValue& value) {
  return is_binary(value) ? value.BinaryValue->bytes : *value.StringValue;
}

void append_sized(str& out, std::string_view bytes) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>((bytes.size() >> shift) & 0xff);
  out += bytes;
}

bool is_attribute_name(std::string_view name) {
  return !name.empty() && name.size() <= limits::attribute_name_characters && name.front() != '.' &&
         name.back() != '.' && name.find("..") == std::string_view::npos && std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                  c == '.';
         });
}

bool is_type(std::string_view type, std::string_view of) {
  return type == of || (type.starts_with(of) && type.size() > of.size() + 1 && type[of.size()] == '.');
}

bool is_number(std::string_view text) {
  text = trim(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error != std::errc::invalid_argument && end == text.data() + text.size();
}

std::unexpected<Fault> bad(str message) { return refuse("InvalidParameterValueException", std::move(message)); }

Outcome<> check_value(const str& name, const api::MessageAttributeValue& value) {
  const str quoted = cat("Message (user) attribute '", name, "'");
  const bool text = is_type(value.DataType, "String");
  const bool number = is_type(value.DataType, "Number");
  if (!text && !number && !is_type(value.DataType, "Binary"))
    return bad(cat("The type of message (user) attribute '", name,
                   "' is invalid. You must use only the following supported type prefixes: Binary, Number, String."));
  if (value.StringListValues || value.BinaryListValues)
    return refuse("UnsupportedOperation", cat(quoted, " has list values, which are not supported."));
  if ((text || number) ? value.BinaryValue.has : value.StringValue.has)
    return bad(cat(quoted, " has a value of another type than '", value.DataType, "'."));
  if (bytes_of(value).empty())
    return bad(cat(quoted, " must contain a non-empty value of type '", value.DataType, "'."));
  if (number && !is_number(*value.StringValue))
    return bad(cat("Can't cast the value of message (user) attribute '", name, "' to a number."));
  return {};
}

}  // namespace

str attributes_md5(const MessageAttributes& attributes) {
  str packed;
  for (const auto& [name, value] : attributes) {
    append_sized(packed, name);
    append_sized(packed, value.DataType);
    packed += is_binary(value) ? '\2' : '\1';
    append_sized(packed, bytes_of(value));
  }
  return md5_hex(packed);
}

std::size_t attributes_bytes(const MessageAttributes& attributes) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : attributes) bytes += name.size() + value.DataType.size() + bytes_of(value).size();
  return bytes;
}

Outcome<> check_message_attributes(const MessageAttributes& attributes) {
  if (attributes.size() > limits::message_attributes)
    return bad(cat("Number of message attributes [", attributes.size(), "] exceeds the allowed maximum [",
                   limits::message_attributes, "]."));
  for (const auto& [name, value] : attributes) {
    const str lower = to_lower(name);
    if (!is_attribute_name(name) || lower.starts_with("aws.") || lower.starts_with("amazon."))
      return bad(
          cat("Message (user) attribute name '", name,
              "' is invalid: it has 1 to 256 letters, digits, '_', '-' and single '.' inside, and does not begin "
              "with AWS. or Amazon."));
    TRY_VOID(check_value(name, value));
  }
  return {};
}

MessageAttributes selected(const MessageAttributes& attributes, const list<str>& names) {
  MessageAttributes chosen;
  for (const auto& [name, value] : attributes) {
    const bool wanted = std::ranges::any_of(names, [&](const str& asked) {
      if (asked == "All" || asked == ".*" || asked == name) return true;
      return asked.ends_with(".*") && name.starts_with(std::string_view(asked).substr(0, asked.size() - 2));
    });
    if (wanted) chosen[name] = value;
  }
  return chosen;
}

}  // namespace utakata::sqs

#include "sandbox/dns_message.hpp"

#include "base/ipv4.hpp"
#include "base/text.hpp"

namespace utakata::sandbox::dns {
namespace {

constexpr std::size_t header_size = 12;
constexpr std::size_t label_max = 63, name_max = 255;
constexpr std::uint16_t is_answer = 0x8000, recursion_wanted = 0x0100, recursion_there = 0x0080, truncated = 0x0200;
constexpr std::uint16_t operation_mask = 0x7800, code_mask = 0x000f;
constexpr std::uint16_t class_internet = 1;
constexpr std::uint16_t name_of_question = 0xc00c;  // a pointer to the byte behind the header

std::optional<std::uint16_t> number16(std::string_view message, std::size_t at) {
  if (at + 2 > message.size()) return {};
  return static_cast<std::uint16_t>(static_cast<unsigned char>(message[at]) << 8 |
                                    static_cast<unsigned char>(message[at + 1]));
}
void put16(str& out, std::uint32_t number) {
  out += static_cast<char>(number >> 8 & 255);
  out += static_cast<char>(number & 255);
}
void put32(str& out, std::uint32_t number) {
  put16(out, number >> 16);
  put16(out, number & 0xffff);
}

// The name at `at`, which moves behind it. A question has no pointers: there is nothing before it to point to.
std::optional<str> read_name(std::string_view message, std::size_t& at) {
  str name;
  const std::size_t begin = at;
  while (at < message.size() && at - begin < name_max) {
    const std::size_t length = static_cast<unsigned char>(message[at++]);
    if (length == 0) return to_lower(name);
    if (length > label_max || at + length > message.size()) return {};
    if (!name.empty()) name += '.';
    name += message.substr(at, length);
    at += length;
  }
  return {};
}

void put_name(str& out, std::string_view name) {
  for (const std::string_view label : split(name, '.')) {
    if (label.empty()) continue;
    out += static_cast<char>(label.size() > label_max ? label_max : label.size());
    out += label.substr(0, label_max);
  }
  out += '\0';
}

str data_of(const Record& record) {
  str data;
  if (record.type == Type::srv) {
    put16(data, 1);  // priority and weight, as AWS's service discovery has them
    put16(data, 1);
    put16(data, static_cast<std::uint32_t>(record.port));
    put_name(data, record.target);
  } else {
    put32(data, parse_ipv4(record.address).value_or(0));
  }
  return data;
}

str header(std::uint16_t id, std::uint32_t flags, std::uint32_t questions, std::uint32_t answers) {
  str out;
  put16(out, id);
  put16(out, flags);
  put16(out, questions);
  put16(out, answers);
  put32(out, 0);
  return out;
}

}  // namespace

std::optional<Query> parse_query(std::string_view message) {
  if (message.size() < header_size || message.size() > message_max) return {};
  Query query{.id = *number16(message, 0), .flags = *number16(message, 2)};
  if ((query.flags & (is_answer | operation_mask)) != 0 || number16(message, 4) != 1) return {};
  std::size_t at = header_size;
  auto name = read_name(message, at);
  const auto type = number16(message, at);
  const auto of_class = number16(message, at + 2);
  if (!name || !type || !of_class || *of_class != class_internet) return {};
  query.name = *std::move(name);
  query.type = *type;
  query.question = message.substr(header_size, at + 4 - header_size);
  return query;
}

bool answers(std::string_view message, const Query& query) {
  return message.size() >= header_size + query.question.size() && number16(message, 0) == query.id &&
         (*number16(message, 2) & is_answer) != 0 && number16(message, 4) == 1 &&
         equals_ignoring_case(message.substr(header_size, query.question.size()), query.question);
}

bool is_failure(std::string_view answer) {
  const auto code = static_cast<Code>(number16(answer, 2).value_or(0) & code_mask);
  return code == Code::server_failure || code == Code::refused;
}

str write_answer(const Query& query, Code code, i32 ttl_seconds, const list<Record>& records, std::size_t most) {
  str body;
  std::uint32_t written = 0;
  bool cut = false;
  for (const Record& record : records) {
    const str data = data_of(record);
    str text;
    put16(text, name_of_question);
    put16(text, static_cast<std::uint32_t>(record.type));
    put16(text, class_internet);
    put32(text, static_cast<std::uint32_t>(ttl_seconds));
    put16(text, static_cast<std::uint32_t>(data.size()));
    text += data;
    cut = header_size + query.question.size() + body.size() + text.size() > most;
    if (cut) break;
    body += text;
    ++written;
  }
  const std::uint32_t flags = is_answer | (query.flags & recursion_wanted) | recursion_there | (cut ? truncated : 0U) |
                              static_cast<std::uint32_t>(code);
  return header(query.id, flags, 1, written) + query.question + body;
}

std::optional<str> format_error(std::string_view message) {
  const auto id = number16(message, 0);
  const auto flags = number16(message, 2);
  if (!id || !flags || (*flags & is_answer) != 0) return {};  // answers are never answered
  return header(*id, is_answer | static_cast<std::uint32_t>(Code::format_error), 0, 0);
}

}  // namespace utakata::sandbox::dns

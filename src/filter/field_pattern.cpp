#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "filter/pattern.hpp"
#include "filter/scanner.hpp"

namespace utakata::filter {
namespace {

struct Condition {
  Comparator comparator = Comparator::equal;
  Operand operand;

  [[nodiscard]] bool holds(std::string_view word) const {
    if (operand.number && !operand.quoted)
      if (const auto number = number_of(word)) return operand.compares(comparator, *number);
    return operand.compares(comparator, word);
  }
};

/// Alternatives of conditions that must all hold; none: anything.
struct Field {
  str name;
  bool ellipsis = false;
  list<list<Condition>> alternatives;

  [[nodiscard]] bool holds(std::string_view word) const {
    return alternatives.empty() || std::ranges::any_of(alternatives, [word](const list<Condition>& all) {
             return std::ranges::all_of(all, [word](const Condition& one) { return one.holds(word); });
           });
  }
};

/// A word, and where it begins in the message with its quote or bracket.
struct Word {
  std::string_view text;
  std::size_t begin = 0;
};

list<Word> words_of(std::string_view message) {
  list<Word> words;
  std::size_t at = 0;
  while (at < message.size()) {
    if (message[at] == ' ' || message[at] == '\t') {
      ++at;
      continue;
    }
    const std::size_t begin = at;
    const char close = message[at] == '"' ? '"' : message[at] == '[' ? ']' : ' ';
    const std::size_t end = message.find(close, at + 1);
    if (close != ' ' && end != std::string_view::npos) {
      words.push_back({.text = message.substr(at + 1, end - at - 1), .begin = begin});
      at = end + 1;
      continue;
    }
    at = std::min(message.find_first_of(" \t", at), message.size());
    words.push_back({.text = message.substr(begin, at - begin), .begin = begin});
  }
  return words;
}

class Fields final : public Matcher {
 public:
  [[nodiscard]] bool matches(std::string_view message) const override {
    const list<Word> words = words_of(message);
    const auto ellipsis = std::ranges::find_if(fields, &Field::ellipsis);
    if (ellipsis == fields.end()) return matches_all(message, words);
    const auto before = static_cast<std::size_t>(ellipsis - fields.begin());
    const std::size_t after = fields.size() - before - 1;
    if (words.size() < before + after) return false;
    for (std::size_t i = 0; i < before; ++i)
      if (!fields[i].holds(words[i].text)) return false;
    for (std::size_t i = 0; i < after; ++i)
      if (!fields[before + 1 + i].holds(words[words.size() - after + i].text)) return false;
    return true;
  }
  [[nodiscard]] dict<str> extracted(std::string_view message) const override {
    const list<Word> words = words_of(message);
    const auto ellipsis = std::ranges::find_if(fields, &Field::ellipsis);
    const auto before = static_cast<std::size_t>(ellipsis - fields.begin());
    const std::size_t after = ellipsis == fields.end() ? 0 : fields.size() - before - 1;
    const bool takes_rest = ellipsis == fields.end() && words.size() > fields.size();
    dict<str> values;
    for (std::size_t i = 0; i < words.size(); ++i) {
      const std::size_t from_end = words.size() - i;
      const Field* field = i < before ? &fields[i] : from_end <= after ? &fields[fields.size() - from_end] : nullptr;
      if (field == nullptr && takes_rest) break;
      const bool rest = takes_rest && i + 1 == fields.size();
      values[field != nullptr ? cat("$", field->name) : cat("$", i + 1)] =
          rest ? message.substr(words[i].begin) : words[i].text;
    }
    return values;
  }
  list<Field> fields;

 private:
  // The last name takes all words that remain.
  [[nodiscard]] bool matches_all(std::string_view message, const list<Word>& words) const {
    if (words.size() < fields.size()) return false;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const bool takes_rest = i + 1 == fields.size() && words.size() > fields.size();
      if (!fields[i].holds(takes_rest ? message.substr(words[i].begin) : words[i].text)) return false;
    }
    return true;
  }
};

bool is_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

Outcome<Field> read_field(Scanner& in) {
  Field field;
  in.skip_spaces();
  if (in.take("...")) {
    field.ellipsis = true;
    return field;
  }
  list<Condition> all;
  while (true) {
    in.skip_spaces();
    const std::string_view begin = in.rest();
    const str name(trim(in.until("=!<>,]&|")));
    if (!is_name(name)) return in.bad(cat("'", name, "' is no name of a field"), begin);
    if (field.name.empty()) field.name = name;
    if (name != field.name) return in.bad(cat("conditions of one field name one field, not ", name), begin);
    const auto comparator = take_comparator(in);
    if (!comparator)
      return field.alternatives.empty() && all.empty() ? Outcome<Field>(field)
                                                       : in.bad("a condition has no comparator");
    all.push_back({ .comparator = *comparator, .operand = TRY(read_operand(in, *comparator, ",]&|")) });
    in.skip_spaces();
    if (in.take("&&")) continue;
    field.alternatives.push_back(std::move(all));
    all.clear();
    if (!in.take("||")) return field;
  }
}

}  // namespace

MatcherOutcome parse_fields(std::string_view pattern) {
  auto matcher = std::make_unique<Fields>();
  Scanner in(pattern);
  in.skip_spaces();
  if (!in.ends_with(']')) return Scanner::unclosed('[', ']');
  in.take("[");
  bool ellipsis = false;
  do {
    in.skip_spaces();
    const std::string_view begin = in.rest();
    matcher->fields.push_back(TRY(read_field(in)));
    if (matcher->fields.back().ellipsis && std::exchange(ellipsis, true))
      return in.bad("at most one ellipsis (...) is supported", begin);
    in.skip_spaces();
  } while (in.take(","));
  if (!in.take("]")) return in.bad("a field is followed by a comma or ]");
  in.skip_spaces();
  if (!in.at_end()) return in.bad("nothing may follow ]");
  return matcher;
}

}  // namespace utakata::filter

#include "base/linear_regex.hpp"

#include <array>
#include <utility>

#include "base/text.hpp"

// The expression becomes a program for several threads that walk through the text together, at most one at each
// instruction: what a backtracking matcher would try one after the other, they try at once.
namespace utakata {
namespace {

constexpr int repetitions_max = 1000;
constexpr int depth_max = 50;  // of groups in groups

using Bytes = std::bitset<256>;

Bytes range(unsigned char first, unsigned char last) {
  Bytes set;
  for (unsigned c = first; c <= last; ++c) set.set(c);
  return set;
}
Bytes one(char c) { return range(static_cast<unsigned char>(c), static_cast<unsigned char>(c)); }

const Bytes& word() {
  static const Bytes set = range('a', 'z') | range('A', 'Z') | range('0', '9') | one('_');
  return set;
}
Bytes space() { return one(' ') | range('\t', '\r'); }

bool is_word(std::string_view text, std::size_t at) {
  return at < text.size() && word().test(static_cast<unsigned char>(text[at]));
}

std::optional<Bytes> named_class(std::string_view name) {
  const Bytes lower = range('a', 'z');
  const Bytes upper = range('A', 'Z');
  const Bytes digit = range('0', '9');
  const Bytes graph = range('!', '~');
  if (name == "alpha") return lower | upper;
  if (name == "alnum") return lower | upper | digit;
  if (name == "digit") return digit;
  if (name == "lower") return lower;
  if (name == "upper") return upper;
  if (name == "space") return space();
  if (name == "blank") return one(' ') | one('\t');
  if (name == "punct") return graph & ~(lower | upper | digit);
  if (name == "xdigit") return digit | range('a', 'f') | range('A', 'F');
  if (name == "word") return word();
  return {};
}

std::optional<unsigned> hexadecimal(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return {};
}

}  // namespace

// Reads the expression into a tree, then writes the tree out as a program.
class LinearRegexParser {
 public:
  LinearRegexParser(std::string_view pattern, RegexOptions options) : rest_(pattern), options_(options) {}

  std::optional<LinearRegex> run() {
    if (rest_.starts_with("(?i)")) {
      options_.ignore_case = true;
      rest_.remove_prefix(4);
    }
    const auto root = alternatives(0);
    if (!root || !rest_.empty() || !write(*root) || !put({.op = Op::match})) return {};
    return std::move(made_);
  }

 private:
  using Op = LinearRegex::Op;
  enum class Kind : std::uint8_t { nothing, bytes, assertion, sequence, choice, repetition };
  struct Node {
    Kind kind = Kind::nothing;
    Op assertion = Op::match;
    std::uint16_t set = 0;
    int least = 0;
    int most = -1;  // none
    std::vector<std::size_t> parts = {};
  };
  using Made = std::optional<std::size_t>;

  std::size_t add(Node node) {
    tree_.push_back(std::move(node));
    return tree_.size() - 1;
  }
  char take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  bool take_if(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  std::size_t bytes(Bytes set, bool negated = false) {
    if (options_.ignore_case)
      for (unsigned c = 'a'; c <= 'z'; ++c)
        if (set.test(c) || set.test(c - 'a' + 'A')) set.set(c).set(c - 'a' + 'A');
    made_.sets_.push_back(negated ? ~set : set);
    return add({.kind = Kind::bytes, .set = static_cast<std::uint16_t>(made_.sets_.size() - 1)});
  }

  Made alternatives(int depth) {
    if (depth > depth_max) return {};
    Node choice{.kind = Kind::choice};
    do {
      Node sequence{.kind = Kind::sequence};
      while (!rest_.empty() && rest_.front() != '|' && rest_.front() != ')') {
        const Made part = repeated(depth);
        if (!part) return {};
        sequence.parts.push_back(*part);
      }
      choice.parts.push_back(add(std::move(sequence)));
    } while (take_if("|"));
    return add(std::move(choice));
  }

  Made repeated(int depth) {
    const Made part = single(depth);
    if (!part || rest_.empty()) return part;
    Node repetition{.kind = Kind::repetition, .parts = {*part}};
    if (take_if("*")) {
    } else if (take_if("+")) {
      repetition.least = 1;
    } else if (take_if("?")) {
      repetition.most = 1;
    } else if (rest_.front() == '{') {
      if (!bounds(repetition)) return {};
    } else {
      return part;
    }
    if (tree_[*part].kind == Kind::assertion) return {};
    take_if("?");  // lazy: only whether there is a match is asked
    if (!rest_.empty() &&
        (rest_.front() == '*' || rest_.front() == '+' || rest_.front() == '?' || rest_.front() == '{'))
      return {};  // possessive, or a repetition of a repetition
    return add(std::move(repetition));
  }

  bool bounds(Node& repetition) {
    const std::size_t end = rest_.find('}');
    if (end == std::string_view::npos) return false;
    const auto parts = split(rest_.substr(1, end - 1), ',');
    rest_.remove_prefix(end + 1);
    const auto least = parse_integer(parts.front());
    const auto most = parse_integer(parts.back());
    if (parts.size() > 2 || !least || *least < 0 || *least > repetitions_max) return false;
    repetition.least = static_cast<int>(*least);
    if (parts.back().empty()) return true;
    if (!most || *most < *least || *most > repetitions_max) return false;
    repetition.most = static_cast<int>(*most);
    return true;
  }

  Made single(int depth) {
    const char c = take();
    switch (c) {
      case '(':
        return group(depth);
      case '[':
        return brackets();
      case '.':
        return bytes(one('\n'), true);
      case '^':
        return add({.kind = Kind::assertion, .assertion = Op::text_begin});
      case '$':
        return add({.kind = Kind::assertion, .assertion = Op::text_end});
      case '\\':
        return escape();
      case '*':
      case '+':
      case '?':
      case '{':
        return {};
      default:
        return bytes(one(c));
    }
  }

  Made group(int depth) {
    if (rest_.starts_with('?') && !take_if("?:")) return {};
    const Made inside = alternatives(depth + 1);
    if (!inside || !take_if(")")) return {};
    return inside;
  }

  Made escape() {
    if (take_if("b")) return add({.kind = Kind::assertion, .assertion = Op::word_boundary});
    if (take_if("B")) return add({.kind = Kind::assertion, .assertion = Op::no_word_boundary});
    const auto set = escaped();
    if (!set) return {};
    return bytes(*set);
  }

  // What a backslash and what follows it stand for, in brackets and outside.
  std::optional<Bytes> escaped() {
    if (rest_.empty()) return {};
    const char c = take();
    switch (c) {
      case 'd':
        return range('0', '9');
      case 'D':
        return ~range('0', '9');
      case 'w':
        return word();
      case 'W':
        return ~word();
      case 's':
        return space();
      case 'S':
        return ~space();
      case 't':
        return one('\t');
      case 'n':
        return one('\n');
      case 'r':
        return one('\r');
      case 'f':
        return one('\f');
      case 'v':
        return one('\v');
      case 'x': {
        if (rest_.size() < 2) return {};
        const auto high = hexadecimal(take());
        const auto low = hexadecimal(take());
        if (!high || !low) return {};
        return one(static_cast<char>(*high * 16 + *low));
      }
      default:
        // A letter or a digit would be a back reference, or something that is not known.
        if (word().test(static_cast<unsigned char>(c)) && c != '_') return {};
        return one(c);
    }
  }

  Made brackets() {
    const bool negated = take_if("^");
    Bytes set;
    for (bool first = true; first || !rest_.starts_with(']'); first = false) {
      if (rest_.empty()) return {};
      const auto from = bracket_item();
      if (!from) return {};
      // A hyphen that is not the last makes a range of two single bytes.
      if (rest_.size() < 2 || rest_[0] != '-' || rest_[1] == ']') {
        set |= *from;
        continue;
      }
      take();
      const auto to = bracket_item();
      if (!to || from->count() != 1 || to->count() != 1) return {};
      const std::size_t begin = from->_Find_first();
      const std::size_t end = to->_Find_first();
      if (begin > end) return {};
      set |= range(static_cast<unsigned char>(begin), static_cast<unsigned char>(end));
    }
    take();
    return bytes(set, negated);
  }

  std::optional<Bytes> bracket_item() {
    if (take_if("[:")) {
      const std::size_t end = rest_.find(":]");
      if (end == std::string_view::npos) return {};
      const auto set = named_class(rest_.substr(0, end));
      rest_.remove_prefix(end + 2);
      return set;
    }
    if (rest_.empty()) return {};
    const char c = take();
    return c == '\\' ? escaped() : one(c);
  }

  [[nodiscard]] std::uint16_t next() const { return static_cast<std::uint16_t>(made_.program_.size()); }
  bool put(LinearRegex::Instruction instruction) {
    if (made_.program_.size() >= LinearRegex::states_max) return false;
    made_.program_.push_back(instruction);
    return true;
  }

  bool write(std::size_t at) {  // NOLINT(misc-no-recursion): as deep as the groups, which are bounded
    const Node node = tree_[at];
    switch (node.kind) {
      case Kind::nothing:
        return true;
      case Kind::bytes:
        return put({.op = Op::bytes, .to = node.set});
      case Kind::assertion:
        return put({.op = node.assertion});
      case Kind::sequence:
        for (const std::size_t part : node.parts)
          if (!write(part)) return false;
        return true;
      case Kind::choice:
        return write_choice(node);
      case Kind::repetition:
        return write_repetition(node);
    }
    return false;
  }

  bool write_choice(const Node& node) {
    std::vector<std::uint16_t> to_end;
    for (std::size_t i = 0; i < node.parts.size(); ++i) {
      const bool last = i + 1 == node.parts.size();
      const std::uint16_t here = next();
      if (!last && !put({.op = Op::split, .to = static_cast<std::uint16_t>(here + 1)})) return false;
      if (!write(node.parts[i])) return false;
      if (last) break;
      to_end.push_back(next());
      if (!put({.op = Op::jump})) return false;
      made_.program_[here].or_to = next();
    }
    for (const std::uint16_t jump : to_end) made_.program_[jump].to = next();
    return true;
  }

  bool write_repetition(const Node& node) {
    const std::size_t part = node.parts.front();
    for (int i = 0; i < node.least; ++i)
      if (!write(part)) return false;
    if (node.most < 0) {
      const std::uint16_t here = next();
      if (!put({.op = Op::split, .to = static_cast<std::uint16_t>(here + 1)}) || !write(part) ||
          !put({.op = Op::jump, .to = here}))
        return false;
      made_.program_[here].or_to = next();
      return true;
    }
    std::vector<std::uint16_t> ways_out;
    for (int i = node.least; i < node.most; ++i) {
      ways_out.push_back(next());
      if (!put({.op = Op::split, .to = static_cast<std::uint16_t>(next() + 1)}) || !write(part)) return false;
    }
    for (const std::uint16_t split : ways_out) made_.program_[split].or_to = next();
    return true;
  }

  std::string_view rest_;
  RegexOptions options_;
  std::vector<Node> tree_;
  LinearRegex made_;
};

std::optional<LinearRegex> LinearRegex::parse(std::string_view pattern, RegexOptions options) {
  return LinearRegexParser(pattern, options).run();
}

struct LinearRegex::Threads {
  std::array<std::uint16_t, states_max> at;  // only the first `count` are written
  std::size_t count = 0;
  std::bitset<states_max> seen;
  bool matched = false;

  void clear() {
    count = 0;
    seen.reset();
  }
};

// A thread comes to an instruction and goes on from it as far as it can without a further byte.
void LinearRegex::add(Threads& threads, std::uint16_t at, std::string_view text, std::size_t position) const {
  std::array<std::uint16_t, states_max> waiting;
  std::size_t count = 0;
  const auto visit = [&](std::uint16_t where) {
    if (threads.seen.test(where)) return;
    threads.seen.set(where);
    waiting[count++] = where;
  };
  visit(at);
  while (count > 0) {
    const std::uint16_t where = waiting[--count];
    const Instruction& instruction = program_[where];
    const auto on = static_cast<std::uint16_t>(where + 1);
    const auto boundary = [&] { return (position > 0 && is_word(text, position - 1)) != is_word(text, position); };
    switch (instruction.op) {
      case Op::bytes:
        threads.at[threads.count++] = where;
        break;
      case Op::split:
        visit(instruction.to);
        visit(instruction.or_to);
        break;
      case Op::jump:
        visit(instruction.to);
        break;
      case Op::text_begin:
        if (position == 0) visit(on);
        break;
      case Op::text_end:
        if (position == text.size()) visit(on);
        break;
      case Op::word_boundary:
        if (boundary()) visit(on);
        break;
      case Op::no_word_boundary:
        if (!boundary()) visit(on);
        break;
      case Op::match:
        threads.matched = true;
        return;
    }
  }
}

bool LinearRegex::found_in(std::string_view text) const {
  std::array<Threads, 2> sets;
  Threads* now = sets.data();
  Threads* then = &sets[1];
  for (std::size_t position = 0;; ++position) {
    add(*now, 0, text, position);
    if (now->matched) return true;
    if (position == text.size()) return false;
    then->clear();
    const auto byte = static_cast<unsigned char>(text[position]);
    for (std::size_t i = 0; i < now->count; ++i) {
      const std::uint16_t where = now->at[i];
      if (sets_[program_[where].to].test(byte)) add(*then, static_cast<std::uint16_t>(where + 1), text, position + 1);
    }
    if (then->matched) return true;
    std::swap(now, then);
  }
}

}  // namespace utakata

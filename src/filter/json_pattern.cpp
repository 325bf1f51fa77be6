#include <algorithm>
#include <span>

#include "base/json.hpp"
#include "base/text.hpp"
#include "filter/pattern.hpp"
#include "filter/scanner.hpp"

namespace utakata::filter {
namespace {

constexpr int depth_max = 32;
constexpr int wildcards_max = 3;  // in one pattern, and one a selector

/// One step of a selector: a member, an element, or all of them.
struct Step {
  str name;
  std::size_t index = 0;
  enum class Kind : std::uint8_t { member, element, all } kind = Kind::member;
};

enum class Test : std::uint8_t { compare, is_null, is_true, is_false, not_exists };

/// A comparison, or two expressions joined.
struct Node {
  enum class Kind : std::uint8_t { leaf, both, either } kind = Kind::leaf;
  std::unique_ptr<Node> left, right;
  str spelling;  // of the selector
  list<Step> selector;
  Test test = Test::compare;
  Comparator comparator = Comparator::equal;
  Operand operand;
};

void select(const Json& at, std::span<const Step> steps, list<const Json*>& found) {
  if (steps.empty()) return found.push_back(&at);
  const Step& step = steps.front();
  const auto rest = steps.subspan(1);
  if (step.kind == Step::Kind::member) {
    if (const Json* member = at.find(step.name); member != nullptr) select(*member, rest, found);
  } else if (step.kind == Step::Kind::element) {
    if (at.is_array() && step.index < at.size()) select(at.items()[step.index], rest, found);
  } else if (at.is_array() || at.is_object()) {
    for (const Json& item : at.items()) select(item, rest, found);
  }
}

bool compares(const Node& node, const Json& value) {
  if (value.is_text()) return node.operand.compares(node.comparator, value.text());
  if (!value.is_number() || node.operand.quoted) return false;
  if (node.operand.number) return node.operand.compares(node.comparator, value.number().value_or(0));
  return node.operand.compares(node.comparator, value.text());  // 4*
}

bool holds(const Node& node, const Json& document) {
  if (node.kind == Node::Kind::both) return holds(*node.left, document) && holds(*node.right, document);
  if (node.kind == Node::Kind::either) return holds(*node.left, document) || holds(*node.right, document);
  list<const Json*> found;
  select(document, node.selector, found);
  if (node.test == Test::not_exists) return found.empty();
  return std::ranges::any_of(found, [&node](const Json* value) {
    const bool boolean = value->is(Json::Kind::boolean);
    switch (node.test) {
      case Test::is_null:
        return value->is_null();
      case Test::is_true:
        return boolean && value->boolean();
      case Test::is_false:
        return boolean && !value->boolean();
      default:
        return compares(node, *value);
    }
  });
}

void extract(const Node& node, const Json& document, dict<str>& values) {
  if (node.kind != Node::Kind::leaf) {
    extract(*node.left, document, values);
    extract(*node.right, document, values);
    return;
  }
  list<const Json*> found;
  select(document, node.selector, found);
  if (found.empty()) return;
  const Json& first = *found.front();
  values[node.spelling] = first.is_text() ? first.text() : first.write();
}

class Reader {
 public:
  explicit Reader(std::string_view text) : in_(text) {}

  Outcome<std::unique_ptr<Node>> read() {
    in_.skip_spaces();
    if (!in_.ends_with('}')) return Scanner::unclosed('{', '}');
    in_.take("{");
    auto node = TRY(either(0));
    in_.skip_spaces();
    if (!in_.take("}")) return in_.bad("a comparison is followed by && or || or }");
    in_.skip_spaces();
    if (!in_.at_end()) return in_.bad("nothing may follow }");
    return node;
  }

 private:
  using NodeOutcome = Outcome<std::unique_ptr<Node>>;

  static std::unique_ptr<Node> join(Node::Kind kind, std::unique_ptr<Node> left, std::unique_ptr<Node> right) {
    auto node = std::make_unique<Node>();
    node->kind = kind;
    node->left = std::move(left);
    node->right = std::move(right);
    return node;
  }
  NodeOutcome either(int depth) {
    auto node = TRY(both(depth));
    for (in_.skip_spaces(); in_.take("||"); in_.skip_spaces())
      node = join(Node::Kind::either, std::move(node), TRY(both(depth)));
    return node;
  }
  NodeOutcome both(int depth) {
    auto node = TRY(one(depth));
    for (in_.skip_spaces(); in_.take("&&"); in_.skip_spaces())
      node = join(Node::Kind::both, std::move(node), TRY(one(depth)));
    return node;
  }
  NodeOutcome one(int depth) {
    in_.skip_spaces();
    const std::string_view begin = in_.rest();
    if (!in_.take("(")) return leaf();
    if (depth == depth_max) return in_.bad("too many parentheses", begin);
    auto node = TRY(either(depth + 1));
    in_.skip_spaces();
    if (!in_.take(")")) return in_.bad("a parenthesis is not closed", begin);
    return node;
  }
  NodeOutcome leaf() {
    auto node = std::make_unique<Node>();
    const std::string_view begin = in_.rest();
    node->selector = TRY(selector());
    node->spelling = begin.substr(0, begin.size() - in_.rest().size());
    in_.skip_spaces();
    if (in_.take_word("IS")) {
      in_.skip_spaces();
      if (in_.take_word("NULL"))
        node->test = Test::is_null;
      else if (in_.take_word("TRUE"))
        node->test = Test::is_true;
      else if (in_.take_word("FALSE"))
        node->test = Test::is_false;
      else
        return in_.bad("IS is followed by NULL, TRUE or FALSE");
      return node;
    }
    if (in_.take_word("NOT")) {
      in_.skip_spaces();
      if (!in_.take_word("EXISTS")) return in_.bad("NOT is followed by EXISTS");
      node->test = Test::not_exists;
      return node;
    }
    const auto comparator = take_comparator(in_);
    if (!comparator) return in_.bad("a selector is followed by =, !=, <, >, <=, >=, IS or NOT EXISTS");
    node->comparator = *comparator;
    node->operand = TRY(read_operand(in_, *comparator, " \t\r\n&|)}"));
    return node;
  }
  Outcome<list<Step>> selector() {
    if (!in_.take("$")) return in_.bad("a JSON selector begins with $");
    list<Step> steps;
    int wildcards = 0;
    while (in_.peek() == '.' || in_.peek() == '[') {
      const std::string_view begin = in_.rest();
      steps.push_back(TRY(step()));
      if (steps.back().kind == Step::Kind::all && (++wildcards > 1 || ++wildcards_ > wildcards_max))
        return in_.bad("at most one wildcard selector in a property selector, and three in a pattern", begin);
    }
    if (steps.empty()) return in_.bad("a JSON selector names a property, like $.name");
    return steps;
  }
  Outcome<Step> step() {
    const std::string_view begin = in_.rest();
    const bool dot = in_.take(".");
    if (in_.take("[")) {
      if (in_.take("*")) {
        if (!in_.take("]")) return in_.bad("a bracket is not closed");
        return Step{.name = {}, .kind = Step::Kind::all};
      }
      if (in_.peek() == '\'' || in_.peek() == '"') return named_in_brackets();
      const auto index = parse_integer(in_.until("]"));
      if (!in_.take("]") || !index || *index < 0 || dot)
        return in_.bad("an element is chosen by its number, like [0]", begin);
      return Step{.name = {}, .index = static_cast<std::size_t>(*index), .kind = Step::Kind::element};
    }
    if (in_.take("*")) return Step{.name = {}, .kind = Step::Kind::all};
    str name(in_.until(" \t\r\n.[]=!<>&|(){}*\"'"));
    if (name.empty()) return in_.bad("a property has no name");
    return Step{.name = std::move(name)};
  }
  Outcome<Step> named_in_brackets() {
    const str quote(1, in_.peek());
    in_.drop(1);
    str name(in_.until(quote));
    if (!in_.take(quote) || !in_.take("]")) return in_.bad("a bracket is not closed");
    return Step{.name = std::move(name)};
  }

  Scanner in_;
  int wildcards_ = 0;
};

class JsonMatcher final : public Matcher {
 public:
  explicit JsonMatcher(std::unique_ptr<Node> root) : root_(std::move(root)) {}
  [[nodiscard]] bool matches(std::string_view message) const override {
    const std::size_t begin = message.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos || (message[begin] != '{' && message[begin] != '[')) return false;
    const auto document = Json::parse(message);
    return document && holds(*root_, *document);
  }
  [[nodiscard]] dict<str> extracted(std::string_view message) const override {
    dict<str> values;
    if (const auto document = Json::parse(message)) extract(*root_, *document, values);
    return values;
  }

 private:
  std::unique_ptr<Node> root_;
};

}  // namespace

MatcherOutcome parse_json(std::string_view pattern) {
  return std::make_unique<JsonMatcher>(TRY(Reader(pattern).read()));
}

}  // namespace utakata::filter

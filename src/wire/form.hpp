#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/outcome.hpp"

// The parameters of the Query protocols: a form or a query string whose names spell a tree ("Tags.member.1.Key").
namespace utakata::wire {

using Parameters = std::vector<std::pair<std::string, std::string>>;  // decoded, in the order of the request

/// "a=1&b=x%20y" decoded. Fault MalformedQueryString on text that is no UTF-8 or has more than 10,000 parameters.
Outcome<Parameters> parse_form(std::string_view text);

/// The value of the last parameter with that name; empty if there is none.
std::string_view find_parameter(const Parameters&, std::string_view name);

/// A node of the tree that the names spell.
struct FormNode {
  using Children = std::map<std::string, FormNode, std::less<>>;

  std::string_view value;  // lies in the Parameters
  bool has_value = false;
  Children children;

  [[nodiscard]] const FormNode* find(std::string_view name) const {
    const auto found = children.find(name);
    return found != children.end() ? &found->second : nullptr;
  }
  /// The children whose names are numbers, in the numbers' order.
  [[nodiscard]] std::vector<const FormNode*> numbered() const;
};

/// The tree of the parameters, which must outlive it. Fault MalformedQueryString when a name is nested too deeply.
Outcome<FormNode> form_tree(const Parameters&);

}  // namespace utakata::wire

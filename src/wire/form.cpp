#include "wire/form.hpp"

#include <algorithm>

#include "base/json_scanner.hpp"
#include "base/text.hpp"

namespace utakata::wire {
namespace {

constexpr std::size_t max_parameters = 10'000;
constexpr std::size_t form_max_depth = 60;

std::unexpected<Fault> malformed(std::string message) { return refuse("MalformedQueryString", std::move(message)); }

// A list's index: a whole number without sign.
std::optional<std::int64_t> index_of(std::string_view name) {
  const bool digits =
      !name.empty() && name.size() <= 9 && name.find_first_not_of("0123456789") == std::string_view::npos;
  return digits ? parse_integer(name) : std::nullopt;
}

}  // namespace

Outcome<Parameters> parse_form(std::string_view text) {
  Parameters parameters;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    if (pair.empty()) continue;
    if (parameters.size() == max_parameters)
      return malformed(cat("The request has more than ", max_parameters, " parameters."));
    const std::size_t equals = pair.find('=');
    std::string name = percent_decode(pair.substr(0, equals), true);
    std::string value = equals != std::string_view::npos ? percent_decode(pair.substr(equals + 1), true) : "";
    if (!json::valid_utf8(name)) return malformed("The name of a parameter is not valid UTF-8.");
    if (!json::valid_utf8(value)) return malformed(cat("The value of parameter ", name, " is not valid UTF-8."));
    parameters.emplace_back(std::move(name), std::move(value));
  }
  return parameters;
}

std::string_view find_parameter(const Parameters& parameters, std::string_view name) {
  std::string_view value;
  for (const auto& [key, text] : parameters)
    if (key == name) value = text;
  return value;
}

std::vector<const FormNode*> FormNode::numbered() const {
  std::vector<std::pair<std::int64_t, const FormNode*>> found;
  for (const auto& [name, child] : children)
    if (const auto index = index_of(name)) found.emplace_back(*index, &child);
  std::ranges::sort(found);
  std::vector<const FormNode*> nodes;
  nodes.reserve(found.size());
  for (const auto& [index, node] : found) nodes.push_back(node);
  return nodes;
}

Outcome<FormNode> form_tree(const Parameters& parameters) {
  FormNode root;
  for (const auto& [name, value] : parameters) {
    FormNode* node = &root;
    std::size_t depth = 0;
    for (std::string_view rest = name;;) {
      if (++depth > form_max_depth) return malformed(cat("Parameter ", name.substr(0, 200), " is nested too deeply."));
      const std::size_t dot = rest.find('.');
      const std::string_view step = rest.substr(0, dot);
      const auto found = node->children.find(step);
      node = found != node->children.end() ? &found->second : &node->children[std::string(step)];
      if (dot == std::string_view::npos) break;
      rest.remove_prefix(dot + 1);
    }
    node->value = value;
    node->has_value = true;
  }
  return root;
}

}  // namespace utakata::wire

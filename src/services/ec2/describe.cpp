#include "services/ec2/describe.hpp"

namespace utakata::ec2 {

bool any_matches(const opt<list<str>>& wanted, const list<str>& there) {
  return wanted && std::ranges::any_of(*wanted, [&](const str& pattern) {
           return std::ranges::any_of(there, [&](const str& value) { return wildcard_match(pattern, value); });
         });
}

bool is_tag_filter(std::string_view name) { return name == "tag-key" || name.starts_with("tag:"); }

bool tag_matches(const Tx& tx, std::string_view id, const api::Filter& filter) {
  const str& name = *filter.Name;
  list<str> there;
  for (const api::Tag& tag : *tags_of(tx, tx.world(), id)) {
    if (name == "tag-key") there.push_back(*tag.Key);
    if (name.starts_with("tag:") && name.substr(4) == *tag.Key) there.push_back(*tag.Value);
  }
  return any_matches(filter.Values, there);
}

std::unexpected<Fault> unknown_filter(std::string_view name) {
  return refuse("InvalidParameterValue", cat("The filter '", name, "' is invalid"));
}

wire::PageRules page_rules(std::string_view operation, const opt<i32>& asked) {
  return {.operation = operation,
          .default_size = 1000,
          .max_size = 1000,
          .bad_token = {.code = "InvalidNextToken", .message = "The specified NextToken is not valid."},
          .bad_size = {.code = "InvalidParameterValue",
                       .message = cat("Value ( ", asked.value_or(0),
                                      " ) for parameter maxResults is invalid. It must be from 1 to 1000.")}};
}

}  // namespace utakata::ec2

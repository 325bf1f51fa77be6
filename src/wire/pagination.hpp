#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/outcome.hpp"
#include "base/types.hpp"

// Pages of a list. A token names the last key that was given out, so that pages stay right while rows come and go.
namespace utakata::wire {

/// How an operation pages. The faults are what AWS answers to a token it did not give out, and to a size out of range.
struct PageRules {
  std::string_view operation;  // a token of another operation is refused
  i32 default_size = 100;
  i32 max_size = 100;
  Fault bad_token = {.code = "InvalidParameterException", .message = "Invalid token.", .field = "/nextToken"};
  Fault bad_size = {
      .code = "InvalidParameterException", .message = "maxResults is out of its range.", .field = "/maxResults"};
};

template <class Item>
struct Page {
  std::vector<Item> items;
  opt<str> next;  // present when there is more
};

std::string encode_token(std::string_view operation, std::string_view last_key);
/// The last key that was given out.
Outcome<std::string> decode_token(const PageRules&, std::string_view token);

/// How many items a page may have.
Outcome<std::size_t> page_size(const PageRules&, const opt<i32>& asked);

/// The page of `sorted` (ascending by key_of(item), a text that no two share and that outlives the call) after the one
/// that `token` ended.
template <class Item, class KeyOf>
Outcome<Page<Item>> paginate(std::vector<Item> sorted, KeyOf key_of, const PageRules& rules, const opt<str>& token,
                             const opt<i32>& max_results) {
  const std::size_t size = TRY(page_size(rules, max_results));
  auto first = sorted.begin();
  if (token && !token->empty()) {
    const std::string last = TRY(decode_token(rules, *token));
    first = std::ranges::find_if(sorted, [&](const Item& item) { return std::string_view(key_of(item)) > last; });
  }
  Page<Item> page;
  const auto rest = static_cast<std::size_t>(sorted.end() - first);
  const auto end = first + static_cast<std::ptrdiff_t>(std::min(size, rest));
  if (rest > size) page.next = encode_token(rules.operation, key_of(*(end - 1)));
  page.items.assign(std::make_move_iterator(first), std::make_move_iterator(end));
  return page;
}

}  // namespace utakata::wire

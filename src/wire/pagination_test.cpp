#include "wire/pagination.hpp"

#include <doctest/doctest.h>

using namespace utakata;  // NOLINT: a test

namespace {
const wire::PageRules rules{.operation = "ListTasks", .default_size = 3, .max_size = 10};
const auto itself = [](const std::string& item) { return std::string_view(item); };

auto page(std::vector<std::string> items, const opt<str>& token = {}, const opt<i32>& size = {}) {
  return wire::paginate(std::move(items), itself, rules, token, size);
}
}  // namespace

TEST_CASE("wire pagination: pages follow each other and the last one has no token") {
  const std::vector<std::string> all{"a", "b", "c", "d", "e", "f", "g"};
  const auto first = page(all);
  CHECK((first->items == std::vector<std::string>{"a", "b", "c"}));
  REQUIRE(first->next);
  const auto second = page(all, first->next);
  CHECK((second->items == std::vector<std::string>{"d", "e", "f"}));
  const auto last = page(all, second->next);
  CHECK((last->items == std::vector<std::string>{"g"}));
  CHECK_FALSE(last->next);
  CHECK_FALSE(page({"a", "b", "c"})->next);
  CHECK(page({})->items.empty());
}

TEST_CASE("wire pagination: rows that come and go between pages neither repeat nor hide others") {
  const auto first = page({"a", "b", "c", "d"});
  CHECK((page({"a", "aa", "d"}, first->next)->items == std::vector<std::string>{"d"}));
  CHECK(page({"a"}, first->next)->items.empty());
}

TEST_CASE("wire pagination: a token of nobody or of another operation is refused, so is a size out of range") {
  for (const char* bad : {"x", "====", "AAAA", "bm90IGEgdG9rZW4gYXQgYWxsIGJ1dCBsb25n"})
    CHECK(page({"a"}, bad).error() == rules.bad_token);
  CHECK(page({"a"}, wire::encode_token("ListServices", "a")).error().field == "/nextToken");
  CHECK(page({"a"}, {}, 0).error() == rules.bad_size);
  CHECK(page({"a"}, {}, 11).error() == rules.bad_size);
  CHECK(page({"a"}, "", 10)->items.size() == 1);
  const std::string token = wire::encode_token("ListTasks", "a");
  for (std::size_t n = 1; n < token.size(); ++n) CHECK_FALSE(page({"a", "b"}, token.substr(0, n)));
}

#include "base/cbor.hpp"

#include <doctest/doctest.h>

using namespace utakata;  // NOLINT: a test

namespace {
struct Item {
  str name;
  i64 amount = 0;
  OneOf<"A", "B"> kind;
};
struct Row {
  str id;
  opt<i32> weight;
  list<Item> items;
  dict<str> tags;
  Instant at;
  bool on = false;
  opt<f64> share;
};
struct Older {
  str id;
  dict<str> tags;
};
}  // namespace

TEST_CASE("cbor: a row comes back as it was") {
  Row row{
      .id = "x", .weight = -5, .items = {{.name = "n", .amount = 1'000'000'000'000, .kind = "B"}}, .at = Instant{-3}};
  row.tags["k"] = "v";
  row.on = true;
  row.share = 0.25;
  const auto back = cbor::read<Row>(cbor::write(row));
  REQUIRE(back);
  CHECK(back->items.at(0).amount == 1'000'000'000'000);
  CHECK((back->items.at(0).kind == "B"));
  CHECK(*back->weight == -5);
  CHECK(back->at.ns == -3);
  CHECK(back->tags.at("k") == "v");
  CHECK(back->on);
  CHECK(*back->share == doctest::Approx(0.25));
}

TEST_CASE("cbor: members that are not known are skipped, truncated text is refused") {
  Row row{.id = "x", .items = {{.name = "n"}}};
  const std::string text = cbor::write(row);
  CHECK(cbor::read<Older>(text)->id == "x");
  for (std::size_t n = 0; n < text.size(); ++n) CHECK_FALSE(cbor::read<Row>(text.substr(0, n)));
}

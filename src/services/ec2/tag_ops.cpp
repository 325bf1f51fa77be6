#include <array>

#include "services/ec2/describe.hpp"
#include "services/ec2/ops.hpp"
#include "services/ec2/public.hpp"

namespace utakata::ec2 {
namespace {

// A tag's type is that of its resource, which the id tells.
str type_of_resource(const Tx& tx, const TagRow& row) {
  const auto kind = kind_of(tx, tx.world(), row.resource);
  return kind ? str((*kind)->type) : str();
}

using TagFilter = FilterRule<TagRow>;
constexpr std::array tag_filters{
    TagFilter{"resource-id", [](const Tx&, const TagRow& row) { return list<str>{row.resource}; }},
    TagFilter{"resource-type", [](const Tx& tx, const TagRow& row) { return list<str>{type_of_resource(tx, row)}; }},
    TagFilter{"key", [](const Tx&, const TagRow& row) { return list<str>{row.key}; }},
    TagFilter{"value", [](const Tx&, const TagRow& row) { return list<str>{row.value}; }}};

}  // namespace

Outcome<api::CreateTagsResult> create_tags(Tx& tx, const api::CreateTagsRequest& request) {
  ensure_default_vpc(tx, tx.world());
  for (const str& id : *request.Resources) {
    static_cast<void>(TRY(kind_of(tx, tx.world(), id)));
    TRY_VOID(put_tags(tx, tx.world(), id, *request.Tags));
  }
  return api::CreateTagsResult{};
}

Outcome<api::DeleteTagsResult> delete_tags(Tx& tx, const api::DeleteTagsRequest& request) {
  const World& world = tx.world();
  ensure_default_vpc(tx, world);
  for (const str& id : *request.Resources) {
    static_cast<void>(TRY(kind_of(tx, world, id)));
    if (!request.Tags) erase_tags(tx, world, id);
    for (const api::Tag& tag : *request.Tags) {
      const Key key = tag_key(world, id, tag.Key.value_or(""));
      const TagRow* row = tx.find<TagRow>(key);
      // A value that is given must be the tag's: else the tag stays.
      if (row != nullptr && (!tag.Value || *tag.Value == row->value)) tx.erase<TagRow>(key);
    }
  }
  return api::DeleteTagsResult{};
}

Outcome<api::DescribeTagsResult> describe_tags(Tx& tx, const api::DescribeTagsRequest& request) {
  list<TagRow> rows;
  tx.each<TagRow>(tx.world().key("tag/"), [&](const Key&, const TagRow& row) { rows.push_back(row); });
  rows = TRY(filtered(tx, std::move(rows), request.Filters, tag_filters));
  const auto by_resource = [](const TagRow& row) { return cat(row.resource, "/", row.key); };
  auto page = TRY(wire::paginate(std::move(rows), by_resource, page_rules("DescribeTags", request.MaxResults),
                                 request.NextToken, request.MaxResults));
  api::DescribeTagsResult result{.NextToken = page.next, .Tags = list<api::TagDescription>{}};
  for (const TagRow& row : page.items)
    result.Tags->push_back(
        {.Key = row.key, .ResourceId = row.resource, .ResourceType = type_of_resource(tx, row), .Value = row.value});
  return result;
}

}  // namespace utakata::ec2

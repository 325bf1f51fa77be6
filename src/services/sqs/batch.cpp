#include "services/sqs/batch.hpp"

#include <set>

namespace utakata::sqs {
namespace {

bool is_entry_id(std::string_view id) {
  return !id.empty() && id.size() <= limits::name_characters && std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

}  // namespace

Outcome<> check_batch_ids(const list<str>& ids, std::string_view entry_type) {
  if (ids.empty())
    return refuse("EmptyBatchRequest", cat("There should be at least one ", entry_type, " in the request."));
  if (ids.size() > limits::batch_entries)
    return refuse("TooManyEntriesInBatchRequest", cat("Maximum number of entries per request are ",
                                                      limits::batch_entries, ". You have sent ", ids.size(), "."));
  std::set<std::string_view> seen;
  for (const str& id : ids) {
    if (!is_entry_id(id))
      return refuse("InvalidBatchEntryId",
                    "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at "
                    "most 80 letters long.");
    if (!seen.insert(id).second) return refuse("BatchEntryIdsNotDistinct", cat("Id ", id, " repeated."));
  }
  return {};
}

}  // namespace utakata::sqs

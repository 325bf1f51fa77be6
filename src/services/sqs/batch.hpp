#pragma once

#include <algorithm>

#include "services/sqs/api/messages.hpp"
#include "services/sqs/errors.hpp"
#include "services/sqs/limits.hpp"
#include "services/sqs/state.hpp"

// What the three batch operations share: the checks of the whole call, and one result per entry.
namespace utakata::sqs {

Outcome<> check_batch_ids(const list<str>& ids, std::string_view entry_type);

inline api::BatchResultErrorEntry batch_error(const str& id, const Fault& fault) {
  return {
      .Id = id, .SenderFault = fault.status < 500, .Code = str(query_error_code(fault.code)), .Message = fault.message};
}

template <class Entry>
Outcome<> check_batch(const list<Entry>& entries, std::string_view entry_type) {
  list<str> ids;
  for (const Entry& entry : entries) ids.push_back(entry.Id);
  return check_batch_ids(ids, entry_type);
}

/// Runs `one(entry) -> Outcome<Success>` for each entry: a refusal of one leaves the others as they are.
template <class Result, class Entry, class One>
Result each_entry(const list<Entry>& entries, One one) {
  Result result;
  for (const Entry& entry : entries) {
    if (auto outcome = one(entry))
      result.Successful.ensure_value().push_back(*std::move(outcome));
    else
      result.Failed.ensure_value().push_back(batch_error(entry.Id, outcome.error()));
  }
  return result;
}

}  // namespace utakata::sqs

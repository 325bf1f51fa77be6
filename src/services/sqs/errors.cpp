#include "services/sqs/errors.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace utakata::sqs {

std::string_view query_error_code(std::string_view code) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 14> codes{{
      {"InvalidParameterValueException", "InvalidParameterValue"},
      {"MissingRequiredParameterException", "MissingParameter"},
      {"AccessDeniedException", "AccessDenied"},
      {"QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"},
      {"QueueNameExists", "QueueAlreadyExists"},
      {"BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"},
      {"BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong"},
      {"EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest"},
      {"InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId"},
      {"MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight"},
      {"PurgeQueueInProgress", "AWS.SimpleQueueService.PurgeQueueInProgress"},
      {"QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently"},
      {"TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"},
      {"UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation"},
  }};
  const auto at = std::ranges::find(codes, code, &std::pair<std::string_view, std::string_view>::first);
  return at == codes.end() ? code : at->second;
}

}  // namespace utakata::sqs

#pragma once

#include "base/outcome.hpp"
#include "core/tx.hpp"

// What other services may ask of SQS.
namespace utakata::sqs {

/// Fault QueueDoesNotExist (AWS.SimpleQueueService.NonExistentQueue), or another of SendMessage's.
Outcome<> send(Tx&, const World&, std::string_view queue_arn, const str& body, std::string_view message_group_id = {});

/// The same with message attributes of the type String.
Outcome<> send(Tx&, const World&, std::string_view queue_arn, const str& body, const dict<str>& attributes);

}  // namespace utakata::sqs

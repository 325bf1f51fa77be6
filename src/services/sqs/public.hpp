#pragma once

#include "base/outcome.hpp"
#include "core/tx.hpp"

// What other services may ask of SQS.
namespace utakata::sqs {

/// Fault AWS.SimpleQueueService.NonExistentQueue.
Outcome<> send(Tx&, const World&, std::string_view queue_arn, const str& body, std::string_view message_group_id = {});

}  // namespace utakata::sqs

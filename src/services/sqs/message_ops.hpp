#pragma once

#include "services/sqs/api/messages.hpp"
#include "services/sqs/api/queues.hpp"
#include "services/sqs/state.hpp"

namespace utakata::sqs {

Outcome<api::SendMessageResult> send_message(Tx&, const api::SendMessageRequest&);
Outcome<api::SendMessageBatchResult> send_message_batch(Tx&, const api::SendMessageBatchRequest&);
Outcome<api::ReceiveMessageResult> receive_message(Tx&, const api::ReceiveMessageRequest&);
Outcome<api::Empty> delete_message(Tx&, const api::DeleteMessageRequest&);
Outcome<api::DeleteMessageBatchResult> delete_message_batch(Tx&, const api::DeleteMessageBatchRequest&);
Outcome<api::Empty> change_message_visibility(Tx&, const api::ChangeMessageVisibilityRequest&);
Outcome<api::ChangeMessageVisibilityBatchResult> change_message_visibility_batch(
    Tx&, const api::ChangeMessageVisibilityBatchRequest&);

}  // namespace utakata::sqs

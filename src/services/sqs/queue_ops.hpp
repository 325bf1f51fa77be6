#pragma once

#include "services/sqs/api/queues.hpp"
#include "services/sqs/state.hpp"

namespace utakata::sqs {

Outcome<api::CreateQueueResult> create_queue(Tx&, const api::CreateQueueRequest&);
Outcome<api::GetQueueUrlResult> get_queue_url(Tx&, const api::GetQueueUrlRequest&);
Outcome<api::ListQueuesResult> list_queues(Tx&, const api::ListQueuesRequest&);
Outcome<api::ListDeadLetterSourceQueuesResult> list_dead_letter_source_queues(
    Tx&, const api::ListDeadLetterSourceQueuesRequest&);
Outcome<api::Empty> delete_queue(Tx&, const api::DeleteQueueRequest&);
Outcome<api::GetQueueAttributesResult> get_queue_attributes(Tx&, const api::GetQueueAttributesRequest&);
Outcome<api::Empty> set_queue_attributes(Tx&, const api::SetQueueAttributesRequest&);
Outcome<api::Empty> purge_queue(Tx&, const api::PurgeQueueRequest&);
Outcome<api::Empty> tag_queue(Tx&, const api::TagQueueRequest&);
Outcome<api::Empty> untag_queue(Tx&, const api::UntagQueueRequest&);
Outcome<api::ListQueueTagsResult> list_queue_tags(Tx&, const api::ListQueueTagsRequest&);

}  // namespace utakata::sqs

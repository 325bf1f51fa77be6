#include "services/sqs/module.hpp"

#include <array>

#include "services/sqs/errors.hpp"
#include "services/sqs/message_ops.hpp"
#include "services/sqs/queue_ops.hpp"
#include "services/sqs/state.hpp"

namespace utakata::sqs {
namespace {

constexpr std::array protocols{wire::Protocol::json_1_0, wire::Protocol::query};
constexpr std::array operations{
    operation<create_queue>("CreateQueue"),
    operation<get_queue_url>("GetQueueUrl"),
    operation<list_queues>("ListQueues"),
    operation<list_dead_letter_source_queues>("ListDeadLetterSourceQueues"),
    operation<delete_queue>("DeleteQueue"),
    operation<get_queue_attributes>("GetQueueAttributes"),
    operation<set_queue_attributes>("SetQueueAttributes"),
    operation<purge_queue>("PurgeQueue"),
    operation<tag_queue>("TagQueue"),
    operation<untag_queue>("UntagQueue"),
    operation<list_queue_tags>("ListQueueTags"),
    operation<send_message>("SendMessage"),
    operation<send_message_batch>("SendMessageBatch"),
    operation<receive_message>("ReceiveMessage"),
    operation<delete_message>("DeleteMessage"),
    operation<delete_message_batch>("DeleteMessageBatch"),
    operation<change_message_visibility>("ChangeMessageVisibility"),
    operation<change_message_visibility_batch>("ChangeMessageVisibilityBatch"),
};

}  // namespace

constexpr wire::Service service{.name = "sqs",
                                .target_prefix = "AmazonSQS",
                                .version = "2012-11-05",
                                .xml_namespace = "http://queue.amazonaws.com/doc/2012-11-05/",
                                .protocols = protocols,
                                .operations = operations,
                                .query_error_code = query_error_code,
                                .error_namespace = "com.amazonaws.sqs",
                                .flattened_query = true};

void declare(Schema& schema) { declare_tables(schema); }

}  // namespace utakata::sqs

#pragma once

#include "base/types.hpp"

namespace utakata::sqs::api {

struct MessageAttributeValue {
  opt<str> StringValue;
  opt<Blob> BinaryValue;
  opt<list<str>> StringListValues;  // AWS: not implemented, reserved for future use
  opt<list<Blob>> BinaryListValues;
  str DataType;
};

using MessageSystemAttributeValue = MessageAttributeValue;

struct SendMessageRequest {
  str QueueUrl;
  str MessageBody;
  opt<i32> DelaySeconds;
  opt<dict<MessageAttributeValue>> MessageAttributes;
  opt<dict<MessageSystemAttributeValue>> MessageSystemAttributes;
  opt<str> MessageDeduplicationId;
  opt<str> MessageGroupId;
};
struct SendMessageResult {
  opt<str> MD5OfMessageBody;
  opt<str> MD5OfMessageAttributes;
  opt<str> MD5OfMessageSystemAttributes;
  opt<str> MessageId;
  opt<str> SequenceNumber;
};

struct SendMessageBatchRequestEntry {
  str Id;
  str MessageBody;
  opt<i32> DelaySeconds;
  opt<dict<MessageAttributeValue>> MessageAttributes;
  opt<dict<MessageSystemAttributeValue>> MessageSystemAttributes;
  opt<str> MessageDeduplicationId;
  opt<str> MessageGroupId;
};
struct SendMessageBatchRequest {
  str QueueUrl;
  list<SendMessageBatchRequestEntry> Entries;
};
struct SendMessageBatchResultEntry {
  str Id;
  str MessageId;
  str MD5OfMessageBody;
  opt<str> MD5OfMessageAttributes;
  opt<str> MD5OfMessageSystemAttributes;
  opt<str> SequenceNumber;
};
struct BatchResultErrorEntry {
  str Id;
  bool SenderFault = true;
  str Code;
  opt<str> Message;
};
struct SendMessageBatchResult {
  opt<list<SendMessageBatchResultEntry>> Successful;
  opt<list<BatchResultErrorEntry>> Failed;
};

struct ReceiveMessageRequest {
  str QueueUrl;
  opt<list<str>> AttributeNames;
  opt<list<str>> MessageSystemAttributeNames;
  opt<list<str>> MessageAttributeNames;
  opt<i32> MaxNumberOfMessages;
  opt<i32> VisibilityTimeout;
  opt<i32> WaitTimeSeconds;
  stored<str> ReceiveRequestAttemptId;
};
struct Message {
  opt<str> MessageId;
  opt<str> ReceiptHandle;
  opt<str> MD5OfBody;
  opt<str> Body;
  opt<dict<str>> Attributes;
  opt<str> MD5OfMessageAttributes;
  opt<dict<MessageAttributeValue>> MessageAttributes;
};
struct ReceiveMessageResult {
  opt<list<Message>> Messages;
};

struct DeleteMessageRequest {
  str QueueUrl;
  str ReceiptHandle;
};
struct DeleteMessageBatchRequestEntry {
  str Id;
  str ReceiptHandle;
};
struct DeleteMessageBatchRequest {
  str QueueUrl;
  list<DeleteMessageBatchRequestEntry> Entries;
};
struct DeleteMessageBatchResultEntry {
  str Id;
};
struct DeleteMessageBatchResult {
  opt<list<DeleteMessageBatchResultEntry>> Successful;
  opt<list<BatchResultErrorEntry>> Failed;
};

struct ChangeMessageVisibilityRequest {
  str QueueUrl;
  str ReceiptHandle;
  i32 VisibilityTimeout = 0;
};
struct ChangeMessageVisibilityBatchRequestEntry {
  str Id;
  str ReceiptHandle;
  opt<i32> VisibilityTimeout;
};
struct ChangeMessageVisibilityBatchRequest {
  str QueueUrl;
  list<ChangeMessageVisibilityBatchRequestEntry> Entries;
};
struct ChangeMessageVisibilityBatchResultEntry {
  str Id;
};
struct ChangeMessageVisibilityBatchResult {
  opt<list<ChangeMessageVisibilityBatchResultEntry>> Successful;
  opt<list<BatchResultErrorEntry>> Failed;
};

}  // namespace utakata::sqs::api

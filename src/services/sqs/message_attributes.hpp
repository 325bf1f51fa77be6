#pragma once

#include "base/outcome.hpp"
#include "services/sqs/api/messages.hpp"

namespace utakata::sqs {

using MessageAttributes = dict<api::MessageAttributeValue>;

/// The checksum that SDKs verify (facts: platform.md §E2).
str attributes_md5(const MessageAttributes&);

/// What the attributes count towards the size of a message: names, types and values.
std::size_t attributes_bytes(const MessageAttributes&);

Outcome<> check_message_attributes(const MessageAttributes&);

/// Those asked for by name, by "prefix.*", or all by "All" or ".*".
MessageAttributes selected(const MessageAttributes&, const list<str>& names);

}  // namespace utakata::sqs

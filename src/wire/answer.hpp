#pragma once

#include <string>
#include <string_view>

#include "wire/message.hpp"
#include "wire/query.hpp"
#include "wire/service.hpp"

// Answers in the caller's protocol: never HTML, always with the request's id.
namespace utakata::wire {

/// What an answer depends on beside its content.
struct Envelope {
  Protocol protocol = Protocol::query;
  const Service* service = nullptr;      // may be unknown when the request itself is at fault
  const Operation* operation = nullptr;  // the same
  std::string request_id = {};
  bool query_mode = false;  // the caller sent x-amzn-query-mode: true and knows errors by their Query codes
};

Response success(const Envelope&, const void* output, const ReadNotes&);
Response failure(const Envelope&, const Fault&);

/// The style of a service's forms and answers in a protocol.
QueryStyle query_style(const Service&, Protocol);

}  // namespace utakata::wire

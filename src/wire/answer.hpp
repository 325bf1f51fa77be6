#pragma once

#include <string>
#include <string_view>
#include <vector>

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

/// What was read without effect, as headers say it: x-utakata-stored-only and x-utakata-ignored.
std::vector<Header> note_headers(const ReadNotes&);

Response success(const Envelope&, const void* output, const ReadNotes&);
Response failure(const Envelope&, const Fault&);

/// The style of a service's forms and answers in a protocol.
QueryStyle query_style(const Service&, Protocol);

}  // namespace utakata::wire

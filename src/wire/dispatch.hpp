#pragma once

#include <expected>
#include <string>

#include "wire/answer.hpp"
#include "wire/message.hpp"
#include "wire/service.hpp"
#include "wire/sigv4.hpp"

// The interpreter of requests: from bytes to an operation with its input, and back to bytes.
namespace utakata::wire {

struct DispatchOptions {
  AuthPolicy auth = {};
  std::size_t max_body = std::size_t{8} << 20;  // bytes; AWS's largest request here is a batch of 1 MiB of log events
};

/// A request that was understood: everything that performing and answering it needs.
struct Call {
  Envelope envelope;
  Caller caller;
  Operation::Object input{nullptr, nullptr};
  ReadNotes notes = {};
};

class Dispatcher {
 public:
  Dispatcher(Services services, DispatchOptions options) : services_(services), options_(std::move(options)) {}

  /// The call that a request asks for, or the answer that refuses it.
  [[nodiscard]] std::expected<Call, Response> interpret(const Request&, Instant now, std::string request_id) const;

  /// The refusal of a request whose body was not read, because its length is beyond max_body().
  [[nodiscard]] Response too_large(const Request& head, std::string request_id) const;

  [[nodiscard]] std::size_t max_body() const { return options_.max_body; }

 private:
  [[nodiscard]] Outcome<> read_input(const Request&, const Parameters&, Call&) const;

  Services services_;
  DispatchOptions options_;
};

/// The answer to a call that was performed, from its output (of `call.envelope.operation->output`).
Response answer(const Call&, const void* output);

/// The answer to a call that was refused.
Response refuse_call(const Call&, const Fault&);

}  // namespace utakata::wire

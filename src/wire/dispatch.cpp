#include "wire/dispatch.hpp"

#include "base/text.hpp"
#include "wire/gzip.hpp"
#include "wire/json.hpp"
#include "wire/query.hpp"
#include "wire/route.hpp"

namespace utakata::wire {
namespace {

Envelope envelope_of(const Request& request, const Route& route, std::string request_id) {
  return {.protocol = route.protocol,
          .service = route.service,
          .operation = route.operation,
          .request_id = std::move(request_id),
          .query_mode = equals_ignoring_case(request.header("x-amzn-query-mode"), "true")};
}

Fault too_large_fault(Protocol protocol, std::size_t most) {
  return {.code = is_json(protocol) ? "RequestEntityTooLargeException" : "RequestEntityTooLarge",
          .message = cat("The body of the request is larger than ", most, " bytes."),
          .status = 413};
}

}  // namespace

Outcome<> Dispatcher::read_input(const Request& request, const Parameters& parameters, Call& call) const {
  const Envelope& to = call.envelope;
  const Type& type = *to.operation->input;
  call.input = to.operation->new_input();
  Outcome<> read = is_json(to.protocol) ? read_json(type, call.input.get(), request.body, call.notes)
                                        : read_query(type, call.input.get(), parameters,
                                                     query_style(*to.service, to.protocol), call.notes);
  if (!read && to.service->reword != nullptr)
    return std::unexpected(to.service->reword(std::move(read).error(), call.notes.violation));
  return read;
}

std::expected<Call, Response> Dispatcher::interpret(const Request& request, Instant now, std::string request_id) const {
  if (request.body.size() > options_.max_body) return std::unexpected(too_large(request, std::move(request_id)));
  // What is signed is what came; what is read is what was compressed.
  Request plain = request;
  std::optional<std::string> unpacked;
  const bool compressed = equals_ignoring_case(request.header("content-encoding"), "gzip");
  if (compressed) {
    unpacked = gunzip(request.body, options_.max_body);
    plain.body = unpacked ? std::string_view(*unpacked) : std::string_view();
  }
  const Route to = route(plain, services_, claimed_service(plain));
  Call call{.envelope = envelope_of(request, to, std::move(request_id)), .caller = {}};
  const auto refused = [&](const Fault& fault) { return std::unexpected(failure(call.envelope, fault)); };
  auto caller = authenticate(request, options_.auth, now);
  if (!caller) return refused(auth_fault(caller.error(), to.protocol));
  if (compressed && !unpacked)
    return refused({.code = "SerializationException",
                    .message = cat("The body of the request is not compressed by gzip, or larger than ",
                                   options_.max_body, " bytes.")});
  if (to.fault) return refused(*to.fault);
  call.caller = *std::move(caller);
  if (!options_.auth.credentials.empty() && call.caller.service != to.service->name)
    return refused(
        auth_fault({.problem = AuthProblem::bad_signature,
                    .message = cat("Credential should be scoped to correct service: '", to.service->name, "'.")},
                   to.protocol));
  if (auto read = read_input(plain, to.parameters, call); !read) return refused(read.error());
  return call;
}

Response Dispatcher::too_large(const Request& head, std::string request_id) const {
  const Route to = route(head, services_, claimed_service(head), false);
  return failure(envelope_of(head, to, std::move(request_id)), too_large_fault(to.protocol, options_.max_body));
}

Response answer(const Call& call, const void* output) { return success(call.envelope, output, call.notes); }

Response refuse_call(const Call& call, const Fault& fault) { return failure(call.envelope, fault); }

}  // namespace utakata::wire

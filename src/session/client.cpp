#include "session/client.hpp"

#include <utility>

namespace utakata::session {

SendToAgent Client::send(PayloadType type, std::string payload, std::uint64_t with_flags, Instant now) {
  Message message{.type = std::string(kind::input),
                  .created_ms = (now.ns + settings_.wall_ahead.ns) / 1'000'000,
                  .flags = with_flags,
                  .id = make_id(settings_.seed, ++messages_made_),
                  .payload_type = type,
                  .payload = std::move(payload)};
  return {.bytes = outgoing_.add(std::move(message), now)};
}

SendToAgent Client::acknowledge(const Message& of, Instant now) {
  const Message message{.type = std::string(kind::acknowledge),
                        .created_ms = (now.ns + settings_.wall_ahead.ns) / 1'000'000,
                        .flags = flags::first | flags::last,
                        .id = make_id(settings_.seed, ++messages_made_),
                        .payload = print_acknowledgement({.type = of.type, .id = of.id, .sequence = of.sequence})};
  return {.bytes = print(message)};
}

ClientActions Client::open() {
  return {SendToAgent{.bytes = print_open(settings_.open, id_text(make_id(settings_.seed, ++messages_made_))),
                      .text = true}};
}

Outcome<ClientActions> Client::take(std::string_view bytes, Instant now) {
  Message got = TRY(parse(bytes));
  ClientActions actions;
  if (got.type == kind::acknowledge) {
    outgoing_.acknowledge(TRY(parse_acknowledgement(got.payload)).sequence, now);
  } else if (got.type == kind::channel_closed) {
    actions.emplace_back(Ended { TRY(parse_channel_closed(got.payload)) });
  } else if (got.type == kind::output) {
    const Message head{.type = got.type, .sequence = got.sequence, .id = got.id};
    auto arrival = incoming_.take(std::move(got));
    if (arrival.verdict == Incoming::Verdict::repeated && !untaken_.contains(head.sequence))
      actions.emplace_back(acknowledge(head, now));
    for (Message& each : arrival.in_order) TRY_VOID(take_output(std::move(each), actions, now));
  }
  return actions;
}

Outcome<> Client::take_output(Message output, ClientActions& actions, Instant now) {
  const bool error = output.payload_type == PayloadType::error_output;
  if (error || output.payload_type == PayloadType::output) {
    std::string bytes = std::exchange(output.payload, {});
    const std::int64_t sequence = output.sequence;
    untaken_[sequence] = std::move(output);
    actions.emplace_back(Output{.bytes = std::move(bytes), .error = error, .sequence = sequence});
    return {};
  }
  actions.emplace_back(acknowledge(output, now));
  if (output.payload_type == PayloadType::handshake_request) {
    std::string answer = TRY(answer_handshake(output.payload, settings_.open.client_version));
    actions.emplace_back(send(PayloadType::handshake_response, std::move(answer), 0, now));
  } else if (output.payload_type == PayloadType::handshake_complete) {
    actions.emplace_back(Ready{});
  }
  return {};
}

ClientActions Client::output_taken(std::int64_t sequence, Instant now) {
  const auto taken = untaken_.extract(sequence);
  if (taken.empty()) return {};
  return {acknowledge(taken.mapped(), now)};
}

ClientActions Client::input(std::string_view bytes, Instant now) {
  ClientActions actions;
  for (std::size_t at = 0; at < bytes.size(); at += limits::payload)
    actions.emplace_back(send(PayloadType::output, std::string(bytes.substr(at, limits::payload)), 0, now));
  return actions;
}

ClientActions Client::input_ended(Instant now) { return {send(PayloadType::output, "", flags::last, now)}; }
ClientActions Client::resize(const Size& size, Instant now) {
  return {send(PayloadType::size, print_size(size), 0, now)};
}
ClientActions Client::terminate(Instant now) { return {send(PayloadType::flag, print_flag(terminate_flag), 0, now)}; }

ClientActions Client::advance(Instant now) {
  auto again = outgoing_.resend(now);
  if (!again) return {};
  return {SendToAgent{.bytes = *std::move(again)}};
}

}  // namespace utakata::session

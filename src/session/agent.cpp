#include "session/agent.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/text.hpp"

namespace utakata::session {
namespace {

constexpr int normal = 1000;
constexpr int protocol_error = 1002;
constexpr int policy = 1008;

}  // namespace

Agent::Agent(Settings settings, Instant now) : settings_(std::move(settings)), begun_(now), last_active_(now) {
  end_.session_id = settings_.session_id;
}

Message Agent::message(std::string_view type, PayloadType payload_type, std::string payload, Instant now) {
  return {.type = std::string(type),
          .created_ms = (now.ns + settings_.wall_ahead.ns) / 1'000'000,
          .id = make_id(settings_.seed, ++messages_made_),
          .payload_type = payload_type,
          .payload = std::move(payload)};
}

Send Agent::send(Message each, Instant now) { return {outgoing_.add(std::move(each), now)}; }

// Acknowledgements are no part of a stream: they carry both flags and are not acknowledged themselves.
Send Agent::acknowledge(const Message& of, Instant now) {
  Message answer = message(kind::acknowledge, PayloadType::none,
                           print_acknowledgement({.type = of.type, .id = of.id, .sequence = of.sequence}), now);
  answer.flags = flags::first | flags::last;
  return {print(answer)};
}

AgentActions Agent::close(int code, std::string why) {
  if (std::exchange(stage_, Stage::closed) == Stage::closed) return {};
  return {HangUp{why}, Close{code, std::move(why)}};
}

AgentActions Agent::take_text(std::string_view text, Instant now) {
  if (stage_ != Stage::opening) return close(protocol_error, "only the first message may be text");
  auto open = parse_open(text);
  if (!open) return close(policy, open.error().message);
  stage_ = Stage::presented;
  terminal_ = open->terminal;
  last_active_ = now;
  return {Present{*std::move(open)}};
}

AgentActions Agent::opened(Instant now) {
  if (stage_ != Stage::presented) return {};
  stage_ = Stage::handshake;
  begun_ = last_active_ = now;
  return {send(message(kind::output, PayloadType::handshake_request,
                       print_handshake_request(terminal_ ? "InteractiveCommands" : "NonInteractiveCommands"), now),
               now)};
}

AgentActions Agent::resumed(Instant now) {
  AgentActions actions;
  if (stage_ == Stage::closed) return actions;
  last_active_ = now;
  for (std::string& each : outgoing_.resend_all(now)) actions.emplace_back(Send{std::move(each)});
  return actions;
}

AgentActions Agent::refused(const std::string& why) { return close(policy, why); }

AgentActions Agent::take_binary(std::string_view bytes, Instant now) {
  if (stage_ == Stage::closed) return {};
  if (stage_ == Stage::opening || stage_ == Stage::presented)
    return close(policy, "the first message must show the session's token");
  auto got = parse(bytes);
  if (!got) return close(protocol_error, got.error().message);
  if (got->type == kind::acknowledge) {
    const auto of = parse_acknowledgement(got->payload);
    if (!of) return close(protocol_error, of.error().message);
    outgoing_.acknowledge(of->sequence, now);
    last_active_ = now;
    AgentActions actions;
    finish_if_silent(actions, now);
    return actions;
  }
  if (got->type != kind::input) return {};  // of a later generation, or none of our business
  if (untaken_bytes_ + got->payload.size() > limits::input_bytes) return {};
  const Message head{.type = got->type, .sequence = got->sequence, .id = got->id};
  auto arrival = incoming_.take(*std::move(got));
  AgentActions actions;
  if (arrival.verdict == Incoming::Verdict::repeated && !untaken_.contains(head.sequence))
    actions.emplace_back(acknowledge(head, now));
  for (Message& each : arrival.in_order)
    if (stage_ != Stage::closed) take_input(std::move(each), actions, now);
  return actions;
}

void Agent::take_input(Message input, AgentActions& actions, Instant now) {
  const auto refuse_it = [&](const std::string& why) {
    std::ranges::move(close(protocol_error, why), std::back_inserter(actions));
  };
  if (stage_ == Stage::handshake && input.payload_type != PayloadType::handshake_response)
    return refuse_it("the handshake has not ended");
  last_active_ = now;
  if (input.payload_type != PayloadType::output) {
    actions.emplace_back(acknowledge(input, now));
    if (const auto taken = take_control(input, actions, now); !taken) refuse_it(taken.error().message);
    return;
  }
  std::string bytes = std::exchange(input.payload, {});
  const std::int64_t sequence = input.sequence;
  const bool last = (input.flags & flags::last) != 0;
  untaken_bytes_ += bytes.size();
  untaken_[sequence] = {.head = std::move(input), .bytes = bytes.size()};
  actions.emplace_back(Input{.bytes = std::move(bytes), .last = last, .sequence = sequence});
}

Outcome<> Agent::take_control(const Message& input, AgentActions& actions, Instant now) {
  if (input.payload_type == PayloadType::handshake_response && stage_ == Stage::handshake) {
    TRY_VOID(check_handshake_response(input.payload));
    stage_ = Stage::running;
    actions.emplace_back(send(
        message(kind::output, PayloadType::handshake_complete, print_handshake_complete((now - begun_).ns), now), now));
    actions.emplace_back(Start{});
  } else if (input.payload_type == PayloadType::size) {
    actions.emplace_back(Resize { TRY(parse_size(input.payload)) });
  } else if (input.payload_type == PayloadType::flag) {
    if (TRY(parse_flag(input.payload)) == terminate_flag) actions.emplace_back(HangUp{"the client ended the session"});
  }
  return {};  // other kinds belong to sessions of other types
}

AgentActions Agent::input_taken(std::int64_t sequence, Instant now) {
  const auto taken = untaken_.extract(sequence);
  if (taken.empty() || stage_ == Stage::closed) return {};
  untaken_bytes_ -= taken.mapped().bytes;
  last_active_ = now;
  return {acknowledge(taken.mapped().head, now)};
}

AgentActions Agent::say(PayloadType type, std::string_view bytes, Instant now) {
  AgentActions actions;
  if (stage_ != Stage::running) return actions;
  for (std::size_t at = 0; at < bytes.size(); at += limits::payload)
    actions.emplace_back(send(message(kind::output, type, std::string(bytes.substr(at, limits::payload)), now), now));
  return actions;
}

AgentActions Agent::ended(std::optional<int> exit_code, const std::string& why, Instant now) {
  if (stage_ == Stage::ending || stage_ == Stage::closed) return {};
  stage_ = Stage::ending;
  ended_at_ = now;
  end_.exit_code = exit_code;
  end_.output = why;
  AgentActions actions;
  finish_if_silent(actions, now);
  return actions;
}

// The plugin leaves at once when it hears of the channel's end: everything before must have been taken.
void Agent::finish_if_silent(AgentActions& actions, Instant now) {
  if (stage_ != Stage::ending || !outgoing_.empty()) return;
  stage_ = Stage::closed;
  Message last = message(kind::channel_closed, PayloadType::none, "", now);
  last.payload = print_channel_closed(end_, last.id, last.created_ms);
  actions.emplace_back(Send{print(last)});
  actions.emplace_back(Close{normal, ""});
}

Instant Agent::next_due() const {
  switch (stage_) {
    case Stage::opening:
    case Stage::presented:
      return begun_ + limits::opening;
    case Stage::handshake:
      return std::min(begun_ + limits::handshake, outgoing_.next_due());
    case Stage::running:
      return std::min(last_active_ + limits::idle, outgoing_.next_due());
    case Stage::ending:
      return std::min(std::max(ended_at_, last_active_) + limits::farewell, outgoing_.next_due());
    case Stage::closed:
      break;
  }
  return Instant::never();
}

AgentActions Agent::advance(Instant now) {
  if (now < next_due()) return {};
  if (auto again = outgoing_.resend(now)) return {Send{*std::move(again)}};
  switch (stage_) {
    case Stage::opening:
    case Stage::presented:
      return close(policy, "no token was shown in time");
    case Stage::handshake:
      return close(policy, "the handshake was not answered in time");
    case Stage::running:
      return close(normal, "the session was idle for 20 minutes");
    case Stage::ending:
      return close(normal, "the last output was not acknowledged");
    case Stage::closed:
      break;
  }
  return {};
}

}  // namespace utakata::session

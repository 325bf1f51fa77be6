#include <doctest/doctest.h>

#include <deque>
#include <functional>

#include "base/bytes.hpp"
#include "base/sha256.hpp"
#include "base/text.hpp"
#include "session/agent.hpp"
#include "session/client.hpp"

using namespace utakata;           // NOLINT: a test
using namespace utakata::session;  // NOLINT: a test

namespace {

// A message as the plugin prints it, by hand.
std::string by_hand(std::string_view type, std::int64_t sequence, std::uint32_t payload_type, std::string_view payload,
                    std::uint64_t flags = 0) {
  std::string text(type);
  text.resize(32, ' ');
  std::string bytes;
  append_big_endian(bytes, 116, 4);
  bytes += text;
  append_big_endian(bytes, 1, 4);
  append_big_endian(bytes, 1'780'000'000'000, 8);
  append_big_endian(bytes, static_cast<std::uint64_t>(sequence), 8);
  append_big_endian(bytes, flags, 8);
  bytes += "89abcdef01234567";  // the lower half of the id first
  bytes += sha256(payload);
  append_big_endian(bytes, payload_type, 4);
  append_big_endian(bytes, payload.size(), 4);
  return cat(bytes, payload);
}

constexpr std::string_view agreed =
    R"({"ClientVersion":"1.2.0.0","ProcessedClientActions":[{"ActionType":"SessionType","ActionStatus":1,)"
    R"("ActionResult":null,"Error":""}],"Errors":null})";

template <class Kind, class Actions>
std::vector<Kind> all(const Actions& actions) {
  std::vector<Kind> found;
  for (const auto& each : actions)
    if (const auto* one = std::get_if<Kind>(&each)) found.push_back(*one);
  return found;
}
std::vector<Message> sent(const AgentActions& actions) {
  std::vector<Message> messages;
  for (const Send& each : all<Send>(actions)) messages.push_back(*parse(each.bytes));
  return messages;
}
std::string acknowledgement(std::int64_t sequence) {
  return by_hand("acknowledge", 0, 0,
                 cat(R"({"AcknowledgedMessageType":"output_stream_data","AcknowledgedMessageId":"x",)"
                     R"("AcknowledgedMessageSequenceNumber":)",
                     sequence, R"(,"IsSequentialMessage":true})"),
                 3);
}

// An agent whose client has shown its token and answered the handshake.
struct Running {
  Instant now{seconds(1000).ns};
  Agent agent{{.session_id = "ecs-execute-command-1", .seed = 7, .wall_ahead = seconds(5)}, now};
  explicit Running(std::string_view open = R"({"TokenValue":"t"})") {
    REQUIRE(all<Present>(agent.take_text(open, now)).size() == 1);
    REQUIRE(sent(agent.opened(now))[0].payload_type == PayloadType::handshake_request);
    agent.take_binary(acknowledgement(0), now);
    const AgentActions answered = agent.take_binary(by_hand("input_stream_data", 0, 6, agreed), now);
    REQUIRE(all<Start>(answered).size() == 1);
    REQUIRE(sent(answered)[0].type == kind::acknowledge);
    REQUIRE(sent(answered)[1].payload_type == PayloadType::handshake_complete);
    agent.take_binary(acknowledgement(1), now);
  }
};

}  // namespace

TEST_CASE("session: a message is printed as the plugin reads it, and read as the plugin prints it") {
  const std::string bytes = by_hand("input_stream_data", 7, 1, std::string_view("ls\0\n", 4), 2);
  const auto message = parse(bytes);
  REQUIRE(message);
  CHECK(message->type == kind::input);
  CHECK(message->sequence == 7);
  CHECK(message->flags == flags::last);
  CHECK(message->id == "0123456789abcdef");
  CHECK(message->payload == std::string("ls\0\n", 4));
  CHECK(print(*message) == bytes);
  CHECK(id_text(std::string("\x01\x23\x45\x67\x89\xab\x4d\xef\x80\x00\x00\x00\x00\x00\x00\x01", 16)) ==
        "01234567-89ab-4def-8000-000000000001");
}

TEST_CASE("session: malformed messages are refused") {
  const std::string good = by_hand("input_stream_data", 0, 1, "payload");
  for (std::size_t length = 0; length < good.size(); ++length) CHECK_FALSE(parse(good.substr(0, length)));
  CHECK_FALSE(parse(good + "x"));
  std::string other = good;
  other.back() = 'x';
  CHECK(parse(other).error().message.contains("digest"));
  CHECK_FALSE(parse(by_hand("", 0, 1, "")));
  CHECK_FALSE(parse(by_hand("input_stream_data", -1, 1, "")));
  std::string header = good;
  header.replace(0, 4, "\xff\xff\xff\xff");
  CHECK_FALSE(parse(header));
}

TEST_CASE("session: the token comes first, then the handshake, then the command starts") {
  Instant now{seconds(1000).ns};
  const auto fresh = [&] { return Agent({.session_id = "s"}, now); };
  Agent silent = fresh();
  CHECK(all<Close>(silent.advance(now + seconds(9))).empty());
  CHECK(all<Close>(silent.advance(now + seconds(10)))[0].code == 1008);
  Agent early = fresh();
  CHECK(all<Close>(early.take_binary(by_hand("input_stream_data", 0, 1, "x"), now))[0].code == 1008);
  for (const std::string_view bad :
       {"", "[]", "{}", R"({"TokenValue":5})", R"({"TokenValue":"t","Terminal":{"cols":0,"rows":1}})"})
    CHECK(all<Close>(fresh().take_text(bad, now))[0].code == 1008);
  Agent hasty = fresh();
  hasty.take_text(R"({"TokenValue":"t"})", now);
  hasty.opened(now);
  CHECK(all<Close>(hasty.take_binary(by_hand("input_stream_data", 0, 1, "x"), now))[0].code == 1002);
  Agent failing = fresh();
  failing.take_text(R"({"TokenValue":"t"})", now);
  failing.opened(now);
  const AgentActions failed = failing.take_binary(
      by_hand("input_stream_data", 0, 6,
              R"({"ProcessedClientActions":[{"ActionType":"SessionType","ActionStatus":2,"Error":"no"}]})"),
      now);
  CHECK(all<Start>(failed).empty());
  CHECK(all<Close>(failed)[0].why.contains("no"));
  const Running running;
}

TEST_CASE("session: input is acknowledged once it is taken, in order and once") {
  Running r;
  // The second message comes first: it waits.
  CHECK(all<Input>(r.agent.take_binary(by_hand("input_stream_data", 2, 1, "b"), r.now)).empty());
  const AgentActions both = r.agent.take_binary(by_hand("input_stream_data", 1, 1, "a"), r.now);
  REQUIRE(all<Input>(both).size() == 2);
  CHECK(all<Input>(both)[0].bytes == "a");
  CHECK(all<Input>(both)[1].bytes == "b");
  CHECK(sent(both).empty());
  CHECK(r.agent.take_binary(by_hand("input_stream_data", 1, 1, "a"), r.now).empty());  // not taken yet
  const Message first = sent(r.agent.input_taken(1, r.now))[0];
  CHECK(first.type == kind::acknowledge);
  CHECK(parse_acknowledgement(first.payload)->sequence == 1);
  CHECK(first.payload.contains("30313233-3435-3637-3839-616263646566"));
  CHECK(first.created_ms == 1'005'000);
  const AgentActions again = r.agent.take_binary(by_hand("input_stream_data", 1, 1, "a"), r.now);
  CHECK(all<Input>(again).empty());
  CHECK(sent(again)[0].type == kind::acknowledge);  // its acknowledgement may have been lost
}

TEST_CASE("session: a command that takes no input is not flooded") {
  Running r;
  std::int64_t sequence = 1;
  std::size_t given = 0;
  for (; sequence <= 100; ++sequence)
    for (const Input& each :
         all<Input>(r.agent.take_binary(by_hand("input_stream_data", sequence, 1, std::string(16'384, 'x')), r.now)))
      given += each.bytes.size();
  CHECK(given == limits::input_bytes);
  r.agent.input_taken(1, r.now);
  const AgentActions next = r.agent.take_binary(by_hand("input_stream_data", 65, 1, std::string(16'384, 'x')), r.now);
  CHECK(all<Input>(next).size() == 1);
}

TEST_CASE("session: size, flags and the end of input reach the command") {
  Running r;
  CHECK((all<Resize>(r.agent.take_binary(by_hand("input_stream_data", 1, 3, R"({"cols":132,"rows":50})"), r.now))[0]
             .size == Size{132, 50}));
  CHECK(all<Input>(r.agent.take_binary(by_hand("input_stream_data", 2, 1, "", 2), r.now))[0].last);
  CHECK(
      all<HangUp>(r.agent.take_binary(by_hand("input_stream_data", 3, 10, std::string("\0\0\0\1", 4)), r.now)).empty());
  CHECK(
      all<HangUp>(r.agent.take_binary(by_hand("input_stream_data", 4, 10, std::string("\0\0\0\2", 4)), r.now)).size() ==
      1);
  CHECK(
      all<Close>(r.agent.take_binary(by_hand("input_stream_data", 5, 3, R"({"cols":-1,"rows":50})"), r.now))[0].code ==
      1002);
}

TEST_CASE("session: output waits for its acknowledgements and is sent again without them") {
  Running r;
  const Message first = sent(r.agent.output("hello", r.now))[0];
  CHECK(first.sequence == 2);
  CHECK(first.payload_type == PayloadType::output);
  CHECK(r.agent.advance(r.now + milliseconds(100)).empty());
  const Instant due = r.agent.next_due();
  CHECK(due <= r.now + limits::resend_most);
  const Message again = sent(r.agent.advance(due))[0];
  CHECK(print(again) == print(first));
  std::size_t messages = 1;
  while (r.agent.has_room()) messages += sent(r.agent.output(std::string(limits::payload, 'x'), r.now)).size();
  CHECK(messages < limits::window_messages);
  for (std::size_t i = 0; i < messages; ++i)
    r.agent.take_binary(acknowledgement(static_cast<std::int64_t>(2 + i)), r.now);
  CHECK(r.agent.has_room());
  CHECK(r.agent.next_due() == r.now + limits::idle);
  CHECK(all<Close>(r.agent.advance(r.now + limits::idle)).size() == 1);
}

TEST_CASE("session: the end is told when all output has been acknowledged") {
  Running r;
  r.agent.output("last words", r.now);
  CHECK(r.agent.ended(3, "", r.now).empty());
  const AgentActions end = r.agent.take_binary(acknowledgement(2), r.now);
  const Message closed = sent(end)[0];
  CHECK(closed.type == kind::channel_closed);
  CHECK(parse_channel_closed(closed.payload)->exit_code == 3);
  CHECK(parse_channel_closed(closed.payload)->session_id == "ecs-execute-command-1");
  CHECK(all<Close>(end)[0].code == 1000);
  CHECK(r.agent.take_binary(acknowledgement(2), r.now).empty());
  Running deaf;
  deaf.agent.output("last words", deaf.now);
  deaf.agent.ended(0, "", deaf.now);
  Instant at = deaf.now;
  AgentActions given_up;
  while (all<Close>(given_up).empty() && at < deaf.now + minutes(2))
    given_up = deaf.agent.advance(at = deaf.agent.next_due());
  CHECK(at == deaf.now + limits::farewell);
}

TEST_CASE("session: our client and our agent understand each other over a line that loses messages") {
  Instant now{seconds(1000).ns};
  Agent agent({.session_id = "s", .seed = 1}, now);
  Client client({.open = {.token = "t", .terminal = false}, .seed = 2});
  std::deque<std::string> to_agent;
  std::deque<std::string> to_client;
  std::string input;
  std::string output;
  bool ready = false;
  bool input_over = false;
  std::optional<ChannelClosed> closed;
  std::uint64_t dice = 42;
  const auto lost = [&dice] { return (dice = dice * 6364136223846793005U + 1442695040888963407U) >> 61 == 0; };
  std::function<void(const AgentActions&)> agent_does = [&](const AgentActions& actions) {
    for (const auto& each : actions) {
      if (const auto* send = std::get_if<Send>(&each); send != nullptr) to_client.push_back(send->bytes);
      if (std::holds_alternative<Present>(each)) agent_does(agent.opened(now));
      if (const auto* got = std::get_if<Input>(&each); got != nullptr) {
        input += got->bytes;
        input_over = input_over || got->last;
        agent_does(agent.input_taken(got->sequence, now));
      }
    }
  };
  std::function<void(const ClientActions&)> client_does = [&](const ClientActions& actions) {
    for (const auto& each : actions) {
      if (const auto* send = std::get_if<SendToAgent>(&each); send != nullptr) {
        if (send->text)
          agent_does(agent.take_text(send->bytes, now));
        else
          to_agent.push_back(send->bytes);
      }
      ready = ready || std::holds_alternative<Ready>(each);
      if (const auto* got = std::get_if<Output>(&each); got != nullptr) {
        output += got->bytes;
        client_does(client.output_taken(got->sequence, now));
      }
      if (const auto* end = std::get_if<Ended>(&each); end != nullptr) closed = end->end;
    }
  };
  const auto exchange = [&] {
    while (!to_agent.empty() || !to_client.empty()) {
      if (!to_agent.empty()) {
        const std::string bytes = std::exchange(to_agent.front(), {});
        to_agent.pop_front();
        if (!lost()) agent_does(agent.take_binary(bytes, now));
      }
      if (!to_client.empty()) {
        const std::string bytes = std::exchange(to_client.front(), {});
        to_client.pop_front();
        const auto got = parse(bytes);
        if (lost() && got->type != kind::channel_closed) continue;
        const auto actions = client.take(bytes, now);
        REQUIRE(actions);
        client_does(*actions);
      }
    }
    now = now + milliseconds(250);
    agent_does(agent.advance(now));
    client_does(client.advance(now));
  };
  client_does(client.open());
  while (!ready) exchange();
  std::string wanted;
  for (int i = 0; i < 300'000; ++i) wanted += static_cast<char>(i * 31 % 251);
  std::size_t typed = 0;
  std::size_t said = 0;
  bool told_end = false;
  while (input.size() < wanted.size() || output.size() < wanted.size() || !input_over) {
    if (typed < wanted.size() && client.has_room()) {
      client_does(client.input(std::string_view(wanted).substr(typed, 10'000), now));
      typed = std::min(typed + 10'000, wanted.size());
    } else if (typed == wanted.size() && !std::exchange(told_end, true)) {
      client_does(client.input_ended(now));
    }
    if (said < wanted.size() && agent.has_room()) {
      agent_does(agent.output(std::string_view(wanted).substr(said, 10'000), now));
      said = std::min(said + 10'000, wanted.size());
    }
    exchange();
  }
  CHECK(input == wanted);
  CHECK(output == wanted);
  agent_does(agent.ended(7, "", now));
  while (!closed) exchange();
  CHECK(closed->exit_code == 7);
}

TEST_CASE("session: a client that comes back gets what it has not acknowledged, and no other handshake") {
  Running session;
  session.agent.output("one", session.now);
  session.agent.output("two", session.now);
  session.agent.take_binary(acknowledgement(2), session.now);
  session.now = session.now + seconds(30);
  const auto again = sent(session.agent.resumed(session.now));
  REQUIRE(again.size() == 1);
  CHECK(again[0].sequence == 3);
  CHECK(again[0].payload == "two");
  CHECK(session.agent.next_due() > session.now);
  // Input that came before is known again.
  const auto typed = by_hand("input_stream_data", 1, 1, "ls");
  CHECK(all<Input>(session.agent.take_binary(typed, session.now)).size() == 1);
  session.agent.input_taken(1, session.now);
  session.agent.resumed(session.now);
  const AgentActions repeated = session.agent.take_binary(typed, session.now);
  CHECK(all<Input>(repeated).empty());
  CHECK(sent(repeated).at(0).type == kind::acknowledge);
  CHECK(parse_open(R"({"TokenValue":"t"})")->resumes);
  CHECK_FALSE(parse_open(R"({"TokenValue":"t","Terminal":false})")->resumes);
}

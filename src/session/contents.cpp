#include "session/contents.hpp"

#include "base/bytes.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace utakata::session {
namespace {

// Which agent's ways we have, for clients that ask (one that knows the flag to end a session).
constexpr std::string_view agent_version = "3.3.0.0";
constexpr int size_max = 10'000;
constexpr std::int64_t success = 1;
constexpr std::int64_t unsupported = 3;

Outcome<Json> object(std::string_view text, std::string_view what) {
  auto json = Json::parse(text);
  if (!json || !json->is_object()) return refuse("MalformedMessage", cat(what, " is no JSON object"));
  return *std::move(json);
}

Outcome<int> measure(const Json& json, std::string_view name) {
  const Json* member = json.find(name);
  const auto number = member != nullptr ? member->integer() : std::nullopt;
  if (!number || *number < 1 || *number > size_max)
    return refuse("MalformedMessage", cat("the size's ", name, " must be a number from 1 to ", size_max));
  return static_cast<int>(*number);
}

Outcome<Size> size_of(const Json& json) {
  return Size {
    .columns = TRY(measure(json, "cols"))
    , .rows = TRY(measure(json, "rows"))
  };
}

Json json_of(const Size& size) {
  Json json = Json::object();
  json.set("cols", size.columns);
  json.set("rows", size.rows);
  return json;
}

}  // namespace

Outcome<Size> parse_size(std::string_view payload) { return size_of(TRY(object(payload, "the size"))); }
std::string print_size(const Size& size) { return json_of(size).write(); }

Outcome<OpenChannel> parse_open(std::string_view text) {
  const Json json = TRY(object(text, "the opening message"));
  OpenChannel open{.token = std::string(json.text_at({"TokenValue"})),
                   .client_version = std::string(json.text_at({"ClientVersion"}))};
  if (open.token.empty()) return refuse("MalformedMessage", "the opening message has no TokenValue");
  const Json* terminal = json.find("Terminal");
  open.resumes = terminal == nullptr;
  if (terminal == nullptr) return open;
  if (terminal->is_object())
    open.size = TRY(size_of(*terminal));
  else
    open.terminal = terminal->boolean();
  return open;
}

std::string print_open(const OpenChannel& open, std::string_view request_id) {
  Json json = Json::object();
  json.set("MessageSchemaVersion", "1.0");
  json.set("RequestId", request_id);
  json.set("TokenValue", open.token);
  json.set("ClientId", request_id);
  json.set("ClientVersion", open.client_version);
  if (!open.terminal)
    json.set("Terminal", false);
  else if (open.size)
    json.set("Terminal", json_of(*open.size));
  return json.write();
}

Outcome<Acknowledgement> parse_acknowledgement(std::string_view payload) {
  const Json json = TRY(object(payload, "the acknowledgement"));
  const Json* sequence = json.find("AcknowledgedMessageSequenceNumber");
  const auto number = sequence != nullptr ? sequence->integer() : std::nullopt;
  if (!number) return refuse("MalformedMessage", "the acknowledgement has no AcknowledgedMessageSequenceNumber");
  return Acknowledgement{.type = std::string(json.text_at({"AcknowledgedMessageType"})), .sequence = *number};
}

std::string print_acknowledgement(const Acknowledgement& of) {
  Json json = Json::object();
  json.set("AcknowledgedMessageType", of.type);
  json.set("AcknowledgedMessageId", id_text(of.id));
  json.set("AcknowledgedMessageSequenceNumber", of.sequence);
  json.set("IsSequentialMessage", true);
  return json.write();
}

std::string print_handshake_request(std::string_view session_type) {
  Json json = Json::object();
  json.set("AgentVersion", agent_version);
  Json& action = json.set("RequestedClientActions", Json::array()).push(Json::object());
  action.set("ActionType", "SessionType");
  Json& parameters = action.set("ActionParameters", Json::object());
  parameters.set("SessionType", session_type);
  parameters.set("Properties", Json::object());
  return json.write();
}

Outcome<std::string> answer_handshake(std::string_view request, std::string_view client_version) {
  const Json asked = TRY(object(request, "the handshake request"));
  Json answer = Json::object();
  answer.set("ClientVersion", client_version);
  Json done = Json::array();
  Json errors = Json::array();
  if (const Json* actions = asked.find("RequestedClientActions"))
    for (const Json& action : actions->items()) {
      const bool known = action.text_at({"ActionType"}) == "SessionType";
      Json& each = done.push(Json::object());
      each.set("ActionType", action.text_at({"ActionType"}));
      each.set("ActionStatus", known ? success : unsupported);
      if (!known) errors.push(each.set("Error", cat("Unsupported action ", action.text_at({"ActionType"}))));
    }
  answer.set("ProcessedClientActions", std::move(done));
  answer.set("Errors", std::move(errors));
  return answer.write();
}

Outcome<> check_handshake_response(std::string_view payload) {
  const Json json = TRY(object(payload, "the handshake response"));
  const Json* actions = json.find("ProcessedClientActions");
  if (actions == nullptr || actions->size() == 0)
    return refuse("HandshakeFailed", "the client has not processed the session type");
  for (const Json& action : actions->items()) {
    const Json* status = action.find("ActionStatus");
    if (status == nullptr || status->integer() != success)
      return refuse("HandshakeFailed",
                    cat("the client failed at ", action.text_at({"ActionType"}), ": ", action.text_at({"Error"})));
  }
  return {};
}

std::string print_handshake_complete(std::int64_t nanoseconds) {
  Json json = Json::object();
  json.set("HandshakeTimeToComplete", nanoseconds);
  json.set("CustomerMessage", "");
  return json.write();
}

Outcome<ChannelClosed> parse_channel_closed(std::string_view payload) {
  const Json json = TRY(object(payload, "the channel's end"));
  ChannelClosed closed{.session_id = std::string(json.text_at({"SessionId"})),
                       .output = std::string(json.text_at({"Output"}))};
  if (const Json* code = json.find("ExitCode"); code != nullptr && code->integer())
    closed.exit_code = static_cast<int>(*code->integer());
  return closed;
}

std::string print_channel_closed(const ChannelClosed& closed, std::string_view message_id, std::int64_t created_ms) {
  Json json = Json::object();
  json.set("MessageType", kind::channel_closed);
  json.set("MessageId", id_text(message_id));
  json.set("DestinationId", closed.session_id);
  json.set("SessionId", closed.session_id);
  json.set("SchemaVersion", 1);
  json.set("CreatedDate", cat(created_ms));
  json.set("Output", closed.output);
  if (closed.exit_code) json.set("ExitCode", *closed.exit_code);
  return json.write();
}

Outcome<std::uint32_t> parse_flag(std::string_view payload) {
  if (payload.size() != 4) return refuse("MalformedMessage", "a flag has four bytes");
  return static_cast<std::uint32_t>(big_endian(payload, 0, 4));
}

std::string print_flag(std::uint32_t flag) {
  std::string bytes;
  append_big_endian(bytes, flag, 4);
  return bytes;
}

}  // namespace utakata::session

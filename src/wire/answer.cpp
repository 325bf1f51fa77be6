#include "wire/answer.hpp"

#include "base/json_scanner.hpp"
#include "base/text.hpp"
#include "wire/json.hpp"
#include "wire/xml.hpp"

namespace utakata::wire {
namespace {

std::string_view content_type(Protocol protocol) {
  switch (protocol) {
    case Protocol::json_1_0:
      return "application/x-amz-json-1.0";
    case Protocol::json_1_1:
      return "application/x-amz-json-1.1";
    case Protocol::query:
      return "text/xml";
    case Protocol::ec2:
      return "text/xml;charset=UTF-8";
  }
  return "text/xml";
}

Response response(const Envelope& envelope, int status, std::string body) {
  return {.status = status,
          .headers = {{.name = "x-amzn-RequestId", .value = envelope.request_id},
                      {.name = "Content-Type", .value = std::string(content_type(envelope.protocol))}},
          .body = std::move(body)};
}

// Keys of maps are the caller's text and stand in paths: encoded, they cannot break out of a header.
void add_paths(std::vector<Header>& headers, std::string_view name, const std::vector<std::string>& paths) {
  if (paths.empty()) return;
  std::string value;
  for (const std::string& path : paths) value += cat(value.empty() ? "" : ", ", percent_encode(path, true));
  headers.push_back({.name = std::string(name), .value = std::move(value)});
}

std::string_view query_code(const Envelope& envelope, std::string_view code) {
  if (envelope.service == nullptr || envelope.service->query_error_code == nullptr) return code;
  const std::string_view other = envelope.service->query_error_code(code);
  return other.empty() ? code : other;
}

std::string_view blame(const Fault& fault) { return fault.status < 500 ? "Sender" : "Receiver"; }

Response json_failure(const Envelope& envelope, const Fault& fault) {
  std::string type;
  if (envelope.service != nullptr && !envelope.service->error_namespace.empty())
    type = cat(envelope.service->error_namespace, '#');
  std::string body = R"({"__type":)";
  json::append_quoted(body, type + fault.code);
  body += R"(,"message":)";
  json::append_quoted(body, fault.message);
  body += '}';
  Response answer = response(envelope, fault.status, std::move(body));
  if (envelope.query_mode && envelope.service != nullptr && envelope.service->query_error_code != nullptr)
    answer.headers.push_back(
        {.name = "x-amzn-query-error", .value = cat(query_code(envelope, fault.code), ';', blame(fault))});
  return answer;
}

std::string code_and_message(std::string_view code, std::string_view message) {
  std::string out = "<Code>";
  append_escaped(out, code);
  out += "</Code><Message>";
  append_escaped(out, message);
  return out + "</Message>";
}

std::string query_failure(const Envelope& envelope, const Fault& fault) {
  const bool has_namespace = envelope.service != nullptr && !envelope.service->xml_namespace.empty();
  const std::string xmlns = has_namespace ? cat(" xmlns=\"", envelope.service->xml_namespace, '"') : "";
  return cat("<ErrorResponse", xmlns, "><Error><Type>", blame(fault), "</Type>",
             code_and_message(query_code(envelope, fault.code), fault.message), "</Error><RequestId>",
             envelope.request_id, "</RequestId></ErrorResponse>");
}

std::string ec2_failure(const Envelope& envelope, const Fault& fault) {
  return cat("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error>",
             code_and_message(fault.code, fault.message), "</Error></Errors><RequestID>", envelope.request_id,
             "</RequestID></Response>");
}

}  // namespace

QueryStyle query_style(const Service& service, Protocol protocol) {
  if (protocol == Protocol::ec2) return QueryStyle::ec2;
  return service.flattened_query ? QueryStyle::flattened : QueryStyle::query;
}

std::vector<Header> note_headers(const ReadNotes& notes) {
  std::vector<Header> headers;
  add_paths(headers, "x-utakata-stored-only", notes.stored);
  add_paths(headers, "x-utakata-ignored", notes.ignored);
  return headers;
}

Response success(const Envelope& envelope, const void* output, const ReadNotes& notes) {
  const Type& type = *envelope.operation->output;
  const XmlAnswer xml{.operation = envelope.operation->name,
                      .xml_namespace = envelope.service->xml_namespace,
                      .request_id = envelope.request_id,
                      .style = query_style(*envelope.service, envelope.protocol)};
  Response answer =
      response(envelope, 200, is_json(envelope.protocol) ? write_json(type, output) : write_xml(xml, type, output));
  for (Header& header : note_headers(notes)) answer.headers.push_back(std::move(header));
  return answer;
}

Response failure(const Envelope& envelope, const Fault& fault) {
  if (is_json(envelope.protocol)) return json_failure(envelope, fault);
  const bool ec2 = envelope.protocol == Protocol::ec2;
  return response(envelope, fault.status, ec2 ? ec2_failure(envelope, fault) : query_failure(envelope, fault));
}

}  // namespace utakata::wire

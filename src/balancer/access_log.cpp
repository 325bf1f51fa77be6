#include "balancer/access_log.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/text.hpp"
#include "reactor/random.hpp"

namespace utakata::balancer {
namespace {

constexpr std::size_t lines_max = 64 * 1024;  // bytes that are handed over at once
constexpr std::size_t field_max = 8 * 1024;   // of what a client sent, as AWS cuts it
constexpr Duration hand_over_after = seconds(1);

void add_number(std::string& out, i64 value) {
  std::array<char, 24> digits{};
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

void add_digits(std::string& out, i64 value, int digits) {
  for (i64 least = 10; --digits > 0; least *= 10)
    if (value < least) out.append(1, '0');
  add_number(out, value);
}

// iso8601() with microseconds. The lines of a second share its text.
void add_time(std::string& out, Instant at) {
  constexpr i64 second = 1'000'000'000;
  thread_local i64 known = -1;
  thread_local std::string text;
  if (std::exchange(known, at.ns / second) != at.ns / second) text = iso8601(at).substr(0, 19);
  out += text;
  out += '.';
  add_digits(out, at.ns % second / 1000, 6);
  out += 'Z';
}

// In seconds, to the millisecond; -1 of what has not come to an end. A clock that was set back makes no time negative.
void add_seconds(std::string& out, Instant from, Instant to) {
  if (!from.set() || !to.set()) {
    out += "-1 ";
    return;
  }
  const i64 milliseconds = std::max<i64>(0, (to - from).milliseconds());
  add_number(out, milliseconds / 1000);
  out += '.';
  add_digits(out, milliseconds % 1000, 3);
  out += ' ';
}

// What a client sent ends no field and no line.
void add_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  const auto odd = [](char c) { return c < 0x20 || c >= 0x7f || c == '"' || c == '\\'; };
  text = text.substr(0, field_max);
  while (true) {
    const auto at = static_cast<std::size_t>(std::ranges::find_if(text, odd) - text.begin());
    out += text.substr(0, at);
    if (at == text.size()) return;
    const auto byte = static_cast<unsigned char>(text[at]);
    out += "\\x";
    out += digits[byte >> 4];
    out += digits[byte & 15];
    text.remove_prefix(at + 1);
  }
}

void add_bare(std::string& out, std::string_view text) {
  out += text.empty() ? "-" : text;
  out += ' ';
}

void add_quoted(std::string& out, std::string_view text) {
  out += '"';
  if (text.empty()) out += '-';
  add_escaped(out, text);
  out += "\" ";
}

void add_request(std::string& out, const RequestText& request) {
  out += '"';
  if (request.method.empty()) out += '-';
  add_escaped(out, request.method);
  out += ' ';
  out += request.scheme;
  out += "://";
  add_escaped(out, request.host);
  out += ':';
  add_number(out, request.port);
  if (request.method.empty()) {
    out += "- -";
  } else {
    add_escaped(out, request.target);
    out += ' ';
    out += request.version;
  }
  out += "\" ";
}

void add_status(std::string& out, int status) {
  if (status == 0) return add_bare(out, {});
  add_number(out, status);
  out += ' ';
}

// The times as AWS gives them: none of a request that reached no target; of one that a target has lost how long it took
// to lose it; and not of one that it never answered within the idle timeout, or that its client gave up.
void add_times(std::string& out, const AccessLogEntry& entry) {
  const Record& record = entry.record;
  const bool lost = entry.cause == Cause::reset_in_flight_502 || entry.cause == Cause::malformed_502 ||
                    entry.cause == Cause::deregistered_502;
  add_seconds(out, record.dispatched.set() ? record.received : Instant(), record.dispatched);
  add_seconds(out, record.dispatched, !record.answered.set() && lost ? record.ended : record.answered);
  add_seconds(out, record.answered, record.ended);
}

}  // namespace

void append_line(std::string& out, const AccessLogEntry& entry) {
  const RequestText& request = entry.request;
  const Record& record = entry.record;
  add_bare(out, request.type);
  add_time(out, record.ended);
  out += ' ';
  add_bare(out, entry.load_balancer);
  out += entry.client.host;
  out += ':';
  add_number(out, entry.client.port);
  out += ' ';
  add_bare(out, request.target_address);
  add_times(out, entry);
  add_status(out, record.status);
  add_status(out, record.target_status);
  add_number(out, record.received_bytes);
  out += ' ';
  add_number(out, record.sent_bytes);
  out += ' ';
  add_request(out, request);
  add_quoted(out, request.user_agent);
  add_bare(out, request.tls_cipher);
  add_bare(out, request.tls_protocol);
  add_bare(out, request.group_arn);
  add_quoted(out, request.trace_id);
  add_quoted(out, request.server_name);
  add_quoted(out, request.certificate_arn);
  add_bare(out, request.rule_priority);
  add_time(out, record.received);
  out += ' ';
  add_quoted(out, request.action);
  add_quoted(out, request.redirect_url);
  add_quoted(out, request.error_reason);
  add_quoted(out, request.target_address);
  add_quoted(out, record.target_status == 0 ? std::string() : cat(record.target_status));
  add_quoted(out, request.classification);
  add_quoted(out, request.classification_reason);
  out += entry.connection_id;
  out += " \"-\" \"-\" \"-\"\n";  // what a transform would have changed
}

std::string new_connection_id() {
  constexpr std::size_t bytes = 16;
  return cat("TID_", hex(reactor::random_bytes(bytes)));
}

AccessLog::AccessLog(reactor::Loop& loop, LogFiles& files, LogSource place)
    : loop_(loop), files_(files), place_(std::make_shared<const LogSource>(std::move(place))) {}

void AccessLog::add(const AccessLogEntry& entry) {
  append_line(lines_, entry);
  if (lines_.size() >= lines_max) return hand_over();
  if (std::exchange(will_be_handed_over_, true)) return;
  loop_.after(hand_over_after, [self = weak_from_this()] {
    if (const auto log = self.lock()) {
      log->will_be_handed_over_ = false;
      log->hand_over();
    }
  });
}

void AccessLog::hand_over() {
  if (!lines_.empty()) files_.add(place_, std::exchange(lines_, {}));
}

}  // namespace utakata::balancer

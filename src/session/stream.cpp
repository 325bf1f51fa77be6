#include "session/stream.hpp"

#include <algorithm>
#include <utility>

namespace utakata::session {

std::string Outgoing::add(Message message, Instant now) {
  message.sequence = next_++;
  std::string bytes = print(message);
  kept_bytes_ += bytes.size();
  kept_.push_back({.sequence = message.sequence, .bytes = bytes, .first_sent = now, .last_sent = now});
  return bytes;
}

void Outgoing::acknowledge(std::int64_t sequence, Instant now) {
  const auto at = std::ranges::find(kept_, sequence, &Kept::sequence);
  if (at == kept_.end()) return;
  // Whose acknowledgement it is cannot be told of a message that was sent twice (RFC 6298, Karn's rule).
  if (!at->resent) measure(now - at->first_sent);
  kept_bytes_ -= at->bytes.size();
  kept_.erase(at);
}

// RFC 6298 §2, within the bounds that the plugin keeps as well.
void Outgoing::measure(Duration round_trip) {
  const std::int64_t off = std::max(round_trip_.ns - round_trip.ns, round_trip.ns - round_trip_.ns);
  variation_.ns += (off - variation_.ns) / 4;
  round_trip_.ns += (round_trip.ns - round_trip_.ns) / 8;
  patience_ = std::clamp(Duration{round_trip_.ns + 4 * variation_.ns}, limits::resend_least, limits::resend_most);
}

std::optional<std::string> Outgoing::resend(Instant now) {
  if (kept_.empty() || next_due() > now) return {};
  kept_.front().last_sent = now;
  kept_.front().resent = true;
  patience_ = std::min(Duration{patience_.ns * 2}, limits::resend_most);
  return kept_.front().bytes;
}

std::vector<std::string> Outgoing::resend_all(Instant now) {
  std::vector<std::string> all;
  for (Kept& each : kept_) {
    each.last_sent = now;
    each.resent = true;
    all.push_back(each.bytes);
  }
  patience_ = limits::resend_most;
  return all;
}

Instant Outgoing::next_due() const { return kept_.empty() ? Instant::never() : kept_.front().last_sent + patience_; }

Incoming::Arrival Incoming::take(Message message) {
  Arrival arrival;
  if (message.sequence < expected_) {
    arrival.verdict = Verdict::repeated;
    return arrival;
  }
  if (message.sequence > expected_) {
    const std::int64_t sequence = message.sequence;
    if (early_.size() >= limits::early_messages || !early_.emplace(sequence, std::move(message)).second)
      arrival.verdict = Verdict::dropped;
    return arrival;
  }
  arrival.in_order.push_back(std::move(message));
  ++expected_;
  for (auto next = early_.find(expected_); next != early_.end(); next = early_.find(expected_)) {
    arrival.in_order.push_back(std::move(next->second));
    early_.erase(next);
    ++expected_;
  }
  return arrival;
}

}  // namespace utakata::session

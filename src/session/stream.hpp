#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/instant.hpp"
#include "session/message.hpp"

// One direction of a data channel: numbered messages, kept and sent again until they are acknowledged, taken in order
// and once.
namespace utakata::session {

namespace limits {
inline constexpr std::size_t payload = 16 * 1024;   // of a message that carries a command's bytes
inline constexpr std::size_t window_messages = 64;  // sent and not acknowledged
inline constexpr std::size_t window_bytes = 512 * 1024;
inline constexpr std::size_t early_messages = 64;  // arrived before one that is missing
inline constexpr Duration resend_least = milliseconds(200);
inline constexpr Duration resend_most = seconds(1);
}  // namespace limits

class Outgoing {
 public:
  /// Numbers the message and keeps it; its bytes, to be sent now.
  std::string add(Message, Instant now);
  void acknowledge(std::int64_t sequence, Instant now);
  /// The oldest message when its acknowledgement takes too long, to be sent once more.
  std::optional<std::string> resend(Instant now);
  /// Every message that is not acknowledged.
  std::vector<std::string> resend_all(Instant now);
  [[nodiscard]] Instant next_due() const;  // Instant::never(): nothing is waited for
  [[nodiscard]] bool empty() const { return kept_.empty(); }
  /// Of the oldest message's first sending.
  [[nodiscard]] Instant waiting_since() const { return kept_.empty() ? Instant::never() : kept_.front().first_sent; }
  [[nodiscard]] bool has_room() const {
    return kept_.size() < limits::window_messages && kept_bytes_ < limits::window_bytes;
  }

 private:
  struct Kept {
    std::int64_t sequence = 0;
    std::string bytes;
    Instant first_sent, last_sent;
    bool resent = false;
  };
  void measure(Duration round_trip);

  std::deque<Kept> kept_;
  std::size_t kept_bytes_ = 0;
  std::int64_t next_ = 0;
  Duration round_trip_ = milliseconds(100), variation_, patience_ = limits::resend_least;
};

class Incoming {
 public:
  enum class Verdict : std::uint8_t {
    taken,     // `in_order` has what may be used now, possibly nothing yet
    repeated,  // it has been handed out before
    dropped,   // it waits already, or there is no room for it: its sender will send it again
  };
  struct Arrival {
    Verdict verdict = Verdict::taken;
    std::vector<Message> in_order;
  };
  Arrival take(Message);

 private:
  std::int64_t expected_ = 0;
  std::map<std::int64_t, Message> early_;
};

}  // namespace utakata::session

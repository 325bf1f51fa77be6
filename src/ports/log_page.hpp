#pragma once

#include "core/outside.hpp"

namespace utakata::ports {

/// Keeps, of all events that a store meets in any order, those of one page: memory is bounded by the page, not by what
/// is read.
class LogPageKeeper {
 public:
  explicit LogPageKeeper(const LogQuery& query) : query_(query) {}

  /// Nothing at this time or later is complete: what is there belongs to a later page.
  void end_at(i64 horizon) {
    horizon_ = horizon;
    cut_off_ = true;
  }
  /// Whether an event at this place may belong to the page; its text is not looked at.
  [[nodiscard]] bool wants(const LogPlace&) const;
  /// Whether any event in this span of time may.
  [[nodiscard]] bool wants_between(i64 first, i64 last) const;
  void take(LogPlace, i64 ingested, std::string_view text);
  [[nodiscard]] LogPage finish();

 private:
  void cut();
  [[nodiscard]] bool is_beyond(const LogPlace& place) const {
    return full_ && (query_.newest ? place < worst_ : place > worst_);
  }

  const LogQuery& query_;
  i64 horizon_ = INT64_MAX;
  bool cut_off_ = false;  // by the horizon
  bool full_ = false;     // events have been cut: no place beyond worst_ is wanted
  LogPlace worst_;
  i64 bytes_ = 0;
  list<LogPage::Event> kept_;
};

/// As AWS counts: its text and 26.
inline constexpr i64 log_event_overhead = 26;

}  // namespace utakata::ports

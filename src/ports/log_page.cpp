#include "ports/log_page.hpp"

#include <algorithm>

namespace utakata::ports {
namespace {

i64 bytes_of(const LogPage::Event& one) { return static_cast<i64>(one.event.text.size()) + log_event_overhead; }

}  // namespace

bool LogPageKeeper::wants(const LogPlace& place) const {
  if (place.at < query_.start || place.at >= query_.end || place.at >= horizon_) return false;
  if (query_.from && place < *query_.from) return false;
  if (query_.after && place <= *query_.after) return false;
  if (query_.before && place >= *query_.before) return false;
  return !is_beyond(place);
}

bool LogPageKeeper::wants_between(i64 first, i64 last) const {
  if (last < query_.start || first >= query_.end || first >= horizon_) return false;
  if ((query_.from && last < query_.from->at) || (query_.after && last < query_.after->at)) return false;
  if (query_.before && first > query_.before->at) return false;
  return !full_ || (query_.newest ? last >= worst_.at : first <= worst_.at);
}

void LogPageKeeper::take(LogPlace place, i64 ingested, std::string_view text) {
  const i64 at = place.at;
  kept_.push_back({.place = std::move(place), .event = {.at = at, .ingested = ingested, .text = str(text)}});
  bytes_ += bytes_of(kept_.back());
  if (static_cast<i64>(kept_.size()) >= 2 * query_.events || bytes_ >= 2 * query_.bytes) cut();
}

// The best first, then no more than a page holds, but at least one.
void LogPageKeeper::cut() {
  const auto better = [this](const LogPage::Event& a, const LogPage::Event& b) {
    return query_.newest ? a.place > b.place : a.place < b.place;
  };
  std::ranges::sort(kept_, better);
  std::size_t count = 0;
  bytes_ = 0;
  while (count < kept_.size() && static_cast<i64>(count) < query_.events) {
    const i64 with = bytes_ + bytes_of(kept_[count]);
    if (count > 0 && with > query_.bytes) break;
    bytes_ = with;
    ++count;
  }
  if (count == kept_.size()) return;
  kept_.resize(count);
  full_ = true;
  worst_ = kept_.back().place;
}

LogPage LogPageKeeper::finish() {
  cut();
  LogPage page{.events = std::move(kept_)};
  if (query_.newest) {
    std::ranges::reverse(page.events);
    return page;
  }
  if (full_) {
    page.next = worst_;
    ++page.next->offset;
  } else if (cut_off_) {
    page.next = LogPlace{.at = horizon_};
  }
  return page;
}

}  // namespace utakata::ports

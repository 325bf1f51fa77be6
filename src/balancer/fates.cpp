#include "balancer/fates.hpp"

#include <array>

namespace utakata::balancer {
namespace {

constexpr i64 seconds_kept = 900;
constexpr std::array<std::string_view, cause_count> names{"ok",
                                                          "target_4xx",
                                                          "target_5xx",
                                                          "bad_request",
                                                          "client_closed_460",
                                                          "no_target_503",
                                                          "exhausted_503",
                                                          "connect_refused_502",
                                                          "connect_timeout_504",
                                                          "reset_in_flight_502",
                                                          "malformed_502",
                                                          "cut_off",
                                                          "timeout_504",
                                                          "deregistered_502",
                                                          "upgraded",
                                                          "tls_failed_502",
                                                          "client_tls_error",
                                                          "flow_ended",
                                                          "flow_client_reset",
                                                          "flow_target_reset",
                                                          "flow_idle",
                                                          "flow_refused",
                                                          "flow_connect_timeout",
                                                          "flow_tls_failed",
                                                          "flow_no_target",
                                                          "flow_exhausted",
                                                          "flow_unhealthy",
                                                          "flow_deregistered",
                                                          "retried",
                                                          "retry_refused",
                                                          "target_full_503",
                                                          "lambda_missing_502",
                                                          "lambda_failed_502",
                                                          "lambda_invalid_answer_502",
                                                          "lambda_answer_too_large_502",
                                                          "lambda_request_too_large_413",
                                                          "lambda_timeout_504"};

}  // namespace

Cause cause_of(int status) {
  if (status >= 500) return Cause::target_5xx;
  return status >= 400 ? Cause::target_4xx : Cause::ok;
}

str name_of(Cause cause) { return str(names.at(static_cast<std::size_t>(cause))); }

FateLedger::Counted FateLedger::counted(const std::shared_ptr<FateLine>& line) {
  Counted result{.line = line};
  for (std::size_t i = 0; i < cause_count; ++i) result.counts[i] = line->counts_[i].load(std::memory_order_relaxed);
  return result;
}

// What was counted so far belongs to the second before.
void FateLedger::begin(i64 second) {
  const std::scoped_lock lock(mutex_);
  if (!current_.empty()) {
    std::vector<Counted>& ended = past_.emplace_back(second_, std::vector<Counted>()).second;
    for (const auto& line : current_) {
      ended.push_back(counted(line));
      for (auto& count : line->counts_) count.store(0, std::memory_order_relaxed);
      line->counted_ = false;
    }
    current_.clear();
  }
  second_ = second;
  while (!past_.empty() && past_.front().first < second - seconds_kept) past_.pop_front();
}

void FateLedger::count(i64 second, const std::shared_ptr<FateLine>& line, Cause cause) {
  if (second > second_) begin(second);
  // Only this thread writes, so no increment is lost without a locked instruction.
  auto& count = line->counts_[static_cast<std::size_t>(cause)];
  count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  if (line->counted_) return;
  line->counted_ = true;
  const std::scoped_lock lock(mutex_);
  current_.push_back(line);
}

list<FateRow> FateLedger::snapshot() const {
  list<FateRow> rows;
  const auto add = [&](i64 second, const Counted& each) {
    for (std::size_t i = 0; i < cause_count; ++i)
      if (each.counts[i] > 0)
        rows.push_back({.second = second,
                        .load_balancer = each.line->load_balancer_,
                        .target_group = each.line->target_group_,
                        .target = each.line->target_,
                        .cause = name_of(static_cast<Cause>(i)),
                        .count = each.counts[i]});
  };
  const std::scoped_lock lock(mutex_);
  for (const auto& [second, lines] : past_)
    for (const Counted& each : lines) add(second, each);
  for (const auto& line : current_) add(second_, counted(line));
  return rows;
}

}  // namespace utakata::balancer

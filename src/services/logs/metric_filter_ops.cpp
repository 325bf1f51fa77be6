#include "services/logs/metric_filter_ops.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "services/logs/limits.hpp"
#include "services/logs/state.hpp"

namespace utakata::logs {

Outcome<api::TestMetricFilterResponse> test_metric_filter(Tx&, const api::TestMetricFilterRequest& request) {
  const list<str>& messages = request.logEventMessages;
  if (messages.empty() || messages.size() > limits::messages_tested)
    return invalid(
        cat("1 validation error detected: Value at 'logEventMessages' failed to satisfy constraint: Member "
            "must have length between 1 and ",
            limits::messages_tested));
  if (std::ranges::any_of(messages, &str::empty))
    return invalid(
        "1 validation error detected: Value at 'logEventMessages' failed to satisfy constraint: Member must satisfy "
        "constraint: [Member must have length greater than or equal to 1]");
  const filter::Pattern pattern = TRY(pattern_of("filterPattern", request.filterPattern));
  list<api::MetricFilterMatchRecord> matches;
  for (std::size_t i = 0; i < messages.size(); ++i)
    if (pattern.matches(messages[i]))
      matches.push_back({.eventNumber = static_cast<i64>(i),
                         .eventMessage = messages[i],
                         .extractedValues = pattern.extracted(messages[i])});
  return api::TestMetricFilterResponse{.matches = std::move(matches)};
}

}  // namespace utakata::logs

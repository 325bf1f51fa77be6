#include "services/cloudwatch/statistic.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/metric_math.hpp"
#include "services/cloudwatch/errors.hpp"

namespace utakata::cloudwatch {

Outcome<Statistic> Statistic::parse(std::string_view text, std::string_view parameter) {
  static constexpr std::array<std::string_view, 5> plain{"SampleCount", "Sum", "Average", "Minimum", "Maximum"};
  Statistic statistic;
  if (const auto at = std::ranges::find(plain, text); at != plain.end()) {
    statistic.kind_ = static_cast<Kind>(at - plain.begin());
    return statistic;
  }
  if (text.starts_with('p') && text.size() > 1) {
    double percent = -1;
    const auto [end, error] =
        std::from_chars(text.data() + 1, text.data() + text.size(), percent, std::chars_format::fixed);
    if (error == std::errc{} && end == text.data() + text.size() && percent >= 0 && percent <= 100) {
      statistic.kind_ = Kind::percentile;
      statistic.share_ = percent / 100;
      return statistic;
    }
  }
  return invalid_value(cat("The value ", text.substr(0, 100), " for parameter ", parameter,
                           " is not supported: it must be SampleCount, Sum, Average, Minimum, Maximum or a percentile "
                           "from p0 to p100."));
}

opt<f64> Statistic::of(const MetricStatistics& measured) const {
  switch (kind_) {
    case Kind::sample_count:
      return measured.count;
    case Kind::sum:
      return measured.sum;
    case Kind::average:
      return measured.sum / measured.count;
    case Kind::minimum:
      return measured.minimum;
    case Kind::maximum:
      return measured.maximum;
    case Kind::percentile:
      return percentile(measured, share_);
  }
  return {};
}

Outcome<> check_period(i32 period, std::string_view parameter) {
  static constexpr std::array<i32, 5> fine{1, 5, 10, 20, 30};
  if ((period > 0 && period % 60 == 0) || std::ranges::find(fine, period) != fine.end()) return {};
  return invalid_value(cat("The parameter ", parameter, " must be 1, 5, 10, 20, 30 or a multiple of 60."));
}

}  // namespace utakata::cloudwatch

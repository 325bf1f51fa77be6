#pragma once

#include "core/tx.hpp"
#include "services/logs/api/metric_filters.hpp"

namespace utakata::logs {

Outcome<api::TestMetricFilterResponse> test_metric_filter(Tx&, const api::TestMetricFilterRequest&);

}  // namespace utakata::logs

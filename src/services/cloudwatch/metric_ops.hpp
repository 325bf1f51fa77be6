#pragma once

#include "core/tx.hpp"
#include "services/cloudwatch/api/metrics.hpp"

namespace utakata::cloudwatch {

Outcome<api::Empty> put_metric_data(Tx&, const api::PutMetricDataInput&);
Outcome<api::GetMetricDataOutput> get_metric_data(Tx&, const api::GetMetricDataInput&);
Outcome<api::GetMetricStatisticsOutput> get_metric_statistics(Tx&, const api::GetMetricStatisticsInput&);
Outcome<api::ListMetricsOutput> list_metrics(Tx&, const api::ListMetricsInput&);

}  // namespace utakata::cloudwatch

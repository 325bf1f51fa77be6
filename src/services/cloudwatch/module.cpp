#include "services/cloudwatch/module.hpp"

#include <array>

#include "services/cloudwatch/errors.hpp"
#include "services/cloudwatch/metric_ops.hpp"

namespace utakata::cloudwatch {
namespace {

constexpr std::array protocols{wire::Protocol::json_1_0, wire::Protocol::query};
constexpr std::array operations{
    operation<put_metric_data>("PutMetricData"),
    operation<get_metric_data>("GetMetricData"),
    operation<get_metric_statistics>("GetMetricStatistics"),
    operation<list_metrics>("ListMetrics"),
};

}  // namespace

constexpr wire::Service service{.name = "monitoring",
                                .target_prefix = "GraniteServiceVersion20100801",
                                .version = "2010-08-01",
                                .xml_namespace = "http://monitoring.amazonaws.com/doc/2010-08-01/",
                                .protocols = protocols,
                                .operations = operations,
                                .query_error_code = query_error_code,
                                .error_namespace = "com.amazonaws.cloudwatch.v2010_08_01"};

// Metrics are no rows: they are kept behind a port (ports/metric_store.hpp).
void declare(Schema&) {}

std::string_view query_error_code(std::string_view code) {
  if (code == "InvalidParameterValueException") return "InvalidParameterValue";
  if (code == "InvalidParameterCombinationException") return "InvalidParameterCombination";
  if (code == "MissingRequiredParameterException") return "MissingParameter";
  return code;
}

}  // namespace utakata::cloudwatch

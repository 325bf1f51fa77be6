#include "services/logs/module.hpp"

#include <array>

#include "services/logs/group_ops.hpp"
#include "services/logs/live_tail_ops.hpp"
#include "services/logs/metric_filter_ops.hpp"
#include "services/logs/state.hpp"
#include "services/logs/stream_ops.hpp"

namespace utakata::logs {
namespace {

constexpr std::array protocols{wire::Protocol::json_1_1};
constexpr std::array operations{
    operation<create_log_group>("CreateLogGroup"),
    operation<delete_log_group>("DeleteLogGroup"),
    operation<describe_log_groups>("DescribeLogGroups"),
    operation<put_retention_policy>("PutRetentionPolicy"),
    operation<delete_retention_policy>("DeleteRetentionPolicy"),
    operation<tag_resource>("TagResource"),
    operation<untag_resource>("UntagResource"),
    operation<list_tags_for_resource>("ListTagsForResource"),
    operation<create_log_stream>("CreateLogStream"),
    operation<delete_log_stream>("DeleteLogStream"),
    operation<describe_log_streams>("DescribeLogStreams"),
    operation<put_log_events>("PutLogEvents"),
    operation<get_log_events>("GetLogEvents"),
    operation<filter_log_events>("FilterLogEvents"),
    operation<test_metric_filter>("TestMetricFilter"),
    operation<start_live_tail>("StartLiveTail"),
};

}  // namespace

constexpr wire::Service service{.name = "logs",
                                .target_prefix = "Logs_20140328",
                                .version = "2014-03-28",
                                .xml_namespace = "",
                                .protocols = protocols,
                                .operations = operations};

void declare(Schema& schema) { declare_tables(schema); }

}  // namespace utakata::logs

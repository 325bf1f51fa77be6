#include "services/events/module.hpp"

#include <array>

#include "core/facts.hpp"
#include "services/events/bus_ops.hpp"
#include "services/events/event_ops.hpp"
#include "services/events/router.hpp"
#include "services/events/rule_ops.hpp"
#include "services/events/state.hpp"
#include "services/events/tag_ops.hpp"
#include "services/events/target_ops.hpp"

namespace utakata::events {
namespace {

constexpr std::array protocols{wire::Protocol::json_1_1};
constexpr std::array operations{
    operation<create_event_bus>("CreateEventBus"),
    operation<delete_event_bus>("DeleteEventBus"),
    operation<describe_event_bus>("DescribeEventBus"),
    operation<list_event_buses>("ListEventBuses"),
    operation<put_rule>("PutRule"),
    operation<describe_rule>("DescribeRule"),
    operation<list_rules>("ListRules"),
    operation<delete_rule>("DeleteRule"),
    operation<enable_rule>("EnableRule"),
    operation<disable_rule>("DisableRule"),
    operation<list_rule_names_by_target>("ListRuleNamesByTarget"),
    operation<put_targets>("PutTargets"),
    operation<remove_targets>("RemoveTargets"),
    operation<list_targets_by_rule>("ListTargetsByRule"),
    operation<put_events>("PutEvents"),
    operation<test_event_pattern>("TestEventPattern"),
    operation<tag_resource>("TagResource"),
    operation<untag_resource>("UntagResource"),
    operation<list_tags_for_resource>("ListTagsForResource"),
};

}  // namespace

constexpr wire::Service service{.name = "events",
                                .target_prefix = "AWSEvents",
                                .version = "2015-10-07",
                                .xml_namespace = "",
                                .protocols = protocols,
                                .operations = operations};

void declare(Schema& schema) {
  declare_tables(schema);
  schema.listen(facts::event, hear_event);
}

}  // namespace utakata::events

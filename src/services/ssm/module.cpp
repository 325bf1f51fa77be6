#include "services/ssm/module.hpp"

#include <array>

#include "services/ssm/ops.hpp"

namespace utakata::ssm {
namespace {

constexpr std::array protocols{wire::Protocol::json_1_1};
constexpr std::array operations{
    operation<put_parameter>("PutParameter"),
    operation<get_parameter>("GetParameter"),
    operation<get_parameters>("GetParameters"),
    operation<get_parameters_by_path>("GetParametersByPath"),
    operation<delete_parameter>("DeleteParameter"),
    operation<delete_parameters>("DeleteParameters"),
    operation<describe_parameters>("DescribeParameters"),
    operation<get_parameter_history>("GetParameterHistory"),
    operation<label_parameter_version>("LabelParameterVersion"),
    operation<add_tags_to_resource>("AddTagsToResource"),
    operation<remove_tags_from_resource>("RemoveTagsFromResource"),
    operation<list_tags_for_resource>("ListTagsForResource"),
    operation<resume_session>("ResumeSession"),
};

}  // namespace

constexpr wire::Service service{
    .name = "ssm", .target_prefix = "AmazonSSM", .protocols = protocols, .operations = operations};

void declare(Schema& schema) { declare_tables(schema); }

}  // namespace utakata::ssm

#include "services/secretsmanager/module.hpp"

#include <array>

#include "services/secretsmanager/ops.hpp"

namespace utakata::secretsmanager {
namespace {

constexpr std::array protocols{wire::Protocol::json_1_1};
constexpr std::array operations{
    operation<create_secret>("CreateSecret"),
    operation<update_secret>("UpdateSecret"),
    operation<describe_secret>("DescribeSecret"),
    operation<delete_secret>("DeleteSecret"),
    operation<restore_secret>("RestoreSecret"),
    operation<list_secrets>("ListSecrets"),
    operation<tag_resource>("TagResource"),
    operation<untag_resource>("UntagResource"),
    operation<put_secret_value>("PutSecretValue"),
    operation<get_secret_value>("GetSecretValue"),
    operation<list_secret_version_ids>("ListSecretVersionIds"),
    operation<update_secret_version_stage>("UpdateSecretVersionStage"),
};

}  // namespace

constexpr wire::Service service{
    .name = "secretsmanager", .target_prefix = "secretsmanager", .protocols = protocols, .operations = operations};

void declare(Schema& schema) { declare_tables(schema); }

}  // namespace utakata::secretsmanager

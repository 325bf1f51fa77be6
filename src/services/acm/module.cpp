#include "services/acm/module.hpp"

#include <array>

#include "services/acm/ops.hpp"

namespace utakata::acm {
namespace {

constexpr std::array protocols{wire::Protocol::json_1_1};
constexpr std::array operations{
    operation<import_certificate>("ImportCertificate"),
    operation<request_certificate>("RequestCertificate"),
    operation<describe_certificate>("DescribeCertificate"),
    operation<list_certificates>("ListCertificates"),
    operation<get_certificate>("GetCertificate"),
    operation<delete_certificate>("DeleteCertificate"),
    operation<add_tags>("AddTagsToCertificate"),
    operation<list_tags>("ListTagsForCertificate"),
    operation<remove_tags>("RemoveTagsFromCertificate"),
};

}  // namespace

constexpr wire::Service service{
    .name = "acm", .target_prefix = "CertificateManager", .protocols = protocols, .operations = operations};

void declare(Schema& schema) { declare_tables(schema); }

}  // namespace utakata::acm

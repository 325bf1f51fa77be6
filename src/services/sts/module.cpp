#include "services/sts/module.hpp"

#include <array>

#include "services/sts/ops.hpp"
#include "services/sts/state.hpp"

namespace utakata::sts {
namespace {

constexpr std::array protocols{wire::Protocol::query};
constexpr std::array operations{operation<assume_role>("AssumeRole"),
                                operation<get_caller_identity>("GetCallerIdentity")};

}  // namespace

const wire::Service service{.name = "sts",
                            .version = "2011-06-15",
                            .xml_namespace = "https://sts.amazonaws.com/doc/2011-06-15/",
                            .protocols = protocols,
                            .operations = operations};

void declare(Schema& schema) { declare_tables(schema); }

}  // namespace utakata::sts

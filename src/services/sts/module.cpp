#include "services/sts/module.hpp"

#include <array>

#include "core/tx.hpp"
#include "services/sts/api/identity.hpp"

namespace utakata::sts {
namespace {

Outcome<api::GetCallerIdentityResponse> get_caller_identity(Tx& tx, const api::GetCallerIdentityRequest&) {
  const str& account = tx.world().account;
  return api::GetCallerIdentityResponse{
      .UserId = account, .Account = account, .Arn = cat("arn:aws:iam::", account, ":root")};
}

constexpr std::array protocols{wire::Protocol::query};
constexpr std::array operations{operation<get_caller_identity>("GetCallerIdentity")};

}  // namespace

const wire::Service service{.name = "sts",
                            .version = "2011-06-15",
                            .xml_namespace = "https://sts.amazonaws.com/doc/2011-06-15/",
                            .protocols = protocols,
                            .operations = operations};

void declare(Schema&) {}

}  // namespace utakata::sts

#pragma once

#include "core/tx.hpp"
#include "services/sts/api/assume_role.hpp"
#include "services/sts/api/identity.hpp"

namespace utakata::sts {

Outcome<api::AssumeRoleResponse> assume_role(Tx&, const api::AssumeRoleRequest&);
Outcome<api::GetCallerIdentityResponse> get_caller_identity(Tx&, const api::GetCallerIdentityRequest&);

}  // namespace utakata::sts

#pragma once

#include "base/outcome.hpp"
#include "core/tx.hpp"

// What other services may ask of Parameter Store.
namespace utakata::ssm {

/// The decrypted value of "name", "name:version", "name:label" or an ARN (which may be of another region). Faults
/// ParameterNotFound, ParameterVersionNotFound.
Outcome<str> value_of(const Tx&, const World&, std::string_view name);

}  // namespace utakata::ssm

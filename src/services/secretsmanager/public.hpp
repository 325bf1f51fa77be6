#pragma once

#include "base/outcome.hpp"
#include "core/tx.hpp"

// What other services may ask of Secrets Manager.
namespace utakata::secretsmanager {

/// The text of a secret's version: `id` is a name or an ARN (which may be of another region), stage and version id may
/// be empty. Faults as GetSecretValue's; InvalidRequestException for a secret of bytes.
Outcome<str> text_of(const Tx&, const World&, std::string_view id, std::string_view stage, std::string_view version_id);

}  // namespace utakata::secretsmanager

#pragma once

#include <optional>
#include <set>

#include "core/tx.hpp"

// What other services may ask of Certificate Manager, and the facts it publishes.
namespace utakata::acm {

/// Fact: key = world + certificate ARN, no body. The certificate has been issued, or imported anew.
inline constexpr std::string_view changed = "certificate";
/// Reconciler: asks for what has not been issued yet.
inline constexpr std::string_view issuing = "acm.issue";

/// PEM texts, the key's included: for the data path only. All empty while it is not issued.
struct Usable {
  str certificate, private_key, chain;
  bool failed = false;   // it will never be issued
  bool expired = false;  // now
};
/// Nothing: there is no such certificate in this world.
std::optional<Usable> usable(const Tx&, const World&, std::string_view arn);

/// Says which certificates this user has in use, a load balancer by its ARN; they cannot be deleted meanwhile.
void set_uses(Tx&, const World&, const str& user, const std::set<str>& certificates);

}  // namespace utakata::acm

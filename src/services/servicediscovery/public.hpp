#pragma once

#include "base/outcome.hpp"
#include "core/tx.hpp"

// What other services may ask of Cloud Map: to find a service, and to enter their tasks into it.
namespace utakata::servicediscovery {

struct RegistryView {
  str service_id;
  bool has_srv = false;  // instances need a port
};
/// By its ARN. Fault ServiceNotFound.
Outcome<RegistryView> registry(const Tx&, const World&, std::string_view service_arn);
/// Of an unknown service, or repeated: no error.
void enter(Tx&, const World&, std::string_view service_arn, const str& instance_id, const dict<str>& attributes);
void leave(Tx&, const World&, std::string_view service_arn, const str& instance_id);

}  // namespace utakata::servicediscovery

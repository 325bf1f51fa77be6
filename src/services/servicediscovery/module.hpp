#pragma once

#include "core/schema.hpp"
#include "wire/service.hpp"

namespace utakata::servicediscovery {

extern const wire::Service service;
void declare(Schema&);

}  // namespace utakata::servicediscovery

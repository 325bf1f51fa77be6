#pragma once

#include "core/schema.hpp"
#include "wire/service.hpp"

namespace utakata::acm {

extern const wire::Service service;
void declare(Schema&);

}  // namespace utakata::acm

#pragma once

#include "core/schema.hpp"
#include "wire/service.hpp"

namespace utakata::cloudwatch {

extern const wire::Service service;
void declare(Schema&);

}  // namespace utakata::cloudwatch

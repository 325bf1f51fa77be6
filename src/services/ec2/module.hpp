#pragma once

#include "core/schema.hpp"
#include "wire/service.hpp"

namespace utakata::ec2 {

extern const wire::Service service;
void declare(Schema&);

}  // namespace utakata::ec2

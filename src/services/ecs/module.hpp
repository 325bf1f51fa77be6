#pragma once

#include "core/schema.hpp"
#include "wire/service.hpp"

namespace utakata::ecs {

extern const wire::Service service;          // Amazon ECS
extern const wire::Service control_service;  // the platform's own (control_ops.hpp)
void declare(Schema&);

}  // namespace utakata::ecs

#pragma once

#include "core/schema.hpp"
#include "wire/service.hpp"

namespace utakata::ecs {

extern const wire::Service container_service;  // Amazon ECS
extern const wire::Service control_service;    // the platform's own (control_ops.hpp)
/// Claims the session of an ExecuteCommand by its token (core/session.hpp): the shell's own, on no wire.
extern const Operation open_session_operation;
extern const Operation close_session_operation;
void declare(Schema&);

}  // namespace utakata::ecs

#pragma once

#include "base/outcome.hpp"
#include "services/ecs/state.hpp"

// What a container of a task definition may say. Every task here runs on Fargate, so Fargate's rules hold for all.
namespace utakata::ecs {

/// Faults are ClientExceptions in AWS's words where they are known, and name the container and the member otherwise.
Outcome<> check_container(const api::ContainerDefinition&, bool requires_fargate, const HostRow&);

/// A definition's or an override's environment files.
Outcome<> check_environment_files(const str& container, const list<api::EnvironmentFile>&, const HostRow&);

/// No secret has the name of an environment variable.
Outcome<> check_secret_names(const opt<list<api::Secret>>&, const opt<list<api::KeyValuePair>>& environment);

/// "arn:aws:s3:::BUCKET/KEY.env"; nothing if it is anything else.
std::optional<EnvironmentFileSpec> environment_file(std::string_view arn);

}  // namespace utakata::ecs

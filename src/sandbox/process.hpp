#pragma once

#include "base/outcome.hpp"
#include "core/task_spec.hpp"
#include "images/manifest.hpp"

namespace utakata::sandbox {

using images::Image;

/// What runs in the container, from its definition and its image as ECS and Docker combine them.
struct Process {
  list<str> arguments;
  list<str> environment;  // NAME=VALUE
  str working_directory;
};
/// `from_files` is what the definition's environment files say; the definition's own environment goes before it. Fault
/// CannotStartContainerError when neither definition nor image names a program.
/// `given` by the platform is what nobody else says.
Outcome<Process> process_of(const TaskSpec&, const ContainerSpec&, const Image&, const dict<str>& from_files = {},
                            const dict<str>& given = {});

/// The numbers of a user ("nginx", "101:101", ...) by the container's own passwd and group files.
struct UserIds {
  i64 uid = 0, gid = 0;
  list<i64> more_gids;
};
Outcome<UserIds> user_of(const str& text, const str& passwd, const str& group);

/// Lines NAME=VALUE, the value as it stands; empty lines and lines beginning with # are skipped.
dict<str> parse_environment_file(std::string_view text);

}  // namespace utakata::sandbox

#pragma once

namespace utakata::sandbox {

class ContainerFolder;

inline constexpr const char* health_pid_file = "health-pid";  // in a container's folder: of the command that checks it

/// Kills a health check's command that has run too long, and what is left of its session, as docker does: the OCI
/// runtime's own end would leave them in the container, one more with each check. Blocks.
void kill_health_command(const ContainerFolder&);

}  // namespace utakata::sandbox

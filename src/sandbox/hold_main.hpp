#pragma once

/// utakata-supervisor hold DIR [USERS]: leaves a process behind that is the first of a new PID namespace, which belongs
/// to the user namespace USERS if there is one; its number on the host is in DIR/holder. Containers that share their
/// processes join it. They see it as their first process, and one with CAP_SYS_PTRACE may trace it: so it has a file
/// system and a network with nothing in them, no capability, and of the kernel only the calls that wait.
int hold_namespace(const char* folder, const char* users);

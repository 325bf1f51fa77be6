#pragma once

#include "base/outcome.hpp"
#include "base/types.hpp"
#include "reactor/co.hpp"

// Supervisors as processes: starting, finding again, and signalling the container of one.
namespace utakata::sandbox {

struct Host;

struct Supervisor {
  int pid = 0;
  int pidfd = -1;     // readable when it has ended
  int ready_fd = -1;  // readable when the container has started or failed
};
Outcome<Supervisor> spawn_supervisor(const str& program, const str& folder, const str& runtime, const str& root,
                                     const str& id);

/// A pidfd of the running supervisor of this container folder, found in /proc; -1 if there is none.
int open_supervisor(const str& folder);

/// Signals a container's first process, if it is still the child of that folder's supervisor: a number that was given
/// to another process since is left alone.
void signal_child_of_supervisor(i64 pid, const str& folder, int number);

/// Starts a process that holds a PID namespace for the containers of a task, in the task's folder; the namespace's
/// file.
Outcome<str> hold_pid_namespace(const str& program, const str& folder);
/// Ends the holder and with it whatever runs in the namespace; nothing if there is none.
void release_pid_namespace(const str& folder);

void reap(int pid);

/// Takes the container away from the OCI runtime; kills what may be left of it.
reactor::Co<void> delete_container(Host&, str id);

}  // namespace utakata::sandbox

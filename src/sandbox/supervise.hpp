#pragma once

#include <functional>

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
/// For the container `id`, whose bundle lies in `folder`.
Outcome<Supervisor> spawn_supervisor(const Host&, const str& folder, const str& id);

/// A pidfd of the running supervisor of this container folder, found in /proc; -1 if there is none.
int open_supervisor(const str& folder);

/// Signals a container's first process, if it is still the child of that folder's supervisor: a number that was given
/// to another process since is left alone.
void signal_child_of_supervisor(i64 pid, const str& folder, int number);

/// Starts a process that holds a PID namespace for the containers of a task, in the task's folder; it belongs to
/// the user namespace `users`, if there is one. The namespace's file.
Outcome<str> hold_pid_namespace(const str& program, const str& folder, const str& users);
/// Ends the holder and with it whatever runs in the namespace; nothing if there is none.
void release_pid_namespace(const str& folder);

/// A process of the platform itself that works for one task or container: a supervisor, the holder of a namespace, a
/// command's session, or the OCI runtime creating, starting or deleting.
struct Helper {
  int pid = 0;
  str folder;  // what it works on: a path below the folder of tasks; empty when it names only the container
  str container_id;
};
/// All of them whose command line names something below `tasks_dir`, or a container in `runtime_root`.
list<Helper> helpers(const str& tasks_dir, const str& runtime_root);

/// Kills the helpers that `chosen` names until there is none; their children are looked for again each time. Blocks.
void kill_helpers(const str& tasks_dir, const str& runtime_root, const std::function<bool(const Helper&)>& chosen);

/// Kills what still works on a container's start whose supervisor is gone or is to go. Blocks.
void abandon_start(Host&, const str& folder, const str& id);

void reap(int pid);

/// Takes the container away from the OCI runtime; kills what may be left of it.
reactor::Co<void> delete_container(Host&, str id);
/// The same, blocking.
void delete_container_blocking(const Host&, const str& id);

}  // namespace utakata::sandbox

#pragma once

/// utakata-supervisor --session FOLDER RUNTIME ROOT ID terminal|pipes
///
/// Runs one command inside the running container ID, beside the container's own processes, and stands between it and
/// the daemon. FOLDER holds process.json (OCI process) and is removed at the end. Descriptor 3 is a SOCK_SEQPACKET
/// socket to the daemon, which hears
///   "started"           with the terminal's master, if there is one
///   "failed REASON"     instead of it
///   "exited CODE"       at the end; 128 + signal when a signal ended it
/// With pipes, descriptors 4, 5 and 6 become the command's input, output and errors.
/// When the socket ends, by the daemon's wish or with the daemon, every process of the command's session gets SIGHUP
/// and, five seconds later, SIGKILL: no session outlives who wanted it.
int run_session(int count, char** values);

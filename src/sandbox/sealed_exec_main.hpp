#pragma once

/// execvp of a copy of the program that lies in memory and can be written by nobody, so that a container that gets hold
/// of /proc/PID/exe cannot change the host's program (CVE-2019-5736). OCI runtimes protect themselves if nobody has;
/// crun does so by a mount and a second start, four milliseconds of each of its runs. Where no copy can be had it is
/// execvp. Returns only when it failed.
void exec_sealed(char* const argv[]);

#include "runtime_view_main.hpp"

#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "sealed_exec_main.hpp"

// Plain C calls only: it is part of the supervisor, which must stay small.
namespace {

bool read_line(FILE* file, char* line, int size) {
  if (fgets(line, size, file) == nullptr) return false;
  line[strcspn(line, "\n")] = '\0';
  return true;
}

void say(const char* log, const char* source, const char* target) {
  const int error = errno;
  FILE* const file = fopen(log, "ae");
  if (file == nullptr) return;
  fprintf(file,
          "{\"level\":\"error\",\"msg\":\"cannot give the runtime its view of control groups: %s over %s: %s\"}\n",
          source, target, strerror(error));
  fclose(file);
}

}  // namespace

bool enter_runtime_view(const char* file, const char* log) {
  if (*file == '\0') return true;
  FILE* const view = fopen(file, "re");
  // What the daemon mounts later, a container's root above all, is still to be seen.
  bool entered =
      view != nullptr && unshare(CLONE_NEWNS) == 0 && mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) == 0;
  char source[4096] = "a mount namespace";
  char target[4096] = "this process";
  while (entered && read_line(view, source, sizeof source) && read_line(view, target, sizeof target))
    entered = mount(source, target, nullptr, MS_BIND, nullptr) == 0;
  if (!entered) say(log, source, target);
  if (view != nullptr) fclose(view);
  return entered;
}

int run_in_view(char** values) {
  if (enter_runtime_view(values[2], "/dev/stderr")) exec_sealed(values + 3);
  perror(values[3]);
  return 127;
}

#include "sealed_exec_main.hpp"

#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

// Plain C calls only: it is part of the supervisor, which must stay small.
namespace {

constexpr unsigned may_be_executed = 0x0010;  // MFD_EXEC, which Debian 12's headers do not know

// As execvp looks for it.
int open_program(const char* name) {
  if (strchr(name, '/') != nullptr) return open(name, O_RDONLY | O_CLOEXEC);
  const char* folder = getenv("PATH");
  while (folder != nullptr) {
    const char* const end = strchrnul(folder, ':');
    char path[4096];
    const int length = snprintf(path, sizeof path, "%.*s/%s", static_cast<int>(end - folder), folder, name);
    if (end > folder && length < static_cast<int>(sizeof path) && access(path, X_OK) == 0)
      return open(path, O_RDONLY | O_CLOEXEC);
    folder = *end == ':' ? end + 1 : nullptr;
  }
  return -1;
}

int memory_file(const char* name) {
  constexpr unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  const int fd = memfd_create(name, flags | may_be_executed);
  return fd >= 0 ? fd : memfd_create(name, flags);  // kernels before 6.3
}

bool copy_all(int from, int to) {
  struct stat file;
  if (fstat(from, &file) != 0) return false;
  off_t left = file.st_size;
  while (left > 0) {
    const ssize_t copied = sendfile(to, from, nullptr, static_cast<size_t>(left));
    if (copied <= 0) return false;
    left -= copied;
  }
  return true;
}

}  // namespace

void exec_sealed(char* const argv[]) {
  const int program = open_program(argv[0]);
  const int copy = program < 0 ? -1 : memory_file(argv[0]);
  // The seals by which crun and runc know that they are such a copy.
  constexpr int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  if (copy >= 0 && copy_all(program, copy) && fcntl(copy, F_ADD_SEALS, seals) == 0) fexecve(copy, argv, environ);
  if (copy >= 0) close(copy);
  if (program >= 0) close(program);
  execvp(argv[0], argv);
}

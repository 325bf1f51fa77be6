#include "sandbox/health_command.hpp"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "base/text.hpp"
#include "sandbox/container.hpp"

namespace utakata::sandbox {
namespace {

bool share_pid_namespace(i64 one, i64 other) {
  struct stat first{};
  struct stat second{};
  return stat(cat("/proc/", one, "/ns/pid").c_str(), &first) == 0 &&
         stat(cat("/proc/", other, "/ns/pid").c_str(), &second) == 0 && first.st_ino == second.st_ino &&
         first.st_dev == second.st_dev;
}

// Opened first, looked at afterwards: whatever the number means now, only a process of the container gets the signal.
void kill_in_container(i64 pid, i64 first_process) {
  const int target = static_cast<int>(syscall(SYS_pidfd_open, static_cast<int>(pid), 0));
  if (target < 0) return;
  if (pid != first_process && share_pid_namespace(pid, first_process))
    syscall(SYS_pidfd_send_signal, target, SIGKILL, nullptr, 0);
  close(target);
}

}  // namespace

void kill_health_command(const ContainerFolder& folder) {
  const auto container = folder.started();
  const auto command = parse_integer(trim(folder.read(health_pid_file)));
  if (!container || !command) return;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const auto pid = parse_integer(entry.path().filename().string());
    // A session is named after the process that leads it.
    if (pid && (*pid == *command || getsid(static_cast<pid_t>(*pid)) == *command))
      kill_in_container(*pid, container->pid);
  }
}

}  // namespace utakata::sandbox

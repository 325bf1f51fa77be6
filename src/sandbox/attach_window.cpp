#include "sandbox/attach_window.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <map>
#include <utility>

#include "sandbox/cgroups.hpp"

namespace utakata::sandbox {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds open_for(100);
constexpr std::chrono::milliseconds between_moves(3);  // below the shortest grace period

}  // namespace

str own_processes_file(std::string_view mountinfo, std::string_view own_groups) {
  const std::map<str, str> own = own_group_paths(own_groups);
  for (const CgroupMount& mount : cgroup_mounts(mountinfo)) {
    const auto group = own.find(mount.options.empty() ? str() : mount.options.back());
    if (group == own.end()) continue;
    if (const opt<str> folder = mount.folder_of(group->second)) return *folder + "/cgroup.procs";
  }
  return "";
}

AttachWindow::AttachWindow(str processes_file)
    : file_(std::move(processes_file)), thread_(file_.empty() ? std::thread() : std::thread([this] { work(); })) {}

AttachWindow::~AttachWindow() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void AttachWindow::keep_open() {
  const std::scoped_lock lock(mutex_);
  until_ = steady_clock::now() + open_for;
  wake_.notify_all();
}

void AttachWindow::work() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    if (steady_clock::now() >= until_) {
      wake_.wait(lock);
      continue;
    }
    lock.unlock();
    // Opened each time: the group may be another one by now, and a host that refuses loses nothing but the time.
    const int fd = open(file_.c_str(), O_WRONLY | O_CLOEXEC);
    const bool moved = fd >= 0 && write(fd, "0", 1) == 1;
    if (fd >= 0) close(fd);
    lock.lock();
    if (!moved) until_ = {};
    if (!ending_) wake_.wait_for(lock, between_moves, [this] { return ending_; });
  }
}

}  // namespace utakata::sandbox

#include "sandbox/user_space.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <thread>

#include "base/text.hpp"
#include "reactor/process.hpp"
#include "sandbox/probe_folder.hpp"

namespace utakata::sandbox {
namespace {

namespace fs = std::filesystem;

// Between what systemd gives to dynamic users and containers, and 2^31, which some programs take for a sign.
constexpr i64 first_of_all = 0x70000000;
constexpr i64 ranges_max = 4'095;

std::unexpected<Fault> user_space_failed(std::string_view doing) {
  const int error = errno;
  return refuse("ResourceInitializationError", cat("ResourceInitializationError: cannot ", doing, ": ",
                                                   std::strerror(error)));  // NOLINT(concurrency-mt-unsafe)
}

// Shares our memory, so that making it costs nothing; therefore it only waits. It ends with us, should we be killed.
int wait_to_be_killed(void*) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  while (true) syscall(SYS_ppoll, nullptr, 0, nullptr, nullptr, 0);
}

bool write_text(const str& path, const str& text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  const bool written = fd >= 0 && write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int error = errno;
  if (fd >= 0) close(fd);
  errno = error;
  return written;
}

Outcome<> bind_namespace(const str& what, const str& file) {
  const int made = open(file.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0400);
  if (made >= 0) close(made);
  if (mount(what.c_str(), file.c_str(), nullptr, MS_BIND, nullptr) != 0)
    return user_space_failed(cat("bind a namespace to ", file));
  return {};
}

// The process of one namespace, for as long as it is set up.
class Founder {
 public:
  Founder()
      : pid_(clone(wait_to_be_killed, stack_.data() + stack_.size(), CLONE_VM | CLONE_NEWUSER | CLONE_NEWNET | SIGCHLD,
                   nullptr)) {}
  Founder(const Founder&) = delete;
  Founder& operator=(const Founder&) = delete;
  ~Founder() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  [[nodiscard]] int pid() const { return pid_; }

 private:
  alignas(16) std::array<char, 16 * 1024> stack_{};
  int pid_;
};

Outcome<> found(IdRange range, const str& user_file, const str& network_file) {
  const Founder founder;
  if (founder.pid() < 0) return user_space_failed("make a user namespace");
  const str process = cat("/proc/", founder.pid());
  const str map = cat("0 ", range.first, " ", IdRange::size, "\n");
  if (!write_text(process + "/uid_map", map) || !write_text(process + "/gid_map", map))
    return user_space_failed("map user ids");
  TRY_VOID(bind_namespace(process + "/ns/user", user_file));
  return bind_namespace(process + "/ns/net", network_file);
}

// As make_namespace() leaves one: with its loopback up.
Outcome<> start_loopback(const str& network_file) {
  Outcome<> outcome;
  std::thread([&] {
    const int space = open(network_file.c_str(), O_RDONLY | O_CLOEXEC);
    const bool inside = space >= 0 && setns(space, CLONE_NEWNET) == 0;
    const int any = inside ? socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
    ifreq request{};
    std::strncpy(request.ifr_name, "lo", sizeof request.ifr_name - 1);
    request.ifr_flags = IFF_UP;
    if (any < 0 || ioctl(any, SIOCSIFFLAGS, &request) != 0) outcome = user_space_failed("start a loopback");
    if (any >= 0) close(any);
    if (space >= 0) close(space);
  }).join();
  return outcome;
}

void unbind(const str& file) {
  while (umount2(file.c_str(), MNT_DETACH) == 0) {
  }
  unlink(file.c_str());
}

str try_mapped_mount(const UserSpace& users, const str& dir) {
  for (const char* name : {"/lower", "/upper", "/work", "/mapped", "/all"}) mkdir((dir + name).c_str(), 0755);
  if (const auto mapped = users.mount_mapped("probe", dir + "/lower", dir + "/mapped"); !mapped)
    return mapped.error().message;
  const str options = cat("lowerdir=", dir, "/mapped,upperdir=", dir, "/upper,workdir=", dir, "/work");
  const bool mounted = mount("overlay", (dir + "/all").c_str(), "overlay", 0, options.c_str()) == 0;
  const int error = errno;
  if (mounted) umount2((dir + "/all").c_str(), MNT_DETACH);
  umount2((dir + "/mapped").c_str(), MNT_DETACH);
  return mounted ? str() : cat("overlay on a mapped mount: ", std::strerror(error));  // NOLINT(concurrency-mt-unsafe)
}

}  // namespace

Outcome<IdRange> UserSpace::take() {
  if (!enabled_) return IdRange{};
  const std::scoped_lock lock(mutex_);
  for (i64 n = 0; n < ranges_max; ++n)
    if (const i64 first = first_of_all + n * IdRange::size; taken_.insert(first).second) return IdRange{first};
  return refuse("ResourceInitializationError",
                cat("ResourceInitializationError: all ", ranges_max, " ranges of user ids are taken by other tasks"));
}

void UserSpace::adopt(IdRange range) {
  const std::scoped_lock lock(mutex_);
  if (range) taken_.insert(range.first);
}

void UserSpace::give_back(IdRange range) {
  const std::scoped_lock lock(mutex_);
  taken_.erase(range.first);
}

Outcome<> UserSpace::make(const str& task_id, IdRange range, const str& network_file) const {
  if (!range) return {};
  std::error_code error;
  fs::create_directories(dir_, error);
  TRY_VOID(found(range, file(task_id), network_file));
  return start_loopback(network_file);
}

void UserSpace::remove(const str& task_id) const { unbind(file(task_id)); }

Outcome<> UserSpace::mount_mapped(const str& task_id, const str& source, const str& target) const {
  const int users = open(file(task_id).c_str(), O_RDONLY | O_CLOEXEC);
  const int tree = open_tree(AT_FDCWD, source.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_IDMAP;
  attributes.userns_fd = static_cast<std::uint64_t>(users);
  const bool mounted = users >= 0 && tree >= 0 &&
                       mount_setattr(tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes) == 0 &&
                       move_mount(tree, "", AT_FDCWD, target.c_str(), MOVE_MOUNT_F_EMPTY_PATH) == 0;
  const int error = errno;
  if (users >= 0) close(users);
  if (tree >= 0) close(tree);
  errno = error;
  return mounted ? Outcome<>() : user_space_failed(cat("mount ", source, " for the task's own users"));
}

str users_obstacle(const str& state_dir) {
  // What the runtime will do with /proc and /sys; some hosts refuse it, containers that hide parts of /proc above all.
  const auto tried = reactor::run_process_blocking({"unshare", "--user", "--map-root-user", "--net", "--pid", "--fork",
                                                    "--mount-proc", "mount", "-t", "sysfs", "sysfs", "/sys"},
                                                   seconds(10));
  if (!tried || tried->exit_code != 0)
    return cat("no user namespace with its own /proc and /sys: ",
               tried ? str(trim(tried->output)) : tried.error().message);
  const ProbeFolder place(state_dir);
  const str& dir = place.path;
  if (dir.empty()) return cat("no folder can be made in ", state_dir);
  UserSpace users(dir, true);
  const auto range = users.take();
  const Outcome<> made =
      range ? users.make("probe", *range, dir + "/network") : Outcome<>(std::unexpected(range.error()));
  str obstacle = made ? try_mapped_mount(users, dir) : made.error().message;
  users.remove("probe");
  unbind(dir + "/network");
  return obstacle;
}

Json id_mappings(IdRange range) {
  Json array = Json::array();
  Json& map = array.push(Json::object());
  map.set("containerID", 0);
  map.set("hostID", range.first);
  map.set("size", IdRange::size);
  return array;
}

}  // namespace utakata::sandbox

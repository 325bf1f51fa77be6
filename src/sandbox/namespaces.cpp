#include "sandbox/namespaces.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "base/text.hpp"
#include "sandbox/netlink.hpp"

namespace utakata::sandbox {
namespace {

bool is_namespace(const std::string& file) {
  struct stat info{};
  struct stat folder{};
  const std::size_t slash = file.rfind('/');
  if (stat(file.c_str(), &info) != 0 || stat(file.substr(0, slash).c_str(), &folder) != 0) return false;
  return info.st_dev != folder.st_dev;  // a bound namespace lives on nsfs
}

Outcome<> begin_namespace(const std::string& file) {
  if (unshare(CLONE_NEWNET) != 0) return network_failed("make a namespace", errno);
  if (mount("/proc/thread-self/ns/net", file.c_str(), nullptr, MS_BIND, nullptr) != 0)
    return network_failed(cat("bind a namespace to ", file), errno);
  auto netlink = TRY(Netlink::open());
  return netlink.set_up("lo");
}

}  // namespace

Outcome<> forward_packets() {
  const int forward = ::open("/proc/sys/net/ipv4/ip_forward", O_WRONLY | O_CLOEXEC);
  if (forward < 0) return {};
  const bool written = write(forward, "1", 1) == 1;
  close(forward);
  return written ? Outcome<>() : network_failed("switch forwarding on", errno);
}

Outcome<> inside_namespace(int namespace_fd, const std::function<Outcome<>()>& work) {
  Outcome<> outcome;
  std::thread([&] {
    outcome = setns(namespace_fd, CLONE_NEWNET) == 0 ? work() : network_failed("enter a namespace", errno);
  }).join();
  return outcome;
}

Outcome<bool> make_namespace(const std::string& file) {
  if (is_namespace(file)) return false;
  const int made = ::open(file.c_str(), O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
  if (made < 0 && errno != EEXIST) return network_failed(cat("make ", file), errno);
  if (made >= 0) close(made);
  Outcome<> outcome;
  std::thread([&] { outcome = begin_namespace(file); }).join();
  if (!outcome) return std::unexpected(outcome.error());
  return true;
}

void unbind_namespace(const std::string& file) {
  while (umount2(file.c_str(), MNT_DETACH) == 0) {
  }
  unlink(file.c_str());
}

}  // namespace utakata::sandbox

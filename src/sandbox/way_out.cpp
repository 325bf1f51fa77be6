#include "sandbox/way_out.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <vector>

#include "base/text.hpp"
#include "sandbox/firewall.hpp"
#include "sandbox/read_text.hpp"

namespace utakata::sandbox {
namespace {

namespace fs = std::filesystem;

// The two ends of the interface; next to internet_address, which the rules keep tasks from.
constexpr std::string_view own_address = "198.18.0.6", gateway = "198.18.0.5", prefix = "30";

// Its exit status; -1 if it could not be started.
int run(const std::vector<std::string>& words) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));  // NOLINT: posix_spawn's type
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (int fd = 0; fd < 3; ++fd) posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  sigset_t all;  // pasta ends when it finds SIGPIPE ignored
  sigfillset(&all);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  pid_t pid = 0;
  const int error = posix_spawnp(&pid, argv[0], &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return -1;
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

std::string WayOut::pid_file(const std::string& vpc_id) const { return cat(dir_, "/", vpc_id); }

int WayOut::running(const std::string& vpc_id) const {
  const auto pid = parse_integer(trim(split(read_text(pid_file(vpc_id)).value_or(""), '\n').front()));
  if (!pid || *pid <= 1) return 0;
  // Another process may have got the number since.
  return read_text(cat("/proc/", *pid, "/cmdline")).value_or("").contains(pid_file(vpc_id)) ? static_cast<int>(*pid)
                                                                                            : 0;
}

Outcome<> WayOut::open(const std::string& vpc_id, const std::string& namespace_file) {
  if (running(vpc_id) != 0) return {};
  std::error_code error;
  fs::create_directories(dir_, error);
  const int status =
      run({"pasta",         "--quiet",         "--ipv4-only", "--config-net", "--netns",   namespace_file,
           "--address",     str(own_address),  "--netmask",   str(prefix),    "--gateway", str(gateway),
           "--ns-ifname",   str(outside_link), "--no-map-gw", "--tcp-ports",  "none",      "--udp-ports",
           "none",          "--tcp-ns",        "none",        "--udp-ns",     "none",      "--no-dhcp",
           "--no-dhcpv6",   "--no-ndp",        "--no-ra",     "--runas",      "0",         "--pid",
           pid_file(vpc_id)});
  if (status == 0) return {};
  return refuse("NoWayOut", status < 0
                                ? "there is no way out of the VPC: the program pasta is missing (apt install passt)"
                                : cat("there is no way out of the VPC: pasta ended with ", status,
                                      "; does this host have a default route?"));
}

void WayOut::close(const std::string& vpc_id) {
  if (const int pid = running(vpc_id); pid != 0) kill(pid, SIGTERM);
  std::error_code error;
  fs::remove(pid_file(vpc_id), error);
}

void WayOut::close_all() {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(dir_, error)) close(entry.path().filename());
}

}  // namespace utakata::sandbox

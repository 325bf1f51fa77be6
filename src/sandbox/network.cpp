#include "sandbox/network.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <functional>
#include <thread>

#include "base/text.hpp"
#include "sandbox/endpoint.hpp"
#include "sandbox/namespace_socket.hpp"
#include "sandbox/netlink.hpp"

namespace utakata::sandbox {
namespace {

namespace fs = std::filesystem;

std::unexpected<Fault> failed(std::string_view doing) {
  const int error = errno;
  return refuse("ResourceInitializationError",
                cat("network: cannot ", doing, ": ", std::strerror(error)));  // NOLINT(concurrency-mt-unsafe)
}

// Work inside a namespace is done on a thread that ends with it: no other code can find itself in the wrong one.
Outcome<> inside(int namespace_fd, const std::function<Outcome<>(Netlink&)>& work) {
  Outcome<> outcome;
  std::thread([&] {
    if (setns(namespace_fd, CLONE_NEWNET) != 0) {
      outcome = failed("enter a namespace");
      return;
    }
    auto netlink = Netlink::open();
    outcome = netlink ? work(*netlink) : Outcome<>(std::unexpected(netlink.error()));
  }).join();
  return outcome;
}

// A new namespace bound to `file`, which keeps it alive without a process.
Outcome<> make_namespace(const str& file) {
  const int made = ::open(file.c_str(), O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
  if (made < 0 && errno != EEXIST) return failed(cat("make ", file));
  if (made >= 0) close(made);
  Outcome<> outcome;
  std::thread([&] {
    if (unshare(CLONE_NEWNET) != 0) {
      outcome = failed("make a namespace");
      return;
    }
    if (mount("/proc/thread-self/ns/net", file.c_str(), nullptr, MS_BIND, nullptr) != 0) {
      outcome = failed(cat("bind a namespace to ", file));
      return;
    }
    auto netlink = Netlink::open();
    outcome = netlink ? netlink->set_up("lo") : Outcome<>(std::unexpected(netlink.error()));
    const int forward = ::open("/proc/sys/net/ipv4/ip_forward", O_WRONLY | O_CLOEXEC);
    if (forward >= 0) {
      if (write(forward, "1", 1) != 1) outcome = failed("switch forwarding on");
      close(forward);
    }
  }).join();
  return outcome;
}

bool is_namespace(const str& file) {
  struct stat info{};
  struct stat folder{};
  const std::size_t slash = file.rfind('/');
  if (stat(file.c_str(), &info) != 0 || stat(file.substr(0, slash).c_str(), &folder) != 0) return false;
  return info.st_dev != folder.st_dev;  // a bound namespace lives on nsfs
}

void unbind(const str& file) {
  while (umount2(file.c_str(), MNT_DETACH) == 0) {
  }
  unlink(file.c_str());
}

// AWS's router is the second address of the subnet.
Outcome<str> gateway_of(const str& cidr) {
  const std::size_t slash = cidr.find('/');
  in_addr base{};
  if (inet_pton(AF_INET, cidr.substr(0, slash).c_str(), &base) != 1)
    return refuse("ResourceInitializationError", cat("network: the subnet's CIDR ", cidr, " is no address range"));
  base.s_addr = htonl(ntohl(base.s_addr) + 1);
  std::array<char, INET_ADDRSTRLEN> text{};
  inet_ntop(AF_INET, &base, text.data(), text.size());
  return str(text.data());
}

str interface_name(const str& task_id) { return cat("v", task_id.substr(0, 12)); }

}  // namespace

Network::~Network() {
  for (const auto& [vpc, fd] : routers_) close(fd);
}

str Network::task_file(const str& task_id) const { return cat(dir_, "/task-", task_id); }

Outcome<int> Network::open_router(const str& vpc_id) {
  if (const auto known = routers_.find(vpc_id); known != routers_.end()) return known->second;
  const str file = cat(dir_, "/", vpc_id);
  fs::create_directories(dir_);
  if (!is_namespace(file)) TRY_VOID(make_namespace(file));
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failed(cat("open ", file));
  routers_[vpc_id] = fd;
  return fd;
}

int Network::router(const str& vpc_id) {
  const std::scoped_lock lock(mutex_);
  return open_router(vpc_id).value_or(-1);
}

bool Network::add_router_address(const str& vpc_id, const str& address) {
  const std::scoped_lock lock(mutex_);
  const auto fd = open_router(vpc_id);
  return fd && inside(*fd, [&](Netlink& netlink) { return netlink.add_address("lo", address, 32); });
}

Outcome<> Network::connect(const str& task_id, const InterfaceSpec& spec, int router_fd, int task_fd) {
  const str gateway = TRY(gateway_of(spec.subnet_cidr));
  const str name = interface_name(task_id);
  TRY_VOID(inside(router_fd, [&](Netlink& netlink) -> Outcome<> {
    TRY_VOID(netlink.add_address("lo", gateway, 32));
    TRY_VOID(netlink.add_veth(name, "eth0", task_fd, spec.mac));
    TRY_VOID(netlink.set_up(name));
    return netlink.add_route(name, spec.address, 32, "");
  }));
  return inside(task_fd, [&](Netlink& netlink) -> Outcome<> {
    TRY_VOID(netlink.add_address("eth0", spec.address, 32));
    TRY_VOID(netlink.set_up("eth0"));
    TRY_VOID(netlink.add_route("eth0", gateway, 32, ""));
    // Of its own, so that it does not depend on a way to anywhere else.
    TRY_VOID(netlink.add_route("eth0", str(endpoint_address), 32, gateway));
    return netlink.add_route("eth0", "0.0.0.0", 0, gateway);
  });
}

Outcome<str> Network::add_task(const str& task_id, const InterfaceSpec& spec) {
  const std::scoped_lock lock(mutex_);
  const int router_fd = TRY(open_router(spec.vpc_id));
  const str file = task_file(task_id);
  if (!is_namespace(file)) TRY_VOID(make_namespace(file));
  const int task_fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (task_fd < 0) return failed(cat("open ", file));
  const Outcome<> connected = connect(task_id, spec, router_fd, task_fd);
  close(task_fd);
  if (!connected) return std::unexpected(connected.error());
  return file;
}

Outcome<int> Network::listen_for(const str& task_id, const InterfaceSpec& spec, const reactor::Address& address) {
  const std::scoped_lock lock(mutex_);
  const int router_fd = TRY(open_router(spec.vpc_id));
  TRY_VOID(inside(router_fd, [&](Netlink& netlink) { return netlink.add_address("lo", address.host, 32); }));
  return listen_on_interface(router_fd, interface_name(task_id), address);
}

void Network::remove_task(const str& task_id, const str& vpc_id) {
  const std::scoped_lock lock(mutex_);
  // Without this the kernel would take the pair away a little later, when it tears the namespace down.
  if (const auto fd = vpc_id.empty() ? Outcome<int>(-1) : open_router(vpc_id); fd && *fd >= 0)
    static_cast<void>(inside(*fd, [&](Netlink& netlink) { return netlink.remove_link(interface_name(task_id)); }));
  unbind(task_file(task_id));
}

list<str> Network::task_ids() const {
  list<str> ids;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(dir_, error)) {
    const str name = entry.path().filename();
    if (name.starts_with("task-")) ids.push_back(name.substr(5));
  }
  return ids;
}

void Network::remove_everything() {
  const std::scoped_lock lock(mutex_);
  for (const auto& [vpc, fd] : routers_) close(fd);
  routers_.clear();
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(dir_, error)) unbind(entry.path());
}

void Network::publish(const str& vpc_id, const str& name, const str& address) {
  const std::scoped_lock lock(mutex_);
  str& known = names_[vpc_id][name];
  if (known == address) return;
  known = address;
  for (const auto& [file, hosts] : hosts_)
    if (hosts.vpc_id == vpc_id) write_hosts_file(file, hosts);
}

Outcome<> Network::write_hosts(const str& file, const InterfaceSpec& spec) {
  const std::scoped_lock lock(mutex_);
  hosts_[file] = Hosts{.vpc_id = spec.vpc_id,
                       .own_lines = cat("127.0.0.1 localhost\n", spec.address, " ", spec.host_name, " ",
                                        spec.host_name.substr(0, spec.host_name.find('.')), "\n")};
  write_hosts_file(file, hosts_[file]);
  return {};
}

void Network::forget_hosts(const str& file) {
  const std::scoped_lock lock(mutex_);
  hosts_.erase(file);
}

// In place: containers have this very file mounted.
void Network::write_hosts_file(const str& file, const Hosts& hosts) {
  str text = hosts.own_lines;
  for (const auto& [name, address] : names_[hosts.vpc_id]) text += cat(address, " ", name, "\n");
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return;
  if (pwrite(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()))
    static_cast<void>(ftruncate(fd, static_cast<off_t>(text.size())));
  close(fd);
}

}  // namespace utakata::sandbox

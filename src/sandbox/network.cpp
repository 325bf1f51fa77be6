#include "sandbox/network.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>

#include "base/ipv4.hpp"
#include "base/text.hpp"
#include "sandbox/endpoint.hpp"
#include "sandbox/firewall.hpp"
#include "sandbox/namespace_socket.hpp"
#include "sandbox/namespaces.hpp"
#include "sandbox/netlink.hpp"
#include "sandbox/vpc_names.hpp"

namespace utakata::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds watch_interval(5);
constexpr std::chrono::seconds retry_interval(1);

Outcome<int> open_namespace(const str& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd >= 0) return fd;
  return refuse("ResourceInitializationError",
                cat("network: cannot open ", file, ": ", std::strerror(errno)));  // NOLINT(concurrency-mt-unsafe)
}

Outcome<> with_netlink(int namespace_fd, const std::function<Outcome<>(Netlink&)>& work) {
  return inside_namespace(namespace_fd, [&]() -> Outcome<> {
    auto netlink = TRY(Netlink::open());
    return work(netlink);
  });
}

// AWS's router is the second address of the subnet.
Outcome<str> gateway_of(const str& cidr) {
  const auto block = Ipv4Block::parse(cidr);
  if (!block)
    return refuse("ResourceInitializationError", cat("network: the subnet's CIDR ", cidr, " is no address range"));
  return ipv4_text(block->base + 1);
}

}  // namespace

Network::Network(NetworkSettings settings)
    : settings_(std::move(settings)),
      ways_(settings_.ways_dir),
      resolver_(settings_.dns,
                [this](const str& vpc_id, const str& name) -> std::optional<DnsName> {
                  const std::scoped_lock lock(mutex_);
                  const auto vpc = vpcs_.find(vpc_id);
                  return vpc == vpcs_.end() ? std::nullopt : known_name(vpc->second->picture, name);
                }),
      worker_([this] { work(); }) {}

Network::~Network() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  worker_.join();
  for (const auto& [id, vpc] : vpcs_)
    if (vpc->router >= 0) close(vpc->router);
}

str Network::task_file(const str& task_id) const { return cat(settings_.dir, "/task-", task_id); }
str Network::vpc_file(const str& vpc_id) const { return cat(settings_.dir, "/", vpc_id); }

void Network::configure(const ConfigureVpcs& all) {
  std::set<str> gone;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(settings_.dir, error))
    if (const str name = entry.path().filename(); !name.starts_with("task-")) gone.insert(name);
  {
    const std::scoped_lock lock(mutex_);
    configured_ = true;
    for (const auto& [id, vpc] : vpcs_) gone.insert(id);
    for (const VpcConfig& each : all.vpcs) {
      gone.erase(each.id);
      auto& vpc = vpcs_[each.id];
      if (!vpc) vpc = std::make_shared<Vpc>();
      vpc->picture.take(each);
      vpc->pending.clear();
      vpc->rewrite = true;
      mark(each.id);
    }
  }
  for (const str& id : gone) remove_vpc(id);
}

void Network::change(const ChangeVpc& change) {
  if (change.removed) return remove_vpc(change.vpc_id);
  const std::scoped_lock lock(mutex_);
  auto& vpc = vpcs_[change.vpc_id];
  if (!vpc) vpc = std::make_shared<Vpc>();
  const auto commands = firewall_change(vpc->picture, change);
  vpc->picture.take(change);
  if (commands)
    vpc->pending += *commands;
  else
    vpc->rewrite = true;
  mark(change.vpc_id);
}

void Network::mark(const str& vpc_id) {
  dirty_.insert(vpc_id);
  wake_.notify_all();
}

void Network::try_again(const str& vpc_id) {
  if (failed_.empty()) again_at_ = std::chrono::steady_clock::now() + retry_interval;
  failed_.insert(vpc_id);
  wake_.notify_all();
}

void Network::work() {
  std::map<str, str> told;  // VPC -> what went wrong last
  std::unique_lock lock(mutex_);
  while (true) {
    const auto now = std::chrono::steady_clock::now();
    const auto until = failed_.empty() ? now + watch_interval : again_at_;
    const bool woken = wake_.wait_until(lock, until, [this] { return ending_ || !dirty_.empty(); });
    if (ending_) return;
    if (!failed_.empty() && std::chrono::steady_clock::now() >= again_at_) dirty_.merge(std::exchange(failed_, {}));
    if (!woken && settings_.egress)
      for (const auto& [id, vpc] : vpcs_)
        if (vpc->router >= 0) dirty_.insert(id);  // its way out may have ended
    if (dirty_.empty()) continue;
    const str id = *dirty_.begin();
    dirty_.erase(dirty_.begin());
    lock.unlock();
    // A VPC without any task or load balancer has no namespace, and gets all of its rules with it.
    std::error_code error;
    const bool there = fs::exists(vpc_file(id), error);
    const auto vpc = there ? open_vpc(id) : nullptr;
    const Outcome<> done = !there ? Outcome<>() : vpc ? put_in_force(id, **vpc) : std::unexpected(vpc.error());
    const str trouble = done ? str() : done.error().message;
    if (!done && told[id] != trouble) settings_.tell(cat(id, ": ", trouble));
    lock.lock();
    if (done) {
      told.erase(id);
    } else {
      told[id] = trouble;
      try_again(id);
    }
  }
}

// Whoever comes first takes everything that is pending; the others find it done.
Outcome<> Network::put_in_force(const str& vpc_id, Vpc& vpc) {
  const std::scoped_lock in_force(vpc.in_force);
  str commands;
  {
    const std::scoped_lock lock(mutex_);
    // A part of the picture must not replace a whole table that running tasks live by.
    if (vpc.made || configured_) {
      commands = std::exchange(vpc.pending, {});
      if (std::exchange(vpc.rewrite, false)) commands = firewall(vpc.picture);
    }
  }
  if (const Outcome<> ran = commands.empty() ? Outcome<>() : run_rules(vpc, std::move(commands)); !ran) {
    const std::scoped_lock lock(mutex_);
    vpc.rewrite = true;
    try_again(vpc_id);
    return ran;
  }
  resolve_in(vpc);
  if (settings_.egress)
    open_way(vpc);
  else
    ways_.close(vpc_id);  // one that a daemon with other settings left open when it was killed
  return {};
}

Outcome<> Network::run_rules(Vpc& vpc, str commands) {
  if (!vpc.nft)
    TRY_VOID(inside_namespace(vpc.router, [&]() -> Outcome<> {
      vpc.nft = std::make_unique<Nft>(TRY(Nft::open()));
      return {};
    }));
  if (vpc.nft->run(commands)) return {};
  // A change that does not fit what is there: the whole table says the same.
  {
    const std::scoped_lock lock(mutex_);
    vpc.pending.clear();
    commands = firewall(vpc.picture);
  }
  return vpc.nft->run(commands);
}

void Network::resolve_in(Vpc& vpc) {
  str id;
  str cidr;
  {
    const std::scoped_lock lock(mutex_);
    id = vpc.picture.id;
    cidr = vpc.picture.cidr;
  }
  if (cidr.empty() || vpc.resolving == cidr) return;
  const list<str> addresses{str(resolver_address), resolver_address_of(cidr)};
  const Outcome<> ready = with_netlink(vpc.router, [&](Netlink& netlink) -> Outcome<> {
    for (const str& address : addresses) TRY_VOID(netlink.add_address("lo", address, 32));
    return {};
  });
  if (!ready) return settings_.tell(cat(id, ": no resolver: ", ready.error().message));
  resolver_.serve(id, vpc.router, addresses);
  vpc.resolving = cidr;
}

// A way that cannot be opened leaves tasks without one; the reason is told once.
void Network::open_way(Vpc& vpc) {
  str id;
  bool wanted = false;
  {
    const std::scoped_lock lock(mutex_);
    id = vpc.picture.id;
    for (const auto& [interface, config] : vpc.picture.interfaces) wanted = wanted || !config.outward.empty();
  }
  if (!wanted) return;
  const Outcome<> opened = ways_.open(id, vpc_file(id));
  const str trouble = opened ? str() : opened.error().message;
  if (!trouble.empty() && trouble != vpc.no_way_told) settings_.tell(cat(id, ": ", trouble));
  vpc.no_way_told = trouble;
}

Outcome<std::shared_ptr<Network::Vpc>> Network::open_vpc(const str& vpc_id) {
  const std::scoped_lock lock(mutex_);
  auto& vpc = vpcs_[vpc_id];
  if (!vpc) vpc = std::make_shared<Vpc>();
  if (vpc->router >= 0) return vpc;
  fs::create_directories(settings_.dir);
  if (TRY(make_namespace(vpc_file(vpc_id)))) {
    vpc->made = true;
    vpc->rewrite = true;
    mark(vpc_id);
  }
  const int fd = TRY(open_namespace(vpc_file(vpc_id)));
  const Outcome<> ready = with_netlink(fd, [](Netlink& netlink) -> Outcome<> {
    TRY_VOID(forward_packets());
    return netlink.add_address("lo", str(internet_address), 32);
  });
  if (!ready) {
    close(fd);
    return std::unexpected(ready.error());
  }
  vpc->router = fd;
  return vpc;
}

bool Network::may_connect(const str& vpc_id, const Connection& connection) {
  const std::scoped_lock lock(mutex_);
  const auto vpc = vpcs_.find(vpc_id);
  if (vpc == vpcs_.end() || vpc->second->picture.at(connection.to) == nullptr) return true;
  return utakata::may_connect(vpc->second->picture, connection);
}

int Network::router(const str& vpc_id) {
  const auto vpc = open_vpc(vpc_id);
  return vpc ? (*vpc)->router : -1;
}

bool Network::add_router_address(const str& vpc_id, const str& address) {
  const int fd = router(vpc_id);
  return fd >= 0 && with_netlink(fd, [&](Netlink& netlink) { return netlink.add_address("lo", address, 32); });
}

Outcome<> Network::connect(const InterfaceSpec& spec, int router_fd, int task_fd) {
  const str gateway = TRY(gateway_of(spec.subnet_cidr));
  const str name = link_name(spec.interface_id);
  TRY_VOID(with_netlink(router_fd, [&](Netlink& netlink) -> Outcome<> {
    TRY_VOID(netlink.add_address("lo", gateway, 32));
    TRY_VOID(netlink.add_veth(name, "eth0", task_fd, spec.mac));
    TRY_VOID(netlink.set_up(name));
    return netlink.add_route(name, spec.address, 32, "");
  }));
  return with_netlink(task_fd, [&](Netlink& netlink) -> Outcome<> {
    TRY_VOID(netlink.add_address("eth0", spec.address, 32));
    TRY_VOID(netlink.set_up("eth0"));
    TRY_VOID(netlink.add_route("eth0", gateway, 32, ""));
    // Of its own, so that it does not depend on a way to anywhere else.
    TRY_VOID(netlink.add_route("eth0", str(endpoint_address), 32, gateway));
    return netlink.add_route("eth0", "0.0.0.0", 0, gateway);
  });
}

Outcome<> Network::add_task(const str& task_id, const InterfaceSpec& spec) {
  const auto vpc = TRY(open_vpc(spec.vpc_id));
  TRY_VOID(put_in_force(spec.vpc_id, *vpc));
  const str file = task_file(task_id);
  static_cast<void>(TRY(make_namespace(file)));
  const int task_fd = TRY(open_namespace(file));
  const Outcome<> connected = connect(spec, vpc->router, task_fd);
  close(task_fd);
  return connected;
}

Outcome<int> Network::listen_for(const InterfaceSpec& spec, const reactor::Address& address) {
  const auto vpc = TRY(open_vpc(spec.vpc_id));
  TRY_VOID(with_netlink(vpc->router, [&](Netlink& netlink) { return netlink.add_address("lo", address.host, 32); }));
  return listen_on_interface(vpc->router, link_name(spec.interface_id), address);
}

void Network::remove_task(const str& task_id, const InterfaceSpec& spec) {
  // Without this the kernel would take the pair away a little later, when it tears the namespace down.
  if (const int fd = spec.vpc_id.empty() ? -1 : router(spec.vpc_id); fd >= 0)
    static_cast<void>(
        with_netlink(fd, [&](Netlink& netlink) { return netlink.remove_link(link_name(spec.interface_id)); }));
  unbind_namespace(task_file(task_id));
}

void Network::remove_vpc(const str& vpc_id) {
  std::shared_ptr<Vpc> vpc;
  {
    const std::scoped_lock lock(mutex_);
    dirty_.erase(vpc_id);
    if (const auto known = vpcs_.find(vpc_id); known != vpcs_.end()) {
      vpc = known->second;
      vpcs_.erase(known);
    }
  }
  ways_.close(vpc_id);
  resolver_.forget(vpc_id);
  if (vpc) {
    const std::scoped_lock in_force(vpc->in_force);
    // Tasks that still run keep the namespace: from now on nobody is in the VPC, and nothing is let through.
    vpc->picture = {.id = vpc_id, .cidr = vpc->picture.cidr};
    if (vpc->router >= 0 && !vpc->picture.cidr.empty()) static_cast<void>(run_rules(*vpc, firewall(vpc->picture)));
    vpc->nft.reset();
    if (vpc->router >= 0) close(std::exchange(vpc->router, -1));
  }
  unbind_namespace(vpc_file(vpc_id));
}

list<str> Network::task_ids() const {
  list<str> ids;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(settings_.dir, error)) {
    const str name = entry.path().filename();
    if (name.starts_with("task-")) ids.push_back(name.substr(5));
  }
  return ids;
}

void Network::remove_everything() {
  configure(ConfigureVpcs{});
  ways_.close_all();
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(settings_.dir, error)) unbind_namespace(entry.path());
}

}  // namespace utakata::sandbox

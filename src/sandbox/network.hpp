#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "base/outcome.hpp"
#include "core/task_spec.hpp"
#include "core/vpc_picture.hpp"
#include "ports/ports.hpp"
#include "reactor/stream.hpp"
#include "sandbox/nft.hpp"
#include "sandbox/resolver.hpp"
#include "sandbox/way_out.hpp"

namespace utakata::sandbox {

struct NetworkSettings {
  str dir;       // one file a namespace
  str ways_dir;  // one file a way out
  bool egress = false;
  str dns = "host";                                                   // see Resolver
  std::function<void(const str& sentence)> tell = [](const str&) {};  // to people; from any thread
};

/// The namespaces of VPCs and tasks: one router namespace a VPC, one namespace a task, joined by a routed pair of
/// interfaces, so that every packet passes the router and its rules (firewall.hpp). They are bound to files below
/// `dir`, so that they outlive the daemon; the host's own namespace is not touched. Thread-safe.
class Network {
 public:
  explicit Network(NetworkSettings);
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;
  ~Network();

  /// Return at once; a thread of its own puts the rules in force.
  void configure(const ConfigureVpcs&);
  void change(const ChangeVpc&);

  /// The namespace task_file() with its eth0 for this task. Everything that its VPC was told before is in force then.
  /// Blocks for a few milliseconds. Repeating it is no error.
  Outcome<> add_task(const str& task_id, const InterfaceSpec&);
  void remove_task(const str& task_id, const InterfaceSpec&);
  /// A listening socket at this address of the router that nothing but the task of this interface reaches.
  Outcome<int> listen_for(const InterfaceSpec&, const reactor::Address&);

  /// What the rules say of a connection to a task; while that is not known, nothing is said against it.
  [[nodiscard]] bool may_connect(const str& vpc_id, const Connection&);
  /// A descriptor of the VPC's router namespace, made when it is missing; -1 if it cannot be.
  int router(const str& vpc_id);
  bool add_router_address(const str& vpc_id, const str& address);

  /// The file of a task's namespace, whether it is there or not; add_task() keeps one that is.
  [[nodiscard]] str task_file(const str& task_id) const;
  /// Takes every namespace away.
  void remove_everything();
  /// The ids of the tasks that have a namespace.
  [[nodiscard]] list<str> task_ids() const;

 private:
  struct Vpc {
    int router = -1;
    VpcPicture picture;
    str pending;           // commands that are not in force yet
    bool rewrite = false;  // the whole table has to be made
    bool made = false;     // its namespace is new; else a former daemon's rules are in force in it
    str resolving;         // the block of addresses for which its resolver stands
    str no_way_told;       // why there is no way out, as it was told last
    std::unique_ptr<Nft> nft;
    std::mutex in_force;  // held while rules are put in force; taken before mutex_
  };
  Outcome<std::shared_ptr<Vpc>> open_vpc(const str& vpc_id);
  Outcome<> put_in_force(const str& vpc_id, Vpc&);
  Outcome<> run_rules(Vpc&, str commands);
  void resolve_in(Vpc&);
  void open_way(Vpc&);
  void remove_vpc(const str& vpc_id);
  void mark(const str& vpc_id);
  void try_again(const str& vpc_id);
  void work();
  Outcome<> connect(const InterfaceSpec&, int router, int task);
  [[nodiscard]] str vpc_file(const str& vpc_id) const;

  NetworkSettings settings_;
  WayOut ways_;
  std::mutex mutex_;  // of everything below and of the pictures
  std::map<str, std::shared_ptr<Vpc>> vpcs_;
  std::set<str> dirty_;   // VPCs that the worker has to look at
  std::set<str> failed_;  // those that it has to look at once more, at this time
  std::chrono::steady_clock::time_point again_at_;
  bool configured_ = false;  // pictures are whole: configure() came
  std::condition_variable wake_;
  bool ending_ = false;
  Resolver resolver_;
  std::thread worker_;
};

}  // namespace utakata::sandbox

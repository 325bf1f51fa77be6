#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>

#include "base/outcome.hpp"
#include "core/task_spec.hpp"
#include "ports/ports.hpp"
#include "reactor/stream.hpp"

namespace utakata::sandbox {

/// The namespaces of VPCs and tasks: one router namespace a VPC, one namespace a task, joined by a routed pair of
/// interfaces (facts: every packet between tasks passes the router). They are bound to files below `dir`, so that they
/// outlive the daemon; the host's own namespace is not touched. Thread-safe; calls block for a millisecond or two.
class Network {
 public:
  explicit Network(str dir) : dir_(std::move(dir)) {}
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;
  ~Network();

  /// A namespace with its eth0 for this task; its file. Repeating it is no error.
  Outcome<str> add_task(const str& task_id, const InterfaceSpec&);
  void remove_task(const str& task_id, const str& vpc_id);
  /// A listening socket at this address of the router that nothing but this task reaches.
  Outcome<int> listen_for(const str& task_id, const InterfaceSpec&, const reactor::Address&);

  /// A descriptor of the VPC's router namespace, made when it is missing; -1 if it cannot be.
  int router(const str& vpc_id);
  bool add_router_address(const str& vpc_id, const str& address);
  /// Names are for the hosts files of the VPC's tasks.
  void publish(const str& vpc_id, const str& name, const str& address);
  /// The hosts file of a task; rewritten in place when a name is published.
  Outcome<> write_hosts(const str& file, const InterfaceSpec&);
  void forget_hosts(const str& file);

  /// The file of a task's namespace, whether it is there or not; add_task() keeps one that is.
  [[nodiscard]] str task_file(const str& task_id) const;
  /// Takes every namespace away.
  void remove_everything();
  /// The ids of the tasks that have a namespace.
  [[nodiscard]] list<str> task_ids() const;

 private:
  struct Hosts {
    str vpc_id;
    str own_lines;
  };
  Outcome<int> open_router(const str& vpc_id);
  Outcome<> connect(const str& task_id, const InterfaceSpec&, int router, int task);
  void write_hosts_file(const str& file, const Hosts&);

  str dir_;
  std::mutex mutex_;
  std::map<str, int> routers_;               // VPC -> descriptor
  std::map<str, std::map<str, str>> names_;  // VPC -> name -> address
  std::map<str, Hosts> hosts_;               // file -> what stands in it
};

}  // namespace utakata::sandbox

#pragma once

#include <functional>
#include <string>

#include "core/effect.hpp"
#include "core/report.hpp"

// What the shell must be able to do. Each port has a real and a simulated implementation, and both pass the contract
// tests of ports/*_contract.hpp. Calls return at once; what became of them arrives as reports on the sink.
namespace utakata::ports {

/// Where reports go. May be called from any thread of the implementation.
using ReportSink = std::function<void(Report)>;

class TaskRuntime {
 public:
  TaskRuntime() = default;
  TaskRuntime(const TaskRuntime&) = delete;
  TaskRuntime& operator=(const TaskRuntime&) = delete;
  virtual ~TaskRuntime() = default;

  /// Starting a task that is known already only reports its state again.
  virtual void start(const TaskSpec&) = 0;
  /// Stopping a task that is not known reports it as stopped.
  virtual void stop(const std::string& task_arn) = 0;
  virtual void kill(const std::string& task_arn) = 0;
  /// Takes over what a former daemon left running and answers with one InventoryReport.
  virtual void recover() = 0;
};

class Balancer {
 public:
  Balancer() = default;
  Balancer(const Balancer&) = delete;
  Balancer& operator=(const Balancer&) = delete;
  virtual ~Balancer() = default;

  virtual void configure(const BalancerConfig&) = 0;
  virtual void remove(const std::string& arn) = 0;
};

/// The networks of the VPCs: their security groups, ways out and names. A picture that has been taken in is in force
/// for running tasks a moment later, and before any task starts that was asked for after it.
class VpcNetwork {
 public:
  VpcNetwork() = default;
  VpcNetwork(const VpcNetwork&) = delete;
  VpcNetwork& operator=(const VpcNetwork&) = delete;
  virtual ~VpcNetwork() = default;

  virtual void configure(const ConfigureVpcs&) = 0;
  virtual void change(const ChangeVpc&) = 0;
};

/// Where sockets are made that belong to a VPC rather than to the host.
class VpcDoors {
 public:
  VpcDoors() = default;
  VpcDoors(const VpcDoors&) = delete;
  VpcDoors& operator=(const VpcDoors&) = delete;
  virtual ~VpcDoors() = default;

  /// A file descriptor of the VPC's router namespace, made when it is missing; -1 if it cannot be. Stays open.
  virtual int namespace_of(const std::string& vpc_id) = 0;
  /// Gives the VPC's router this address, so that a listener in its namespace can be reached by tasks.
  virtual bool add_address(const std::string& vpc_id, const std::string& address) = 0;
};

}  // namespace utakata::ports

#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/simulator.hpp"

namespace utakata::sim {

struct ContainerPlan {
  std::string name = "app";
  std::string image = "app";
  int port = 0;  // 0: none
  int stop_timeout = 30;
  std::vector<std::pair<std::string, std::string>> depends_on;  // container, condition
  bool health_check = false;
};

struct Share {
  std::string provider;
  int base = 0;
  int weight = 0;
};

struct ServicePlan {
  std::string name;
  std::string family;
  int desired = 1;
  std::vector<Share> strategy{{.provider = "FARGATE", .base = 0, .weight = 1}};
  int minimum_percent = 100;
  int maximum_percent = 200;
  int grace_seconds = 0;
  bool circuit_breaker = false;
  int balanced_port = 0;  // 0: behind no load balancer
  bool network = false;   // behind a network load balancer of its own
  std::string balanced_container = "app";
  int deregistration_delay = 30;
};

/// What a team does with the platform, over the API and nothing else.
class Customer {
 public:
  explicit Customer(Simulator& sim) : sim_(sim) {}

  Outcome<> make_cluster(const std::string& name);
  /// The next revision of the family.
  Outcome<std::string> register_task(const std::string& family, const std::vector<ContainerPlan>&, int cpu = 256,
                                     int memory = 512);
  Outcome<> make_service(const ServicePlan&);
  Outcome<> update_service(const std::string& service, const Json& changes);
  Outcome<> delete_service(const std::string& service);
  Outcome<Json> service(const std::string& name);
  /// Running tasks of the service as DescribeTasks shows them, oldest first.
  Outcome<std::vector<Json>> tasks(const std::string& service, std::string_view desired_status = "RUNNING");
  Outcome<> stop_task(const std::string& arn);
  /// Protects it from scale-in and deployments, or no more. A failure in the answer is a Fault with its reason.
  Outcome<> protect_task(const std::string& arn, bool enable, int minutes);
  /// One task of the family that belongs to no service.
  Outcome<> run_task(const std::string& family);
  Outcome<> stop_single_tasks();
  /// Takes Spot tasks away and refuses placement for a while; gives the tasks' ARNs.
  Outcome<std::vector<std::string>> reclaim(const std::string& service, int count, int refuse_seconds,
                                            std::uint64_t seed);

  /// Spot may be placed again.
  Outcome<> end_refusal();

  /// As the waiter services-stable sees it (one deployment, as many tasks as wanted), and its rollout is completed.
  Outcome<bool> stable(const std::string& service);
  /// Runs until every service is stable; false if that takes longer than `patience`.
  Outcome<bool> run_until_stable(Duration patience);

  [[nodiscard]] const std::string& cluster() const { return cluster_; }
  [[nodiscard]] std::vector<std::string> services() const;
  [[nodiscard]] std::string target_group(const std::string& service) const;

 private:
  Outcome<> find_network();
  Outcome<> make_load_balancer();
  Outcome<std::string> make_target_group(const ServicePlan&);
  Outcome<std::string> make_flow_group(const ServicePlan&);

  Simulator& sim_;
  std::string cluster_;
  Json subnets_ = Json::array();
  std::string vpc_;
  std::string load_balancer_, listener_;
  std::map<std::string, std::string> target_groups_;  // by service
  std::map<std::string, bool> services_;
};

}  // namespace utakata::sim

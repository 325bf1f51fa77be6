#include "sim/customer.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "sim/json_text.hpp"

namespace utakata::sim {
namespace {

constexpr std::string_view balancing = "elasticloadbalancing";
// A waiter looks often at first, then as AWS's waiters do.
constexpr Duration often = seconds(1);
constexpr Duration seldom = seconds(15);
constexpr Duration impatient = minutes(3);
constexpr std::string_view single = "single";  // startedBy of tasks that belong to no service

Json container_json(const ContainerPlan& plan) {
  Json made =
      object({{"name", plan.name}, {"image", plan.image}, {"essential", true}, {"stopTimeout", plan.stop_timeout}});
  if (plan.port != 0) made.set("portMappings", array({object({{"containerPort", plan.port}, {"protocol", "tcp"}})}));
  if (plan.health_check)
    made.set("healthCheck",
             object({{"command", array({"CMD", "/check"})}, {"interval", 5}, {"retries", 2}, {"timeout", 2}}));
  if (!plan.depends_on.empty()) {
    Json depends = Json::array();
    for (const auto& [container, condition] : plan.depends_on)
      depends.push(object({{"containerName", container}, {"condition", condition}}));
    made.set("dependsOn", depends);
  }
  return made;
}

std::string first_text(const Json& answer, std::string_view list, std::string_view member) {
  const auto& items = items_at(answer, list);
  return items.empty() ? "" : std::string(items.front().text_at({member}));
}

}  // namespace

Outcome<> Customer::make_cluster(const std::string& name) {
  cluster_ = name;
  (void)TRY(sim_.call("ecs", "CreateCluster",
                      object({{"clusterName", name}, {"capacityProviders", array({"FARGATE", "FARGATE_SPOT"})}})));
  return find_network();
}

Outcome<> Customer::find_network() {
  const Json vpcs = TRY(sim_.call("ec2", "DescribeVpcs", Json::object()));
  vpc_ = first_text(vpcs, "Vpcs", "VpcId");
  const Json subnets = TRY(sim_.call("ec2", "DescribeSubnets", Json::object()));
  for (const Json& subnet : items_at(subnets, "Subnets")) subnets_.push(subnet.text_at({"SubnetId"}));
  return {};
}

Outcome<std::string> Customer::register_task(const std::string& family, const std::vector<ContainerPlan>& containers,
                                             int cpu, int memory) {
  Json definitions = Json::array();
  for (const ContainerPlan& plan : containers) definitions.push(container_json(plan));
  const Json answer = TRY(sim_.call("ecs", "RegisterTaskDefinition",
                                    object({{"family", family},
                                            {"networkMode", "awsvpc"},
                                            {"requiresCompatibilities", array({"FARGATE"})},
                                            {"cpu", cat(cpu)},
                                            {"memory", cat(memory)},
                                            {"containerDefinitions", definitions}})));
  return std::string(answer.text_at({"taskDefinition", "taskDefinitionArn"}));
}

// One load balancer for the cluster; each service has a rule by its path, as the example has it.
Outcome<> Customer::make_load_balancer() {
  const Json made = TRY(sim_.call(balancing, "CreateLoadBalancer",
                                  object({{"Name", cluster_}, {"Type", "application"}, {"Subnets", subnets_}})));
  load_balancer_ = first_text(made, "LoadBalancers", "LoadBalancerArn");
  const Json nothing = object({{"Type", "fixed-response"}, {"FixedResponseConfig", object({{"StatusCode", "404"}})}});
  const Json listener = TRY(sim_.call(balancing, "CreateListener",
                                      object({{"LoadBalancerArn", load_balancer_},
                                              {"Protocol", "HTTP"},
                                              {"Port", 80},
                                              {"DefaultActions", array({nothing})}})));
  listener_ = first_text(listener, "Listeners", "ListenerArn");
  return {};
}

// A network load balancer has no rules: each service has one of its own. It is in the VPC's default group, as the tasks
// are: without a group of its own they would not let it in.
Outcome<std::string> Customer::make_flow_group(const ServicePlan& plan) {
  const Json groups =
      TRY(sim_.call("ec2", "DescribeSecurityGroups",
                    object({{"Filters", array({object({{"Name", "vpc-id"}, {"Values", array({vpc_})}}),
                                               object({{"Name", "group-name"}, {"Values", array({"default"})}})})}})));
  const Json balancer =
      TRY(sim_.call(balancing, "CreateLoadBalancer",
                    object({{"Name", plan.name},
                            {"Type", "network"},
                            {"Subnets", subnets_},
                            {"SecurityGroups", array({first_text(groups, "SecurityGroups", "GroupId")})}})));
  const Json made = TRY(sim_.call(balancing, "CreateTargetGroup",
                                  object({{"Name", plan.name},
                                          {"Protocol", "TCP"},
                                          {"Port", plan.balanced_port},
                                          {"TargetType", "ip"},
                                          {"VpcId", vpc_},
                                          {"HealthCheckIntervalSeconds", 5},
                                          {"HealthCheckTimeoutSeconds", 2},
                                          {"HealthyThresholdCount", 2}})));
  const std::string arn = first_text(made, "TargetGroups", "TargetGroupArn");
  (void)TRY(sim_.call(balancing, "CreateListener",
                      object({{"LoadBalancerArn", first_text(balancer, "LoadBalancers", "LoadBalancerArn")},
                              {"Protocol", "TCP"},
                              {"Port", plan.balanced_port},
                              {"DefaultActions", array({object({{"Type", "forward"}, {"TargetGroupArn", arn}})})}})));
  return target_groups_[plan.name] = arn;
}

Outcome<std::string> Customer::make_target_group(const ServicePlan& plan) {
  if (plan.network) return make_flow_group(plan);
  if (load_balancer_.empty()) TRY_VOID(make_load_balancer());
  if (const auto known = target_groups_.find(plan.name); known != target_groups_.end()) return known->second;
  const Json made = TRY(sim_.call(balancing, "CreateTargetGroup",
                                  object({{"Name", plan.name},
                                          {"Protocol", "HTTP"},
                                          {"Port", plan.balanced_port},
                                          {"TargetType", "ip"},
                                          {"VpcId", vpc_},
                                          {"HealthCheckPath", "/health"},
                                          {"HealthCheckIntervalSeconds", 5},
                                          {"HealthCheckTimeoutSeconds", 2},
                                          {"HealthyThresholdCount", 2},
                                          {"UnhealthyThresholdCount", 2}})));
  const std::string arn = first_text(made, "TargetGroups", "TargetGroupArn");
  const Json delay =
      object({{"Key", "deregistration_delay.timeout_seconds"}, {"Value", cat(plan.deregistration_delay)}});
  (void)TRY(sim_.call(balancing, "ModifyTargetGroupAttributes",
                      object({{"TargetGroupArn", arn}, {"Attributes", array({delay})}})));
  const Json paths = object({{"Field", "path-pattern"}, {"Values", array({cat("/", plan.name, "/*")})}});
  (void)TRY(sim_.call(balancing, "CreateRule",
                      object({{"ListenerArn", listener_},
                              {"Priority", static_cast<int>(target_groups_.size()) + 1},
                              {"Conditions", array({paths})},
                              {"Actions", array({object({{"Type", "forward"}, {"TargetGroupArn", arn}})})}})));
  return target_groups_[plan.name] = arn;
}

Outcome<> Customer::make_service(const ServicePlan& plan) {
  Json strategy = Json::array();
  for (const Share& share : plan.strategy)
    strategy.push(object({{"capacityProvider", share.provider}, {"base", share.base}, {"weight", share.weight}}));
  Json deployment = object({{"minimumHealthyPercent", plan.minimum_percent}, {"maximumPercent", plan.maximum_percent}});
  if (plan.circuit_breaker) deployment.set("deploymentCircuitBreaker", object({{"enable", true}, {"rollback", true}}));
  Json request = object({{"cluster", cluster_},
                         {"serviceName", plan.name},
                         {"taskDefinition", plan.family},
                         {"desiredCount", plan.desired},
                         {"capacityProviderStrategy", strategy},
                         {"deploymentConfiguration", deployment},
                         {"networkConfiguration", object({{"awsvpcConfiguration", object({{"subnets", subnets_}})}})}});
  if (plan.balanced_port != 0) {
    const std::string group = TRY(make_target_group(plan));
    request.set("loadBalancers", array({object({{"targetGroupArn", group},
                                                {"containerName", plan.balanced_container},
                                                {"containerPort", plan.balanced_port}})}));
    request.set("healthCheckGracePeriodSeconds", plan.grace_seconds);
  }
  (void)TRY(sim_.call("ecs", "CreateService", request));
  services_[plan.name] = true;
  return {};
}

Outcome<> Customer::update_service(const std::string& service, const Json& changes) {
  Json request = object({{"cluster", cluster_}, {"service", service}});
  for (std::size_t i = 0; i < changes.size(); ++i) request.set(changes.names()[i], changes.items()[i]);
  (void)TRY(sim_.call("ecs", "UpdateService", request));
  return {};
}

Outcome<> Customer::delete_service(const std::string& service) {
  (void)TRY(sim_.call("ecs", "DeleteService", object({{"cluster", cluster_}, {"service", service}, {"force", true}})));
  services_.erase(service);
  return {};
}

Outcome<Json> Customer::service(const std::string& name) {
  const Json answer =
      TRY(sim_.call("ecs", "DescribeServices", object({{"cluster", cluster_}, {"services", array({name})}})));
  const auto& found = items_at(answer, "services");
  if (found.empty()) return refuse("ServiceNotFoundException", cat("there is no service ", name));
  return found.front();
}

Outcome<std::vector<Json>> Customer::tasks(const std::string& service, std::string_view desired_status) {
  const Json listed =
      TRY(sim_.call("ecs", "ListTasks",
                    object({{"cluster", cluster_}, {"serviceName", service}, {"desiredStatus", desired_status}})));
  const auto& arns = items_at(listed, "taskArns");
  if (arns.empty()) return std::vector<Json>{};
  const Json answer = TRY(sim_.call("ecs", "DescribeTasks", object({{"cluster", cluster_}, {"tasks", array(arns)}})));
  std::vector<Json> all = items_at(answer, "tasks");
  std::ranges::sort(all, {}, [](const Json& task) {
    const Json* created = task.find("createdAt");
    return std::pair(created == nullptr ? 0.0 : created->number().value_or(0), std::string(task.text_at({"taskArn"})));
  });
  return all;
}

Outcome<> Customer::stop_task(const std::string& arn) {
  (void)TRY(sim_.call("ecs", "StopTask", object({{"cluster", cluster_}, {"task", arn}})));
  return {};
}

Outcome<> Customer::protect_task(const std::string& arn, bool enable, int minutes) {
  Json request = object({{"cluster", cluster_}, {"tasks", array({arn})}, {"protectionEnabled", enable}});
  if (enable) request.set("expiresInMinutes", minutes);
  const Json answer = TRY(sim_.call("ecs", "UpdateTaskProtection", request));
  const auto& failures = items_at(answer, "failures");
  if (failures.empty()) return {};
  return refuse(std::string(failures.front().text_at({"reason"})), std::string(failures.front().text_at({"arn"})));
}

Outcome<> Customer::run_task(const std::string& family) {
  (void)TRY(sim_.call(
      "ecs", "RunTask",
      object({{"cluster", cluster_},
              {"taskDefinition", family},
              {"startedBy", single},
              {"launchType", "FARGATE"},
              {"networkConfiguration", object({{"awsvpcConfiguration", object({{"subnets", subnets_}})}})}})));
  return {};
}

Outcome<> Customer::stop_single_tasks() {
  const Json listed = TRY(sim_.call("ecs", "ListTasks", object({{"cluster", cluster_}, {"startedBy", single}})));
  for (const Json& arn : items_at(listed, "taskArns")) TRY_VOID(stop_task(arn.text()));
  return {};
}

Outcome<std::vector<std::string>> Customer::reclaim(const std::string& service, int count, int refuse_seconds,
                                                    std::uint64_t seed) {
  Json request = object({{"cluster", cluster_},
                         {"count", count},
                         {"refuseSeconds", refuse_seconds},
                         {"seed", static_cast<std::int64_t>(seed)}});
  if (!service.empty()) request.set("service", service);
  const Json answer = TRY(sim_.call("utakata", "ReclaimSpot", request));
  std::vector<std::string> arns;
  for (const Json& arn : items_at(answer, "tasks")) arns.push_back(arn.text());
  return arns;
}

Outcome<> Customer::end_refusal() {
  (void)TRY(sim_.call("utakata", "PutSpotSettings", object({{"refuseSeconds", 0}})));
  return {};
}

Outcome<bool> Customer::stable(const std::string& name) {
  const Json found = TRY(service(name));
  const auto& deployments = items_at(found, "deployments");
  return deployments.size() == 1 && deployments.front().text_at({"rolloutState"}) == "COMPLETED" &&
         found.integer_at({"runningCount"}) == found.integer_at({"desiredCount"}) &&
         found.integer_at({"pendingCount"}) == 0;
}

Outcome<bool> Customer::run_until_stable(Duration patience) {
  const Instant begin = sim_.queue.now();
  for (;;) {
    bool all = sim_.control.runs();
    for (const std::string& name : services()) all = all && TRY(stable(name));
    if (all) return true;
    const Duration waited = sim_.queue.now() - begin;
    if (waited >= patience) return false;
    sim_.run_for(waited < impatient ? often : seldom);
  }
}

std::vector<std::string> Customer::services() const {
  std::vector<std::string> names;
  for (const auto& [name, there] : services_) names.push_back(name);
  return names;
}

std::string Customer::target_group(const std::string& service) const {
  const auto at = target_groups_.find(service);
  return at == target_groups_.end() ? "" : at->second;
}

}  // namespace utakata::sim

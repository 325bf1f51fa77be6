#pragma once

#include "services/ecs/api/common.hpp"

namespace utakata::ecs::api {

using SchedulingStrategy = OneOf<"REPLICA", "DAEMON">;

struct LoadBalancer {
  opt<str> targetGroupArn;
  refused<str> loadBalancerName;
  opt<str> containerName;
  opt<i32> containerPort;
};
struct DeploymentCircuitBreaker {
  bool enable = false;
  bool rollback = false;
};
struct DeploymentConfiguration {
  opt<DeploymentCircuitBreaker> deploymentCircuitBreaker;
  opt<i32> maximumPercent, minimumHealthyPercent;
  opt<OneOf<"ROLLING", "BLUE_GREEN", "LINEAR", "CANARY">> strategy;
};
struct DeploymentController {
  OneOf<"ECS", "CODE_DEPLOY", "EXTERNAL"> type;
};
struct Deployment {
  opt<str> id, status, taskDefinition;
  opt<i32> desiredCount, pendingCount, runningCount, failedTasks;
  opt<Instant> createdAt, updatedAt;
  opt<list<CapacityProviderStrategyItem>> capacityProviderStrategy;
  opt<LaunchType> launchType;
  opt<str> platformVersion, platformFamily;
  opt<NetworkConfiguration> networkConfiguration;
  opt<OneOf<"COMPLETED", "FAILED", "IN_PROGRESS">> rolloutState;
  opt<str> rolloutStateReason;
};
struct ServiceRegistry {
  opt<str> registryArn, containerName;
  opt<i32> containerPort, port;
};
struct ServiceEvent {
  opt<str> id;
  opt<Instant> createdAt;
  opt<str> message;
};
struct Service {
  opt<str> serviceArn, serviceName, clusterArn;
  opt<list<LoadBalancer>> loadBalancers;
  opt<list<ServiceRegistry>> serviceRegistries;
  opt<str> status;
  opt<i32> desiredCount, runningCount, pendingCount;
  opt<LaunchType> launchType;
  opt<list<CapacityProviderStrategyItem>> capacityProviderStrategy;
  opt<str> platformVersion, platformFamily, taskDefinition;
  opt<DeploymentConfiguration> deploymentConfiguration;
  opt<list<Deployment>> deployments;
  opt<list<ServiceEvent>> events;
  opt<Instant> createdAt;
  opt<NetworkConfiguration> networkConfiguration;
  opt<i32> healthCheckGracePeriodSeconds;
  opt<SchedulingStrategy> schedulingStrategy;
  opt<DeploymentController> deploymentController;
  opt<list<Tag>> tags;
  opt<str> createdBy;
  opt<bool> enableECSManagedTags;
  opt<PropagateTags> propagateTags;
  opt<bool> enableExecuteCommand;
  opt<OneOf<"ENABLED", "DISABLED">> availabilityZoneRebalancing;
};
struct CreateServiceRequest {
  opt<str> cluster;
  str serviceName;
  opt<str> taskDefinition;
  stored<OneOf<"ENABLED", "DISABLED">> availabilityZoneRebalancing;
  opt<list<LoadBalancer>> loadBalancers;
  opt<list<ServiceRegistry>> serviceRegistries;
  opt<i32> desiredCount;
  opt<str> clientToken;
  opt<LaunchType> launchType;
  opt<list<CapacityProviderStrategyItem>> capacityProviderStrategy;
  stored<str> platformVersion;
  opt<DeploymentConfiguration> deploymentConfiguration;
  opt<NetworkConfiguration> networkConfiguration;
  opt<i32> healthCheckGracePeriodSeconds;
  opt<SchedulingStrategy> schedulingStrategy;
  opt<DeploymentController> deploymentController;
  opt<list<Tag>> tags;
  stored<bool> enableECSManagedTags;
  opt<PropagateTags> propagateTags;
  opt<bool> enableExecuteCommand;
};
struct CreateServiceResponse {
  opt<Service> service;
};
struct UpdateServiceRequest {
  opt<str> cluster;
  str service;
  opt<i32> desiredCount;
  opt<str> taskDefinition;
  opt<list<CapacityProviderStrategyItem>> capacityProviderStrategy;
  opt<DeploymentConfiguration> deploymentConfiguration;
  stored<OneOf<"ENABLED", "DISABLED">> availabilityZoneRebalancing;
  opt<NetworkConfiguration> networkConfiguration;
  stored<str> platformVersion;
  opt<bool> forceNewDeployment;
  opt<i32> healthCheckGracePeriodSeconds;
  opt<bool> enableExecuteCommand;
  stored<bool> enableECSManagedTags;
  opt<list<LoadBalancer>> loadBalancers;
  opt<list<ServiceRegistry>> serviceRegistries;
  opt<PropagateTags> propagateTags;
};
struct UpdateServiceResponse {
  opt<Service> service;
};
struct DescribeServicesRequest {
  opt<str> cluster;
  list<str> services;
  opt<list<OneOf<"TAGS">>> include;
};
struct DescribeServicesResponse {
  opt<list<Service>> services;
  opt<list<Failure>> failures;
};
struct ListServicesRequest {
  opt<str> cluster, nextToken;
  opt<i32> maxResults;
  opt<LaunchType> launchType;
  opt<SchedulingStrategy> schedulingStrategy;
};
struct ListServicesResponse {
  opt<list<str>> serviceArns;
  opt<str> nextToken;
};
struct DeleteServiceRequest {
  opt<str> cluster;
  str service;
  opt<bool> force;
};
struct DeleteServiceResponse {
  opt<Service> service;
};

}  // namespace utakata::ecs::api

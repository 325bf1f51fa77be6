#pragma once

#include "services/ecs/api/container_definition.hpp"

namespace utakata::ecs::api {

using HealthStatus = OneOf<"HEALTHY", "UNHEALTHY", "UNKNOWN">;
using StopCode = OneOf<"TaskFailedToStart", "EssentialContainerExited", "UserInitiated", "ServiceSchedulerInitiated",
                       "SpotInterruption", "TerminationNotice">;

struct NetworkInterface {
  opt<str> attachmentId, privateIpv4Address;
};
struct NetworkBinding {
  opt<str> bindIP;
  opt<i32> containerPort, hostPort;
};
struct ManagedAgent {
  opt<Instant> lastStartedAt;
  opt<OneOf<"ExecuteCommandAgent">> name;
  opt<str> reason, lastStatus;
};
struct Container {
  opt<str> containerArn, taskArn, name, image, imageDigest, runtimeId, lastStatus;
  opt<i32> exitCode;
  opt<str> reason;
  opt<list<NetworkBinding>> networkBindings;
  opt<list<NetworkInterface>> networkInterfaces;
  opt<HealthStatus> healthStatus;
  opt<list<ManagedAgent>> managedAgents;
  opt<str> cpu, memory, memoryReservation;
};
struct Attribute {
  str name;
  opt<str> value;
};
struct ContainerOverride {
  opt<str> name;
  opt<list<str>> command;
  opt<list<KeyValuePair>> environment;
  opt<list<EnvironmentFile>> environmentFiles;
  opt<i32> cpu, memory, memoryReservation;
  refused<list<ResourceRequirement>> resourceRequirements;
};
struct InferenceAcceleratorOverride {
  opt<str> deviceName, deviceType;
};
struct TaskOverride {
  opt<list<ContainerOverride>> containerOverrides;
  opt<str> cpu, memory;
  refused<list<InferenceAcceleratorOverride>> inferenceAcceleratorOverrides;
  stored<str> executionRoleArn;
  opt<str> taskRoleArn;
  opt<EphemeralStorage> ephemeralStorage;
};
struct Task {
  opt<list<Attachment>> attachments;
  opt<list<Attribute>> attributes;
  opt<str> availabilityZone, capacityProviderName, clusterArn;
  opt<OneOf<"CONNECTED", "DISCONNECTED">> connectivity;
  opt<Instant> connectivityAt;
  opt<list<Container>> containers;
  opt<str> cpu;
  opt<Instant> createdAt;
  opt<str> desiredStatus;
  opt<bool> enableExecuteCommand;
  opt<Instant> executionStoppedAt;
  opt<str> group;
  opt<HealthStatus> healthStatus;
  opt<str> lastStatus;
  opt<LaunchType> launchType;
  opt<str> memory;
  opt<TaskOverride> overrides;
  opt<str> platformVersion, platformFamily;
  opt<Instant> pullStartedAt, pullStoppedAt, startedAt;
  opt<str> startedBy;
  opt<StopCode> stopCode;
  opt<Instant> stoppedAt;
  opt<str> stoppedReason;
  opt<Instant> stoppingAt;
  opt<list<Tag>> tags;
  opt<str> taskArn, taskDefinitionArn;
  opt<i64> version;
  opt<EphemeralStorage> ephemeralStorage;
};
struct PlacementConstraint {
  opt<OneOf<"distinctInstance", "memberOf">> type;
  opt<str> expression;
};
struct PlacementStrategy {
  opt<OneOf<"random", "spread", "binpack">> type;
  opt<str> field;
};
struct TaskVolumeConfiguration {
  str name;
};
struct RunTaskRequest {
  opt<list<CapacityProviderStrategyItem>> capacityProviderStrategy;
  opt<str> cluster;
  opt<i32> count;
  stored<bool> enableECSManagedTags;
  opt<bool> enableExecuteCommand;
  opt<str> group;
  opt<LaunchType> launchType;
  opt<NetworkConfiguration> networkConfiguration;
  opt<TaskOverride> overrides;
  refused<list<PlacementConstraint>> placementConstraints;
  refused<list<PlacementStrategy>> placementStrategy;
  stored<str> platformVersion;
  opt<PropagateTags> propagateTags;
  stored<str> referenceId;
  opt<str> startedBy;
  opt<list<Tag>> tags;
  str taskDefinition;
  opt<str> clientToken;
  refused<list<TaskVolumeConfiguration>> volumeConfigurations;
};
struct RunTaskResponse {
  opt<list<Task>> tasks;
  opt<list<Failure>> failures;
};
struct StopTaskRequest {
  opt<str> cluster;
  str task;
  opt<str> reason;
};
struct StopTaskResponse {
  opt<Task> task;
};
struct DescribeTasksRequest {
  opt<str> cluster;
  list<str> tasks;
  opt<list<OneOf<"TAGS">>> include;
};
struct DescribeTasksResponse {
  opt<list<Task>> tasks;
  opt<list<Failure>> failures;
};
struct ListTasksRequest {
  opt<str> cluster, family, nextToken;
  opt<i32> maxResults;
  opt<str> startedBy, serviceName;
  opt<OneOf<"RUNNING", "PENDING", "STOPPED">> desiredStatus;
  opt<LaunchType> launchType;
};
struct ListTasksResponse {
  opt<list<str>> taskArns;
  opt<str> nextToken;
};

}  // namespace utakata::ecs::api

#pragma once

#include "services/ecs/api/container_definition.hpp"

namespace utakata::ecs::api {

using Compatibility = OneOf<"EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES">;

struct HostVolumeProperties {
  opt<str> sourcePath;
};
struct DockerVolumeConfiguration {
  opt<OneOf<"task", "shared">> scope;
  opt<bool> autoprovision;
  opt<str> driver;
  opt<dict<str>> driverOpts, labels;
};
struct EFSAuthorizationConfig {
  refused<str> accessPointId;
  stored<OneOf<"ENABLED", "DISABLED">> iam;
};
struct EFSVolumeConfiguration {
  str fileSystemId;
  opt<str> rootDirectory;
  stored<OneOf<"ENABLED", "DISABLED">> transitEncryption;
  stored<i32> transitEncryptionPort;
  opt<EFSAuthorizationConfig> authorizationConfig;
};
struct S3FilesVolumeConfiguration {
  str fileSystemArn;
  opt<str> rootDirectory;
  opt<i32> transitEncryptionPort;
  opt<str> accessPointArn;
};
struct FSxWindowsFileServerAuthorizationConfig {
  str credentialsParameter, domain;
};
struct FSxWindowsFileServerVolumeConfiguration {
  str fileSystemId, rootDirectory;
  FSxWindowsFileServerAuthorizationConfig authorizationConfig;
};
struct Volume {
  opt<str> name;
  opt<HostVolumeProperties> host;
  refused<DockerVolumeConfiguration> dockerVolumeConfiguration;
  opt<EFSVolumeConfiguration> efsVolumeConfiguration;
  refused<S3FilesVolumeConfiguration> s3filesVolumeConfiguration;
  refused<FSxWindowsFileServerVolumeConfiguration> fsxWindowsFileServerVolumeConfiguration;
  refused<bool> configuredAtLaunch;
};
struct TaskDefinitionPlacementConstraint {
  opt<OneOf<"memberOf">> type;
  opt<str> expression;
};
struct ProxyConfiguration {
  opt<OneOf<"APPMESH">> type;
  str containerName;
  opt<list<KeyValuePair>> properties;
};
struct InferenceAccelerator {
  str deviceName, deviceType;
};
struct RuntimePlatform {
  stored<OneOf<"X86_64", "ARM64">> cpuArchitecture;
  stored<OneOf<"LINUX", "WINDOWS_SERVER_2019_FULL", "WINDOWS_SERVER_2019_CORE", "WINDOWS_SERVER_2022_CORE",
               "WINDOWS_SERVER_2022_FULL">>
      operatingSystemFamily;
};
struct TaskDefinition {
  opt<str> taskDefinitionArn;
  opt<list<ContainerDefinition>> containerDefinitions;
  opt<str> family, taskRoleArn, executionRoleArn;
  opt<OneOf<"bridge", "host", "awsvpc", "none">> networkMode;
  opt<i32> revision;
  opt<list<Volume>> volumes;
  opt<OneOf<"ACTIVE", "INACTIVE", "DELETE_IN_PROGRESS">> status;
  opt<list<Compatibility>> compatibilities;
  opt<RuntimePlatform> runtimePlatform;
  opt<list<Compatibility>> requiresCompatibilities;
  opt<str> cpu, memory;
  opt<Instant> registeredAt, deregisteredAt, deleteRequestedAt;
  opt<str> registeredBy;
  opt<OneOf<"host", "task">> pidMode;
  opt<EphemeralStorage> ephemeralStorage;
  opt<bool> enableFaultInjection;
};
struct RegisterTaskDefinitionRequest {
  str family;
  opt<str> taskRoleArn;
  stored<str> executionRoleArn;
  opt<OneOf<"bridge", "host", "awsvpc", "none">> networkMode;
  list<ContainerDefinition> containerDefinitions;
  opt<list<Volume>> volumes;
  opt<list<Compatibility>> requiresCompatibilities;
  opt<str> cpu, memory;
  opt<list<Tag>> tags;
  opt<OneOf<"host", "task">> pidMode;
  refused<OneOf<"host", "task", "none">> ipcMode;
  refused<list<TaskDefinitionPlacementConstraint>> placementConstraints;
  refused<ProxyConfiguration> proxyConfiguration;
  refused<list<InferenceAccelerator>> inferenceAccelerators;
  opt<EphemeralStorage> ephemeralStorage;
  opt<RuntimePlatform> runtimePlatform;
  stored<bool> enableFaultInjection;
};
struct RegisterTaskDefinitionResponse {
  opt<TaskDefinition> taskDefinition;
  opt<list<Tag>> tags;
};
struct DescribeTaskDefinitionRequest {
  str taskDefinition;
  opt<list<OneOf<"TAGS">>> include;
};
struct DescribeTaskDefinitionResponse {
  opt<TaskDefinition> taskDefinition;
  opt<list<Tag>> tags;
};
struct DeregisterTaskDefinitionRequest {
  str taskDefinition;
};
struct DeregisterTaskDefinitionResponse {
  opt<TaskDefinition> taskDefinition;
};
struct DeleteTaskDefinitionsRequest {
  list<str> taskDefinitions;
};
struct DeleteTaskDefinitionsResponse {
  opt<list<TaskDefinition>> taskDefinitions;
  opt<list<Failure>> failures;
};
struct ListTaskDefinitionsRequest {
  opt<str> familyPrefix;
  opt<OneOf<"ACTIVE", "INACTIVE", "DELETE_IN_PROGRESS">> status;
  opt<OneOf<"ASC", "DESC">> sort;
  opt<str> nextToken;
  opt<i32> maxResults;
};
struct ListTaskDefinitionsResponse {
  opt<list<str>> taskDefinitionArns;
  opt<str> nextToken;
};
struct ListTaskDefinitionFamiliesRequest {
  opt<str> familyPrefix;
  opt<OneOf<"ACTIVE", "INACTIVE", "ALL">> status;
  opt<str> nextToken;
  opt<i32> maxResults;
};
struct ListTaskDefinitionFamiliesResponse {
  opt<list<str>> families;
  opt<str> nextToken;
};

}  // namespace utakata::ecs::api

#pragma once

#include "services/ecs/api/common.hpp"

namespace utakata::ecs::api {

using Compatibility = OneOf<"EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES">;

struct PortMapping {
  opt<i32> containerPort, hostPort;
  opt<OneOf<"tcp", "udp">> protocol;
  stored<str> name;
  stored<OneOf<"http", "http2", "grpc">> appProtocol;
};
struct HealthCheck {
  list<str> command;
  opt<i32> interval, timeout, retries, startPeriod;
};
struct MountPoint {
  opt<str> sourceVolume, containerPath;
  opt<bool> readOnly;
};
struct ContainerDependency {
  str containerName;
  OneOf<"START", "COMPLETE", "SUCCESS", "HEALTHY"> condition;
};
struct Ulimit {
  OneOf<"core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio",
        "rttime", "sigpending", "stack">
      name;
  i32 softLimit = 0;
  i32 hardLimit = 0;
};
struct LogConfiguration {
  OneOf<"json-file", "syslog", "journald", "gelf", "fluentd", "awslogs", "splunk", "awsfirelens"> logDriver;
  opt<dict<str>> options;
};
struct LinuxParameters {
  opt<bool> initProcessEnabled;
};
struct Secret {
  str name, valueFrom;
};
struct ContainerDefinition {
  opt<str> name, image;
  opt<i32> cpu, memory, memoryReservation;
  opt<list<PortMapping>> portMappings;
  opt<bool> essential;
  opt<list<str>> entryPoint, command;
  opt<list<KeyValuePair>> environment;
  opt<list<MountPoint>> mountPoints;
  opt<LinuxParameters> linuxParameters;
  opt<list<Secret>> secrets;
  opt<list<ContainerDependency>> dependsOn;
  opt<i32> startTimeout, stopTimeout;
  stored<OneOf<"enabled", "disabled">> versionConsistency;
  opt<str> user, workingDirectory;
  opt<bool> privileged, readonlyRootFilesystem;
  stored<dict<str>> dockerLabels;
  opt<list<Ulimit>> ulimits;
  opt<LogConfiguration> logConfiguration;
  opt<HealthCheck> healthCheck;
};
struct HostVolumeProperties {
  opt<str> sourcePath;
};
struct Volume {
  opt<str> name;
  opt<HostVolumeProperties> host;
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
  opt<EphemeralStorage> ephemeralStorage;
};
struct RegisterTaskDefinitionRequest {
  str family;
  stored<str> taskRoleArn, executionRoleArn;
  opt<OneOf<"bridge", "host", "awsvpc", "none">> networkMode;
  list<ContainerDefinition> containerDefinitions;
  opt<list<Volume>> volumes;
  opt<list<Compatibility>> requiresCompatibilities;
  opt<str> cpu, memory;
  opt<list<Tag>> tags;
  opt<OneOf<"host", "task">> pidMode;
  stored<EphemeralStorage> ephemeralStorage;
  opt<RuntimePlatform> runtimePlatform;
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

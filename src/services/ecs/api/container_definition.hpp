#pragma once

#include "services/ecs/api/common.hpp"

// One container of a task definition, as AWS spells it.
namespace utakata::ecs::api {

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
struct Secret {
  str name, valueFrom;
};
struct LogConfiguration {
  OneOf<"json-file", "syslog", "journald", "gelf", "fluentd", "awslogs", "splunk", "awsfirelens"> logDriver;
  opt<dict<str>> options;
  refused<list<Secret>> secretOptions;
};
struct KernelCapabilities {
  opt<list<str>> add, drop;
};
struct Device {
  str hostPath;
  opt<str> containerPath;
  opt<list<OneOf<"read", "write", "mknod">>> permissions;
};
struct Tmpfs {
  str containerPath;
  i32 size = 0;
  opt<list<str>> mountOptions;
};
struct LinuxParameters {
  opt<KernelCapabilities> capabilities;
  refused<list<Device>> devices;
  opt<bool> initProcessEnabled;
  opt<i32> sharedMemorySize;
  opt<list<Tmpfs>> tmpfs;
  refused<i32> maxSwap, swappiness;
};
struct EnvironmentFile {
  str value;
  OneOf<"s3"> type;
};
struct VolumeFrom {
  opt<str> sourceContainer;
  opt<bool> readOnly;
};
struct SystemControl {
  opt<str> namespace_, value;
};
struct ContainerRestartPolicy {
  bool enabled = false;
  opt<list<i32>> ignoredExitCodes;
  opt<i32> restartAttemptPeriod;
};
struct RepositoryCredentials {
  str credentialsParameter;
};
struct HostEntry {
  str hostname, ipAddress;
};
struct ResourceRequirement {
  str value;
  OneOf<"GPU", "InferenceAccelerator"> type;
};
struct FirelensConfiguration {
  OneOf<"fluentd", "fluentbit"> type;
  opt<dict<str>> options;
};
struct ContainerDefinition {
  opt<str> name, image;
  opt<RepositoryCredentials> repositoryCredentials;
  opt<i32> cpu, memory, memoryReservation;
  refused<list<str>> links;
  opt<list<PortMapping>> portMappings;
  opt<bool> essential;
  opt<ContainerRestartPolicy> restartPolicy;
  opt<list<str>> entryPoint, command;
  opt<list<KeyValuePair>> environment;
  opt<list<EnvironmentFile>> environmentFiles;
  opt<list<MountPoint>> mountPoints;
  opt<list<VolumeFrom>> volumesFrom;
  opt<LinuxParameters> linuxParameters;
  opt<list<Secret>> secrets;
  opt<list<ContainerDependency>> dependsOn;
  opt<i32> startTimeout, stopTimeout;
  stored<OneOf<"enabled", "disabled">> versionConsistency;
  refused<str> hostname;
  opt<str> user, workingDirectory;
  refused<bool> disableNetworking, privileged;
  opt<bool> readonlyRootFilesystem;
  refused<list<str>> dnsServers, dnsSearchDomains;
  refused<list<HostEntry>> extraHosts;
  refused<list<str>> dockerSecurityOptions;
  opt<bool> interactive;
  refused<bool> pseudoTerminal;
  opt<dict<str>> dockerLabels;
  opt<list<Ulimit>> ulimits;
  opt<LogConfiguration> logConfiguration;
  opt<HealthCheck> healthCheck;
  opt<list<SystemControl>> systemControls;
  refused<list<ResourceRequirement>> resourceRequirements;
  refused<FirelensConfiguration> firelensConfiguration;
  refused<list<str>> credentialSpecs;
};

}  // namespace utakata::ecs::api

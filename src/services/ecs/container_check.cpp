#include "services/ecs/container_check.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "services/ecs/errors.hpp"
#include "services/ecs/secrets.hpp"
#include "services/ecs/task_logs.hpp"

namespace utakata::ecs {
namespace {

using Container = api::ContainerDefinition;

constexpr std::size_t names_length_max = 255;
constexpr std::size_t environment_files_max = 10;
constexpr std::size_t ignored_exit_codes_max = 50;
constexpr i32 tmpfs_mib_max = 1 << 20;

constexpr std::array<std::string_view, 38> capabilities{
    "ALL",        "AUDIT_CONTROL",   "AUDIT_WRITE",      "BLOCK_SUSPEND",
    "CHOWN",      "DAC_OVERRIDE",    "DAC_READ_SEARCH",  "FOWNER",
    "FSETID",     "IPC_LOCK",        "IPC_OWNER",        "KILL",
    "LEASE",      "LINUX_IMMUTABLE", "MAC_ADMIN",        "MAC_OVERRIDE",
    "MKNOD",      "NET_ADMIN",       "NET_BIND_SERVICE", "NET_BROADCAST",
    "NET_RAW",    "SETFCAP",         "SETGID",           "SETPCAP",
    "SETUID",     "SYS_ADMIN",       "SYS_BOOT",         "SYS_CHROOT",
    "SYS_MODULE", "SYS_NICE",        "SYS_PACCT",        "SYS_PTRACE",
    "SYS_RAWIO",  "SYS_RESOURCE",    "SYS_TIME",         "SYS_TTY_CONFIG",
    "SYSLOG",     "WAKE_ALARM"};

// AWS allows more: those that would make another kind of mount of it are left out.
constexpr std::array<std::string_view, 21> tmpfs_words{
    "defaults", "ro",      "rw",       "suid",       "nosuid",   "dev",        "nodev",
    "exec",     "noexec",  "sync",     "async",      "dirsync",  "mand",       "nomand",
    "atime",    "noatime", "diratime", "nodiratime", "relatime", "norelatime", "strictatime"};
constexpr std::array<std::string_view, 5> tmpfs_values{"mode=", "uid=", "gid=", "nr_inodes=", "nr_blocks="};

constexpr std::array<std::string_view, 8> ipc_controls{"kernel.msgmax", "kernel.msgmnb",         "kernel.msgmni",
                                                       "kernel.sem",    "kernel.shmall",         "kernel.shmmax",
                                                       "kernel.shmmni", "kernel.shm_rmid_forced"};

bool known(std::string_view word, const auto& words) { return std::ranges::find(words, word) != words.end(); }

std::unexpected<Fault> wrong(const Container& c, std::string_view what) {
  return client_fault(cat("Container '", *c.name, "': ", what));
}

Outcome<> between(const Container& c, const opt<i32>& value, i32 least, i32 most, std::string_view name) {
  if (value && (*value < least || *value > most))
    return wrong(c, cat(name, " must be between ", least, " and ", most, "."));
  return {};
}

bool is_name(std::string_view text) {
  return text.size() <= names_length_max && std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
         });
}

Outcome<> check_refused(const Container& c) {
  const auto unsupported = [](std::string_view what) {
    return client_fault(cat("Tasks using the Fargate launch type do not support ", what, "."));
  };
  if (c.privileged.value_or(false))
    return client_fault("Tasks using the Fargate launch type do not support privileged containers.");
  if (c.links && !c.links->empty()) return client_fault("Links are not supported when networkMode=awsvpc.");
  if (c.hostname) return client_fault("hostname is not supported on container when networkMode=awsvpc.");
  if (c.dnsServers && !c.dnsServers->empty())
    return client_fault("DNS servers are not supported on container when networkMode=awsvpc.");
  if (c.dnsSearchDomains && !c.dnsSearchDomains->empty())
    return client_fault("DNS search domains are not supported on container when networkMode=awsvpc.");
  if (c.extraHosts && !c.extraHosts->empty())
    return client_fault("Extra hosts are not supported on container when networkMode=awsvpc.");
  if (c.disableNetworking.value_or(false)) return unsupported("disableNetworking");
  if (c.dockerSecurityOptions && !c.dockerSecurityOptions->empty()) return unsupported("dockerSecurityOptions");
  if (c.resourceRequirements && !c.resourceRequirements->empty())
    return unsupported(cat("resourceRequirements of type ", c.resourceRequirements->front().type.name()));
  if (c.credentialSpecs && !c.credentialSpecs->empty()) return unsupported("credentialSpecs");
  if (c.firelensConfiguration) return wrong(c, "firelensConfiguration is not served; send logs with awslogs.");
  if (c.pseudoTerminal.value_or(false)) return wrong(c, "pseudoTerminal is not served.");
  return {};
}

Outcome<> check_capabilities(const Container& c, const api::KernelCapabilities& wanted) {
  for (const auto* list : {&wanted.add, &wanted.drop})
    if (*list)
      for (const str& each : **list)
        if (!known(each, capabilities)) return wrong(c, cat("'", each, "' is not a capability."));
  if (wanted.add)
    for (const str& each : *wanted.add)
      if (each != "SYS_PTRACE")
        return client_fault(cat("Tasks using the Fargate launch type do not support adding the capability ", each,
                                ". The only capability that can be added is SYS_PTRACE."));
  return {};
}

bool is_tmpfs_option(std::string_view option) {
  return known(option, tmpfs_words) || std::ranges::any_of(tmpfs_values, [&](std::string_view name) {
           return option.starts_with(name) && parse_integer(option.substr(name.size())).has_value();
         });
}

Outcome<> check_linux(const Container& c, bool requires_fargate) {
  const api::LinuxParameters& linux_part = *c.linuxParameters;
  const auto unsupported = [](std::string_view what) {
    return client_fault(cat("Tasks using the Fargate launch type do not support linuxParameters.", what, "."));
  };
  if (linux_part.devices && !linux_part.devices->empty()) return unsupported("devices");
  if (linux_part.maxSwap) return unsupported("maxSwap");
  if (linux_part.swappiness) return unsupported("swappiness");
  // Where a definition does not ask to be held to Fargate's rules, the size has effect.
  if (linux_part.sharedMemorySize && requires_fargate) return unsupported("sharedMemorySize");
  TRY_VOID(between(c, linux_part.sharedMemorySize, 1, tmpfs_mib_max, "linuxParameters.sharedMemorySize"));
  if (linux_part.capabilities) TRY_VOID(check_capabilities(c, *linux_part.capabilities));
  if (!linux_part.tmpfs) return {};
  for (const api::Tmpfs& each : *linux_part.tmpfs) {
    if (!each.containerPath.starts_with('/'))
      return wrong(c, "linuxParameters.tmpfs.containerPath must be an absolute path.");
    TRY_VOID(between(c, each.size, 1, tmpfs_mib_max, "linuxParameters.tmpfs.size"));
    if (each.mountOptions)
      for (const str& option : *each.mountOptions)
        if (!is_tmpfs_option(option))
          return wrong(c, cat("linuxParameters.tmpfs.mountOptions: '", option, "' is not supported."));
  }
  return {};
}

Outcome<> check_ulimits(const Container& c) {
  std::set<std::string_view> names;
  for (const api::Ulimit& each : *c.ulimits) {
    const std::string_view name = each.name.name();
    if (!names.insert(name).second) return wrong(c, cat("ulimits: ", name, " is there twice."));
    if (each.softLimit < -1 || each.hardLimit < -1)
      return wrong(c, cat("ulimits: ", name, " must be -1 (no limit) or more."));
    const bool above = each.hardLimit != -1 && (each.softLimit == -1 || each.softLimit > each.hardLimit);
    if (above) return wrong(c, cat("ulimits: the soft limit of ", name, " must not exceed its hard limit."));
  }
  return {};
}

Outcome<> check_controls(const Container& c) {
  for (const api::SystemControl& each : *c.systemControls) {
    if (!each.namespace_ || !each.value) return wrong(c, "systemControls: namespace and value are both required.");
    const str& name = *each.namespace_;
    const bool sound = std::ranges::all_of(name, [](char ch) {
      return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '.' ||
             ch == '_' || ch == '-';
    });
    const bool ours = name.starts_with("net.") || (name.starts_with("fs.mqueue.") || known(name, ipc_controls));
    if (!sound || name.contains("..") || !ours)
      return wrong(c, cat("systemControls: '", name,
                          "' is not a parameter of a network namespace (net.*) or of an IPC namespace "
                          "(kernel.msg*, kernel.sem, kernel.shm*, fs.mqueue.*)."));
  }
  return {};
}

Outcome<> check_restart(const Container& c) {
  const api::ContainerRestartPolicy& policy = *c.restartPolicy;
  TRY_VOID(between(c, policy.restartAttemptPeriod, 60, 1800, "restartPolicy.restartAttemptPeriod"));
  if (!policy.ignoredExitCodes) return {};
  if (policy.ignoredExitCodes->size() > ignored_exit_codes_max)
    return wrong(c, cat("restartPolicy.ignoredExitCodes can have at most ", ignored_exit_codes_max, " items."));
  for (const i32 code : *policy.ignoredExitCodes) TRY_VOID(between(c, code, 0, 255, "restartPolicy.ignoredExitCodes"));
  return {};
}

Outcome<> check_health(const Container& c) {
  const auto& check = *c.healthCheck;
  if (check.command.empty() || (check.command[0] != "CMD" && check.command[0] != "CMD-SHELL"))
    return wrong(c, "healthCheck.command must begin with CMD or CMD-SHELL.");
  TRY_VOID(between(c, check.interval, 5, 300, "healthCheck.interval"));
  TRY_VOID(between(c, check.timeout, 2, 60, "healthCheck.timeout"));
  TRY_VOID(between(c, check.retries, 1, 10, "healthCheck.retries"));
  return between(c, check.startPeriod, 0, 300, "healthCheck.startPeriod");
}

Outcome<> check_log(const api::LogConfiguration& log, const Container& c, bool requires_fargate) {
  if (log.logDriver != "awslogs")
    return wrong(c, cat("log driver '", log.logDriver.name(), "' is not supported; use awslogs."));
  if (log.secretOptions && !log.secretOptions->empty())
    return wrong(c, "logConfiguration.secretOptions: awslogs has no secret options.");
  const dict<str> options = log.options.value_or(dict<str>{});
  TRY_VOID(check_awslogs(options));
  if (!options.contains("awslogs-group"))
    return client_fault("Log driver awslogs requires options: awslogs-group, awslogs-region");
  if (requires_fargate && !options.contains("awslogs-stream-prefix"))
    return client_fault("Log driver awslogs requires option: awslogs-stream-prefix for FARGATE launch type");
  return {};
}

Outcome<> check_sizes(const Container& c) {
  TRY_VOID(between(c, c.stopTimeout, 0, 120, "stopTimeout"));
  TRY_VOID(between(c, c.startTimeout, 2, 120, "startTimeout"));
  TRY_VOID(between(c, c.cpu, 0, 1 << 24, "cpu"));
  TRY_VOID(between(c, c.memory, 4, 1 << 24, "memory"));
  TRY_VOID(between(c, c.memoryReservation, 4, 1 << 24, "memoryReservation"));
  if (c.memory && c.memoryReservation && *c.memoryReservation > *c.memory)
    return client_fault(cat("Invalid setting for container '", *c.name,
                            "'. The memoryReservation (soft limit) must not exceed the memory (hard limit)."));
  return {};
}

}  // namespace

std::optional<EnvironmentFileSpec> environment_file(std::string_view arn) {
  constexpr std::string_view prefix = "arn:aws:s3:::";
  if (!arn.starts_with(prefix) || !arn.ends_with(".env")) return {};
  arn.remove_prefix(prefix.size());
  const std::size_t slash = arn.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == arn.size()) return {};
  return EnvironmentFileSpec{.bucket = str(arn.substr(0, slash)), .key = str(arn.substr(slash + 1))};
}

Outcome<> check_environment_files(const str& container, const list<api::EnvironmentFile>& files, const HostRow& host) {
  if (files.empty()) return {};
  if (files.size() > environment_files_max)
    return client_fault(
        cat("Container '", container, "': environmentFiles can have at most ", environment_files_max, " items."));
  if (!host.s3)
    return client_fault(cat("Container '", container,
                            "': environmentFiles need a directory that stands in for S3: utakata serve --s3 DIR, with "
                            "DIR/BUCKET/KEY."));
  for (const api::EnvironmentFile& each : files)
    if (!environment_file(each.value))
      return client_fault(cat("Container '", container, "': environmentFiles: '", each.value,
                              "' is not the ARN of an S3 object whose name ends with .env."));
  return {};
}

Outcome<> check_secret_names(const opt<list<api::Secret>>& secrets, const opt<list<api::KeyValuePair>>& environment) {
  if (!secrets) return {};
  std::set<str> names;
  if (environment)
    for (const auto& pair : *environment) names.insert(pair.name.value_or(""));
  for (const api::Secret& each : *secrets)
    if (!names.insert(each.name).second)
      return client_fault(
          cat("The secret name must be unique and not shared with any new or existing environment variables set on the "
              "container, such as '",
              each.name, "'."));
  return {};
}

Outcome<> check_container(const Container& c, bool requires_fargate, const HostRow& host) {
  if (!c.name || c.name->empty()) return client_fault("Container.name should not be null or empty.");
  if (!is_name(*c.name))
    return client_fault(cat("Container name '", c.name->substr(0, names_length_max),
                            "' is invalid: it may have letters, numbers, hyphens and underscores, up to ",
                            names_length_max, "."));
  if (!c.image || c.image->empty()) return client_fault("Container.image should not be null or empty.");
  TRY_VOID(check_refused(c));
  TRY_VOID(check_sizes(c));
  if (c.linuxParameters) TRY_VOID(check_linux(c, requires_fargate));
  if (c.ulimits) TRY_VOID(check_ulimits(c));
  if (c.systemControls) TRY_VOID(check_controls(c));
  if (c.restartPolicy) TRY_VOID(check_restart(c));
  if (c.healthCheck) TRY_VOID(check_health(c));
  if (c.logConfiguration) TRY_VOID(check_log(*c.logConfiguration, c, requires_fargate));
  if (c.environmentFiles) TRY_VOID(check_environment_files(*c.name, *c.environmentFiles, host));
  TRY_VOID(check_secret_names(c.secrets, c.environment));
  if (c.secrets)
    for (const api::Secret& each : *c.secrets) TRY_VOID(check_secret_source(each));
  if (c.repositoryCredentials && c.repositoryCredentials->credentialsParameter.empty())
    return wrong(c, "repositoryCredentials.credentialsParameter names no secret.");
  if (c.portMappings)
    for (const auto& mapping : *c.portMappings)
      if (mapping.hostPort && mapping.containerPort && *mapping.hostPort != 0 &&
          *mapping.hostPort != *mapping.containerPort)
        return client_fault("When networkMode=awsvpc, the host ports and container ports in port mappings must match.");
  return {};
}

}  // namespace utakata::ecs

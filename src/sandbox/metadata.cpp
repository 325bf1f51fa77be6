#include "sandbox/metadata.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace utakata::sandbox {
namespace {

constexpr f64 fargate_cpu_otherwise = 2;  // what Fargate shows of a container without a share of its own

str cluster_arn(const TaskSpec& spec) {
  return cat("arn:aws:ecs:", spec.region, ":", spec.account, ":cluster/", spec.cluster);
}

void set_time(Json& object, std::string_view name, Instant at) {
  if (at.set()) object.set(name, iso8601(at, 9));
}

template <class List>
Json texts(const List& items) {
  Json array = Json::array();
  for (const auto& item : items) array.push(Json(std::string_view(item)));
  return array;
}

const ContainerState& known_state(const TaskPicture& picture, const str& name) {
  static const ContainerState none;
  const auto at = std::ranges::find(picture.report.containers, name, &ContainerState::name);
  return at != picture.report.containers.end() ? *at : none;
}

// The agent's words: a container that has not been started has been pulled.
std::string_view known_status(const ContainerState& state) {
  return state.status == "PENDING" ? "PULLED" : state.status.name();
}

// Until its end a stopping task is known to run; what is wanted of it tells the difference.
std::string_view known_status(const TaskReport& report) {
  if (report.status == "PENDING") return "PULLED";
  return report.status == "STOPPED" ? "STOPPED" : "RUNNING";
}

Json labels(const TaskSpec& spec, const ContainerSpec& container) {
  Json out = Json::object();
  out.set("com.amazonaws.ecs.cluster", cluster_arn(spec));
  out.set("com.amazonaws.ecs.container-name", container.name);
  out.set("com.amazonaws.ecs.task-arn", spec.arn);
  out.set("com.amazonaws.ecs.task-definition-family", spec.family);
  out.set("com.amazonaws.ecs.task-definition-version", cat(spec.revision));
  for (const auto& [name, value] : container.labels) out.set(name, value);
  return out;
}

// "172.31.32.1/20": the router's address in a subnet is the second.
str gateway_with_prefix(const str& cidr) {
  const std::size_t slash = cidr.find('/');
  const std::size_t dot = cidr.rfind('.', slash);
  if (slash == str::npos || dot == str::npos) return {};
  const auto last = parse_integer(std::string_view(cidr).substr(dot + 1, slash - dot - 1));
  return last ? cat(cidr.substr(0, dot + 1), *last + 1, cidr.substr(slash)) : str();
}

Json networks(const MetadataSource& source, MetadataVersion version) {
  const InterfaceSpec& network = source.spec.network;
  Json one = Json::object();
  one.set("NetworkMode", "awsvpc");
  one.set("IPv4Addresses", texts(list<str>{network.address}));
  if (version == MetadataVersion::v4) {
    one.set("AttachmentIndex", 0);
    one.set("MACAddress", network.mac);
    one.set("IPv4SubnetCIDRBlock", network.subnet_cidr);
    one.set("DomainNameServers", texts(source.picture.name_servers));
    one.set("DomainNameSearchList", texts(source.picture.search_domains));
    one.set("PrivateDNSName", network.host_name);
    one.set("SubnetGatewayIpv4Address", gateway_with_prefix(network.subnet_cidr));
  }
  Json all = Json::array();
  all.push(std::move(one));
  return all;
}

void set_health(Json& out, const ContainerSpec& container, const ContainerState& state, Instant since) {
  if (!container.health_check) return;
  Json& health = out.set("Health", Json::object());
  health.set("status", state.health.name());
  set_time(health, "statusSince", since);
}

void set_volumes(Json& out, const ContainerSpec& container) {
  if (container.mounts.empty()) return;
  Json& volumes = out.set("Volumes", Json::array());
  for (const MountSpec& mount : container.mounts) {
    Json& one = volumes.push(Json::object());
    one.set("DockerName", mount.volume);
    one.set("Destination", mount.path);
  }
}

void set_log(Json& out, const ContainerSpec& container) {
  if (!container.log) return;
  out.set("LogDriver", "awslogs");
  Json& options = out.set("LogOptions", Json::object());
  options.set("awslogs-group", container.log->group);
  options.set("awslogs-region", container.log->region);
  options.set("awslogs-stream", container.log->stream);
}

Json container_limits(const ContainerSpec& container) {
  Json limits = Json::object();
  if (container.cpu > 0)
    limits.set("CPU", container.cpu);
  else
    limits.set("CPU", fargate_cpu_otherwise);
  if (const auto& memory = container.memory_mib ? container.memory_mib : container.memory_reservation_mib)
    limits.set("Memory", *memory);
  return limits;
}

void set_task_tail(Json& out, const MetadataSource& source) {
  out.set("LaunchType", "FARGATE");
  if (!source.spec.service.empty()) out.set("ServiceName", source.spec.service);
  Json& drift = out.set("ClockDrift", Json::object());
  drift.set("ClockErrorBound", source.clock.error_bound_milliseconds);
  drift.set("ReferenceTimestamp", iso8601(source.clock.at));
  drift.set("ClockSynchronizationStatus", source.clock.synchronized ? "SYNCHRONIZED" : "NOT_SYNCHRONIZED");
  if (source.picture.storage) {
    Json& storage = out.set("EphemeralStorageMetrics", Json::object());
    storage.set("Utilized", source.picture.storage->used_mib);
    storage.set("Reserved", source.picture.storage->size_mib);
  }
  out.set("FaultInjectionEnabled", false);
}

}  // namespace

Json container_document(const MetadataSource& source, const ContainerSpec& container, MetadataVersion version) {
  const ContainerState& state = known_state(source.picture, container.name);
  const auto seen = source.picture.containers.find(container.name);
  const TaskPicture::Container times =
      seen != source.picture.containers.end() ? seen->second : TaskPicture::Container{};
  Json out = Json::object();
  out.set("DockerId", source.ids.container.at(container.name));
  out.set("Name", container.name);
  out.set("DockerName", container.name);
  out.set("Image", container.image);
  out.set("ImageID", state.image_digest);
  out.set("Labels", labels(source.spec, container));
  out.set("DesiredStatus", source.facts.desired_status);
  out.set("KnownStatus", known_status(state));
  if (state.exit_code) out.set("ExitCode", *state.exit_code);
  out.set("Limits", container_limits(container));
  set_time(out, "CreatedAt", times.started_at);
  set_time(out, "StartedAt", times.started_at);
  set_time(out, "FinishedAt", state.exited_at);
  out.set("Type", "NORMAL");
  set_health(out, container, state, times.health_since);
  set_volumes(out, container);
  if (version == MetadataVersion::v4) {
    set_log(out, container);
    out.set("ContainerARN", container.arn);
  }
  out.set("Networks", networks(source, version));
  if (version == MetadataVersion::v4) out.set("Snapshotter", "overlayfs");
  if (container.restart) out.set("RestartCount", state.restarts);
  return out;
}

Json task_document(const MetadataSource& source, MetadataVersion version, bool tags) {
  const TaskSpec& spec = source.spec;
  Json out = Json::object();
  out.set("Cluster", cluster_arn(spec));
  out.set("TaskARN", spec.arn);
  out.set("Family", spec.family);
  out.set("Revision", cat(spec.revision));
  out.set("DesiredStatus", source.facts.desired_status);
  out.set("KnownStatus", known_status(source.picture.report));
  Json& limits = out.set("Limits", Json::object());
  limits.set("CPU", static_cast<f64>(spec.cpu) / 1024);
  limits.set("Memory", spec.memory_mib);
  set_time(out, "PullStartedAt", source.picture.report.pull_started_at);
  set_time(out, "PullStoppedAt", source.picture.report.pull_stopped_at);
  out.set("AvailabilityZone", spec.availability_zone);
  if (tags && !source.facts.tags.empty()) {
    Json& all = out.set("TaskTags", Json::object());
    for (const auto& [name, value] : source.facts.tags) all.set(name, value);
  }
  Json& containers = out.set("Containers", Json::array());
  for (const ContainerSpec& each : spec.containers) containers.push(container_document(source, each, version));
  if (version == MetadataVersion::v4) set_task_tail(out, source);
  return out;
}

}  // namespace utakata::sandbox

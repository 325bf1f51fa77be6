#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>

#include "base/cbor.hpp"
#include "base/text.hpp"
#include "reactor/random.hpp"
#include "sandbox/endpoint.hpp"
#include "sandbox/task.hpp"

// What the task finds at its endpoint, and how its containers hear of it.
namespace utakata::sandbox {
namespace {

constexpr std::size_t docker_id_digits = 10;

str random_digits(std::size_t count) {
  str digits;
  for (const char byte : reactor::random_bytes(count))
    digits += static_cast<char>('0' + static_cast<unsigned char>(byte) % 10);
  return digits;
}

str random_uuid() {
  const str digits = hex(reactor::random_bytes(16));
  return cat(digits.substr(0, 8), "-", digits.substr(8, 4), "-4", digits.substr(13, 3), "-a", digits.substr(17, 3), "-",
             digits.substr(20));
}

}  // namespace

// Chosen once and kept: the same after a restart of the daemon.
Outcome<> Task::choose_endpoint_ids() {
  const ContainerFolder own(folder());
  if (auto known = cbor::read<EndpointIds>(own.read("endpoint-ids"))) {
    ids_ = *std::move(known);
    return {};
  }
  ids_.credentials = random_uuid();
  for (const ContainerSpec& each : run_.spec().containers)
    ids_.container[each.name] = cat(run_.spec().id, "-", random_digits(docker_id_digits));
  return own.write("endpoint-ids", cbor::write(ids_));
}

str Task::docker_id(const str& container) const {
  const auto known = ids_.container.find(container);
  return known != ids_.container.end() ? known->second : cat(run_.spec().id, "-", container);
}

Outcome<> Task::open_endpoint() {
  const TaskSpec& spec = run_.spec();
  const str host(endpoint_address);
  Endpoint::Doors doors {
    .endpoint = TRY(host_.network.listen_for(spec.network, {.host = host, .port = endpoint_port}))
    , .api = -1
  };
  if (!host_.api_address.empty()) {
    const auto api = host_.network.listen_for(spec.network, {.host = host, .port = api_port});
    if (!api) {
      ::close(doors.endpoint);
      return std::unexpected(api.error());
    }
    doors.api = *api;
  }
  host_.endpoint->open(std::make_shared<const TaskSpec>(spec), ids_, doors);
  return {};
}

dict<str> Task::endpoint_variables(const str& container) const {
  const str base = cat("http://", endpoint_address);
  const str id = docker_id(container);
  dict<str> variables{{"ECS_CONTAINER_METADATA_URI_V4", cat(base, "/v4/", id)},
                      {"ECS_CONTAINER_METADATA_URI", cat(base, "/v3/", id)},
                      {"ECS_AGENT_URI", cat(base, "/api/", id)}};
  if (!run_.spec().role_arn.empty())
    variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = cat("/v2/credentials/", ids_.credentials);
  if (!host_.api_address.empty()) variables["AWS_ENDPOINT_URL"] = cat(base, ":", api_port);
  return variables;
}

void Task::note_health(Container& c) {
  const TaskReport report = run_.report();
  const auto state = std::ranges::find(report.containers, c.spec->name, &ContainerState::name);
  if (state == report.containers.end() || state->health.name() == c.health) return;
  c.health = state->health.name();
  c.health_since = wall_clock();
}

TaskPicture Task::picture() const {
  TaskPicture picture{.report = run_.report()};
  for (const auto& [name, c] : containers_) {
    const auto started = c.folder.started();
    picture.containers[name] = {.started_at = started ? started->at : Instant{}, .health_since = c.health_since};
  }
  const str resolver = ContainerFolder(folder()).read("resolv.conf");
  for (const std::string_view line : split(resolver, '\n')) {
    const auto words = split(line, ' ');
    if (words[0] == "nameserver" && words.size() > 1) picture.name_servers.emplace_back(words[1]);
    if (words[0] == "search") picture.search_domains.assign(words.begin() + 1, words.end());
  }
  struct statvfs room{};
  if (run_.spec().storage_gib && statvfs(storage().inside.c_str(), &room) == 0) {
    constexpr std::uint64_t mib = 1024 * 1024;
    picture.storage =
        TaskPicture::Storage{.used_mib = static_cast<i64>((room.f_blocks - room.f_bfree) * room.f_frsize / mib),
                             .size_mib = static_cast<i64>(room.f_blocks * room.f_frsize / mib)};
  }
  return picture;
}

}  // namespace utakata::sandbox

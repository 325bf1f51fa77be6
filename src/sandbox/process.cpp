#include "sandbox/process.hpp"

#include <algorithm>
#include <map>

#include "base/text.hpp"

namespace utakata::sandbox {
namespace {

std::optional<std::vector<std::string_view>> line_of(std::string_view file, std::string_view name, std::size_t key_at) {
  for (const std::string_view line : split(file, '\n')) {
    const auto parts = split(line, ':');
    if (parts.size() > 3 && parts[key_at] == name) return parts;
  }
  return {};
}

// The groups that list the user, but for its own: "wheel:x:10:root,app".
list<i64> groups_of(const str& user, i64 own, const str& group) {
  list<i64> gids;
  for (const std::string_view line : split(group, '\n')) {
    const auto parts = split(line, ':');
    if (parts.size() < 4) continue;
    const auto members = split(parts[3], ',');
    const auto gid = parse_integer(parts[2]);
    if (gid && *gid != own && std::ranges::find(members, user) != members.end()) gids.push_back(*gid);
  }
  return gids;
}

}  // namespace

// A definition's entryPoint drops the image's command, as docker run --entrypoint does.
Outcome<Process> process_of(const TaskSpec& task, const ContainerSpec& container, const Image& image,
                            const dict<str>& from_files, const dict<str>& given) {
  Process process;
  const list<str>& entry = container.entry_point ? *container.entry_point : image.entry_point;
  const list<str>& command = container.command       ? *container.command
                             : container.entry_point ? list<str>()
                                                     : image.command;
  if (container.init_process) process.arguments = {"/dev/init", "--"};
  process.arguments.insert(process.arguments.end(), entry.begin(), entry.end());
  process.arguments.insert(process.arguments.end(), command.begin(), command.end());
  if (entry.empty() && command.empty())
    return refuse(
        "CannotStartContainerError",
        "CannotStartContainerError: no command specified, neither by the container definition nor by its image");
  std::map<str, str> environment{{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
                                 {"HOSTNAME", task.network.host_name},
                                 {"AWS_EXECUTION_ENV", "AWS_ECS_FARGATE"},
                                 {"AWS_REGION", task.region},
                                 {"AWS_DEFAULT_REGION", task.region}};
  environment.insert(given.begin(), given.end());
  for (const str& pair : image.environment) {
    const std::size_t equals = pair.find('=');
    environment[pair.substr(0, equals)] = equals == str::npos ? str() : pair.substr(equals + 1);
  }
  for (const auto* values : {&from_files, &container.environment, &container.secrets})
    for (const auto& [name, value] : *values) environment[name] = value;
  for (const auto& [name, value] : environment) process.environment.push_back(cat(name, "=", value));
  process.working_directory = container.working_directory ? *container.working_directory : image.working_directory;
  if (process.working_directory.empty()) process.working_directory = "/";
  return process;
}

Outcome<UserIds> user_of(const str& text, const str& passwd, const str& group) {
  UserIds ids;
  const std::size_t colon = text.find(':');
  const str user = text.substr(0, colon);
  str name;  // as the group file knows the user
  const auto number = user.empty() ? std::optional<i64>(0) : parse_integer(user);
  const auto line = number ? line_of(passwd, cat(*number), 2) : line_of(passwd, user, 0);
  if (line) {
    name = (*line)[0];
    ids.uid = parse_integer((*line)[2]).value_or(0);
    ids.gid = parse_integer((*line)[3]).value_or(0);
  } else if (number) {
    ids.uid = *number;
  } else {
    return refuse("CannotStartContainerError",
                  cat("CannotStartContainerError: unable to find user ", user, ": no matching entries in passwd file"));
  }
  // A group that is named stands alone; without one the user has all that list it, as docker does.
  if (colon == str::npos) {
    if (!name.empty()) ids.more_gids = groups_of(name, ids.gid, group);
    return ids;
  }
  const str wanted = text.substr(colon + 1);
  if (const auto gid = parse_integer(wanted)) {
    ids.gid = *gid;
    return ids;
  }
  const auto named = line_of(group, wanted, 0);
  if (!named)
    return refuse("CannotStartContainerError", cat("CannotStartContainerError: unable to find group ", wanted,
                                                   ": no matching entries in group file"));
  ids.gid = parse_integer((*named)[2]).value_or(0);
  return ids;
}

dict<str> parse_environment_file(std::string_view text) {
  dict<str> values;
  for (std::string_view line : split(text, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::size_t equals = line.find('=');
    if (trim(line).empty() || trim(line).starts_with('#') || equals == std::string_view::npos || equals == 0) continue;
    values[str(line.substr(0, equals))] = line.substr(equals + 1);
  }
  return values;
}

}  // namespace utakata::sandbox

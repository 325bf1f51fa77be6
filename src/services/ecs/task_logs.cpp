#include "services/ecs/task_logs.hpp"

#include <algorithm>
#include <array>

#include "services/ecs/account_setting_ops.hpp"
#include "services/ecs/errors.hpp"
#include "services/logs/public.hpp"

namespace utakata::ecs {
namespace {

constexpr std::array<std::string_view, 9> known_options{"awslogs-create-group",
                                                        "awslogs-datetime-format",
                                                        "awslogs-group",
                                                        "awslogs-multiline-pattern",
                                                        "awslogs-region",
                                                        "awslogs-stream-prefix",
                                                        "awslogs-stream",
                                                        "max-buffer-size",
                                                        "mode"};
constexpr i64 default_buffer_bytes = i64{10} << 20;  // ECS's, of a container that is not held back
constexpr i64 buffer_bytes_max = i64{1} << 30;
constexpr i64 buffer_bytes_min = i64{512} << 10;  // a line of 256 KiB, framed, must fit

str option(const dict<str>& options, const char* name) {
  const auto at = options.find(name);
  return at == options.end() ? str() : at->second;
}

const dict<str>* awslogs_of(const api::ContainerDefinition& c) {
  const bool has = c.logConfiguration && c.logConfiguration->logDriver == "awslogs" && c.logConfiguration->options;
  return has ? &*c.logConfiguration->options : nullptr;
}

World world_of_logs(const World& world, const dict<str>& options) {
  const str region = option(options, "awslogs-region");
  return {.account = world.account, .region = region.empty() ? world.region : region};
}

str stream_name(const dict<str>& options, const str& container, const str& task_id) {
  const str prefix = option(options, "awslogs-stream-prefix");
  return prefix.empty() ? cat(container, "/", task_id) : cat(prefix, "/", container, "/", task_id);
}

struct Conversion {
  char letter;
  std::string_view pattern;
};
// As docker's driver translates Python's strftime.
constexpr std::array<Conversion, 19> conversions{{{'a', "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"},
                                                  {'A', "(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)"},
                                                  {'b', "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"},
                                                  {'B',
                                                   "(?:January|February|March|April|May|June|July|August|September|"
                                                   "October|November|December)"},
                                                  {'d', "(?:0[1-9]|[1-2][0-9]|3[0-1])"},
                                                  {'H', "(?:[0-1][0-9]|2[0-3])"},
                                                  {'I', "(?:0[0-9]|1[0-2])"},
                                                  {'j', "(?:[0-2][0-9]{2}|3[0-5][0-9]|36[0-6])"},
                                                  {'m', "(?:0[1-9]|1[0-2])"},
                                                  {'M', "[0-5][0-9]"},
                                                  {'p', "[A-Z]{2}"},
                                                  {'S', "(?:[0-5][0-9]|60)"},
                                                  {'w', "[0-6]"},
                                                  {'y', "[0-9]{2}"},
                                                  {'Y', "[0-9]{4}"},
                                                  {'Z', "[A-Z]{1,4}T"},
                                                  {'z', "[+-][0-9]{4}"},
                                                  {'f', "[0-9]{6}"},
                                                  {'L', "\\.[0-9]{3}"}}};

str pattern_of_time(std::string_view format) {
  str pattern;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || i + 1 == format.size()) {
      if (std::string_view(".^$*+?()[]{}|\\").contains(format[i])) pattern += '\\';
      pattern += format[i];
      continue;
    }
    const auto known = std::ranges::find(conversions, format[++i], &Conversion::letter);
    pattern += known != conversions.end() ? str(known->pattern) : str(1, format[i]);
  }
  return pattern;
}

LogTarget target_of(const Tx& tx, const World& task_world, const dict<str>& options, const str& name) {
  const World world = world_of_logs(task_world, options);
  const str group = option(options, "awslogs-group");
  LogTarget target{.group = group,
                   .stream = name,
                   .region = world.region,
                   .id = logs::stream_id(tx, world, group, name),
                   .multiline_pattern = option(options, "awslogs-multiline-pattern")};
  const str mode = option(options, "mode");
  target.non_blocking = (mode.empty() ? default_log_driver_mode(tx, task_world) : mode) != "blocking";
  if (const str format = option(options, "awslogs-datetime-format"); !format.empty())
    target.multiline_pattern = pattern_of_time(format);
  if (target.non_blocking)
    target.buffer_bytes = std::clamp(parse_size(option(options, "max-buffer-size")).value_or(default_buffer_bytes),
                                     buffer_bytes_min, buffer_bytes_max);
  return target;
}

}  // namespace

std::optional<i64> parse_size(std::string_view text) {
  if (text.ends_with('b') || text.ends_with('B')) text.remove_suffix(1);
  int shift = 0;
  if (!text.empty()) {
    const str unit = to_lower(text.substr(text.size() - 1));
    shift = unit == "k" ? 10 : unit == "m" ? 20 : unit == "g" ? 30 : 0;
    if (shift != 0) text.remove_suffix(1);
  }
  const auto number = parse_integer(text);
  if (!number || *number <= 0 || *number > (INT64_MAX >> 30)) return {};
  return *number << shift;
}

Outcome<> check_awslogs(const dict<str>& options) {
  str unknown;
  for (const auto& [name, text] : options)
    if (std::ranges::find(known_options, name) == known_options.end())
      unknown += cat(unknown.empty() ? "" : ", ", name);
  if (options.contains("awslogs-stream")) unknown += cat(unknown.empty() ? "" : ", ", "awslogs-stream");
  if (!unknown.empty()) return client_fault(cat("Log driver awslogs disallows options: ", unknown));
  if (options.contains("awslogs-create-group") && options.at("awslogs-create-group") != "true")
    return client_fault(
        "Log driver awslogs option 'awslogs-create-group' should only be set to 'true', else omit option.");
  const str mode = option(options, "mode");
  if (options.contains("mode") && mode != "blocking" && mode != "non-blocking")
    return client_fault(
        cat("Log driver awslogs option 'mode' is not valid: ", mode, ". Valid values: blocking, non-blocking."));
  if (options.contains("max-buffer-size") && mode == "blocking")
    return client_fault("Log driver awslogs option 'max-buffer-size' can only be used with mode non-blocking.");
  if (options.contains("max-buffer-size") && !parse_size(options.at("max-buffer-size")))
    return client_fault(cat("Log driver awslogs option 'max-buffer-size' is no size: ", options.at("max-buffer-size")));
  if (options.contains("awslogs-datetime-format") && options.contains("awslogs-multiline-pattern"))
    return client_fault(
        "Log driver awslogs options awslogs-datetime-format and awslogs-multiline-pattern cannot be used together.");
  return {};
}

void fill_logs(Tx& tx, const World& task_world, const api::TaskDefinition& definition, TaskSpec& spec) {
  for (const auto& c : *definition.containerDefinitions) {
    const dict<str>* options = awslogs_of(c);
    if (options == nullptr) continue;
    const World world = world_of_logs(task_world, *options);
    const str group = option(*options, "awslogs-group");
    const str name = stream_name(*options, *c.name, spec.id);
    if (option(*options, "awslogs-create-group") == "true") logs::ensure_group(tx, world, group);
    const auto stream = logs::ensure_stream(tx, world, group, name);
    if (!stream && spec.cannot_start.empty())
      spec.cannot_start =
          cat("ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: "
              "failed to create Cloudwatch log stream: ",
              stream.error().code, ": ", stream.error().message, " : exit status 1 (log group ", group, ")");
    for (ContainerSpec& each : spec.containers)
      if (each.name == *c.name) each.log = target_of(tx, task_world, *options, name);
  }
}

}  // namespace utakata::ecs

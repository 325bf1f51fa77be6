#include "app/serve_settings.hpp"

#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/ipv4.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "images/reference.hpp"

namespace utakata::app {
namespace {

// What the platform itself and the host keep of this machine.
constexpr std::int64_t reserved_memory_mib = 512;

std::int64_t machine_cpu_units() { return 1024 * std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)); }

std::int64_t machine_memory_mib() {
  struct sysinfo info{};
  sysinfo(&info);
  const auto total = static_cast<std::int64_t>(info.totalram) * info.mem_unit / (1024 * 1024);
  return std::max<std::int64_t>(total - reserved_memory_mib, 512);
}

Outcome<std::string> read_file(const std::string& path, std::string_view option) {
  std::ifstream file(path);
  if (!file) return refuse("Usage", cat("utakata serve: --", option, ": cannot read ", path));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The folder that an option names, as an absolute path without links.
Outcome<std::string> folder_of(const Arguments& arguments, std::string_view option) {
  if (!arguments.given(option)) return std::string();
  const std::string given = arguments.text(option);
  std::error_code error;
  const std::filesystem::path path = std::filesystem::canonical(given, error);
  if (error || !std::filesystem::is_directory(path, error))
    return refuse("Usage", cat("utakata serve: --", option, ": ", given, " is no folder"));
  return path.string();
}

// HOST or HOST:PORT, as references name it.
Outcome<std::string> registry_of(const Arguments& arguments, std::string_view option) {
  std::string registry = arguments.text(option);
  const auto reference = images::parse_reference(registry + "/x");
  if (!registry.empty() && (!reference || reference->registry != registry))
    return refuse("Usage", cat("utakata serve: --", option, ": '", registry, "' is no HOST:PORT"));
  return registry;
}

// Its login in the file of logins, else one that a registry without logins takes.
Outcome<images::Credential> ecr_login(const images::Sources& sources) {
  images::Credential login{.user_name = "AWS", .password = "utakata"};
  if (sources.ecr_registry.empty() || sources.auth_file.empty()) return login;
  const auto invalid = [&](std::string_view why) {
    return refuse("Usage", cat("utakata serve: --registry-auth: ", sources.auth_file, ": ", why));
  };
  const std::string text = TRY(read_file(sources.auth_file, "registry-auth"));
  const auto json = Json::parse(text);
  if (!json) return invalid(json.error().message);
  const std::string_view packed = json->text_at({"auths", sources.ecr_registry, "auth"});
  if (packed.empty()) return login;
  const auto pair = base64_decode(packed);
  const std::size_t colon = pair ? pair->find(':') : std::string::npos;
  if (colon == std::string::npos)
    return invalid(cat("the login of ", sources.ecr_registry, " is not USER:PASSWORD in base64"));
  return images::Credential{.user_name = pair->substr(0, colon), .password = pair->substr(colon + 1)};
}

Outcome<> image_settings(const Arguments& arguments, ServeSettings& settings) {
  TRY_VOID(add_registries(arguments, settings.image_sources));
  settings.image_sources.default_registry = TRY(registry_of(arguments, "default-registry"));
  settings.image_sources.ecr_registry = TRY(registry_of(arguments, "ecr-registry"));
  settings.ecr_login = TRY(ecr_login(settings.image_sources));
  settings.image_rules.unused_for = hours(TRY(arguments.integer("image-age", 1, 24 * 3650)));
  settings.image_rules.bytes_max = TRY(arguments.integer("image-space", 1, 1 << 20))
  << 30;
  return {};
}

Outcome<> take_network(ServeSettings& settings, const Arguments& arguments) {
  const std::string egress = arguments.text("egress");
  if (egress != "nat" && egress != "off")
    return refuse("Usage", cat("utakata serve: --egress must be nat or off, not '", egress, "'"));
  settings.egress = egress == "nat";
  settings.dns = arguments.text("dns");
  if (settings.dns != "host" && settings.dns != "none" && !parse_ipv4(settings.dns))
    return refuse("Usage", cat("utakata serve: --dns must be host, none or an IPv4 address, not '", settings.dns, "'"));
  const auto block = Ipv4Block::parse(arguments.text("public-addresses"));
  if (!block || block->base >> 24 != 127 || block->length < 8 || block->length > 30)
    return refuse("Usage", cat("utakata serve: --public-addresses must be a block of loopback addresses, 127.x.y.z/8 "
                               "to /30, not '",
                               arguments.text("public-addresses"), "'"));
  settings.public_block = block->text();
  return {};
}

// Of AWS's form.
Outcome<std::string> log_group_of(const Arguments& arguments) {
  if (!arguments.given("access-log-group")) return std::string();
  constexpr std::size_t most = 512;
  const std::string name = arguments.text("access-log-group");
  const bool good = !name.empty() && name.size() <= most && std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("._-/#").contains(c);
  });
  if (!good)
    return refuse("Usage", cat("utakata serve: --access-log-group: '", name, "' is not the name of a log group"));
  return name;
}

bool loopback(const std::string& host) { return host.starts_with("127."); }

}  // namespace

Outcome<wire::Credentials> parse_credentials(std::string_view text) {
  wire::Credentials credentials;
  int number = 0;
  for (const std::string_view line : split(text, '\n')) {
    ++number;
    if (trim(line).empty() || trim(line).starts_with('#')) continue;
    std::vector<std::string> words;
    for (const std::string_view word : split(trim(line), ' '))
      if (!word.empty()) words.emplace_back(word);
    const bool account_ok = words.size() == 3 && words[2].size() == 12 && parse_integer(words[2]).has_value();
    if (!account_ok)
      return refuse("Usage", cat("utakata serve: --credentials: line ", number,
                                 " is not ACCESS_KEY_ID SECRET ACCOUNT, with an account of 12 digits"));
    credentials[words[0]] = wire::Credential{.secret = words[1], .account = words[2]};
  }
  return credentials;
}

Outcome<> add_registries(const Arguments& arguments, images::Sources& sources) {
  if (arguments.given("insecure-registry")) {
    sources.insecure.clear();
    const std::string given = arguments.text("insecure-registry");
    for (const std::string_view registry : split(given, ',')) {
      const auto reference = images::parse_reference(cat(registry, "/x"));
      if (!reference || reference->registry != registry)
        return refuse("Usage", cat("utakata: --insecure-registry: '", registry, "' is no HOST:PORT"));
      sources.insecure.emplace_back(registry);
    }
  }
  if (arguments.given("registry-auth")) {
    std::error_code error;
    const auto path = std::filesystem::canonical(arguments.text("registry-auth"), error);
    if (error) return refuse("Usage", cat("utakata: --registry-auth: cannot read ", arguments.text("registry-auth")));
    sources.auth_file = path.string();
  }
  return {};
}

Outcome<std::string> runtime_of(const Arguments& arguments) {
  const std::string runtime = arguments.text("runtime");
  if (runtime == "crun" || runtime == "runc") return runtime;
  return refuse("Usage", cat("utakata: --runtime must be crun or runc, not '", runtime, "'"));
}

Outcome<ServeSettings> serve_settings(const Arguments& arguments) {
  ServeSettings settings;
  settings.state_dir = arguments.text("state");
  settings.images_dir = TRY(folder_of(arguments, "images"));
  if (settings.images_dir.empty()) settings.images_dir = settings.state_dir + "/images";
  settings.balancer_address = arguments.text("balancer-address");
  settings.runtime = TRY(runtime_of(arguments));
  const auto listen = reactor::parse_address(arguments.text("listen"));
  if (!listen) return refuse("Usage", cat("utakata serve: --listen: ", listen.error().message));
  settings.listen = *listen;
  if (!reactor::parse_address(settings.balancer_address + ":0") || !loopback(settings.balancer_address))
    return refuse("Usage", cat("utakata serve: --balancer-address must be a loopback address, 127.x.y.z, not '",
                               settings.balancer_address, "'"));
  const std::string at_exit = arguments.text("on-exit");
  if (at_exit != "stop" && at_exit != "keep")
    return refuse("Usage", cat("utakata serve: --on-exit must be stop or keep, not '", at_exit, "'"));
  settings.keep_tasks_at_exit = at_exit == "keep";
  settings.log_space = TRY(arguments.integer("log-space", 64, i64{1} << 30))
  << 20;
  TRY_VOID(image_settings(arguments, settings));
  const std::string users = arguments.text("task-users");
  if (users != "own" && users != "host")
    return refuse("Usage", cat("utakata serve: --task-users must be own or host, not '", users, "'"));
  settings.own_users = users == "own";
  TRY_VOID(take_network(settings, arguments));
  settings.host_paths = TRY(folder_of(arguments, "host-paths"));
  settings.efs = TRY(folder_of(arguments, "efs"));
  settings.access_log_group = TRY(log_group_of(arguments));
  settings.s3 = TRY(folder_of(arguments, "s3"));
  settings.cpu_units =
      static_cast<i32>(arguments.given("cpu") ? TRY(arguments.integer("cpu", 256, 1 << 24)) : machine_cpu_units());
  settings.memory_mib = static_cast<i32>(arguments.given("memory") ? TRY(arguments.integer("memory", 512, 1 << 28))
                                                                   : machine_memory_mib());
  if (arguments.given("credentials")) {
    const std::string text = TRY(read_file(arguments.text("credentials"), "credentials"));
    settings.credentials = TRY(parse_credentials(text));
    if (settings.credentials.empty())
      return refuse("Usage", "utakata serve: --credentials: the file names no access key");
  }
  if (settings.credentials.empty() && !loopback(settings.listen.host))
    return refuse(
        "Usage",
        cat("utakata serve: --listen ", settings.listen.host,
            " needs --credentials: without them every signature is accepted, so only loopback may be listened on"));
  const std::string task_endpoint = arguments.text("task-endpoint");
  if (task_endpoint != "on" && task_endpoint != "off" && task_endpoint != "auto")
    return refuse("Usage", cat("utakata serve: --task-endpoint must be auto, on or off, not '", task_endpoint, "'"));
  // Where every signature is accepted, a container that reaches the API is master of every account.
  settings.task_endpoint = task_endpoint == "on" || (task_endpoint == "auto" && !settings.credentials.empty());
  return settings;
}

}  // namespace utakata::app

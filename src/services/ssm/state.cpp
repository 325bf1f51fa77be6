#include "services/ssm/state.hpp"

#include <algorithm>

#include "base/hash.hpp"

namespace utakata::ssm {

void declare_tables(Schema& schema) {
  schema.table<ParameterRow>();
  schema.table<SessionRow>();
}

Key parameter_key(const World& world, std::string_view name) { return world.key(name); }

str arn_of(const World& world, std::string_view name) {
  return cat("arn:aws:ssm:", world.region, ":", world.account, ":parameter", name.starts_with('/') ? "" : "/", name);
}

bool is_parameter_name(std::string_view name) {
  return !name.empty() && name.size() <= limits::name_characters && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-' || c == '/';
  });
}

namespace {

// An ARN's name begins with a slash whether or not the parameter's does.
struct Named {
  World world;
  str name, selector;
};
Named parse(const World& world, std::string_view text) {
  Named named{.world = world};
  constexpr std::string_view prefix = "arn:aws:ssm:";
  if (text.starts_with(prefix)) {
    const auto parts = split(text, ':');
    if (parts.size() >= 6 && parts[5].starts_with("parameter/")) {
      named.world = {.account = str(parts[4]), .region = str(parts[3])};
      named.name = parts[5].substr(std::string_view("parameter").size());
      if (parts.size() > 6) named.selector = cat(":", parts[6]);
    }
    return named;
  }
  const std::size_t colon = text.find(':');
  named.name = text.substr(0, colon);
  if (colon != std::string_view::npos) named.selector = text.substr(colon);
  return named;
}

const Version* version_of(const ParameterRow& row, std::string_view selector) {
  if (selector.empty()) return &row.newest();
  selector.remove_prefix(1);
  const auto number = parse_integer(selector);
  for (const Version& each : row.versions) {
    const bool labelled = std::ranges::find(each.labels, selector) != each.labels.end();
    if (number ? each.number == *number : labelled) return &each;
  }
  return nullptr;
}

}  // namespace

Outcome<Found> find(const Tx& tx, const World& world, std::string_view text) {
  const Named named = parse(world, text);
  Found found{.key = parameter_key(named.world, named.name), .selector = named.selector};
  found.row = tx.find<ParameterRow>(found.key);
  if (found.row == nullptr && text.starts_with("arn:") && !named.name.empty()) {
    found.key = parameter_key(named.world, std::string_view(named.name).substr(1));
    found.row = tx.find<ParameterRow>(found.key);
  }
  if (found.row == nullptr) return refuse("ParameterNotFound", "");
  found.version = version_of(*found.row, named.selector);
  if (found.version == nullptr)
    return refuse("ParameterVersionNotFound",
                  cat("Systems Manager could not find version ", std::string_view(named.selector).substr(1), " of ",
                      found.row->name, ". Verify the version and try again."));
  return found;
}

str shown_value(const Version& version, bool decrypted) {
  if (version.type != "SecureString" || decrypted) return version.value;
  str bytes = "utakata";
  for (std::uint64_t hash = hash64(cat(version.number, version.value)); hash > 0; hash >>= 8)
    bytes += static_cast<char>(hash & 255);
  return base64_encode(bytes);
}

}  // namespace utakata::ssm

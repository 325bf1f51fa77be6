#include "images/manifest.hpp"

#include <sys/utsname.h>

#include <algorithm>

#include "base/json.hpp"
#include "base/text.hpp"
#include "images/digest.hpp"

namespace utakata::images {
namespace {

std::unexpected<Fault> unsound(std::string_view why) { return refuse("ManifestBroken", str(why)); }

Outcome<Descriptor> descriptor_of(const Json* json) {
  if (json == nullptr) return unsound("the manifest lacks a descriptor");
  Descriptor descriptor{.digest = str(json->text_at({"digest"})), .size = json->integer_at({"size"})};
  if (!is_digest(descriptor.digest))
    return unsound(cat("the digest '", descriptor.digest, "' is not sha256 in hexadecimal"));
  if (descriptor.size < 0) return unsound(cat(descriptor.digest, " has a negative size"));
  return descriptor;
}

str platform_of(const Json& json, std::initializer_list<std::string_view> os,
                std::initializer_list<std::string_view> architecture, std::initializer_list<std::string_view> variant) {
  if (json.text_at(architecture).empty()) return {};
  const std::string_view system = json.text_at(os);
  const std::string_view more = json.text_at(variant);
  return cat(system.empty() ? "linux" : system, "/", json.text_at(architecture), more.empty() ? "" : "/", more);
}

Outcome<Manifest> parse_index(const Json& manifests, Manifest manifest) {
  manifest.index = true;
  for (const Json& each : manifests.items())
    manifest.choices.push_back({
      .manifest = TRY(descriptor_of(&each))
      , .platform = platform_of(each, {"platform", "os"}, {"platform", "architecture"}, {"platform", "variant"}),
          .name = str(each.text_at({"annotations", "org.opencontainers.image.ref.name"}))
    });
  return manifest;
}

list<str> texts(const Json* array) {
  list<str> out;
  if (array != nullptr)
    for (const Json& item : array->items()) out.push_back(item.text());
  return out;
}

}  // namespace

void Image::add_layer(str folder) {
  std::erase(layers, folder);
  layers.push_back(std::move(folder));
}

i64 Manifest::layers_bytes() const {
  i64 sum = 0;
  for (const Descriptor& layer : layers) sum += layer.size;
  return sum;
}

Outcome<Manifest> parse_manifest(std::string_view bytes) {
  if (bytes.size() > manifest_bytes_max) return unsound("the manifest is larger than 4 MiB");
  const auto json = Json::parse(bytes);
  if (!json || !json->is_object()) return unsound("the manifest is no JSON object");
  if (json->integer_at({"schemaVersion"}) != 2)
    return unsound("the manifest is of Docker's schema 1, which is not supported: push the image anew");
  Manifest manifest{.digest = digest_of(bytes)};
  if (const Json* manifests = json->find("manifests")) return parse_index(*manifests, std::move(manifest));
  manifest.config = TRY(descriptor_of(json->find("config")));
  if (const Json* layers = json->find("layers"))
    for (const Json& layer : layers->items()) manifest.layers.push_back(TRY(descriptor_of(&layer)));
  if (manifest.layers.size() > layers_max) return unsound("the image has more than 127 layers");
  return manifest;
}

Outcome<Config> parse_config(std::string_view bytes) {
  const auto json = Json::parse(bytes);
  if (!json || !json->is_object()) return unsound("the image's configuration is no JSON object");
  Config config{.diff_ids = texts(json->find({"rootfs", "diff_ids"})),
                .platform = platform_of(*json, {"os"}, {"architecture"}, {"variant"})};
  for (const str& id : config.diff_ids)
    if (!is_digest(id)) return unsound(cat("the layer's diff id '", id, "' is not sha256 in hexadecimal"));
  config.image = {.entry_point = texts(json->find({"config", "Entrypoint"})),
                  .command = texts(json->find({"config", "Cmd"})),
                  .environment = texts(json->find({"config", "Env"})),
                  .working_directory = str(json->text_at({"config", "WorkingDir"})),
                  .user = str(json->text_at({"config", "User"})),
                  .stop_signal = str(json->text_at({"config", "StopSignal"}))};
  return config;
}

str host_platform() {
  utsname name{};
  uname(&name);
  const std::string_view machine = name.machine;
  if (machine == "x86_64") return "linux/amd64";
  if (machine == "aarch64") return "linux/arm64";
  return cat("linux/", machine);
}

// A variant that one side leaves open fits: "linux/arm64" and "linux/arm64/v8".
bool runs_on(std::string_view image, std::string_view platform) {
  return image.empty() || image == platform || image.starts_with(cat(platform, "/"));
}

const Manifest::Choice* choose(const Manifest& index, std::string_view platform) {
  const auto at = std::ranges::find_if(index.choices, [&](const Manifest::Choice& choice) {
    return !choice.platform.empty() && runs_on(choice.platform, platform);
  });
  if (at != index.choices.end()) return &*at;
  return index.choices.size() == 1 && index.choices.front().platform.empty() ? &index.choices.front() : nullptr;
}

}  // namespace utakata::images

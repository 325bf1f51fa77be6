#include "base/json.hpp"
#include "images/files.hpp"
#include "images/image_store.hpp"

namespace utakata::images {
namespace {
constexpr std::size_t sources_bytes_max = std::size_t{64} << 10;
constexpr std::string_view file_name = "sources.json";
}  // namespace

Outcome<> write_sources(const Store& store, const Sources& sources) {
  Json json = Json::object();
  json.set("layouts", sources.layouts);
  Json& insecure = json.set("insecureRegistries", Json::array());
  for (const str& registry : sources.insecure) insecure.push(registry);
  json.set("defaultRegistry", sources.default_registry);
  json.set("ecrRegistry", sources.ecr_registry);
  json.set("authFile", sources.auth_file);
  return write_file(store.path(file_name), json.indented());
}

std::optional<Sources> read_sources(const Store& store) {
  const auto text = read_file(store.path(file_name), sources_bytes_max);
  if (!text) return {};
  const auto json = Json::parse(*text);
  if (!json) return {};
  Sources sources{.layouts = str(json->text_at({"layouts"})),
                  .default_registry = str(json->text_at({"defaultRegistry"})),
                  .ecr_registry = str(json->text_at({"ecrRegistry"})),
                  .auth_file = str(json->text_at({"authFile"}))};
  if (const Json* insecure = json->find("insecureRegistries"))
    for (const Json& each : insecure->items()) sources.insecure.push_back(each.text());
  return sources;
}

}  // namespace utakata::images

#include "sandbox/images.hpp"

#include <openssl/evp.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "base/json.hpp"
#include "base/text.hpp"
#include "sandbox/unpack.hpp"

namespace utakata::sandbox {
namespace {

namespace fs = std::filesystem;

std::unexpected<Fault> cannot_pull(std::string_view why) {
  return refuse("CannotPullContainerError", cat("CannotPullContainerError: ", why));
}

Outcome<str> read_file(const str& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return cannot_pull(cat("the image's file ", path, " is missing"));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Outcome<str> sha256_of_file(const str& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return cannot_pull(cat("the image's file ", path, " is missing"));
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  std::vector<char> block(std::size_t{1} << 20);
  while (file.read(block.data(), static_cast<std::streamsize>(block.size())) || file.gcount() > 0)
    EVP_DigestUpdate(context.get(), block.data(), static_cast<std::size_t>(file.gcount()));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  EVP_DigestFinal_ex(context.get(), digest.data(), &length);
  str bytes;
  for (unsigned int i = 0; i < length; ++i) bytes += static_cast<char>(digest.at(i));
  return hex(bytes);
}

bool plain_digest(std::string_view digest) {
  constexpr std::string_view prefix = "sha256:";
  return digest.starts_with(prefix) && digest.size() == prefix.size() + 64 &&
         std::ranges::all_of(digest.substr(prefix.size()),
                             [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

Outcome<str> blob_path(const str& layout, std::string_view digest) {
  if (!plain_digest(digest)) return cannot_pull(cat("the digest '", digest, "' is not sha256 in hexadecimal"));
  return cat(layout, "/blobs/sha256/", digest.substr(7));
}

Outcome<Json> read_blob(const str& layout, std::string_view digest) {
  const str path = TRY(blob_path(layout, digest));
  if (TRY(sha256_of_file(path)) != digest.substr(7))
    return cannot_pull(cat("the content of ", digest, " does not match its digest"));
  const str text = TRY(read_file(path));
  auto json = Json::parse(text);
  if (!json) return cannot_pull(cat(digest, ": ", json.error().message));
  return *std::move(json);
}

list<str> texts(const Json* array) {
  list<str> out;
  if (array != nullptr)
    for (const Json& item : array->items()) out.push_back(item.text());
  return out;
}

}  // namespace

Outcome<Reference> parse_reference(std::string_view text) {
  if (const std::size_t at = text.find('@'); at != std::string_view::npos) text = text.substr(0, at);
  const std::size_t slash = text.rfind('/');
  const std::size_t colon = text.find(':', slash == std::string_view::npos ? 0 : slash);
  Reference reference{.name = str(text.substr(0, colon)), .tag = "latest"};
  if (colon != std::string_view::npos) reference.tag = text.substr(colon + 1);
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-' || c == '/' || c == ':';
  };
  const bool sound = !reference.name.empty() && !reference.tag.empty() && std::ranges::all_of(text, allowed) &&
                     reference.name.find("..") == str::npos && reference.name.front() != '/';
  if (!sound) return cannot_pull(cat("invalid reference format: ", text));
  return reference;
}

Outcome<Image> ImageStore::pull(const str& text) {
  const Reference reference = TRY(parse_reference(text));
  const str layout = cat(images_dir_, "/", reference.name);
  std::error_code error;
  if (!fs::exists(layout + "/index.json", error))
    return cannot_pull(cat("pull image manifest has been retried 1 time(s): failed to resolve ref ", text,
                           ": not found: there is no OCI layout ", layout));
  const str index_text = TRY(read_file(layout + "/index.json"));
  const auto index = Json::parse(index_text);
  if (!index) return cannot_pull(cat(layout, "/index.json: ", index.error().message));
  str manifest_digest;
  if (const Json* manifests = index->find("manifests"))
    for (const Json& each : manifests->items())
      if (each.text_at({"annotations", "org.opencontainers.image.ref.name"}) == reference.tag)
        manifest_digest = each.text_at({"digest"});
  if (manifest_digest.empty())
    return cannot_pull(cat("pull image manifest has been retried 1 time(s): failed to resolve ref ", text,
                           ": manifest unknown: the layout ", layout, " has no tag ", reference.tag));
  const Json manifest = TRY(read_blob(layout, manifest_digest));
  const Json config = TRY(read_blob(layout, manifest.text_at({"config", "digest"})));
  Image image{.digest = manifest_digest};
  const Json* layers = manifest.find("layers");
  const list<str> diff_ids = texts(config.find({"rootfs", "diff_ids"}));
  if (layers == nullptr || layers->size() != diff_ids.size())
    return cannot_pull(cat(text, ": the manifest and the configuration do not agree about the layers"));
  for (std::size_t i = 0; i < diff_ids.size(); ++i)
    image.layers.push_back(TRY(layer_folder(layout, str(layers->items()[i].text_at({"digest"})), diff_ids[i])));
  image.entry_point = texts(config.find({"config", "Entrypoint"}));
  image.command = texts(config.find({"config", "Cmd"}));
  image.environment = texts(config.find({"config", "Env"}));
  image.working_directory = config.text_at({"config", "WorkingDir"});
  image.user = config.text_at({"config", "User"});
  image.stop_signal = config.text_at({"config", "StopSignal"});
  return image;
}

// One folder per diff id; a half unpacked one has another name and is begun anew.
Outcome<str> ImageStore::layer_folder(const str& layout, const str& digest, const str& diff_id) {
  if (!plain_digest(diff_id))
    return cannot_pull(cat("the layer's diff id '", diff_id, "' is not sha256 in hexadecimal"));
  const str folder = cat(store_dir_, "/", diff_id.substr(7));
  const std::scoped_lock lock(unpacking_);
  std::error_code error;
  if (fs::exists(folder, error)) return folder;
  const str archive = TRY(blob_path(layout, digest));
  if (TRY(sha256_of_file(archive)) != digest.substr(7))
    return cannot_pull(cat("the content of layer ", digest, " does not match its digest"));
  const str partial = folder + ".partial";
  fs::remove_all(partial, error);
  fs::create_directories(partial, error);
  if (error) return cannot_pull(cat("failed to make ", partial, ": ", error.message()));
  ::chmod(partial.c_str(), 0755);
  if (auto unpacked = unpack_layer(archive, partial); !unpacked) {
    fs::remove_all(partial, error);
    return cannot_pull(cat("failed to unpack layer ", digest, ": ", unpacked.error().message));
  }
  fs::rename(partial, folder, error);
  if (error) return cannot_pull(cat("failed to keep layer ", digest, ": ", error.message()));
  return folder;
}

}  // namespace utakata::sandbox

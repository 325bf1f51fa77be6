#include "images/image_store.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/text.hpp"
#include "images/digest.hpp"
#include "images/files.hpp"
#include "reactor/wall_clock.hpp"

namespace utakata::images {
namespace {

constexpr Duration still_max = seconds(60);  // a pull that gets no byte as long is ended

using reactor::wall_clock;

std::unexpected<Fault> refused(PullTrouble trouble, const Reference& reference, std::string_view detail) {
  return std::unexpected(pull_fault(trouble, reference.text(), detail));
}

// A fault of a file, a manifest or a layer, in AWS's words.
std::unexpected<Fault> refused(const Fault& fault, const Reference& reference) {
  if (fault.code == "CannotPullContainerError") return std::unexpected(fault);
  PullTrouble trouble = trouble_of(fault.message);
  if (trouble == PullTrouble::other && fault.code == "LayerBroken") trouble = PullTrouble::broken_layer;
  return refused(trouble, reference, fault.message);
}

std::unexpected<Fault> refused(const Skopeo::Refusal& refusal, const Reference& reference) {
  return std::unexpected(pull_fault(refusal.trouble, reference.text(), refusal.detail, refusal.attempts));
}

// A blob of a layout, held against its digest.
Outcome<str> read_verified(const str& blobs, const str& digest) {
  str bytes = TRY(read_file(cat(blobs, "/", hex_of(digest)), manifest_bytes_max));
  if (digest_of(bytes) != digest)
    return refuse("DigestMismatch", cat("unexpected commit digest ", digest_of(bytes), ", expected ", digest));
  return bytes;
}

}  // namespace

str ImageStore::new_folder() { return store_.path(cat("pulls/", getpid(), "-", pulls_made_.fetch_add(1))); }

Outcome<ImageStore::Found> ImageStore::find_imported(const Record& record) const {
  return Found {
    .manifest = TRY(store_.read_blob(record.digest))
    , .blobs = store_.path("blobs/sha256"), .record = record
  };
}

// By its tag, or by the digest of a manifest; an index in between is followed for this host's platform.
Outcome<std::optional<ImageStore::Found>> ImageStore::find_in_layout(const Reference& reference) const {
  const str layout = cat(sources_.layouts, "/", reference.name());
  const auto text = read_file(layout + "/index.json", manifest_bytes_max);
  if (!text) return std::nullopt;
  const Manifest index = TRY(parse_manifest(*text));
  const auto wanted = std::ranges::find_if(index.choices, [&](const Manifest::Choice& choice) {
    return reference.digest.empty() ? choice.name == reference.tag : choice.manifest.digest == reference.digest;
  });
  if (wanted == index.choices.end()) {
    if (!reference.registry.empty()) return std::nullopt;  // its registry may know
    return refused(PullTrouble::not_found, reference,
                   cat("manifest unknown: the layout ", layout, " has no ",
                       reference.digest.empty() ? "tag " + reference.tag : reference.digest));
  }
  Found found{.blobs = layout + "/blobs/sha256"};
  found.manifest = TRY(read_verified(found.blobs, wanted->manifest.digest));
  const Manifest first = TRY(parse_manifest(found.manifest));
  if (first.index) {
    const auto* choice = choose(first, host_platform());
    if (choice == nullptr) return refused(PullTrouble::wrong_platform, reference, "");
    found.manifest = TRY(read_verified(found.blobs, choice->manifest.digest));
  }
  found.record = {.reference = reference.text(), .source = "layout"};
  return found;
}

Outcome<std::optional<ImageStore::Found>> ImageStore::find_local(const Reference& reference) const {
  std::optional<Record> record = store_.find(reference.text());
  if (!record && !reference.digest.empty())
    for (Record& each : store_.records()) {
      const auto known = parse_reference(each.reference);
      if (each.digest == reference.digest && each.source == "import" && known && known->name() == reference.name())
        record = each;
    }
  if (record && record->source == "import") return TRY(find_imported(*record));
  return find_in_layout(reference);
}

std::optional<Image> ImageStore::ready(const str& text) const {
  const auto reference = parse_reference(text);
  if (!reference) return {};
  const auto found = find_local(*reference);
  if (!found || !*found) return {};
  const auto manifest = parse_manifest((*found)->manifest);
  // Its record and both blobs are kept from the first time on.
  if (!manifest || !store_.has_blob(manifest->digest) || !store_.has_blob(manifest->config.digest)) return {};
  const auto known = store_.find((*found)->record.reference);
  if (!known || known->digest != manifest->digest) return {};
  const auto config_text = store_.read_blob(manifest->config.digest);
  auto config = config_text ? parse_config(*config_text) : Outcome<Config>(std::unexpected(config_text.error()));
  if (!config || !runs_on(config->platform, host_platform())) return {};
  Image image = std::move(config->image);
  image.digest = manifest->digest;
  for (const str& id : config->diff_ids) {
    if (!store_.has_layer(id)) return {};
    image.add_layer(store_.layer_path(id));
  }
  store_.touch(known->reference);
  return image;
}

Outcome<Image> ImageStore::bring(const str& text, const Credential* credential, const Tell& tell, bool by_hand) {
  const Reference reference = TRY(parse_reference(text));
  const StoreLock lock = TRY(store_.share());
  auto local = find_local(reference);
  if (!local) return refused(local.error(), reference);
  if (*local) return unpack(**local, reference);
  const auto repository = repository_of(reference);
  if (!repository)
    return refused(PullTrouble::not_found, reference,
                   cat("there is no OCI layout ", sources_.layouts, "/", reference.name(),
                       ", nothing of that name was imported, and it names no registry"));
  auto fetched = fetch(reference, *repository, credential, tell);
  if (!fetched) return refused(fetched.error(), reference);
  const auto before = store_.find(reference.text());
  fetched->record.kept = by_hand || (before && before->kept);
  return unpack(*fetched, reference);
}

// Layers first, then the record: whoever finds the record finds the whole image.
Outcome<Image> ImageStore::unpack(const Found& found, const Reference& reference) {
  const auto whole = [&]() -> Outcome<Image> {
    const Manifest manifest = TRY(parse_manifest(found.manifest));
    const str config_text = TRY(read_verified(found.blobs, manifest.config.digest));
    Config config = TRY(parse_config(config_text));
    if (!runs_on(config.platform, host_platform())) return refused(PullTrouble::wrong_platform, reference, "");
    if (config.diff_ids.size() != manifest.layers.size())
      return refuse("ManifestBroken", "the manifest and the configuration do not agree about the layers");
    list<LayerUnpacker::Layer> layers;
    Image image = std::move(config.image);
    image.digest = manifest.digest;
    for (std::size_t i = 0; i < manifest.layers.size(); ++i) {
      const str& archive = manifest.layers[i].digest;
      layers.push_back({.archive_path = cat(found.blobs, "/", hex_of(archive)),
                        .digests = {.archive = archive, .content = config.diff_ids[i]}});
      image.add_layer(store_.layer_path(config.diff_ids[i]));
    }
    TRY_VOID(unpacker_.unpack(layers));
    TRY_VOID(store_.put_blob(found.manifest));
    TRY_VOID(store_.put_blob(config_text));
    Record record = found.record;
    record.digest = manifest.digest;
    record.bytes = manifest.layers_bytes();
    if (!record.pulled_at.set()) record.pulled_at = wall_clock();
    TRY_VOID(store_.put(record));
    return image;
  };
  auto image = whole();
  if (!image) return refused(image.error(), reference);
  return image;
}

std::optional<Repository> ImageStore::repository_of(const Reference& reference) const {
  str registry = reference.registry.empty() ? sources_.default_registry : reference.registry;
  if (registry.empty()) return {};
  if (is_ecr(registry) && !sources_.ecr_registry.empty()) registry = sources_.ecr_registry;
  const bool official = registry == "docker.io" && !reference.path.contains('/');
  return Repository{.name = cat(registry, "/", official ? "library/" : "", reference.path),
                    .insecure = sources_.is_insecure(registry),
                    .auth_file = {}};
}

// The manifest for this host; of an index the one that it names.
Outcome<str> ImageStore::fetch_manifest(const Reference& reference, const Skopeo& skopeo,
                                        const Repository& from) const {
  auto answer = skopeo.manifest(from, reference.digest.empty() ? ":" + reference.tag : "@" + reference.digest);
  if (!answer) return refused(answer.error(), reference);
  if (!reference.digest.empty() && digest_of(*answer) != reference.digest)
    return refused(PullTrouble::corrupt, reference,
                   cat("unexpected commit digest ", digest_of(*answer), ", expected ", reference.digest));
  const Manifest manifest = TRY(parse_manifest(*answer));
  if (!manifest.index) return *std::move(answer);
  const auto* choice = choose(manifest, host_platform());
  if (choice == nullptr) return refused(PullTrouble::wrong_platform, reference, "");
  const str& digest = choice->manifest.digest;
  if (auto known = store_.read_blob(digest)) return known;
  answer = skopeo.manifest(from, "@" + digest);
  if (!answer) return refused(answer.error(), reference);
  if (digest_of(*answer) != digest)
    return refused(PullTrouble::corrupt, reference,
                   cat("unexpected commit digest ", digest_of(*answer), ", expected ", digest));
  return *std::move(answer);
}

Outcome<ImageStore::Found> ImageStore::fetch(const Reference& reference, const Repository& repository,
                                             const Credential* credential, const Tell& tell) {
  Manifest manifest;
  const Skopeo* self = nullptr;
  const Skopeo skopeo(new_folder(), watch(self, reference.text(), manifest, tell));
  self = &skopeo;
  TRY_VOID(skopeo.open());
  Repository from = repository;
  const str registry = from.name.substr(0, from.name.find('/'));
  from.auth_file = credential == nullptr && !sources_.auth_file.empty()
                       ? sources_.auth_file
                       : TRY(skopeo.write_auth_file(registry, credential));
  Found found {
    .manifest = TRY(fetch_manifest(reference, skopeo, from))
    , .blobs = store_.path("blobs/sha256"), .record = {.reference = reference.text(), .source = "registry"}
  };
  manifest = TRY(parse_manifest(found.manifest));
  if (!store_.read_blob(manifest.config.digest)) {
    const auto config = skopeo.config(from, manifest.digest);
    if (!config) return refused(config.error(), reference);
    if (digest_of(*config) != manifest.config.digest)
      return refused(PullTrouble::corrupt, reference,
                     cat("unexpected commit digest ", digest_of(*config), ", expected ", manifest.config.digest));
    TRY_VOID(store_.put_blob(*config));
  }
  const bool whole =
      std::ranges::all_of(manifest.layers, [&](const Descriptor& layer) { return store_.has_blob(layer.digest); });
  if (whole) return found;
  if (auto got = skopeo.layers(from, manifest.digest, store_.path("blobs")); !got)
    return refused(got.error(), reference);
  return found;
}

// Tells how far it is, and ends what stands still.
Skopeo::Meanwhile ImageStore::watch(const Skopeo*& skopeo, const str& reference, const Manifest& manifest,
                                    const Tell& tell) const {
  return [this, &skopeo, reference, &manifest, tell, bytes = i64{-1}, since = wall_clock()]() mutable {
    if (ending_) return false;
    Progress progress{
        .reference = reference, .bytes_done = skopeo->bytes_under_way(), .bytes = manifest.layers_bytes()};
    for (const Descriptor& layer : manifest.layers)
      if (store_.has_blob(layer.digest)) progress.bytes_done += layer.size;
    if (progress.bytes_done != bytes) since = wall_clock();
    bytes = progress.bytes_done;
    if (tell && progress.bytes > 0) tell(progress);
    return wall_clock() - since < still_max;
  };
}

Outcome<Record> ImageStore::import(const str& source, str name, const Tell& tell) {
  const StoreLock lock = TRY(store_.share());
  const Manifest unknown;
  const Skopeo* self = nullptr;
  const Skopeo skopeo(new_folder(), watch(self, source, unknown, tell));
  self = &skopeo;
  TRY_VOID(skopeo.open());
  if (name.empty() && source.starts_with("docker-archive:"))
    if (const list<str> names = skopeo.names_in_archive(source); names.size() == 1) name = names.front();
  if (name.empty())
    return refuse("Usage", cat(source, " does not name its image, or names several: say which NAME:TAG it is"));
  constexpr std::string_view official = "docker.io/library/";
  if (name.starts_with(official)) name = name.substr(official.size());  // as its archive spells "busybox"
  const Reference reference = TRY(parse_reference(name));
  if (!reference.digest.empty()) return refuse("Usage", "an image is imported under NAME:TAG, without a digest");
  const auto digest = skopeo.import(source, store_.path("blobs"));
  if (!digest) return refuse("CannotImport", cat("cannot import ", source, ": ", digest.error().detail));
  const Found found {
    .manifest = TRY(store_.read_blob(*digest))
    , .blobs = store_.path("blobs/sha256"), .record = {.reference = reference.text(), .source = "import", .kept = true }
  };
  static_cast<void>(TRY(unpack(found, reference)));
  return *store_.find(reference.text());
}

}  // namespace utakata::images

#pragma once

#include <algorithm>
#include <functional>
#include <optional>

#include "images/layers.hpp"
#include "images/reference.hpp"
#include "images/skopeo.hpp"
#include "images/store.hpp"

namespace utakata::images {

/// Where images come from. The daemon writes it beside its store, so that the command line goes by the same.
struct Sources {
  str layouts;           // folder of OCI layouts: LAYOUTS/NAME, found by NAME:TAG
  list<str> insecure;    // registries HOST[:PORT] that speak HTTP, or HTTPS that nobody vouches for
  str default_registry;  // for references that name none; empty: those are local only
  str ecr_registry;      // HOST[:PORT] that stands in for Amazon ECR; empty: ECR itself is asked
  str auth_file;         // logins in the form of docker's config.json; empty: none but a task's own

  [[nodiscard]] bool is_insecure(const str& registry) const {
    return std::ranges::find(insecure, registry) != insecure.end();
  }
};
Outcome<> write_sources(const Store&, const Sources&);
/// Of the daemon that used the store last; nothing if none has.
std::optional<Sources> read_sources(const Store&);

struct Progress {
  str reference;
  i64 bytes_done = 0, bytes = 0;  // of the layers, packed
};

/// The images of this host: brought by reference, from the store itself or the sources. Thread-safe; calls block, but
/// end soon once `ending` is set.
class ImageStore {
 public:
  ImageStore(str folder, Sources sources)
      : store_(std::move(folder)), sources_(std::move(sources)), unpacker_(store_, ending_) {}
  Outcome<> open() const { return store_.open(); }

  using Tell = std::function<void(const Progress&)>;  // about twice a second, from the calling thread

  /// An image that is here, needs no registry to be asked and nothing to be unpacked; for the quick way of a start.
  [[nodiscard]] std::optional<Image> ready(const str& reference) const;
  /// What a reference means, unpacked. In this order: what was imported by hand, the layouts, the registry; the last is
  /// always asked, as Fargate does, and only what is missing is fetched. Faults are AWS's CannotPullContainerError
  /// texts.
  Outcome<Image> bring(const str& reference, const Credential*, const Tell& = {}, bool by_hand = false);
  /// From a transport of skopeo, under a reference: "docker-archive:app.tar", "oci-archive:...", "oci:FOLDER:TAG",
  /// "containers-storage:NAME", "docker-daemon:NAME". The reference may be left out for an archive that names one.
  Outcome<Record> import(const str& source, str reference, const Tell& = {});

  [[nodiscard]] const Store& store() const { return store_; }
  void end() { ending_ = true; }

 private:
  struct Found {
    str manifest;   // its bytes
    str blobs;      // the folder where the packed layers are
    Record record;  // as it will be kept
  };
  [[nodiscard]] Outcome<std::optional<Found>> find_local(const Reference&) const;
  [[nodiscard]] Outcome<std::optional<Found>> find_in_layout(const Reference&) const;
  [[nodiscard]] Outcome<Found> find_imported(const Record&) const;
  [[nodiscard]] std::optional<Repository> repository_of(const Reference&) const;
  Outcome<Found> fetch(const Reference&, const Repository&, const Credential*, const Tell&);
  Outcome<str> fetch_manifest(const Reference&, const Skopeo&, const Repository&) const;
  Outcome<Image> unpack(const Found&, const Reference&);
  [[nodiscard]] Skopeo::Meanwhile watch(const Skopeo*&, const str& reference, const Manifest&, const Tell&) const;
  str new_folder();

  Store store_;
  Sources sources_;
  std::atomic<bool> ending_{false};
  std::atomic<int> pulls_made_{0};
  LayerUnpacker unpacker_;
};

}  // namespace utakata::images

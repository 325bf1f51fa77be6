#pragma once

#include <mutex>
#include <string>

#include "base/outcome.hpp"
#include "base/types.hpp"

namespace utakata::sandbox {

/// What a container needs of its image: its layers, unpacked, the lowest first, and its configuration.
struct Image {
  str digest;        // of the manifest
  list<str> layers;  // folders
  list<str> entry_point, command;
  list<str> environment;  // NAME=VALUE
  str working_directory;
  str user;
  str stop_signal;  // "SIGQUIT", "3" or empty
};

/// OCI layouts in IMAGES/NAME, found by NAME:TAG, with their layers unpacked once into STORE. Thread-safe; calls block.
class ImageStore {
 public:
  ImageStore(str images_dir, str store_dir) : images_dir_(std::move(images_dir)), store_dir_(std::move(store_dir)) {}

  /// Faults are AWS's CannotPullContainerError texts.
  Outcome<Image> pull(const str& reference);

 private:
  Outcome<str> layer_folder(const str& layout, const str& digest, const str& diff_id);

  str images_dir_;
  str store_dir_;
  std::mutex unpacking_;
};

/// "name:tag", "name" (tag latest), "registry/path/name:tag".
struct Reference {
  str name;
  str tag;
};
Outcome<Reference> parse_reference(std::string_view);

}  // namespace utakata::sandbox

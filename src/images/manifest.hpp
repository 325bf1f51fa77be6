#pragma once

#include <string_view>

#include "base/outcome.hpp"
#include "base/types.hpp"

namespace utakata::images {

/// What a container needs of its image: its layers, unpacked, the lowest first, and its configuration.
struct Image {
  str digest;        // of the manifest
  list<str> layers;  // folders
  list<str> entry_point, command;
  list<str> environment;  // NAME=VALUE
  str working_directory;
  str user;
  str stop_signal;  // "SIGQUIT", "3" or empty

  /// The next layer above. One that is there already moves up: overlay takes each once, and there it hides the rest.
  void add_layer(str folder);
};

struct Descriptor {
  str digest;
  i64 size = 0;
};

/// An image's manifest (OCI, or Docker's schema 2), or an index of several by platform.
struct Manifest {
  str digest;  // of its own bytes
  bool index = false;
  Descriptor config;
  list<Descriptor> layers;
  struct Choice {
    Descriptor manifest;
    str platform;  // "linux/arm64/v8"; empty: it does not say
    str name;      // org.opencontainers.image.ref.name
  };
  list<Choice> choices;  // of an index

  [[nodiscard]] i64 layers_bytes() const;
};

/// Faults say what is wrong with it: no JSON, another schema, digests that are none, more layers than overlay takes.
Outcome<Manifest> parse_manifest(std::string_view bytes);

/// The configuration: what a container starts with, and its layers' digests unpacked.
struct Config {
  Image image;  // without digest and layers
  list<str> diff_ids;
  str platform;  // "linux/amd64"; empty: it does not say
};
Outcome<Config> parse_config(std::string_view bytes);

/// This host's, as images spell it: "linux/amd64".
str host_platform();
/// The manifest of an index for the platform; null when there is none.
const Manifest::Choice* choose(const Manifest& index, std::string_view platform);
/// Whether what an image says of itself can run on the platform.
bool runs_on(std::string_view image, std::string_view platform);

inline constexpr std::size_t manifest_bytes_max = std::size_t{4} << 20;
inline constexpr std::size_t layers_max = 127;

}  // namespace utakata::images

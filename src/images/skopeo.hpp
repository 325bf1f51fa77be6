#pragma once

#include <functional>

#include "base/outcome.hpp"
#include "base/types.hpp"
#include "images/manifest.hpp"
#include "images/pull_fault.hpp"

namespace utakata::images {

/// For an image's registry. Shown to nobody.
struct Credential {
  str user_name, password;
};

/// How skopeo reaches one repository of a registry.
struct Repository {
  str name;               // "registry.example.com:5000/team/app"
  bool insecure = false;  // HTTP, or HTTPS that nobody vouches for
  str auth_file;          // who asks
};

/// Runs skopeo, which speaks the registries' protocols; one object a pull, with a folder of its own that goes with it.
/// A run that cannot reach the registry is tried again. Faults: code of the PullTrouble, message what skopeo said.
class Skopeo {
 public:
  struct Refusal {
    PullTrouble trouble = PullTrouble::other;
    str detail;
    int attempts = 1;
  };
  template <class T = void>
  using Answer = std::expected<T, Refusal>;

  /// Called twice a second while a program runs, from the calling thread; false ends it.
  using Meanwhile = std::function<bool()>;

  Skopeo(str folder, Meanwhile meanwhile) : folder_(std::move(folder)), meanwhile_(std::move(meanwhile)) {}
  Skopeo(const Skopeo&) = delete;
  Skopeo& operator=(const Skopeo&) = delete;
  ~Skopeo();
  Outcome<> open() const;

  /// A file with this login alone, or with none, so that nobody's own logins are used.
  [[nodiscard]] Outcome<str> write_auth_file(std::string_view registry, const Credential*) const;
  /// The manifest's bytes as the registry has them. `which`: ":TAG" or "@DIGEST".
  [[nodiscard]] Answer<str> manifest(const Repository&, const str& which) const;
  [[nodiscard]] Answer<str> config(const Repository&, const str& digest) const;
  /// Brings the layers' blobs into `blobs`; those that are there stay.
  [[nodiscard]] Answer<> layers(const Repository&, const str& digest, const str& blobs) const;
  /// Brings a whole image from a transport of skopeo ("docker-archive:x.tar"); gives its manifest's digest.
  [[nodiscard]] Answer<str> import(const str& source, const str& blobs) const;
  /// The references that an archive of docker names; empty when it names none.
  [[nodiscard]] list<str> names_in_archive(const str& source) const;

  /// Bytes of what is being written.
  [[nodiscard]] i64 bytes_under_way() const;

 private:
  [[nodiscard]] list<str> command(list<str> words) const;
  [[nodiscard]] Answer<str> read(const list<str>& words) const;
  [[nodiscard]] Answer<> run(const list<str>& words, Duration patience, const str& output_file) const;

  str folder_;
  Meanwhile meanwhile_;
};

}  // namespace utakata::images

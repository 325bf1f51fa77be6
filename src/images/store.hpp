#pragma once

#include <optional>
#include <string>

#include "base/outcome.hpp"
#include "base/types.hpp"
#include "images/manifest.hpp"

// What is kept on disk, by content:
//
//   lock                 shared while images are brought and looked up, exclusive while something is taken away
//   blobs/sha256/HEX     manifests, configurations, packed layers
//   layers/HEX           layers unpacked, by the digest of their content (diff id); sizes/HEX: their bytes
//   references/HEX       a record for each reference, by the digest of its text
//   holders/TASK         the digests of the images that a task uses
//   pulls/ partial/      what is being brought; trash/: what is being taken away
//
// A file or folder of the first five is whole from the moment when it has its name.
namespace utakata::images {

/// What a reference means here.
struct Record {
  str reference;
  str digest;         // of the image's manifest
  str source;         // "registry", "import" or "layout"
  bool kept = false;  // by hand: only `image rm` takes it away
  i64 bytes = 0;      // of its layers, packed
  Instant pulled_at;
  Instant used_at;
};

/// Holds the store's lock until it goes.
class StoreLock {
 public:
  explicit StoreLock(int fd) : fd_(fd) {}
  StoreLock(StoreLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  StoreLock& operator=(StoreLock&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  StoreLock(const StoreLock&) = delete;
  StoreLock& operator=(const StoreLock&) = delete;
  ~StoreLock();

 private:
  int fd_;
};

/// The folder. Every process that works on it, the daemon and the command line, goes by the lock. Thread-safe.
class Store {
 public:
  explicit Store(str folder) : folder_(std::move(folder)) {}
  Outcome<> open() const;  // makes what is missing

  [[nodiscard]] Outcome<StoreLock> share() const;
  /// Nothing when somebody has it shared all the time.
  [[nodiscard]] std::optional<StoreLock> own() const;

  [[nodiscard]] str path(std::string_view below) const;
  [[nodiscard]] str blob_path(const str& digest) const;
  [[nodiscard]] bool has_blob(const str& digest) const;
  /// Fault when it is not what its digest says.
  [[nodiscard]] Outcome<str> read_blob(const str& digest) const;
  [[nodiscard]] Outcome<> put_blob(const str& bytes) const;

  [[nodiscard]] str layer_path(const str& diff_id) const;
  [[nodiscard]] bool has_layer(const str& diff_id) const;
  [[nodiscard]] i64 layer_bytes(const str& diff_id) const;

  [[nodiscard]] std::optional<Record> find(const str& reference) const;
  [[nodiscard]] Outcome<> put(const Record&) const;
  void touch(const str& reference) const;  // it is used now
  [[nodiscard]] bool forget(const str& reference) const;
  [[nodiscard]] list<Record> records() const;

  [[nodiscard]] Outcome<> hold(const str& holder, const list<str>& digests) const;
  void release(const str& holder) const;  // its images are used until now
  [[nodiscard]] dict<list<str>> holders() const;
  [[nodiscard]] list<str> holder(const str& name) const;

 private:
  [[nodiscard]] str record_path(const str& reference) const;
  str folder_;
};

/// Names in a folder; empty when it is missing.
list<str> names_in(const str& folder);

}  // namespace utakata::images

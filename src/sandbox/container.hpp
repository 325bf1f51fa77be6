#pragma once

#include <optional>
#include <string>

#include "base/outcome.hpp"
#include "core/task_spec.hpp"
#include "sandbox/bundle.hpp"

namespace utakata::sandbox {

/// One container's folder on the host and what can be done with it without waiting for its process. Calls block for the
/// time of a system call or of one run of the OCI runtime.
class ContainerFolder {
 public:
  explicit ContainerFolder(str path) : path_(std::move(path)) {}

  [[nodiscard]] const str& path() const { return path_; }
  [[nodiscard]] str root() const { return path_ + "/rootfs"; }

  /// `writable` is the folder for what the container writes.
  [[nodiscard]] Outcome<> make(const str& writable) const;
  /// Mounts the image's layers with a writable one above.
  [[nodiscard]] Outcome<> mount_root(const list<str>& layers, const str& writable) const;
  Outcome<> write(const str& name, const str& text) const;
  [[nodiscard]] str read(const str& name) const;  // empty if it is missing
  [[nodiscard]] bool has(const str& name) const;

  struct Started {
    i64 pid = 0;
    Instant at;
  };
  struct Ended {
    int code = 0;
    Instant at;
  };
  [[nodiscard]] std::optional<Started> started() const;
  [[nodiscard]] std::optional<Ended> ended() const;
  struct Restarted {
    int count = 0;
    Instant at;
  };
  [[nodiscard]] std::optional<Restarted> restarted() const;
  /// Before it is started again: takes away what its last run has left, but for its files and its log.
  void forget_run(int restarts, Instant now) const;
  /// Why the runtime could not start it, in words for a person.
  [[nodiscard]] str failure() const;

  /// Unmounts and removes everything.
  void remove() const;

 private:
  [[nodiscard]] Outcome<> mount_layer_by_layer(const list<str>& layers, const str& writable) const;

  str path_;
};

/// The reason in runc's or crun's JSON log lines: the last error's own words.
str readable_reason(std::string_view runtime_log);

/// The number of a stop signal: "SIGQUIT", "QUIT", "3"; SIGTERM if it is empty or unknown.
int signal_number(std::string_view);

}  // namespace utakata::sandbox

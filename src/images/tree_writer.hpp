#pragma once

#include <sys/types.h>

#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include "base/outcome.hpp"

namespace utakata::images {

/// What a file of a layer carries beside its content.
struct Attributes {
  mode_t mode = 0644;
  uid_t uid = 0;
  gid_t gid = 0;
  timespec modified{};
  std::vector<std::pair<std::string, std::string>> extended;
};

/// Writes a layer's files below one folder, for an overlay mount. Paths are relative, without "." and ".."; links that
/// the layer itself has written are followed, but the kernel takes the folder for the root meanwhile, so that nothing
/// leads out. What is there already is replaced, as an archive's later entry replaces an earlier one.
class TreeWriter {
 public:
  static Outcome<TreeWriter> open(const std::string& folder);
  TreeWriter(TreeWriter&&) noexcept;
  TreeWriter(const TreeWriter&) = delete;
  TreeWriter& operator=(const TreeWriter&) = delete;
  TreeWriter& operator=(TreeWriter&&) = delete;
  ~TreeWriter();

  Outcome<> folder(const std::string& path, const Attributes&);  // the empty path: the layer's own root
  /// An empty file to be written to; end it with close_file().
  Outcome<int> open_file(const std::string& path);
  static Outcome<> close_file(int fd, const std::string& path, const Attributes&);
  Outcome<> symbolic_link(const std::string& path, const std::string& target, const Attributes&);
  Outcome<> hard_link(const std::string& path, const std::string& target);
  Outcome<> fifo(const std::string& path, const Attributes&);
  /// Hides what lower layers have of that name. Here no link is followed at all.
  Outcome<> whiteout(const std::string& path);
  /// Hides everything that lower layers have in the folder.
  Outcome<> opaque(const std::string& folder);
  /// The times of folders, which their content has changed.
  void finish();

 private:
  explicit TreeWriter(int root) : root_(root) {}
  enum class Links : unsigned char { within_root, none };
  struct Place {
    int folder = -1;
    std::string name;
  };
  Outcome<Place> place(const std::string& path, Links);
  Outcome<int> folder_at(const std::string& path, Links);
  Outcome<int> make_folders(const std::string& path, Links);
  Outcome<int> make_folder(const std::string& path);
  Outcome<> clear(const Place&, const std::string& path);
  void forget_folder();

  int root_ = -1;
  // The folder that was used last: an archive's neighbours mostly lie in the same.
  int last_ = -1;
  std::string last_path_;
  Links last_links_ = Links::none;
  std::vector<std::pair<std::string, timespec>> folder_times_;
};

}  // namespace utakata::images

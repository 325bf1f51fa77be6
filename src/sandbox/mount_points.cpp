#include "sandbox/mount_points.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <deque>

#include "base/text.hpp"
#include "sandbox/copy_tree.hpp"

namespace utakata::sandbox {
namespace {

constexpr int links_max = 40;  // as the kernel's

// The way to one place, a component at a time: what was passed lies in the root for certain, because it holds no links.
class Walk {
 public:
  Walk(const str& root, i64 owner) : root_(root), owner_(owner) {}

  void make(const str& path, bool folder) {
    push(path);
    while (!left_.empty()) {
      const str name = left_.front();
      left_.pop_front();
      if (name == "..") {
        if (!passed_.empty()) passed_.pop_back();
      } else if (!enter(name, folder || !left_.empty())) {
        return;
      }
    }
  }

 private:
  void push(std::string_view path) {
    std::deque<str> names;
    for (const std::string_view each : split(path, '/'))
      if (!each.empty() && each != ".") names.emplace_back(each);
    left_.insert(left_.begin(), names.begin(), names.end());
  }

  bool enter(const str& name, bool folder) {
    const int within = open_in_root(root_, cat("/", join(passed_, "/")));
    if (within < 0) return false;
    const bool entered = enter(within, name, folder);
    close(within);
    return entered;
  }

  bool enter(int within, const str& name, bool folder) {
    std::array<char, PATH_MAX> target{};
    const ssize_t length = readlinkat(within, name.c_str(), target.data(), target.size());
    if (length >= 0) {
      if (++links_ > links_max) return false;
      const std::string_view text(target.data(), static_cast<std::size_t>(length));
      if (text.starts_with('/')) passed_.clear();
      push(text);
      return true;
    }
    // Without a link on the way, what is missing is made by every runtime.
    if (errno == ENOENT && (links_ == 0 || !make_in(within, name, folder))) return false;
    passed_.push_back(name);
    return true;
  }

  [[nodiscard]] bool make_in(int within, const str& name, bool folder) const {
    if (folder) {
      if (mkdirat(within, name.c_str(), 0755) != 0) return false;
    } else {
      const int made = openat(within, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
      if (made < 0) return false;
      close(made);
    }
    return fchownat(within, name.c_str(), static_cast<uid_t>(owner_), static_cast<gid_t>(owner_),
                    AT_SYMLINK_NOFOLLOW) == 0;
  }

  const str& root_;
  i64 owner_;
  list<str> passed_;
  std::deque<str> left_;
  int links_ = 0;
};

bool is_file(const str& path) {
  struct stat info{};
  return stat(path.c_str(), &info) == 0 && !S_ISDIR(info.st_mode);
}

}  // namespace

void make_mount_points(const str& root, const Json& bundle, i64 owner) {
  const Json* mounts = bundle.find("mounts");
  if (mounts == nullptr) return;
  for (const Json& mount : mounts->items()) {
    const bool file = mount.text_at({"type"}) == "bind" && is_file(str(mount.text_at({"source"})));
    Walk(root, owner).make(str(mount.text_at({"destination"})), !file);
  }
}

}  // namespace utakata::sandbox

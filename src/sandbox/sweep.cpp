#include "sandbox/sweep.hpp"

#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/text.hpp"
#include "sandbox/supervise.hpp"
#include "sandbox/task.hpp"

namespace utakata::sandbox {
namespace {

namespace fs = std::filesystem;

std::set<str> names_in(const str& folder) {
  std::set<str> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) names.insert(entry.path().filename());
  return names;
}

str first_part(std::string_view text, char end) { return str(text.substr(0, text.find(end))); }

// A path below the folder of tasks begins with the task's id, a container's id as well.
str task_of(const Helper& helper, const str& tasks_dir) {
  if (!helper.folder.empty()) return first_part(std::string_view(helper.folder).substr(tasks_dir.size() + 1), '/');
  return first_part(helper.container_id, '-');
}

// Spaces and such are written as \040 there; our own paths' are compared as they are, a state folder with such a name
// is the user's choice and keeps its mounts until its own tasks end.
list<str> mounts_below(const str& folder) {
  list<str> found;
  std::ifstream file("/proc/self/mountinfo");
  for (str line; std::getline(file, line);) {
    const auto words = split(line, ' ');
    if (words.size() > 4 && words[4].starts_with(folder + "/")) found.emplace_back(words[4]);
  }
  std::ranges::sort(found, std::greater());  // what lies deeper comes first
  return found;
}

class Sweep {
 public:
  Sweep(Host& host, const std::set<str>& living) : host_(host), living_(living) {}

  void run() {
    kill_helpers(host_.tasks_dir(), host_.runtime_root(),
                 [this](const Helper& helper) { return unowned(task_of(helper, host_.tasks_dir())); });
    for (const str& id : names_in(host_.runtime_root()))
      if (unowned(first_part(id, '-'))) delete_container_blocking(host_, id);
    for (const str& id : host_.cgroups.task_ids())
      if (unowned(id)) host_.cgroups.remove_task(id);
    for (const str& id : host_.network.task_ids())
      if (unowned(id)) host_.network.remove_task(id, InterfaceSpec{});
    for (const str& id : names_in(host_.roots_dir()))
      if (unowned(first_part(id, '-'))) unmount_folder(cat(host_.roots_dir(), "/", id));
    for (const str& id : names_in(host_.state_dir + "/users"))
      if (unowned(id)) host_.users.remove(id);
    remove_files();
  }

 private:
  [[nodiscard]] bool unowned(const str& task_id) const { return !living_.contains(task_id); }

  void remove_files() {
    for (const str& id : names_in(host_.outside_dir()))
      if (unowned(id))
        static_cast<void>(TaskStorage{.image = {}, .inside = outside(id), .outside = outside(id)}.unmount());
    for (const str& id : names_in(host_.tasks_dir())) {
      if (!unowned(id)) continue;
      const str folder = cat(host_.tasks_dir(), "/", id);
      for (const str& mounted : mounts_below(folder)) umount2(mounted.c_str(), MNT_DETACH);
      if (!mounts_below(folder).empty()) continue;  // never through a mount
      std::error_code error;
      fs::remove_all(folder, error);
    }
  }
  [[nodiscard]] str outside(const str& id) const { return cat(host_.outside_dir(), "/", id); }

  Host& host_;
  const std::set<str>& living_;
};

}  // namespace

void sweep(Host& host, const std::set<str>& living_task_ids) { Sweep(host, living_task_ids).run(); }

}  // namespace utakata::sandbox

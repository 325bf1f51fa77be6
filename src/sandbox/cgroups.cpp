#include "sandbox/cgroups.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <iterator>

#include "base/text.hpp"
#include "sandbox/read_text.hpp"

namespace utakata::sandbox {
namespace {

constexpr std::string_view leaf_name = "utakata-daemon";
// Of one task, with threads: the host's own processes must not want for ids.
constexpr std::string_view task_processes_max = "4096";

bool write_file(const str& path, const str& text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  close(fd);
  return written;
}

std::set<str> words_of(const str& file) {
  str text = read_text(file).value_or("");
  std::ranges::replace(text, '\n', ' ');
  std::set<str> words;
  for (const std::string_view word : split_words(text)) words.emplace(word);
  return words;
}

// The kernel refuses while a group below gives one of them on itself: another daemon's, with tasks.
void withdraw(const str& group, const std::set<str>& controllers) {
  str words;
  for (const str& controller : controllers) words += cat(words.empty() ? "-" : " -", controller);
  if (!words.empty()) write_file(group + "/cgroup.subtree_control", words);
}

std::int64_t number_after(const str& text, std::string_view key) {
  for (const std::string_view line : split(text, '\n'))
    if (line.starts_with(cat(key, " "))) return parse_integer(line.substr(key.size() + 1)).value_or(0);
  return 0;
}

}  // namespace

list<CgroupMount> cgroup_mounts(std::string_view mountinfo) {
  list<CgroupMount> mounts;
  for (const std::string_view line : split(mountinfo, '\n')) {
    const std::size_t dash = line.find(" - ");
    if (dash == std::string_view::npos) continue;
    const auto before = split_words(line.substr(0, dash));
    const auto after = split_words(line.substr(dash + 3));
    if (before.size() < 5 || after.size() < 3 || (after[0] != "cgroup" && after[0] != "cgroup2")) continue;
    CgroupMount& mount =
        mounts.emplace_back(CgroupMount{.folder = str(before[4]), .root = str(before[3]), .options = {}});
    if (after[0] == "cgroup")
      for (const std::string_view option : split(after[2], ',')) mount.options.emplace_back(option);
  }
  return mounts;
}

opt<str> CgroupMount::folder_of(const str& group) const {
  const str below = root == "/" ? group : group == root ? "/" : group.substr(std::min(root.size(), group.size()));
  if (root != "/" && group != root && !group.starts_with(root + "/")) return {};
  return below == "/" ? folder : folder + below;
}

bool CgroupMount::limits() const {
  return std::ranges::any_of(options,
                             [](const str& each) { return each == "cpu" || each == "memory" || each == "pids"; });
}

std::map<str, str> own_group_paths(std::string_view own_groups) {
  std::map<str, str> own;
  for (const std::string_view line : split(own_groups, '\n')) {
    // NUMBER:CONTROLLERS:PATH, and a path may have colons.
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    for (const std::string_view controller : split(line.substr(first + 1, second - first - 1), ','))
      own[str(controller)] = line.substr(second + 1);
  }
  return own;
}

Cgroups Cgroups::detect(const str& name) {
  Cgroups groups =
      from(read_text("/proc/self/mountinfo").value_or(""), read_text("/proc/self/cgroup").value_or(""), name);
  groups.read_unified_controllers();
  groups.make_room_for_groups();
  groups.check_unified_controllers();
  // A controller counts when a group can really be made in it.
  std::erase_if(groups.folders_, [&](const auto& entry) {
    const str probe = entry.second + "/" + name;
    return mkdir(probe.c_str(), 0755) != 0 && errno != EEXIST;
  });
  return groups;
}

Cgroups Cgroups::from(std::string_view mountinfo, std::string_view own_groups, const str& name) {
  Cgroups groups;
  groups.name_ = name;
  std::map<str, str> own = own_group_paths(own_groups);
  groups.own_path_v2_ = own.contains("") ? own[""] : "/";
  if (const str leaf = cat("/", leaf_name); groups.own_path_v2_.ends_with(leaf))
    groups.own_path_v2_.resize(groups.own_path_v2_.size() - leaf.size());
  if (groups.own_path_v2_.empty()) groups.own_path_v2_ = "/";
  for (const CgroupMount& mount : cgroup_mounts(mountinfo)) {
    const auto folder = [&](const str& path) { return mount.folder_of(path).value_or(mount.folder); };
    if (mount.options.empty()) {
      if (groups.unified_) continue;
      groups.unified_ = true;
      groups.hierarchies_.insert(folder(groups.own_path_v2_));
      groups.folders_["unified"] = folder(groups.own_path_v2_);
      continue;
    }
    for (const str& option : mount.options) {
      groups.devices_ = groups.devices_ || option == "devices";
      if (own.contains(option)) groups.hierarchies_.insert(folder(own[option]));
      if (option == "memory" || option == "cpu" || option == "pids") {
        groups.version_1_ = true;
        groups.folders_[option] = folder(own[option]);
      }
    }
  }
  return groups;
}

void Cgroups::read_unified_controllers() {
  const auto unified = folders_.find("unified");
  if (unified == folders_.end()) return;
  const str text = read_text(unified->second + "/cgroup.controllers").value_or("");
  for (const std::string_view word : split_words(trim(text.substr(0, text.find('\n')))))
    if ((word == "cpu" || word == "memory" || word == "pids") && !folders_.contains(str(word)))
      unified_controllers_.insert(str(word));
}

// To the groups below `group`. Errno is the kernel's when it does not.
bool Cgroups::give_controllers(const str& group) const {
  str wanted;
  for (const str& controller : unified_controllers_) wanted += cat(wanted.empty() ? "+" : " +", controller);
  return write_file(group + "/cgroup.subtree_control", wanted);
}

// Version 2 gives controllers only to groups below one without processes of its own, but for the root of the hierarchy:
// we step aside into a leaf. Where others stay behind this is not enough.
void Cgroups::make_room_for_groups() {
  const auto unified = folders_.find("unified");
  if (unified == folders_.end() || unified_controllers_.empty()) return;
  const str leaf = cat(unified->second, "/", leaf_name);
  const std::set<str> before = words_of(unified->second + "/cgroup.subtree_control");
  if (give_controllers(unified->second)) {
    std::ranges::set_difference(unified_controllers_, before, std::inserter(turned_on_, turned_on_.end()));
    return;
  }
  if (errno != EBUSY) return;
  mkdir(leaf.c_str(), 0755);
  write_file(leaf + "/cgroup.procs", "0");
  if (!give_controllers(unified->second)) leave_leaf();
}

void Cgroups::check_unified_controllers() {
  const auto unified = folders_.find("unified");
  if (unified == folders_.end() || version_1_) return;
  const auto controllers_in = [&](const char* file) { return words_of(unified->second + file); };
  const std::set<str> delegated = controllers_in("/cgroup.controllers");
  const std::set<str> given = controllers_in("/cgroup.subtree_control");
  str undelegated;
  str withheld;
  for (const char* controller : {"cpu", "memory", "pids"}) {
    if (given.contains(controller)) continue;
    str& of = delegated.contains(controller) ? withheld : undelegated;
    of += cat(of.empty() ? "" : ", ", controller);
    unified_controllers_.erase(controller);
  }
  std::set<str> others = words_of(unified->second + "/cgroup.procs");
  others.erase(cat(getpid()));
  if (!undelegated.empty()) obstacle_ = cat("the group ", own_path_v2_, " is not given ", undelegated);
  if (withheld.empty()) return;
  obstacle_ += cat(obstacle_.empty() ? "" : "; ", "the group ", own_path_v2_, " cannot give ", withheld, " on");
  if (!others.empty())
    obstacle_ += cat(": ", others.size(), others.size() == 1 ? " other process is" : " other processes are", " in it");
}

void Cgroups::leave_leaf() const {
  const auto unified = folders_.find("unified");
  if (unified == folders_.end()) return;
  const str& own = unified->second;
  const str leaf = cat(own, "/", leaf_name);
  if (access(leaf.c_str(), F_OK) != 0) return withdraw(own, turned_on_);
  if (words_of(leaf + "/cgroup.procs") != std::set<str>{cat(getpid())}) return;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(own, error))
    if (entry.is_directory(error) && entry.path() != leaf) return;
  // A group that gives controllers on takes no process.
  withdraw(own, words_of(own + "/cgroup.subtree_control"));
  write_file(own + "/cgroup.procs", "0");
  rmdir(leaf.c_str());
}

str Cgroups::kind() const {
  if (version_1_ && unified_) return "hybrid";
  return version_1_ ? "v1" : unified_ ? "v2" : "none";
}

void Cgroups::limit_unified(const str& own, const str& folder, const str& quota, std::int64_t bytes) const {
  for (const str& above : {own, cat(own, "/", name_), folder}) static_cast<void>(give_controllers(above));
  if (unified_controllers_.contains("cpu")) write_file(folder + "/cpu.max", quota == "-1" ? "max" : quota + " 100000");
  if (unified_controllers_.contains("pids")) write_file(folder + "/pids.max", str(task_processes_max));
  if (!unified_controllers_.contains("memory") || bytes == 0) return;
  write_file(folder + "/memory.max", cat(bytes));
  write_file(folder + "/memory.swap.max", "0");  // Fargate's tasks have no swap
}

namespace {

str quota_of(i32 cpu_units) { return cpu_units > 0 ? cat(std::int64_t{cpu_units} * 100'000 / 1024) : str("-1"); }

}  // namespace

void Cgroups::limit_cpu(const str& task_id, i32 cpu_units) const {
  const str quota = quota_of(cpu_units);
  const str below = cat("/", name_, "/", task_id);
  if (const auto v1 = folders_.find("cpu"); v1 != folders_.end())
    write_file(cat(v1->second, below, "/cpu.cfs_quota_us"), quota);
  else if (const auto v2 = folders_.find("unified"); v2 != folders_.end() && unified_controllers_.contains("cpu"))
    write_file(cat(v2->second, below, "/cpu.max"), quota == "-1" ? "max" : quota + " 100000");
}

void Cgroups::make_task(const str& task_id, i32 cpu_units, i32 memory_mib) const {
  const str quota = quota_of(cpu_units);
  const std::int64_t bytes = std::int64_t{memory_mib} * 1024 * 1024;
  for (const auto& [controller, own] : folders_) {
    const str folder = cat(own, "/", name_, "/", task_id);
    mkdir(cat(own, "/", name_).c_str(), 0755);
    mkdir(folder.c_str(), 0755);
    if (controller == "cpu") {
      write_file(folder + "/cpu.cfs_period_us", "100000");
      write_file(folder + "/cpu.cfs_quota_us", quota);
    } else if (controller == "memory" && bytes > 0) {
      write_file(folder + "/memory.use_hierarchy", "1");
      write_file(folder + "/memory.limit_in_bytes", cat(bytes));
      write_file(folder + "/memory.swappiness", "0");  // Fargate's tasks have no swap; groups below inherit it
    } else if (controller == "pids") {
      write_file(folder + "/pids.max", str(task_processes_max));
    } else if (controller == "unified") {
      limit_unified(own, folder, quota, bytes);
    }
  }
}

// Runtimes take a path that does not begin with a slash as relative to the caller's own group, in each hierarchy.
namespace {

// Version 1 has files of these names in each group; no container's name has a dot.
str group_of(const str& container) {
  return container == "tasks" || container == "notify_on_release" ? container + ".container" : container;
}

}  // namespace

str Cgroups::container_path(const str& task_id, const str& container) const {
  const str below = cat(name_, "/", task_id, "/", group_of(container));
  if (version_1_ || own_path_v2_ == "/") return below;
  return cat(own_path_v2_, "/", below);
}

bool Cgroups::ran_out_of_memory(const str& task_id, const str& container) const {
  const str below = cat("/", name_, "/", task_id, "/", group_of(container));
  if (const auto v1 = folders_.find("memory"); v1 != folders_.end())
    return number_after(read_text(v1->second + below + "/memory.oom_control").value_or(""), "oom_kill") > 0;
  if (const auto v2 = folders_.find("unified"); v2 != folders_.end() && unified_controllers_.contains("memory"))
    return number_after(read_text(v2->second + below + "/memory.events").value_or(""), "oom_kill") > 0;
  return false;
}

namespace {

constexpr int group_kill_rounds = 500;  // of 10 ms: a process in an uninterruptible wait is not waited for any longer

// True if there was one.
bool kill_processes(const str& folder) {
  bool found = false;
  for (const std::string_view line : split(read_text(folder + "/cgroup.procs").value_or(""), '\n'))
    if (const auto pid = parse_integer(line); pid && *pid > 0) {
      ::kill(static_cast<pid_t>(*pid), SIGKILL);
      found = true;
    }
  if (!found) return false;
  write_file(folder + "/cgroup.kill", "1");         // version 2: also what forks meanwhile
  write_file(folder + "/freezer.state", "THAWED");  // version 1: what is frozen dies only when it is thawed
  return true;
}

// From the leaves up. False if a group is still there.
bool remove_groups(const str& folder, int depth) {
  if (access(folder.c_str(), F_OK) != 0) return true;
  bool removed = true;
  std::error_code error;
  if (depth > 0)
    for (const auto& entry : std::filesystem::directory_iterator(folder, error))
      if (entry.is_directory(error)) removed = remove_groups(entry.path(), depth - 1) && removed;
  kill_processes(folder);
  return (rmdir(folder.c_str()) == 0 || errno == ENOENT) && removed;
}

void remove_until_gone(const std::set<str>& folders, int depth) {
  for (int round = 0; round < group_kill_rounds; ++round) {
    bool gone = true;
    for (const str& folder : folders) gone = remove_groups(folder, depth) && gone;
    if (gone) return;
    usleep(10'000);
  }
}

}  // namespace

// The runtime makes groups in hierarchies that we do not use ourselves (devices, freezer, ...), too.
void Cgroups::remove_task(const str& task_id) const {
  std::set<str> folders;
  for (const str& own : hierarchies_) folders.insert(cat(own, "/", name_, "/", task_id));
  remove_until_gone(folders, 4);  // a container may have made groups below its own
}

void Cgroups::remove_all() const {
  std::set<str> folders;
  for (const str& own : hierarchies_) folders.insert(cat(own, "/", name_));
  remove_until_gone(folders, 5);
}

std::set<str> Cgroups::task_ids() const {
  std::set<str> ids;
  std::error_code error;
  for (const str& own : hierarchies_)
    for (const auto& entry : std::filesystem::directory_iterator(cat(own, "/", name_), error))
      if (entry.is_directory(error)) ids.insert(entry.path().filename());
  return ids;
}

}  // namespace utakata::sandbox

#include "sandbox/sandbox.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "base/cbor.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "sandbox/command.hpp"
#include "sandbox/read_text.hpp"
#include "sandbox/runtime.hpp"
#include "sandbox/runtime_view.hpp"
#include "sandbox/supervise.hpp"
#include "sandbox/sweep.hpp"
#include "sandbox/task.hpp"

namespace utakata::sandbox {
namespace {

namespace fs = std::filesystem;

str beside_this_program(std::string_view name) {
  std::array<char, 4096> path{};
  const ssize_t n = readlink("/proc/self/exe", path.data(), path.size() - 1);
  const std::string_view own(path.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
  return cat(own.substr(0, own.rfind('/') + 1), name);
}

bool in_path(const str& program) {
  for (const char* folder : {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"})
    if (access(cat(folder, "/", program).c_str(), X_OK) == 0) return true;
  return false;
}

bool file_mentions(const char* path, std::string_view word) {
  FILE* file = std::fopen(path, "re");
  if (file == nullptr) return false;
  std::array<char, 512> line{};
  bool found = false;
  while (!found && std::fgets(line.data(), line.size(), file) != nullptr)
    found = std::string_view(line.data()).contains(word);
  std::fclose(file);
  return found;
}

images::PullerSettings puller_settings(const Settings& settings) {
  images::Sources sources = settings.sources;
  sources.layouts = settings.images_dir;
  return {.folder = settings.state_dir + "/images",
          .sources = std::move(sources),
          .rules = settings.collect,
          .tell = settings.tell};
}

bool users_work(const Settings& settings) {
  std::error_code error;
  fs::create_directories(settings.state_dir, error);
  const str obstacle = users_obstacle(settings.state_dir);
  if (!obstacle.empty()) settings.tell(cat("tasks have no users of their own: ", obstacle));
  return obstacle.empty();
}

}  // namespace

Outcome<> preflight(const str& runtime) {
  const auto missing = [](std::string_view what) { return refuse("Usage", cat("serve: ", what)); };
  if (geteuid() != 0) return missing("containers need root (namespaces, overlay mounts, cgroups): run it as root");
  if (access("/proc/self/ns/net", F_OK) != 0 || access("/proc/self/ns/pid", F_OK) != 0)
    return missing("this kernel has no network or process namespaces (CONFIG_NET_NS, CONFIG_PID_NS)");
  if (!file_mentions("/proc/filesystems", "overlay"))
    return missing("this kernel has no overlay file system: try `modprobe overlay`");
  if (!in_path(runtime))
    return missing(cat("the OCI runtime ", runtime, " is not installed: try `apt-get install ", runtime, "`"));
  return {};
}

class Sandbox::Inside {
 public:
  Inside(const Settings& settings, ports::ReportSink sink)
      : host_{
            .state_dir = settings.state_dir,
            .runtime = settings.runtime,
            .supervisor = settings.supervisor.empty() ? beside_this_program("utakata-supervisor") : settings.supervisor,
            .images = images::Puller(host_.loop, puller_settings(settings)),
            .network = Network({.dir = settings.state_dir + "/network",
                                .ways_dir = settings.state_dir + "/ways",
                                .egress = settings.egress,
                                .dns = settings.dns,
                                .tell = settings.tell}),
            .users = UserSpace(settings.state_dir + "/users", settings.own_users && users_work(settings)),
            .cgroups = Cgroups::detect(cat("utakata-", hex(short_name(settings.state_dir)))),
            .attach_window = AttachWindow(own_processes_file(read_text("/proc/self/mountinfo").value_or(""),
                                                             read_text("/proc/self/cgroup").value_or(""))),
            .sink = std::move(sink),
            .stand_ins = settings.stand_ins,
            .tell = settings.tell,
            .api_address = settings.api_address,
            .logs_dir = settings.logs_dir,
            .logs = settings.logs} {
    host_.endpoint = std::make_unique<Endpoint>(
        Endpoint::Around{.picture = [this](const str& arn, auto take) { take_picture(arn, std::move(take)); },
                         .desk = settings.desk,
                         .api = settings.api_address});
    host_.on_gone = [this](const str& arn) { forget(arn); };
  }
  ~Inside() { end(); }

  Outcome<> open() {
    std::error_code error;
    for (const str& folder :
         {host_.tasks_dir(), host_.runtime_root(), host_.state_dir + "/network", host_.state_dir + "/users"})
      fs::create_directories(folder, error);
    if (error) return refuse("Usage", cat("serve: cannot make ", host_.state_dir, ": ", error.message()));
    if (access(host_.supervisor.c_str(), X_OK) != 0)
      return refuse("Usage", cat("serve: the program ", host_.supervisor, " is missing; it is built beside utakata"));
    TRY_VOID(host_.images.open());
    if (const str& obstacle = host_.cgroups.obstacle(); !obstacle.empty())
      host_.tell(cat("not all limits of tasks hold: ", obstacle, "; `utakata doctor` says what to do"));
    TRY_VOID(choose_runtime_view());
    thread_ = std::thread([this] { host_.loop.run(); });
    return {};
  }

  void on_loop(std::function<void()> work) { host_.loop.post(std::move(work)); }

  void start(const TaskSpec& spec) {
    if (const auto known = tasks_.find(spec.arn); known != tasks_.end()) return host_.sink(known->second->report());
    if (std::exchange(marked_as_stopped_, false)) unlink(stop_mark().c_str());
    auto task = std::make_shared<Task>(host_, spec);
    add(spec.arn, task);
    task->start();
  }

  void with(const str& arn, void (Task::*verb)()) {
    const auto known = tasks_.find(arn);
    if (known == tasks_.end()) {
      host_.sink(TaskReport{.task_arn = arn, .status = "STOPPED"});
      return;
    }
    // A copy: the task may be gone before the verb returns.
    const std::shared_ptr<Task> task = known->second;
    ((*task).*verb)();
  }

  void run_command(const ports::CommandPlan& plan, const ports::CommandRunner::Begun& begun) {
    const auto known = tasks_.find(plan.task_arn);
    const auto running = known != tasks_.end() ? known->second->running(plan.container) : std::nullopt;
    if (!running)
      return begun(refuse("ContainerNotRunning", cat("the container ", plan.container, " does not run any more")));
    reactor::start([](Host& host, Task::Running where, ports::CommandPlan what,
                      ports::CommandRunner::Begun tell) -> reactor::Co<void> {
      auto ends = co_await begin_command(host, ContainerFolder(where.folder), where.runtime_id, std::move(what));
      tell(std::move(ends));
    }(host_, *running, plan, begun));
  }

  void recover() {
    marked_as_stopped_ = access(stop_mark().c_str(), F_OK) == 0;
    InventoryReport inventory{.stopped_by_platform = marked_as_stopped_};
    std::error_code error;
    std::vector<std::shared_ptr<Task>> found;
    for (const auto& entry : fs::directory_iterator(host_.tasks_dir(), error)) {
      auto spec = cbor::read<TaskSpec>(ContainerFolder(entry.path()).read("spec"));
      if (!spec) continue;  // nothing had been started yet when the daemon ended
      auto task = std::make_shared<Task>(host_, *std::move(spec));
      add(task->report().task_arn, task);
      found.push_back(std::move(task));
    }
    std::set<str> living;
    for (const auto& task : found) living.insert(task->id());
    sweep(host_, living);
    for (const auto& task : found) task->adopt();
    for (const auto& task : found) inventory.tasks.push_back(task->report());
    host_.images.recover([this](const str& id) { return fs::exists(cat(host_.tasks_dir(), "/", id)); });
    host_.sink(std::move(inventory));
  }

  void stop_all() {
    on_loop([this] {
      std::vector<std::shared_ptr<Task>> all;
      for (const auto& [arn, task] : tasks_) all.push_back(task);
      for (const auto& task : all) task->kill();
    });
    {
      std::unique_lock lock(gone_mutex_);
      gone_.wait_for(lock, std::chrono::seconds(60), [this] { return living_ == 0; });
    }
    end();
    sweep(host_, {});
    host_.network.remove_everything();
    rmdir(host_.roots_dir().c_str());
    host_.cgroups.remove_all();
    host_.cgroups.leave_leaf();
    if (const int fd = ::open(stop_mark().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600); fd >= 0) close(fd);
  }

  Host& host() { return host_; }

  std::size_t count() {
    const std::scoped_lock lock(gone_mutex_);
    return living_;
  }

 private:
  Outcome<> choose_runtime_view() {
    const str view =
        runtime_view(read_text("/proc/self/mountinfo").value_or(""), read_text("/proc/self/cgroup").value_or(""));
    if (view.empty()) return {};
    TRY_VOID(ContainerFolder(host_.state_dir).write(runtime_view_file, view));
    host_.runtime_view = cat(host_.state_dir, "/", runtime_view_file);
    return {};
  }
  void take_picture(const str& arn, std::function<void(Outcome<TaskPicture>)> take) {
    on_loop([this, arn, take = std::move(take)] {
      const auto known = tasks_.find(arn);
      take(known != tasks_.end() ? Outcome<TaskPicture>(known->second->picture())
                                 : refuse("TaskNotFound", "the task is gone"));
    });
  }
  // Says to the next daemon that this one ended every task. It stays until a task is started: by then what the next one
  // made of it is in the journal.
  [[nodiscard]] str stop_mark() const { return host_.state_dir + "/stopped"; }
  static str short_name(const str& state_dir) {
    const std::uint64_t hash = hash64(state_dir);
    str bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(hash >> shift & 255);
    return bytes;
  }
  void add(const str& arn, std::shared_ptr<Task> task) {
    tasks_[arn] = std::move(task);
    const std::scoped_lock lock(gone_mutex_);
    ++living_;
  }
  void forget(const str& arn) {
    if (tasks_.erase(arn) == 0) return;
    const std::scoped_lock lock(gone_mutex_);
    --living_;
    gone_.notify_all();
  }
  void end() {
    if (!thread_.joinable()) return;
    host_.loop.stop();
    thread_.join();
  }

  Host host_;
  std::map<str, std::shared_ptr<Task>> tasks_;  // on the loop's thread
  std::mutex gone_mutex_;
  std::condition_variable gone_;
  std::size_t living_ = 0;
  bool marked_as_stopped_ = false;  // on the loop's thread
  std::thread thread_;
};

Sandbox::Sandbox(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
Sandbox::~Sandbox() = default;

Outcome<std::unique_ptr<Sandbox>> Sandbox::open(const Settings& settings, ports::ReportSink sink) {
  auto inside = std::make_unique<Inside>(settings, std::move(sink));
  TRY_VOID(inside->open());
  return std::unique_ptr<Sandbox>(new Sandbox(std::move(inside)));
}

void Sandbox::start(const TaskSpec& spec) {
  inside_->on_loop([inside = inside_.get(), spec] { inside->start(spec); });
}
void Sandbox::stop(const std::string& task_arn) {
  inside_->on_loop([inside = inside_.get(), task_arn] { inside->with(task_arn, &Task::stop); });
}
void Sandbox::kill(const std::string& task_arn) {
  inside_->on_loop([inside = inside_.get(), task_arn] { inside->with(task_arn, &Task::kill); });
}
void Sandbox::recover() {
  inside_->on_loop([inside = inside_.get()] { inside->recover(); });
}
void Sandbox::run_command(const ports::CommandPlan& plan, Begun begun) {
  inside_->on_loop([inside = inside_.get(), plan, begun = std::move(begun)] { inside->run_command(plan, begun); });
}
void Sandbox::configure(const ConfigureVpcs& all) { inside_->host().network.configure(all); }
void Sandbox::change(const ChangeVpc& change) { inside_->host().network.change(change); }
int Sandbox::namespace_of(const std::string& vpc_id) { return inside_->host().network.router(vpc_id); }
bool Sandbox::add_address(const std::string& vpc_id, const std::string& address) {
  return inside_->host().network.add_router_address(vpc_id, address);
}
std::size_t Sandbox::task_count() const { return inside_->count(); }
void Sandbox::stop_all() { inside_->stop_all(); }

}  // namespace utakata::sandbox

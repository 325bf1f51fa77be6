#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <thread>

#include "agent/task_run.hpp"
#include "images/puller.hpp"
#include "ports/log_store.hpp"
#include "ports/ports.hpp"
#include "reactor/gate.hpp"
#include "reactor/offload.hpp"
#include "reactor/wall_clock.hpp"
#include "sandbox/attach_window.hpp"
#include "sandbox/cgroups.hpp"
#include "sandbox/compiled_filters.hpp"
#include "sandbox/container.hpp"
#include "sandbox/endpoint.hpp"
#include "sandbox/network.hpp"
#include "sandbox/public_door.hpp"
#include "sandbox/storage.hpp"
#include "sandbox/supervise.hpp"
#include "sandbox/task_picture.hpp"
#include "sandbox/user_space.hpp"

namespace utakata::sandbox {

/// What every task of one sandbox uses.
struct Host {
  reactor::Loop loop;
  reactor::Pool pool{4};
  // Of the runtime's processes that create, start and delete: more at a time than processors only slows each of them
  // down, and whoever waits for an answer of the API.
  reactor::Gate starts{loop, std::max(2, static_cast<int>(std::thread::hardware_concurrency()))};
  str state_dir, runtime, supervisor;
  str runtime_view = {};  // what crun must see differently, as a file
  images::Puller images;
  Network network;
  UserSpace users;
  Cgroups cgroups;
  AttachWindow attach_window;
  ports::ReportSink sink;
  CompiledFilters filters = {};
  StandIns stand_ins = {};
  std::function<void(const str& sentence)> tell = [](const str&) {};  // to people: the daemon's log
  std::function<void(const str& task_arn)> on_gone = {};
  str api_address = {};                     // where tasks' calls to AWS go; empty: nowhere
  str logs_dir = {};                        // of the streams that containers write to
  ports::LogStore* logs = nullptr;          // which tells what those hold
  std::unique_ptr<Endpoint> endpoint = {};  // the last: it asks the loop above

  [[nodiscard]] str tasks_dir() const { return state_dir + "/tasks"; }
  /// Mounts of folders that are not the platform's own: never below what is removed with what is in it.
  [[nodiscard]] str outside_dir() const { return state_dir + "/outside"; }
  /// Where the roots of containers with users of their own are seen a second time: our own folder lets nobody pass.
  [[nodiscard]] str roots_dir() const { return "/run/" + cgroups.name(); }
  [[nodiscard]] str runtime_root() const { return state_dir + "/runtime"; }
};

// Files in folders, for a daemon that takes the task over.
inline constexpr const char* prepared_mark = "prepared";  // the task's: its containers may be started
inline constexpr const char* asked_mark = "asked";        // a container's: its start was begun

/// One real task: carries out what its TaskRun asks for. Lives on the host's loop; kept alive by what is still under
/// way.
class Task : public std::enable_shared_from_this<Task> {
 public:
  Task(Host&, TaskSpec);
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  void start();
  void stop();
  void kill();
  /// After a restart of the daemon: its containers as their folders tell.
  void adopt();
  [[nodiscard]] TaskReport report() const { return run_.report(); }
  [[nodiscard]] const str& id() const { return run_.spec().id; }
  [[nodiscard]] bool gone() const { return gone_; }
  /// For its metadata.
  [[nodiscard]] TaskPicture picture() const;
  /// Where a running container of it is, for a command inside; nothing when there is none of that name.
  struct Running {
    str folder, runtime_id;
  };
  [[nodiscard]] std::optional<Running> running(const str& container) const;

 private:
  struct Container {
    const ContainerSpec* spec;
    ContainerFolder folder;
    Image image;  // once it is pulled
    str stop_signal;
    Process process;
    UserIds user;
    str filter_rules;  // crun is about to compile them
    str prepared_for;  // the runtime; empty: by a former daemon
    std::string_view health = "UNKNOWN";
    Instant health_since;
    i64 logged_bytes = 0;  // as it was said last
    str lost;
  };
  Container& container(const str& name);
  [[nodiscard]] str folder() const;
  void act(const std::vector<agent::Action>&);
  void arm();
  void signal(const Container&, int number);
  Outcome<> prepare();
  Outcome<> connect();
  Outcome<> prepare_containers();
  Outcome<> prepare_container(Container&, BundlePaths, const HostLimits&);
  void renew_bundle(Container&);
  Outcome<> fill_volumes(const Container&, const BundlePaths&);
  [[nodiscard]] TaskStorage storage() const;
  Outcome<> choose_endpoint_ids();
  [[nodiscard]] str docker_id(const str& container) const;
  Outcome<> open_endpoint();
  [[nodiscard]] dict<str> endpoint_variables(const str& container) const;
  void note_health(Container&);
  reactor::Co<void> pull_image(str name);
  reactor::Co<void> report_log(Container&);
  reactor::Co<void> report_logs();
  [[nodiscard]] str root_for_all(const str& container) const;
  Outcome<> make_users();
  [[nodiscard]] MountFolder mapped_mount() const;
  Outcome<> mount_layers(const Container&, const images::Image&);
  void open_public_door();
  reactor::Co<void> prepare_and_begin();
  reactor::Co<void> run_container(str name, int restarts);
  reactor::Co<Outcome<Supervisor>> begin_container(str name);
  reactor::Co<void> undo_start(str name);
  reactor::Co<void> end_half_started(str name);
  reactor::Co<void> watch_container(str name, int supervisor_fd, int supervisor_pid);
  reactor::Co<void> check_health(str name);
  reactor::Co<void> clean_up();
  std::vector<agent::Action> replay(Container&);
  void forget_runtime(const Container&);

  Host& host_;
  agent::TaskRun run_;
  int starting_ = 0;  // containers that are being made: until they are, the task's limit of cpu does not hold
  IdRange users_;
  std::map<str, Container> containers_;
  reactor::Loop::Timer timer_;
  list<str> warnings_;            // of prepare()
  std::set<str> filled_volumes_;  // of prepare(): they have got an image's content
  std::size_t pulls_left_ = 0;
  bool preparing_ = false;  // prepare() is under way
  EndpointIds ids_;
  bool reporting_logs_ = false;
  std::unique_ptr<PublicDoor> public_door_;
  bool gone_ = false;
};

using reactor::wall_clock;

}  // namespace utakata::sandbox

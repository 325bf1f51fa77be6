#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/outcome.hpp"
#include "images/collect.hpp"
#include "images/image_store.hpp"
#include "ports/commands.hpp"
#include "ports/log_store.hpp"
#include "ports/ports.hpp"
#include "ports/task_desk.hpp"
#include "sandbox/storage.hpp"

namespace utakata::sandbox {

struct Settings {
  str state_dir;   // everything of the sandbox lies below it
  str images_dir;  // OCI layouts by name
  str runtime = "crun";
  str supervisor;                     // empty: utakata-supervisor beside this program
  images::Sources sources = {};       // but for the layouts
  images::CollectRules collect = {};  // of images that nobody uses
  StandIns stand_ins = {};
  bool egress = false;              // tasks may have a way out of their VPC
  str dns = "host";                 // what their resolver asks: the host's resolvers, an address, or "none"
  bool own_users = true;            // where the host allows it: tasks' users are nobody on the host
  str logs_dir;                     // where the log store keeps its streams; containers write there themselves
  ports::LogStore* logs = nullptr;  // outlives the sandbox; nullptr: nobody is told what streams hold
  std::function<void(const str& sentence)> tell = [](const str&) {};  // to people; from any thread
  ports::TaskDesk* desk = nullptr;                                    // answers tasks; outlives the sandbox
  str api_address = {};  // ADDRESS:PORT of the platform's API, for tasks; empty: they have no way to it
};

/// What is missing on this host to run containers at all, with what to do about it; nothing has been touched.
Outcome<> preflight(const str& runtime);

/// Real tasks: one thread with a loop drives them, a few more do what blocks. Containers, their network and their
/// supervisors outlive this object and the process; recover() takes them over.
class Sandbox final : public ports::TaskRuntime,
                      public ports::VpcNetwork,
                      public ports::VpcDoors,
                      public ports::CommandRunner {
 public:
  static Outcome<std::unique_ptr<Sandbox>> open(const Settings&, ports::ReportSink);
  ~Sandbox() override;

  void start(const TaskSpec&) override;
  void stop(const std::string& task_arn) override;
  void kill(const std::string& task_arn) override;
  void recover() override;
  void run_command(const ports::CommandPlan&, Begun) override;

  void configure(const ConfigureVpcs&) override;
  void change(const ChangeVpc&) override;
  int namespace_of(const std::string& vpc_id) override;
  bool add_address(const std::string& vpc_id, const std::string& address) override;

  /// How many tasks there are, from their start until nothing is left of them. From any thread.
  [[nodiscard]] std::size_t task_count() const;

  /// Kills every task, waits until nothing of it is left, and takes network and groups away.
  void stop_all();

 private:
  class Inside;
  explicit Sandbox(std::unique_ptr<Inside>);
  std::unique_ptr<Inside> inside_;
};

}  // namespace utakata::sandbox

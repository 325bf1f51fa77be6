#pragma once

#include <functional>
#include <map>
#include <string>

#include "balancer/log_files.hpp"
#include "reactor/loop.hpp"
#include "services/logs/api/streams.hpp"
#include "shell/engine.hpp"

namespace utakata::app {

/// Sends the lines of access logs to a log group, in each account and region that has a load balancer, by the
/// operations that everybody uses: a stream of the load balancer's name each. Group and streams are made when they are
/// missing. On the loop's thread but for add().
class AccessLogGroup {
 public:
  AccessLogGroup(reactor::Loop&, shell::Engine&, std::string group, std::function<void(const std::string&)> tell);
  AccessLogGroup(const AccessLogGroup&) = delete;
  AccessLogGroup& operator=(const AccessLogGroup&) = delete;
  ~AccessLogGroup();

  /// From any thread, until this is destroyed. Lines are dropped, and that is told, while the log does not take them.
  void add(const balancer::LogSource&, const std::string& lines);

 private:
  struct Batch {
    World world;
    logs::api::PutLogEventsRequest request;
  };
  using Then = std::function<void(const Outcome<>&)>;
  template <class Request>
  void call(const World&, std::string_view operation, Request, Then);
  void put(Batch, bool may_make);
  void make(const Batch&, std::function<void()> then);
  void ended(const Outcome<>&);

  reactor::Loop& loop_;
  shell::Engine& engine_;
  std::string group_;
  std::function<void(const std::string&)> tell_;
  std::shared_ptr<AccessLogGroup*> self_;  // cleared at the end: what is still posted then finds nothing
  std::size_t under_way_ = 0;
  bool told_ = false;
};

}  // namespace utakata::app

#pragma once

#include <map>
#include <memory>

#include "http/server.hpp"
#include "reactor/loop.hpp"
#include "services/logs/api/live_tail.hpp"
#include "shell/engine.hpp"

namespace utakata::app {

/// How answers of StartLiveTail go on: each second what has come to the session's log streams since. The engine and the
/// loop outlive the sessions or end with them.
class LiveTails {
 public:
  LiveTails(reactor::Loop& loop, shell::Engine& engine) : loop_(loop), engine_(engine) {}

  /// The session lasts as long as its pieces. Fault LimitExceededException.
  Outcome<http::Pieces> begin(const World&, const logs::api::StartLiveTailResponse&);

 private:
  reactor::Loop& loop_;
  shell::Engine& engine_;
  std::shared_ptr<std::map<World, std::size_t>> open_ = std::make_shared<std::map<World, std::size_t>>();
};

}  // namespace utakata::app

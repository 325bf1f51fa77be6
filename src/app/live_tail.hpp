#pragma once

#include <functional>

#include "http/server.hpp"
#include "reactor/loop.hpp"
#include "services/logs/api/live_tail.hpp"
#include "shell/engine.hpp"

namespace utakata::app {

/// How the answer of StartLiveTail goes on: each second what has come to the session's log streams since. The engine
/// and the loop outlive it or end with it.
http::Pieces live_tail(reactor::Loop&, shell::Engine&, const World&, const logs::api::StartLiveTailResponse&);

}  // namespace utakata::app

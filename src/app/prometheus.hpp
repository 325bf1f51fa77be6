#pragma once

#include <memory>
#include <string>
#include <vector>

#include "balancer/meters.hpp"
#include "shell/engine.hpp"

namespace utakata::app {

/// What is told of the platform besides its load balancers.
struct PlatformState {
  shell::EngineState engine;
  std::size_t tasks = 0;  // that the sandbox has
  bool ready = false;
};

/// The page /metrics in Prometheus's text format 0.0.4.
std::string prometheus_page(const std::vector<std::shared_ptr<const balancer::Meter>>&, const PlatformState&);

inline constexpr const char* prometheus_content_type = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace utakata::app

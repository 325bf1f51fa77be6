#pragma once

#include <functional>

#include "core/metric.hpp"

namespace utakata::ports {

/// Where the platform's own measurements go, once a minute. May be called from any thread; never waits.
using MetricSink = std::function<void(list<MetricSample>)>;

}  // namespace utakata::ports

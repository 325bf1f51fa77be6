#pragma once

#include <functional>

#include "client/api_client.hpp"
#include "drill/plan.hpp"
#include "drill/report.hpp"

namespace utakata::drill {

/// Lines for whoever watches, while the drill goes on.
using Say = std::function<void(const str&)>;

/// Prepares and drills each variant in turn. A fault is a drill that could not be made; lost requests are in the
/// report.
reactor::Co<Outcome<Report>> run_drill(reactor::Loop&, client::ApiClient&, Plan, Say);

/// Faults name the field of the plan.
Outcome<> check_plan(const Plan&);

}  // namespace utakata::drill

#pragma once

#include "sim/dice.hpp"

// What a run may do to the platform, and what the platform must survive (README.md has the table).
namespace utakata::sim {

struct Faults {
  Ratio late;  // a report or an effect is held up, with whatever follows it from the same source
  Duration late_most = seconds(20);
  Ratio repeated;     // it arrives once more, a little later
  Ratio report_lost;  // it never arrives; its source says what is again within `resync`
  Duration resync = seconds(30);
  Ratio crash_at_step;  // kill -9 of the control plane within the commit of this step
  Duration down_most = seconds(20);
};

}  // namespace utakata::sim

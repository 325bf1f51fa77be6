#pragma once

#include <span>

namespace utakata::app {

/// A descriptor (signalfd(2)) that these signals arrive on; threads made later inherit the mask. A peer that goes away
/// is told by the write that fails, never by SIGPIPE.
int catch_signals(std::span<const int> signals);

}  // namespace utakata::app

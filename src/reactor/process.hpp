#pragma once

#include <string>
#include <vector>

#include "base/outcome.hpp"
#include "reactor/co.hpp"
#include "reactor/loop.hpp"

namespace utakata::reactor {

struct ProcessResult {
  int exit_code = 0;       // 128 + signal when a signal ended it
  std::string output;      // standard output and standard error, the first 64 KiB
  bool timed_out = false;  // it was killed
};

/// Runs a program (argv[0] is looked up in PATH) without a shell. Fault: it could not be started.
Co<Outcome<ProcessResult>> run_process(Loop&, std::vector<std::string> argv, Duration patience);

/// The same, blocking: for threads that have nothing else to do.
Outcome<ProcessResult> run_process_blocking(const std::vector<std::string>& argv, Duration patience);

}  // namespace utakata::reactor

#pragma once

#include <functional>
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

struct ProcessWishes {
  std::string output_file;               // standard output goes there, whole; ProcessResult has the errors then
  std::function<bool()> meanwhile = {};  // asked twice a second; false: it is killed, as if it had timed out
};
/// The same, blocking: for threads that have nothing else to do.
Outcome<ProcessResult> run_process_blocking(const std::vector<std::string>& argv, Duration patience,
                                            const ProcessWishes& = {});

}  // namespace utakata::reactor

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/outcome.hpp"

namespace utakata::ports {

/// What a command inside a container is reached by; whoever holds it closes the descriptors. `input` and `output` are
/// the same terminal, opened twice, or pipes; `errors` is -1 with a terminal.
struct CommandEnds {
  int control = -1;  // a packet "exited CODE" when the command has ended; closing it hangs up on the command
  int input = -1;
  int output = -1;
  int errors = -1;
};

struct CommandPlan {
  std::string session_id;
  std::string task_arn;
  std::string container;
  std::vector<std::string> words;  // the program and its arguments
  bool terminal = true;
  int columns = 80;
  int rows = 24;
};

/// Commands run inside running containers, beside their own processes (ExecuteCommand).
class CommandRunner {
 public:
  CommandRunner() = default;
  CommandRunner(const CommandRunner&) = delete;
  CommandRunner& operator=(const CommandRunner&) = delete;
  virtual ~CommandRunner() = default;

  /// Called once, from any thread, when the command runs; or with the reason why it does not: codes
  /// ContainerNotRunning, CommandNotFound, CommandNotExecutable and CommandNotStarted.
  using Begun = std::function<void(Outcome<CommandEnds>)>;
  virtual void run_command(const CommandPlan&, Begun) = 0;
};

}  // namespace utakata::ports

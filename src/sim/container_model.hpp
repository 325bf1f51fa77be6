#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.hpp"
#include "base/outcome.hpp"

namespace utakata::sim {

/// What a container does with its stop signal (facts/stop-signals.md §6.2 measured which server does what).
enum class OnStop : std::uint8_t {
  finishes,  // takes nothing new, answers what is in flight, exits: nginx on QUIT
  drops,     // exits at once with whatever is in flight: nginx on TERM, php-fpm by default
  ignores,   // goes on as before until SIGKILL: `sh -c` as PID 1
};

/// Why an image cannot be pulled, in the words that a real host has for it.
enum class PullFailure : std::uint8_t { none, missing, denied, refused, timeout, platform };

/// How the containers of one image behave. Spans are drawn evenly from `least` to `most`.
struct ContainerModel {
  struct Span {
    Duration least, most;
  };
  Span pull{seconds(1), seconds(3)};
  Span start{milliseconds(20), milliseconds(60)};  // from the order to the process
  Span boot{seconds(1), seconds(2)};               // from the process to its first answer
  OnStop on_stop = OnStop::finishes;
  Span drain{milliseconds(200), milliseconds(500)};  // from the signal to the exit, when it finishes
  int exit_code = 0;                                 // of an exit after a signal
  std::optional<Duration> life;                      // exits by itself after as long
  int life_exit_code = 1;
  PullFailure pull_failure = PullFailure::none;
  bool cannot_start = false;  // its command does not exist
  bool sick = false;          // runs, and never answers well
};

/// "500ms", "30s", "2m", "1h", "3d": a whole number and its unit.
Outcome<Duration> parse_duration(std::string_view);
/// The same for people: "1m30s", "0.25s".
std::string duration_text(Duration);

/// The images of a run by name. An image that nobody described behaves well.
class Images {
 public:
  /// Words as in a scenario: boot 2s, boot 1s..3s, stop drops, drain 5s, exit 143, life 10s, missing, cannot-start,
  /// sick, pull-fails denied (or missing, refused, timeout, platform).
  Outcome<> describe(const std::string& image, const std::vector<std::string_view>& words);
  void set(const std::string& image, ContainerModel model) { models_[image] = model; }
  [[nodiscard]] const ContainerModel& of(const std::string& image) const;

 private:
  std::map<std::string, ContainerModel> models_;
  ContainerModel ordinary_;
};

}  // namespace utakata::sim

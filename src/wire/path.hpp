#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/outcome.hpp"
#include "base/text.hpp"

namespace utakata::wire {

/// Where a reader is within a request: the names and indexes from the request down to the value being read.
class Path {
 public:
  static constexpr std::size_t max_depth = 66;

  void enter(std::string_view name) { push({.name = name}); }
  void enter_key(std::string_view key) { push({.name = key, .is_key = true}); }
  void enter(std::size_t index) { push({.index = index, .is_index = true}); }
  void leave() { --depth_; }

  /// "/containerDefinitions/0/cpu"
  [[nodiscard]] std::string pointer() const {
    std::string out;
    for (std::size_t i = 0; i < depth_; ++i)
      out += steps_[i].is_index ? cat('/', steps_[i].index) : cat('/', steps_[i].name);
    return out;
  }

  /// "containerDefinitions.1.member.cpu", as AWS's validation errors spell it.
  [[nodiscard]] std::string member() const {
    std::string out;
    for (std::size_t i = 0; i < depth_; ++i) {
      if (i != 0) out += '.';
      out += steps_[i].is_index ? cat(steps_[i].index + 1) : std::string(steps_[i].name);
      if (steps_[i].is_index || steps_[i].is_key) out += ".member";
    }
    return out;
  }

 private:
  struct Step {
    std::string_view name = {};
    std::size_t index = 0;
    bool is_index = false, is_key = false;
  };
  void push(Step step) {
    ensure(depth_ < max_depth, "a request was read deeper than the limit of nesting");
    steps_[depth_++] = step;
  }

  std::array<Step, max_depth> steps_{};
  std::size_t depth_ = 0;
};

}  // namespace utakata::wire

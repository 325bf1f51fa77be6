#pragma once

#include <array>
#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/customer.hpp"

// The words of a scenario's line: NAME VALUE pairs after the first ones.
namespace utakata::sim {

class Options {
 public:
  /// Names with a value; those that begin with '-' here stand alone ("-check" is the word check).
  static Outcome<Options> read(const std::vector<std::string_view>& words, std::size_t from,
                               std::span<const std::string_view> names);
  static Outcome<Options> read(const std::vector<std::string_view>& words, std::size_t from,
                               std::initializer_list<std::string_view> names) {
    return read(words, from, std::span(names.begin(), names.size()));
  }

  [[nodiscard]] bool has(std::string_view name) const { return values_.contains(name); }
  [[nodiscard]] std::string text(std::string_view name, std::string_view otherwise) const;
  [[nodiscard]] Outcome<int> number(std::string_view name, int otherwise) const;
  /// An option that may stand several times.
  [[nodiscard]] std::vector<std::string> all(std::string_view name) const;

 private:
  std::multimap<std::string, std::string, std::less<>> values_;
};

inline constexpr std::array<std::string_view, 11> service_options{
    "desired", "strategy", "image",        "family",           "balanced", "min",
    "max",     "grace",    "stop-timeout", "-circuit-breaker", "-network"};

Outcome<ContainerPlan> read_container(const std::vector<std::string_view>& words);
Outcome<ServicePlan> read_service(const std::vector<std::string_view>& words);

}  // namespace utakata::sim

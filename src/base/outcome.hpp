#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace utakata {

/// Why something asked for was not done, in the words and status that AWS answers with.
struct Fault {
  std::string code;        // AWS's error code, e.g. "ClusterNotFoundException"
  std::string message;     // AWS's text where it is known; names the field otherwise
  int status = 400;        // HTTP status
  std::string field = {};  // path of the member at fault, "/containerDefinitions/0/cpu"; empty if none

  friend bool operator==(const Fault&, const Fault&) = default;
};

template <class T = void>
using Outcome = std::expected<T, Fault>;

inline std::unexpected<Fault> refuse(std::string code, std::string message, int status = 400) {
  return std::unexpected(Fault{.code = std::move(code), .message = std::move(message), .status = status});
}

/// Ends the process when something that cannot be is so; the journal brings it back. On in release builds.
void ensure(bool condition, std::string_view sentence);

}  // namespace utakata

/// The value of an Outcome, or an early return of its fault.
#define TRY(...)                                           \
  __extension__({                                          \
    auto&& outcome_ = (__VA_ARGS__);                       \
    if (!outcome_.has_value()) [[unlikely]]                \
      return std::unexpected(std::move(outcome_).error()); \
    *std::move(outcome_);                                  \
  })

/// The same for an Outcome without a value.
#define TRY_VOID(...)                                                      \
  do {                                                                     \
    if (auto outcome_ = (__VA_ARGS__); !outcome_.has_value()) [[unlikely]] \
      return std::unexpected(std::move(outcome_).error());                 \
  } while (false)

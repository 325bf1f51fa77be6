#pragma once

#include <string_view>

#include "base/outcome.hpp"
#include "base/types.hpp"

namespace utakata::images {

/// Why an image could not be had.
enum class PullTrouble : std::uint8_t {
  unauthorized,
  not_found,
  refused,
  no_such_host,
  timed_out,
  too_many_requests,
  disk_full,
  corrupt,
  wrong_platform,
  broken_layer,
  other,
};

/// The trouble that skopeo's last words tell of.
PullTrouble trouble_of(std::string_view output);
/// One more attempt may help.
bool passes_by_itself(PullTrouble);

/// AWS's CannotPullContainerError text. `detail`: what the tool or the library said.
Fault pull_fault(PullTrouble, const str& reference, std::string_view detail, int attempts = 1);

/// The message of skopeo's last error line, without time and level.
str last_words(std::string_view output);

}  // namespace utakata::images

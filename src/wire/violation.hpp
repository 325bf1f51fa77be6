#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/describe.hpp"
#include "base/outcome.hpp"
#include "wire/path.hpp"

namespace utakata::wire {

/// In which way a request's body broke the description of its operation's input.
enum class Violation : std::uint8_t {
  none,
  malformed,    // the text itself: no JSON, no form
  wrong_type,   // a value of another type, or out of its type's range
  missing,      // a required member is absent
  not_allowed,  // none of an enumeration's values
};

/// What a reader noticed beside the values.
struct ReadNotes {
  static constexpr std::size_t max_stored = 40;

  std::vector<std::string> stored;   // paths of members that are only stored, at most `max_stored`
  std::vector<std::string> ignored;  // paths of members that the description does not know, at most `max_stored`
  Violation violation = Violation::none;

  void note_stored(const Path&, const Field&, const void* value);
  void note_stored(std::string path);
  void note_ignored(const Path&, std::string_view name);
};

/// "[EC2, FARGATE]": an enumeration's values as AWS lists them.
std::string allowed_values(const Type& enumeration);

/// AWS's text for a value that is none of an enumeration's.
std::string not_allowed_message(std::string_view member, std::string_view value, const Type& enumeration);

/// AWS's text for a required member that is absent.
std::string missing_message(std::string_view member);

}  // namespace utakata::wire

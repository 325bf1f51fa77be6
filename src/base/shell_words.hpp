#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/outcome.hpp"

// A command as one text, and as words: quotes and backslashes as a POSIX shell reads them, and nothing else of a shell.
namespace utakata {

/// Fault InvalidCommand: a quote is not closed, or a backslash stands at the end.
Outcome<std::vector<std::string>> split_shell_words(std::string_view text);
/// One text that split_shell_words gives back as these words.
std::string join_shell_words(const std::vector<std::string>& words);

}  // namespace utakata

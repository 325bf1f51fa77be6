#include <algorithm>
#include <cstdio>
#include <vector>

#include "app/commands.hpp"
#include "base/text.hpp"

using namespace utakata;  // NOLINT(google-build-using-namespace): the program itself
using app::Command;

namespace {

void print(std::FILE* to, const std::string& text) { std::fwrite(text.data(), 1, text.size(), to); }

bool is_of_group(const Command& command, std::string_view group) {
  return command.rule.name.starts_with(cat(group, " "));
}

bool is_group(std::string_view word) {
  return std::ranges::any_of(app::commands(), [&](const Command& each) { return is_of_group(each, word); });
}

// The commands whose names begin with this word, or all of them.
std::string overview(std::string_view group = "") {
  std::string out = group.empty() ? std::string(
                                        "Utakata: containers without servers on your own machine, in AWS's "
                                        "protocols.\n\nusage: utakata COMMAND [options]\n\n")
                                  : cat("usage: utakata ", group, " COMMAND [options]\n\n");
  for (const Command& command : app::commands()) {
    if (!group.empty() && !is_of_group(command, group)) continue;
    std::string name(command.rule.name);
    name.resize(14, ' ');
    out += cat("  ", name, command.rule.summary, "\n");
  }
  return out + (group.empty() ? "\nutakata help COMMAND, or COMMAND --help, tells more.\n"
                              : cat("\nutakata help ", group, " COMMAND tells more.\n"));
}

// The longest command whose words stand at the front; `words` loses them.
const Command* find_command(std::vector<std::string_view>& words) {
  for (const std::size_t length : {std::size_t{2}, std::size_t{1}}) {
    if (words.size() < length) continue;
    const std::string name = length == 2 ? cat(words[0], " ", words[1]) : std::string(words[0]);
    for (const Command& command : app::commands()) {
      if (command.rule.name != name) continue;
      words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(length));
      return &command;
    }
  }
  return nullptr;
}

bool is_help(std::string_view word) { return word == "--help" || word == "-h"; }

// Takes the word that asks for help away. Of a command that passes words on, it must be the first: the others are not
// ours.
bool asks_for_help(std::vector<std::string_view>& words) {
  if (words.empty()) return false;
  std::vector<std::string_view> rest = words;
  const Command* command = find_command(rest);
  const bool first = words.front() == "help" || is_help(words.front());
  const bool passes_on = command != nullptr && command->rule.passes_on;
  const bool ended = std::ranges::find(words, "--") != words.end();
  const bool asked = first || (passes_on ? !rest.empty() && is_help(rest.front()) : !ended && is_help(words.back()));
  if (!asked) return false;
  if (first)
    words.erase(words.begin());
  else
    words.erase(passes_on ? words.end() - static_cast<std::ptrdiff_t>(rest.size()) : words.end() - 1);
  return true;
}

}  // namespace

int main(int count, char** values) {
  std::vector<std::string_view> words(values + 1, values + count);
  const bool help = asks_for_help(words);
  if (words.empty()) {
    print(help ? stdout : stderr, overview());
    return help ? 0 : 2;
  }
  if (words.front() == "--version" || words.front() == "version") {
    print(stdout, "utakata 0.1.0\n");
    return 0;
  }
  const std::string asked = cat(words.front(), words.size() > 1 ? cat(" ", words[1]) : std::string());
  const Command* command = find_command(words);
  if (command == nullptr) {
    const std::string_view group = is_group(words.front()) ? words.front() : std::string_view();
    if (help && words.size() == 1 && !group.empty()) {
      print(stdout, overview(group));
      return 0;
    }
    const bool alone = words.size() == 1 && !group.empty();
    print(stderr, cat(alone ? std::string() : cat("utakata: there is no command '", asked, "'\n\n"), overview(group)));
    return 2;
  }
  if (help) {
    print(stdout, help_of(command->rule));
    return 0;
  }
  const auto arguments = app::Arguments::parse(command->rule, words);
  if (!arguments) return app::fail(arguments.error());
  return command->run(*arguments);
}

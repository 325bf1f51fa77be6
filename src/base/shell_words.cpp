#include "base/shell_words.hpp"

#include <algorithm>

namespace utakata {
namespace {

constexpr std::string_view blanks = " \t\r\n";

// Reads one word, its quotes taken away; `text` begins with it and loses it.
Outcome<std::string> take_word(std::string_view& text) {
  std::string word;
  char quote = '\0';
  for (; !text.empty() && (quote != '\0' || !blanks.contains(text.front())); text.remove_prefix(1)) {
    char c = text.front();
    if (c == quote) {
      quote = '\0';
    } else if (quote == '\0' && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == '\\' && quote != '\'') {
      if (text.size() == 1) return refuse("InvalidCommand", "a backslash stands at the end of the command");
      // Between double quotes a backslash means itself, unless what follows has a meaning there.
      const bool escapes = quote == '\0' || std::string_view("\"\\$`").contains(text[1]);
      if (escapes) {
        text.remove_prefix(1);
        c = text.front();
      }
      word += c;
    } else {
      word += c;
    }
  }
  if (quote != '\0') return refuse("InvalidCommand", "a quotation mark of the command is not closed");
  return word;
}

bool plain(std::string_view word) {
  return !word.empty() && std::ranges::all_of(word, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_@%+=:,./-").contains(c);
  });
}

}  // namespace

Outcome<std::vector<std::string>> split_shell_words(std::string_view text) {
  std::vector<std::string> words;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    if (text.empty()) return words;
    words.push_back(TRY(take_word(text)));
  }
}

std::string join_shell_words(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += ' ';
    if (plain(word)) {
      text += word;
      continue;
    }
    text += '\'';
    for (const char c : word) {
      if (c == '\'')
        text += R"('\'')";
      else
        text += c;
    }
    text += '\'';
  }
  return text;
}

}  // namespace utakata

#include "base/shell_words.hpp"

#include <doctest/doctest.h>

using namespace utakata;  // NOLINT: a test

namespace {

using Words = std::vector<std::string>;
Words words(std::string_view text) { return split_shell_words(text).value_or(Words{"refused"}); }

}  // namespace

TEST_CASE("shell words: blanks part words, quotes and backslashes keep them together") {
  CHECK(words("") == Words{});
  CHECK(words(" \t\n") == Words{});
  CHECK(words("ls  -l\t/tmp ") == Words{"ls", "-l", "/tmp"});
  CHECK(words(R"(sh -c "echo \"a b\" \$x \n" 'it is "so" \n')") ==
        Words{"sh", "-c", R"(echo "a b" $x \n)", R"(it is "so" \n)"});
  CHECK(words(R"(a\ b ''c"" '' d\\e)") == Words{"a b", "c", "", "d\\e"});
  CHECK(words("echo a;b|c $x") == Words{"echo", "a;b|c", "$x"});  // nothing else of a shell
}

TEST_CASE("shell words: what is not closed is refused") {
  for (const std::string_view bad : {"'", "sh -c 'x", "\"a\\\"", "a\\"}) CHECK_FALSE(split_shell_words(bad));
}

TEST_CASE("shell words: joined words are split into the same") {
  for (const Words& each : {Words{"ls"}, Words{"", "a b", "it's", "\"", "\\", "$x\n", "-c", "caf\xc3\xa9"}})
    CHECK(words(join_shell_words(each)) == each);
  CHECK(join_shell_words({"ls", "-l", "/tmp"}) == "ls -l /tmp");
}

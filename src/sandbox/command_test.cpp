#include "sandbox/command.hpp"

#include <doctest/doctest.h>

#include "base/text.hpp"

using namespace utakata;           // NOLINT: a test
using namespace utakata::sandbox;  // NOLINT: a test

namespace {

// A line of runc's log; of crun's it is JSON.
str runc_says(std::string_view what) {
  return cat(R"(time="2026-05-06T12:00:00Z" level=error msg="exec failed: )", what, "\"\n");
}
str crun_says(std::string_view what) { return cat(R"({"msg":")", what, R"(","level":"error"})", "\n"); }

Fault why(std::string_view log) { return why_not_started(cat("failed exec: status 1\n", log), "nope"); }

}  // namespace

TEST_CASE("command: a program that is not there, or cannot be executed, is told apart from other reasons") {
  for (const str& log :
       {runc_says(R"(unable to start container process: exec: \"nope\": executable file not found in $PATH)"),
        runc_says(R"(unable to start container process: exec: \"nope\": stat nope: no such file or directory)"),
        crun_says("executable file `nope` not found in $PATH: No such file or directory"),
        crun_says("open executable: No such file or directory")}) {
    CHECK(why(log).code == "CommandNotFound");
    CHECK(why(log).message == "Unable to start command: the container has no program 'nope'");
  }
  for (const str& log : {runc_says(R"(unable to start container process: exec: \"nope\": permission denied)"),
                         crun_says("open executable: Permission denied")}) {
    CHECK(why(log).code == "CommandNotExecutable");
    CHECK(why(log).message == "Unable to start command: 'nope' cannot be executed: permission denied");
  }
}

TEST_CASE("command: other reasons are the runtime's words without its escapes") {
  const Fault other = why(runc_says(R"(cannot chdir to cwd (\"/work\"): no such file or directory)"));
  CHECK(other.code == "CommandNotStarted");
  CHECK(other.message ==
        R"(Unable to start command: exec failed: cannot chdir to cwd ("/work"): no such file or directory)");
  CHECK(why("").message == "Unable to start command: exec: status 1");
  CHECK(why_not_started("", "nope").message.contains("supervisor died"));
}

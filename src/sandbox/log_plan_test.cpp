#include "sandbox/log_plan.hpp"

#include <doctest/doctest.h>

#include <filesystem>

#include "base/text.hpp"
#include "tests/files.hpp"

using namespace utakata;  // NOLINT: a test
TEST_CASE("log plan: says what the supervisor is to do, and refuses a pattern that is none") {
  const test::TemporaryFolder folder("log-plan");
  const str& dir = folder.path;
  LogTarget target{.id = "s1", .non_blocking = true, .buffer_bytes = 4096, .multiline_pattern = "^\\d"};
  REQUIRE(sandbox::write_log_plan(dir, dir + "/logs", opt<LogTarget>(target)));
  CHECK(test::read_file(dir + "/log-plan") == cat(dir, "/logs/s1\nnon-blocking 4096\n0\n^[0-9]\n"));
  CHECK(std::filesystem::is_directory(dir + "/logs/s1"));
  target.multiline_pattern = "(";
  CHECK(sandbox::write_log_plan(dir, dir + "/logs", opt<LogTarget>(target))
            .error()
            .message.contains("awslogs could not parse multiline pattern key \"(\""));
  CHECK(sandbox::lost_output(dir).empty());
  folder.write("lost", "0 0 \n12 345 No space left on device     \n");
  CHECK(sandbox::lost_output(dir) == "12 lines (345 bytes) lost: No space left on device");
}

#include "sandbox/log_plan.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/text.hpp"

using namespace utakata;  // NOLINT: a test
TEST_CASE("log plan: says what the supervisor is to do, and refuses a pattern that is none") {
  char name[] = "/tmp/utakata-log-plan-XXXXXX";
  const str dir = mkdtemp(name);
  LogTarget target{.id = "s1", .non_blocking = true, .buffer_bytes = 4096, .multiline_pattern = "^\\d"};
  REQUIRE(sandbox::write_log_plan(dir, dir + "/logs", opt<LogTarget>(target)));
  std::ifstream plan(dir + "/log-plan");
  str text((std::istreambuf_iterator<char>(plan)), std::istreambuf_iterator<char>());
  CHECK(text == cat(dir, "/logs/s1\nnon-blocking 4096\n0\n^[0-9]\n"));
  CHECK(std::filesystem::is_directory(dir + "/logs/s1"));
  target.multiline_pattern = "(";
  CHECK(sandbox::write_log_plan(dir, dir + "/logs", opt<LogTarget>(target))
            .error()
            .message.contains("awslogs could not parse multiline pattern key \"(\""));
  CHECK(sandbox::lost_output(dir).empty());
  std::ofstream(dir + "/lost") << "0 0 \n12 345 No space left on device     \n";
  CHECK(sandbox::lost_output(dir) == "12 lines (345 bytes) lost: No space left on device");
  std::filesystem::remove_all(dir);
}

#include "services/ecs/task_logs.hpp"

#include <doctest/doctest.h>

#include <array>

#include "core/machine.hpp"
#include "services/acm/module.hpp"
#include "services/ec2/module.hpp"
#include "services/ecs/account_setting_ops.hpp"
#include "services/ecs/module.hpp"
#include "services/elb/module.hpp"
#include "services/logs/module.hpp"

using namespace utakata;       // NOLINT: a test
using namespace utakata::ecs;  // NOLINT: a test

namespace {

str refusal(dict<str> options) {
  options["awslogs-group"] = "/g";
  const auto checked = check_awslogs(options);
  return checked ? str() : checked.error().message;
}

struct Account {
  Machine& machine;
  World world;

  template <auto Handler, class Response, class Request>
  Outcome<Response> call(const Request& request) const {
    static constexpr Operation made = operation<Handler>("Test");
    Response response;
    const Step step = machine.step(Instant{1}, ApiCall{world, &made, &request, &response, false});
    if (step.fault) return std::unexpected(*step.fault);
    return response;
  }
};

}  // namespace

TEST_CASE("awslogs: options that the driver has not, and values that it cannot use, are refused in AWS's words") {
  CHECK(refusal({{"awslogs-region", "r"}, {"awslogs-stream-prefix", "p"}}).empty());
  CHECK(refusal({{"mode", "non-blocking"}, {"max-buffer-size", "25m"}}).empty());
  CHECK(refusal({{"awslogs-create-group", "true"}, {"awslogs-multiline-pattern", "^INFO"}}).empty());
  CHECK(refusal({{"log_key", "log"}, {"tag", "x"}}) == "Log driver awslogs disallows options: log_key, tag");
  CHECK(refusal({{"awslogs-stream", "x"}}) == "Log driver awslogs disallows options: awslogs-stream");
  CHECK(refusal({{"awslogs-create-group", "false"}}) ==
        "Log driver awslogs option 'awslogs-create-group' should only be set to 'true', else omit option.");
  CHECK(refusal({{"mode", "fast"}}).contains("'mode' is not valid: fast"));
  CHECK(refusal({{"max-buffer-size", "many"}}).contains("'max-buffer-size' is no size: many"));
  CHECK(refusal({{"mode", "blocking"}, {"max-buffer-size", "1m"}}).contains("only be used with mode non-blocking"));
  CHECK(refusal({{"awslogs-datetime-format", "%Y"}, {"awslogs-multiline-pattern", "x"}}).contains("together"));
}

TEST_CASE("awslogs: sizes are read as docker reads them") {
  CHECK(parse_size("4096") == 4096);
  CHECK(parse_size("512k") == 512 * 1024);
  CHECK(parse_size("10m") == 10 << 20);
  CHECK(parse_size("10MB") == 10 << 20);
  CHECK(parse_size("1g") == 1 << 30);
  for (const char* bad : {"", "m", "-1", "0", "1t", "9223372036854775807g"}) CHECK_FALSE(parse_size(bad));
}

TEST_CASE("account settings: the log driver's default mode is honoured, the rest can only be what it is") {
  static constexpr std::array<void (*)(Schema&), 5> modules{acm::declare, logs::declare, ec2::declare, elb::declare,
                                                            ecs::declare};
  Machine machine(1, modules);
  const World world{"111122223333", "ap-northeast-1"};
  const Account account{machine, world};
  const auto put = [&](api::SettingName name, const char* value) {
    return account.call<put_account_setting, api::PutAccountSettingResponse>(
        api::PutAccountSettingRequest{.name = name, .value = value});
  };
  const auto mode = [&] {
    return machine.read(Instant{1}, [&](const Tx& tx) { return default_log_driver_mode(tx, world); });
  };
  CHECK(mode() == "non-blocking");
  REQUIRE(put("defaultLogDriverMode", "blocking"));
  CHECK(mode() == "blocking");
  CHECK(put("defaultLogDriverMode", "fast").error().message.contains("Supported: non-blocking, blocking."));
  CHECK(put("taskLongArnFormat", "enabled"));
  CHECK(put("taskLongArnFormat", "disabled").error().code == "InvalidParameterException");
  CHECK(put("guardDutyActivate", "on").error().message.contains("read-only"));
  const auto settings = [&](bool effective) {
    return account.call<list_account_settings, api::ListAccountSettingsResponse>(
        api::ListAccountSettingsRequest{.effectiveSettings = effective});
  };
  CHECK(settings(false)->settings->size() == 2);
  CHECK(settings(true)->settings->size() == 10);
  CHECK(*settings(true)->nextToken == "taskLongArnFormat");
  REQUIRE(account.call<delete_account_setting, api::DeleteAccountSettingResponse>(
      api::DeleteAccountSettingRequest{.name = "defaultLogDriverMode"}));
  CHECK(mode() == "non-blocking");
}

#include "sandbox/endpoint_answers.hpp"

#include <doctest/doctest.h>

using namespace utakata;           // NOLINT: a test
using namespace utakata::sandbox;  // NOLINT: a test

namespace {

const Instant until = *parse_iso8601("2026-05-06T11:42:34Z");

struct Desk final : ports::TaskDesk {
  inside::ProtectionQuestion protection;
  bool silent = false;
  str failure;
  void ask(const inside::Question&, Answer<inside::Facts> answer) override {
    if (silent) return answer(refuse("RequestCanceled", "Timed out"));
    answer(inside::Facts{.desired_status = "STOPPED", .tags = {{"team", "blue"}}});
  }
  void ask(const inside::Question&, Answer<inside::Credentials> answer) override {
    answer(inside::Credentials{
        .role_arn = "arn:r", .access_key = "ASIA1", .secret = "s", .token = "t", .expires_at = until});
  }
  void ask(const inside::ProtectionQuestion& question, Answer<inside::Protection> answer) override {
    protection = question;
    answer(inside::Protection{.enabled = true, .until = until, .failure = failure, .detail = {}});
  }
};

struct Bench {
  reactor::Loop loop;
  Desk desk;
  TaskPicture picture;
  std::shared_ptr<Visitor> task;

  explicit Bench(str role = "arn:r") {
    TaskSpec spec{.arn = "arn:aws:ecs:ap-northeast-1:111122223333:task/c/1",
                  .id = "1",
                  .account = "111122223333",
                  .region = "ap-northeast-1",
                  .availability_zone = "ap-northeast-1a",
                  .cluster = "c",
                  .role_arn = std::move(role),
                  .family = "f",
                  .revision = 5,
                  .cpu = 256,
                  .memory_mib = 512};
    spec.network = {.subnet_cidr = "172.31.32.0/20", .mac = "02:00:00:00:00:01", .address = "172.31.42.189"};
    spec.containers = {{.name = "app", .arn = "arn:container", .image = "busybox"}, {.name = "side", .cpu = 128}};
    picture.report = {.task_arn = spec.arn, .status = "STOPPING"};
    picture.report.containers = {{.name = "app", .status = "RUNNING"}, {.name = "side", .status = "STOPPED"}};
    picture.report.containers[1].exit_code = 3;
    task = std::make_shared<Visitor>(
        Visitor{.loop = loop,
                .answers = std::make_shared<Answers>(loop),
                .picture = [this](const str&, const auto& take) { take(picture); },
                .desk = &desk,
                .spec = std::make_shared<const TaskSpec>(spec),
                .ids = {.credentials = "cred", .container = {{"app", "1-0000000001"}, {"side", "1-0000000002"}}}});
  }
  http::Response ask(const str& target, const str& method = "GET", const str& body = "") {
    http::Request request;
    request.head.method = method;
    request.head.target = target;
    request.body = body;
    std::optional<http::Response> response;
    reactor::start([](Bench& bench, http::Request asked, std::optional<http::Response>& out) -> reactor::Co<void> {
      out = co_await answer_task(bench.task, std::move(asked));
    }(*this, std::move(request), response));
    while (!response) loop.run_once(seconds(10));
    return *response;
  }
  Json json(const str& target) { return *Json::parse(ask(target).body); }
};

}  // namespace

TEST_CASE("endpoint: a task's document has Fargate's shape, and says what is wanted beside what is known") {
  Bench bench;
  const Json task = bench.json("/v4/1-0000000001/task");
  CHECK(task.text_at({"Cluster"}) == "arn:aws:ecs:ap-northeast-1:111122223333:cluster/c");
  CHECK(task.text_at({"Revision"}) == "5");
  CHECK(task.text_at({"DesiredStatus"}) == "STOPPED");
  CHECK(task.text_at({"KnownStatus"}) == "RUNNING");
  CHECK(*task.find({"Limits", "CPU"})->number() == doctest::Approx(0.25));
  CHECK(task.text_at({"LaunchType"}) == "FARGATE");
  CHECK(task.find("ClockDrift") != nullptr);
  CHECK(task.find("TaskTags") == nullptr);
  REQUIRE(task.find("Containers")->size() == 2);
  const Json& side = task.find("Containers")->items()[1];
  CHECK(*side.find("ExitCode")->integer() == 3);
  CHECK(side.text_at({"KnownStatus"}) == "STOPPED");
  const Json& network = side.find("Networks")->items()[0];
  CHECK(network.text_at({"SubnetGatewayIpv4Address"}) == "172.31.32.1/20");
  CHECK(network.find("IPv4Addresses")->items()[0].text() == "172.31.42.189");
  CHECK(bench.json("/v4/1-0000000001/taskWithTags").text_at({"TaskTags", "team"}) == "blue");
  const Json container = bench.json("/v4/1-0000000002");
  CHECK(container.text_at({"DockerId"}) == "1-0000000002");
  CHECK(container.text_at({"Labels", "com.amazonaws.ecs.container-name"}) == "side");
  CHECK(bench.json("/v3/1-0000000001/task").find("LaunchType") == nullptr);
}

TEST_CASE("endpoint: when the platform is silent, the host says what it knows") {
  Bench bench;
  bench.picture.report.status = "RUNNING";
  bench.desk.silent = true;
  CHECK(bench.json("/v4/1-0000000001/task").text_at({"DesiredStatus"}) == "RUNNING");
}

TEST_CASE("endpoint: a container that asks before its host has heard of its start is known to run") {
  Bench bench;
  bench.picture.report.containers[0].status = "PENDING";
  int looks = 0;
  bench.task->picture = [&](const str&, const auto& take) {
    if (++looks == 3) bench.picture.report.containers[0].status = "RUNNING";
    take(bench.picture);
  };
  CHECK(bench.json("/v4/1-0000000001").text_at({"KnownStatus"}) == "RUNNING");
  CHECK(looks == 3);
}

TEST_CASE("endpoint: what it does not know is told in the agent's words") {
  Bench bench;
  const http::Response unknown = bench.ask("/v4/2-0000000001");
  CHECK(unknown.status == 404);
  CHECK(unknown.body ==
        "\"V4 container metadata handler: unable to get container ID from request: unable to get docker ID from v3 "
        "endpoint ID: 2-0000000001\"");
  CHECK(bench.ask("/v4/x/task").body ==
        "\"V4 task metadata handler: unable to get task arn from request: unable to get task Arn from v3 endpoint ID: "
        "x\"");
  for (const char* path : {"/", "/v4", "/v4/1-0000000001/none", "/latest/meta-data", "/api/1-0000000001/fault"})
    CHECK(bench.ask(path).status == 404);
  CHECK(bench.ask("http://169.254.170.2/v4/1-0000000001").status == 200);
}

TEST_CASE("endpoint: credentials are for their own id, and for tasks with a role only") {
  Bench bench;
  const Json found = bench.json("/v2/credentials/cred");
  CHECK(found.text_at({"AccessKeyId"}) == "ASIA1");
  CHECK(found.text_at({"Token"}) == "t");
  CHECK(found.text_at({"Expiration"}) == "2026-05-06T11:42:34Z");
  const http::Response other = bench.ask("/v2/credentials/other");
  CHECK(other.status == 400);
  CHECK(other.body ==
        R"({"code":"InvalidIdInRequest","message":"CredentialsV2Request: Credentials not found","HTTPErrorCode":400})");
  CHECK(bench.ask("/v2/credentials").body.contains("NoIdInRequest"));
  Bench bare("");
  CHECK(bare.ask("/v2/credentials/cred").status == 400);
}

TEST_CASE("endpoint: protection is asked for and set, in the agent's shapes") {
  Bench bench;
  const str path = "/api/1-0000000001/task-protection/v1/state";
  CHECK(bench.ask(path).body == R"({"protection":{"ExpirationDate":"2026-05-06T11:42:34Z","ProtectionEnabled":true,)"
                                R"("TaskArn":"arn:aws:ecs:ap-northeast-1:111122223333:task/c/1"}})");
  CHECK_FALSE(bench.desk.protection.enable);
  CHECK(bench.ask(path, "PUT", R"({"ProtectionEnabled":true,"ExpiresInMinutes":60})").status == 200);
  CHECK(bench.desk.protection.enable == true);
  CHECK(*bench.desk.protection.minutes == 60);
  CHECK(bench.ask(path, "PUT", R"({"ExpiresInMinutes":60})").status == 400);
  CHECK(bench.ask(path, "PUT", R"({"ProtectionEnabled":true,"More":1})").status == 400);
  CHECK(bench.ask(path, "PUT", "nonsense").status == 400);
  CHECK(bench.ask("/api/other/task-protection/v1/state").status == 404);
  bench.desk.failure = "TASK_NOT_VALID";
  CHECK(bench.ask(path).body == R"({"failure":{"Arn":"arn:aws:ecs:ap-northeast-1:111122223333:task/c/1","Detail":null,)"
                                R"("Reason":"TASK_NOT_VALID"}})");
  Bench bare("");
  const http::Response refused = bare.ask(path);
  CHECK(refused.status == 403);
  CHECK(refused.body.contains("no task IAM role credentials available for task"));
}

TEST_CASE("endpoint: a task that asks too often is told so") {
  Bench bench;
  int refused = 0;
  for (int i = 0; i < 100; ++i) refused += bench.ask("/none").status == 429 ? 1 : 0;
  CHECK(refused > 0);
  RequestRate rate;
  int allowed = 0;
  for (int i = 0; i < 100; ++i) allowed += rate.allow(Instant{1}) ? 1 : 0;
  CHECK(allowed == 60);
  CHECK(rate.allow(Instant{1} + seconds(1)));
}

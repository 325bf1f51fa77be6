#include <doctest/doctest.h>

#include <array>

#include "core/machine.hpp"
#include "services/acm/module.hpp"
#include "services/ec2/module.hpp"
#include "services/ec2/ops.hpp"
#include "services/ecs/cluster_ops.hpp"
#include "services/ecs/module.hpp"
#include "services/ecs/task_definition_ops.hpp"
#include "services/ecs/task_ops.hpp"
#include "services/elb/module.hpp"
#include "services/logs/module.hpp"
#include "services/secretsmanager/module.hpp"
#include "services/secretsmanager/ops.hpp"
#include "services/ssm/module.hpp"
#include "services/ssm/ops.hpp"
#include "services/sts/module.hpp"

using namespace utakata;       // NOLINT: a test
using namespace utakata::ecs;  // NOLINT: a test

namespace {

constexpr std::array<void (*)(Schema&), 8> modules{acm::declare, logs::declare,           ec2::declare, elb::declare,
                                                   ssm::declare, secretsmanager::declare, sts::declare, ecs::declare};

struct Bench {
  Machine machine{7, modules};
  World world{"111122223333", "ap-northeast-1"};
  Step step = {};

  explicit Bench(CapacityReport offers = {}) {
    offers.cpu_units = offers.memory_mib = 65536;
    machine.step(Instant{1}, Report(offers));
    const api::CreateClusterRequest request{.clusterName = str("c")};
    static_cast<void>(call<create_cluster, api::CreateClusterResponse>(request));
  }
  template <auto Handler, class Response, class Request>
  Outcome<Response> call(const Request& request) {
    static constexpr Operation made = operation<Handler>("Test");
    Response response;
    step = machine.step(Instant{2}, ApiCall{world, &made, &request, &response, false});
    if (step.fault) return std::unexpected(*step.fault);
    return response;
  }
  str refusal(const api::RegisterTaskDefinitionRequest& request) {
    const auto made = call<register_task_definition, api::RegisterTaskDefinitionResponse>(request);
    return made ? str("accepted") : made.error().message;
  }
  /// What the runtime is told of one task of the definition.
  TaskSpec started(const api::RegisterTaskDefinitionRequest& request, const opt<api::TaskOverride>& overrides = {}) {
    REQUIRE(refusal(request) == "accepted");
    const api::RunTaskRequest run{
        .cluster = str("c"),
        .launchType = "FARGATE",
        .networkConfiguration =
            api::NetworkConfiguration{.awsvpcConfiguration = api::AwsVpcConfiguration{.subnets = {subnet()}}},
        .overrides = overrides,
        .taskDefinition = request.family};
    const auto ran = call<run_task, api::RunTaskResponse>(run);
    REQUIRE_MESSAGE(ran, (ran ? str() : ran.error().message));
    for (const Effect& effect : step.effects)
      if (const auto* start = std::get_if<StartTask>(&effect)) return start->spec;
    FAIL("no task was started");
    return {};
  }
  str subnet() {
    const ec2::api::DescribeSubnetsRequest request;
    const auto subnets = call<ec2::describe_subnets, ec2::api::DescribeSubnetsResult>(request);
    REQUIRE(subnets);
    return *subnets->Subnets->front().SubnetId;
  }
  void put_parameter(const str& name, const str& value) {
    const ssm::api::PutParameterRequest request{.Name = name, .Value = value, .Type = "SecureString"};
    const bool put = bool(call<ssm::put_parameter, ssm::api::PutParameterResult>(request));
    REQUIRE(put);
  }
  str create_secret(const str& name, const str& value) {
    const secretsmanager::api::CreateSecretRequest request{.Name = name, .SecretString = value};
    const auto made = call<secretsmanager::create_secret, secretsmanager::api::CreateSecretResponse>(request);
    REQUIRE(made);
    return *made->ARN;
  }
};

api::RegisterTaskDefinitionRequest definition(api::ContainerDefinition container) {
  container.name = "app";
  container.image = "i";
  return {.family = "f",
          .executionRoleArn = str("arn:aws:iam::111122223333:role/r"),
          .networkMode = "awsvpc",
          .containerDefinitions = {std::move(container)},
          .requiresCompatibilities = list<api::Compatibility>{"FARGATE"},
          .cpu = str("256"),
          .memory = str("512")};
}

api::ContainerDefinition with_linux(api::LinuxParameters parameters) {
  return {.linuxParameters = std::move(parameters)};
}

}  // namespace

TEST_CASE("ecs definitions: what Fargate does not have is refused in AWS's words") {
  Bench bench;
  const auto refusal = [&](api::ContainerDefinition container) {
    return bench.refusal(definition(std::move(container)));
  };
  CHECK(refusal({}) == "accepted");
  CHECK(refusal({.privileged = true}) == "Tasks using the Fargate launch type do not support privileged containers.");
  CHECK(refusal({.links = list<str>{"other"}}) == "Links are not supported when networkMode=awsvpc.");
  CHECK(refusal({.hostname = str("h")}) == "hostname is not supported on container when networkMode=awsvpc.");
  CHECK(refusal({.pseudoTerminal = true}) == "Container 'app': pseudoTerminal is not served.");
  CHECK(refusal({.firelensConfiguration = api::FirelensConfiguration{}}).contains("firelensConfiguration"));
  CHECK(refusal(with_linux({.maxSwap = 1})) ==
        "Tasks using the Fargate launch type do not support linuxParameters.maxSwap.");
  CHECK(refusal(with_linux({.devices = list<api::Device>{{.hostPath = "/dev/fuse"}}})).contains("devices"));
  CHECK(refusal(with_linux({.sharedMemorySize = 64})).contains("sharedMemorySize"));
  CHECK(refusal(with_linux({.capabilities = api::KernelCapabilities{.add = list<str>{"NET_ADMIN"}}}))
            .contains("SYS_PTRACE"));
  CHECK(refusal(with_linux({.capabilities = api::KernelCapabilities{.drop = list<str>{"NO_SUCH"}}}))
            .contains("'NO_SUCH' is not a capability"));
  CHECK(refusal(with_linux(
                    {.tmpfs = list<api::Tmpfs>{{.containerPath = "/t", .size = 1, .mountOptions = list<str>{"bind"}}}}))
            .contains("'bind' is not supported"));
  CHECK(refusal({.ulimits = list<api::Ulimit>{{.name = "nofile", .softLimit = 2, .hardLimit = 1}}})
            .contains("must not exceed its hard limit"));
  CHECK(refusal({.systemControls = list<api::SystemControl>{{.namespace_ = str("kernel.panic"), .value = str("1")}}})
            .contains("kernel.panic"));
  CHECK(refusal({.restartPolicy = api::ContainerRestartPolicy{.enabled = true, .restartAttemptPeriod = 59}})
            .contains("between 60 and 1800"));
  CHECK(refusal({.memory = 1024}).contains("more than the 512 MiB of the task"));
  CHECK(refusal({.cpu = 512}).contains("ask for 512 units and it has 256"));
  CHECK(refusal({.memory = 100, .memoryReservation = 200}).contains("must not exceed the memory"));
  CHECK(refusal({.environmentFiles = list<api::EnvironmentFile>{{.value = "arn:aws:s3:::b/k.env"}}}).contains("--s3"));
  api::RegisterTaskDefinitionRequest request = definition({});
  request.pidMode = "host";
  CHECK(bench.refusal(request).contains("pidMode"));
  request = definition({});
  request.ipcMode.ensure_value() = "task";
  CHECK(bench.refusal(request) == "Tasks using the Fargate launch type do not support ipcMode.");
  request = definition({});
  request.ephemeralStorage = api::EphemeralStorage{20};
  CHECK(bench.refusal(request) == "EphemeralStorage size should be at least 21");
  request.ephemeralStorage = api::EphemeralStorage{201};
  CHECK(bench.refusal(request) == "EphemeralStorage size should be at most 200");
}

TEST_CASE("ecs definitions: volumes of other places need the host's word") {
  const auto with_volume = [](api::Volume volume) {
    api::RegisterTaskDefinitionRequest request = definition({});
    volume.name = "v";
    request.volumes = list<api::Volume>{std::move(volume)};
    return request;
  };
  const auto efs = with_volume({.efsVolumeConfiguration = api::EFSVolumeConfiguration{.fileSystemId = "fs-1"}});
  const auto host = with_volume({.host = api::HostVolumeProperties{.sourcePath = str("/srv")}});
  Bench bare;
  CHECK(bare.refusal(with_volume({})) == "accepted");
  CHECK(bare.refusal(efs).contains("--efs"));
  CHECK(bare.refusal(host) == "Fargate compatible task definitions do not support sourcePath");
  CHECK(bare.refusal(with_volume({.configuredAtLaunch = true})).contains("configuredAtLaunch"));
  Bench rich({.host_paths = true, .efs = true, .s3 = true});
  const TaskSpec spec = rich.started(efs);
  REQUIRE(spec.volumes.size() == 1);
  CHECK(spec.volumes[0].efs->file_system_id == "fs-1");
  CHECK(spec.volumes[0].efs->root_directory == "/");
  CHECK(rich.started(host).volumes[0].host_path == "/srv");
}

TEST_CASE("ecs definitions: mounts come with volumesFrom, a path of its own goes first") {
  Bench bench;
  api::RegisterTaskDefinitionRequest request =
      definition({.mountPoints = list<api::MountPoint>{{.sourceVolume = str("a"), .containerPath = str("/a")},
                                                       {.sourceVolume = str("a"), .containerPath = str("/both")}}});
  request.volumes = list<api::Volume>{{.name = str("a")}, {.name = str("b")}};
  request.containerDefinitions.push_back(
      {.name = str("side"),
       .image = str("i"),
       .mountPoints = list<api::MountPoint>{{.sourceVolume = str("b"), .containerPath = str("/both")}},
       .volumesFrom = list<api::VolumeFrom>{{.sourceContainer = str("app"), .readOnly = true}}});
  const TaskSpec spec = bench.started(request);
  const list<MountSpec>& mounts = spec.containers[1].mounts;
  REQUIRE(mounts.size() == 2);
  CHECK(mounts[0].path == "/a");
  CHECK(mounts[0].read_only);
  CHECK(mounts[1].volume == "b");
  CHECK_FALSE(mounts[1].read_only);
}

TEST_CASE("ecs definitions: overrides change what a task gets, within the same rules") {
  Bench bench({.host_paths = false, .efs = false, .s3 = true});
  api::TaskOverride overrides{.cpu = str("512"), .memory = str("1024"), .ephemeralStorage = api::EphemeralStorage{30}};
  overrides.containerOverrides = list<api::ContainerOverride>{
      {.name = str("app"),
       .command = list<str>{"other"},
       .environment = list<api::KeyValuePair>{{.name = str("A"), .value = str("override")}},
       .environmentFiles = list<api::EnvironmentFile>{{.value = "arn:aws:s3:::b/k.env"}},
       .cpu = 300,
       .memory = 800,
       .memoryReservation = 700}};
  const TaskSpec spec = bench.started(definition({.memory = 100}), overrides);
  CHECK(spec.cpu == 512);
  CHECK(spec.memory_mib == 1024);
  CHECK(*spec.storage_gib == 30);
  const ContainerSpec& app = spec.containers[0];
  CHECK(*app.command == list<str>{"other"});
  CHECK(app.environment.at("A") == "override");
  CHECK(app.environment_files.at(0).key == "k.env");
  CHECK(app.cpu == 300);
  CHECK(*app.memory_mib == 800);
  CHECK(*app.memory_reservation_mib == 700);
}

TEST_CASE("ecs secrets: parameters and secrets are had by every form of their names") {
  Bench bench;
  bench.put_parameter("/app/key", "from ssm");
  const str arn = bench.create_secret("db", R"({"password":"p","port":5432})");
  api::ContainerDefinition container;
  container.secrets =
      list<api::Secret>{{.name = "NAME", .valueFrom = "/app/key"},
                        {.name = "ARN", .valueFrom = "arn:aws:ssm:ap-northeast-1:111122223333:parameter/app/key"},
                        {.name = "WHOLE", .valueFrom = arn},
                        {.name = "KEY", .valueFrom = arn + ":password::"},
                        {.name = "NUMBER", .valueFrom = arn + ":port:AWSCURRENT:"}};
  const TaskSpec spec = bench.started(definition(container));
  CHECK(spec.cannot_start.empty());
  const dict<str>& secrets = spec.containers[0].secrets;
  CHECK(secrets.at("NAME") == "from ssm");
  CHECK(secrets.at("ARN") == "from ssm");
  CHECK(secrets.at("WHOLE") == R"({"password":"p","port":5432})");
  CHECK(secrets.at("KEY") == "p");
  CHECK(secrets.at("NUMBER") == "5432");
}

TEST_CASE("ecs secrets: what cannot be had keeps the task from starting, in AWS's words") {
  Bench bench;
  const str arn = bench.create_secret("db", "plain");
  const auto why = [&](const str& from) {
    api::ContainerDefinition container;
    container.secrets = list<api::Secret>{{.name = "S", .valueFrom = from}};
    return bench.started(definition(container)).cannot_start;
  };
  constexpr std::string_view begin =
      "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: ";
  CHECK(why("/none") == cat(begin,
                            "unable to retrieve secrets from ssm: service call has been retried 1 time(s): invalid ssm "
                            "parameters: /none"));
  CHECK(why("arn:aws:secretsmanager:ap-northeast-1:111122223333:secret:none-AbCdEf") ==
        cat(begin,
            "unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret "
            "arn:aws:secretsmanager:ap-northeast-1:111122223333:secret:none-AbCdEf from secrets manager: "
            "ResourceNotFoundException: Secrets Manager can't find the specified secret."));
  CHECK(why(arn + ":key::").contains("is not a JSON object"));
  CHECK(why(arn + "::NOSTAGE:").contains("staging label: NOSTAGE"));
}

TEST_CASE("ecs definitions: on Fargate the log driver awslogs needs the role that sends the logs") {
  Bench bench;
  api::ContainerDefinition container;
  container.logConfiguration = api::LogConfiguration{
      .logDriver = "awslogs",
      .options = dict<str>{{"awslogs-group", "/g"}, {"awslogs-region", "r"}, {"awslogs-stream-prefix", "p"}}};
  api::RegisterTaskDefinitionRequest request = definition(container);
  CHECK(bench.refusal(request) == "accepted");
  request.executionRoleArn.reset();
  CHECK(bench.refusal(request) ==
        "Fargate requires task definition to have execution role ARN to support log driver awslogs.");
  request.requiresCompatibilities.reset();
  CHECK(bench.refusal(request) == "accepted");
}

TEST_CASE("ecs secrets: their sources, names and role are looked at when a definition is registered") {
  Bench bench;
  api::ContainerDefinition container;
  container.secrets = list<api::Secret>{{.name = "S", .valueFrom = "arn:aws:s3:::b/k"}};
  CHECK(bench.refusal(definition(container)).contains("The Systems Manager parameter name specified for secret S"));
  container.secrets = list<api::Secret>{{.name = "S", .valueFrom = "/s"}};
  api::RegisterTaskDefinitionRequest request = definition(container);
  request.executionRoleArn.reset();
  CHECK(bench.refusal(request) ==
        "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.");
  container.environment = list<api::KeyValuePair>{{.name = str("S"), .value = str("x")}};
  CHECK(bench.refusal(definition(container)).contains("such as 'S'."));
}

TEST_CASE("ecs secrets: a private registry's credentials come from Secrets Manager") {
  Bench bench;
  const str arn = bench.create_secret("registry", R"({"username":"u","password":"p"})");
  const str bad = bench.create_secret("bad", "u:p");
  const auto started = [&](const str& secret) {
    return bench.started(definition({.repositoryCredentials = api::RepositoryCredentials{secret}}));
  };
  CHECK(started(arn).containers[0].registry_credential->user_name == "u");
  CHECK(started("registry").containers[0].registry_credential->password == "p");
  CHECK(started(bad).cannot_start.contains("unable to retrieve registry auth from asm"));
}

#include "app/commands.hpp"

#include <array>
#include <cstdio>

#include "base/text.hpp"

namespace utakata::app {
namespace {

constexpr OptionRule json_option{.name = "json", .value = "", .help = "answer as JSON"};
constexpr OptionRule endpoint_option{.name = "endpoint",
                                     .value = "URL",
                                     .help = "the platform's API; else AWS_ENDPOINT_URL, else",
                                     .otherwise = "http://127.0.0.1:4566"};
constexpr OptionRule runtime_option{"runtime", "NAME", "OCI runtime: crun or runc", "crun"};

constexpr std::array serve_options{
    OptionRule{"state", "DIR", "where everything that must survive is kept", "/var/lib/utakata"},
    OptionRule{"listen", "ADDRESS:PORT", "where the API listens; port 0 takes a free one", "127.0.0.1:4566"},
    OptionRule{"images", "DIR",
               "OCI layouts by name, a folder that is there; tasks find NAME:TAG here (else STATE/images)", ""},
    OptionRule{"balancer-address", "ADDRESS",
               "where load balancers' listeners bind, 127.x.y.z; curl and browsers take their names for 127.0.0.1",
               "127.0.0.1"},
    OptionRule{"cpu", "UNITS", "capacity of the pool, 1024 units a vCPU (else this machine's, less a reserve)", ""},
    OptionRule{"memory", "MIB", "memory of the pool (else this machine's, less a reserve)", ""},
    OptionRule{"credentials", "FILE", "lines ACCESS_KEY_ID SECRET ACCOUNT; turns verification of signatures on", ""},
    OptionRule{"egress", "WHAT", "the way out of VPCs that have one: nat (by pasta) or off; for names see --dns",
               "nat"},
    OptionRule{
        "dns", "WHAT",
        "what tasks' resolvers ask, with a way out or without, as on AWS: host (its resolvers), none, an address",
        "host"},
    OptionRule{"public-addresses", "BLOCK", "loopback addresses for tasks with a public one", "127.128.0.0/16"},
    runtime_option,
    OptionRule{"task-endpoint", "auto|on|off", "tasks reach this API by AWS_ENDPOINT_URL; auto: with --credentials",
               "auto"},
    OptionRule{"log-space", "MIB", "of all log streams together; beyond it the oldest events go", "10240"},
    OptionRule{"access-log-group", "NAME", "a log group that gets the access logs of all load balancers", {}},
    OptionRule{"on-exit", "WHAT", "stop or keep the tasks at SIGTERM", "stop"},
    OptionRule{"task-users", "WHOSE", "own: tasks have users of their own where the host allows it; or host", "own"},
    OptionRule{"s3", "DIR", "stands in for S3 (environmentFiles): DIR/BUCKET/KEY", {}},
    OptionRule{"efs", "DIR", "stands in for EFS: DIR/FILE-SYSTEM-ID", {}},
    OptionRule{
        "insecure-registry", "HOST:PORT,...", "registries that are reached by HTTP, or HTTPS nobody vouches for", {}},
    OptionRule{"registry-auth", "FILE", "logins for registries in the form of docker's config.json", {}},
    OptionRule{"default-registry", "HOST", "where images come from that name no registry, e.g. docker.io", {}},
    OptionRule{"ecr-registry", "HOST:PORT", "stands in for ACCOUNT.dkr.ecr.REGION.amazonaws.com", {}},
    OptionRule{"image-age", "HOURS", "images that no task has used as long are removed", "168"},
    OptionRule{"image-space", "GIB", "beyond it the longest unused images are removed", "32"},
    OptionRule{"host-paths", "DIR", "volumes may name folders of this host below it (host.sourcePath)", {}},
};
constexpr std::array env_options{endpoint_option,
                                 OptionRule{"account", "DIGITS", "the account that the exports use", "000000000000"},
                                 OptionRule{"region", "NAME", "the region that the exports use", "ap-northeast-1"}};
constexpr std::array ca_options{endpoint_option};
constexpr std::array wait_options{endpoint_option, OptionRule{"seconds", "N", "how long to wait at most", "30"}};
constexpr OptionRule state{"state", "DIR", "the platform's folder on this host", "/var/lib/utakata"};
constexpr std::array doctor_options{state, runtime_option, json_option};
constexpr std::array status_options{endpoint_option, json_option};
constexpr std::array reclaim_options{
    endpoint_option,
    OptionRule{"cluster", "NAME", "the cluster that loses tasks", "default"},
    OptionRule{"service", "NAME", "only tasks of this service", ""},
    OptionRule{"count", "N", "how many tasks are taken at once", "1"},
    OptionRule{"zone", "NAME", "only tasks of this availability zone", ""},
    OptionRule{"refuse-seconds", "N", "how long Spot placement is refused afterwards", "0"},
    OptionRule{"seed", "N", "chooses among the tasks; the same seed takes the same", "1"},
    json_option,
};
constexpr std::array image_list_options{state, json_option};
constexpr std::array image_bring_options{
    state,
    OptionRule{"insecure-registry", "HOST:PORT,...", "as for serve; else what serve was told last", {}},
    OptionRule{"registry-auth", "FILE", "as for serve; else what serve was told last", {}},
    json_option,
};
constexpr std::array exec_options{
    endpoint_option,
    OptionRule{"cluster", "NAME", "the task's cluster (else the one in its ARN, else default)", ""},
    OptionRule{"container", "NAME", "the container; a task with only one needs none", ""},
    OptionRule{"interactive", "", "give the command a terminal even if this is none", "", "-it"},
    OptionRule{"pipes", "", "give the command pipes even if this is a terminal"},
};
constexpr std::array logs_options{
    endpoint_option,
    OptionRule{.name = "follow", .value = "", .help = "go on with what comes", .brief = "-f"},
    OptionRule{"since", "WHEN", "a span (30s, 10m, 2h, 1d, 1w) or an instant (2026-05-06T12:00:00Z)", "10m"},
    OptionRule{"filter", "PATTERN", "only what matches this filter pattern of CloudWatch Logs", ""},
    OptionRule{"cluster", "NAME", "of a task that is named by its id alone", "default"},
    OptionRule{.name = "json", .value = "", .help = "a line of JSON an event"},
};
constexpr std::array drill_options{
    endpoint_option,
    OptionRule{"plan", "FILE", "a plan (JSON): load, reclaims, variants; replaces the options below", ""},
    OptionRule{"url", "URL", "where the load goes, http:// only", ""},
    OptionRule{"path", "PATHS", "paths of the requests, separated by commas", "/"},
    OptionRule{"rate", "N", "requests a second, open loop", "100"},
    OptionRule{"seconds", "N", "how long the load lasts", "60"},
    OptionRule{"timeout", "MS", "a client's patience", "10000"},
    OptionRule{"retries", "N", "a client's own retries, counted apart", "0"},
    OptionRule{"expect", "TEXT", "an answer without it is a wrong answer", ""},
    OptionRule{"cluster", "NAME", "the cluster that loses tasks", "default"},
    OptionRule{"reclaim", "SCRIPT", "SERVICE:COUNT@SECOND[+REFUSE], several separated by commas", ""},
    OptionRule{"maximum-lost", "N", "the verdict's threshold", "0"},
    OptionRule{"seed", "N", "chooses paths and tasks", "1"},
    json_option,
};
constexpr std::array sim_options{
    OptionRule{"seed", "N", "the first seed", "1"},
    OptionRule{"seeds", "N", "how many random-fault runs, each made twice", "1"},
    OptionRule{"trace", "", "one line a transition"},
    OptionRule{"scenario", "FILE", "run this scenario and print its trace", ""},
    OptionRule{"example", "", "the example with one reclaim an hour"},
    OptionRule{"days", "N", "how long the example runs, virtual days", "30"},
    json_option,
};

constexpr std::array<Command, 17> every_command{{
    {{.name = "serve",
      .summary = "Runs the platform until SIGINT or SIGTERM.",
      .options = serve_options,
      .examples = "  utakata serve\n  utakata serve --state ./state --images ./images --cpu 6144 --memory 12288\n"},
     run_serve},
    {{.name = "env",
      .summary = "Prints the shell exports with which aws, SDKs and CDK reach the platform.",
      .options = env_options,
      .examples = "  eval \"$(utakata env)\"\n  eval \"$(utakata env --account 123456789012 --region eu-west-1)\"\n"},
     run_env},
    {{.name = "ca",
      .summary = "Prints the certificate of the platform's own authority, which signs what ACM is asked for.",
      .options = ca_options,
      .examples = "  utakata ca > utakata-ca.pem\n"
                  "  curl --cacert utakata-ca.pem --resolve www.example.com:443:127.0.0.1 https://www.example.com/\n"},
     run_ca},
    {{.name = "wait-ready", .summary = "Waits until the API answers.", .options = wait_options}, run_wait_ready},
    {{.name = "doctor",
      .summary = "Says what this host can enforce, and what to do about the rest.",
      .options = doctor_options},
     run_doctor},
    {{.name = "spot status",
      .summary = "Shows the pool, its surplus, and the Spot tasks of this account and region that live on it.",
      .options = status_options},
     run_spot_status},
    {{.name = "spot reclaim",
      .summary = "Takes Spot capacity away, as Fargate Spot does: warning, stop signal, two minutes at most.",
      .options = reclaim_options,
      .positional = "[TASK_ARN...]",
      .examples = "  utakata spot reclaim --cluster techplay --service api --count 4\n"
                  "  utakata spot reclaim --cluster techplay --zone ap-northeast-1a --count 10 --refuse-seconds 600\n"},
     run_spot_reclaim},
    {{.name = "image ls",
      .summary = "Lists the images of this host: what they are, where they came from, who uses them.",
      .options = image_list_options,
      .examples = "  utakata image ls\n  utakata image ls --json | jq -r '.images[].reference'\n"},
     run_image_ls},
    {{.name = "image pull",
      .summary = "Pulls an image from its registry now and keeps it; tasks find it unpacked.",
      .options = image_bring_options,
      .positional = "REFERENCE",
      .examples = "  utakata image pull registry.example.com/team/app:1.2\n"
                  "  utakata image pull --insecure-registry 127.0.0.1:5000 127.0.0.1:5000/app:dev\n"},
     run_image_pull},
    {{.name = "image import",
      .summary = "Imports an image from an archive, an OCI layout or a container engine of this host, and keeps it.",
      .options = image_list_options,
      .positional = "SOURCE [NAME:TAG]",
      .examples = "  utakata image import docker-archive:app.tar\n"
                  "  utakata image import oci-archive:app.oci.tar app:1.2\n"
                  "  utakata image import oci:build/layout:latest app:dev\n"
                  "  utakata image import containers-storage:localhost/app:dev app:dev\n"
                  "  utakata image import docker-daemon:app:dev app:dev\n"},
     run_image_import},
    {{.name = "image rm",
      .summary = "Removes images that no task uses, and what only they were made of.",
      .options = image_list_options,
      .positional = "REFERENCE...",
      .examples = "  utakata image rm app:1.2\n"},
     run_image_rm},
    {{.name = "exec",
      .summary = "Runs a command in a running container: with a terminal from a terminal, else with pipes.",
      .options = exec_options,
      .positional = "TASK [--] COMMAND...",
      .examples =
          "  utakata exec --cluster dev 0a1b2c3d4e5f sh\n"
          "  utakata exec --cluster dev --container app 0a1b2c3d4e5f -- sh -c 'echo $PATH; ls -l /'\n"
          "  utakata exec arn:aws:ecs:ap-northeast-1:123456789012:task/dev/0a1b2c3d4e5f tar c /data > data.tar\n"
          "  echo 'select 1' | utakata exec --cluster dev 0a1b2c3d4e5f psql\n\n"
          "The task must have been started with enableExecuteCommand. The command's exit status is handed on.\n",
      .passes_on = true},
     run_exec},
    {{.name = "logs",
      .summary = "Shows what the containers of a service or of a task have said, or what a log group holds.",
      .options = logs_options,
      .positional = "CLUSTER/SERVICE|TASK|GROUP",
      .examples = "  utakata logs -f dev/web\n"
                  "  utakata logs --since 1h --filter '?ERROR ?WARN' /ecs/web\n"
                  "  utakata logs --filter '{ $.status >= 500 }' --json 0123456789abcdef0123456789abcdef\n"},
     run_logs},
    {{.name = "drill",
      .summary = "Rehearses a loss of Spot capacity under load and says what became of every request.",
      .options = drill_options,
      .examples = "  utakata drill --plan examples/techplay/drill.json\n"
                  "  utakata drill --url http://web-1234567890.ap-northeast-1.elb.localhost --cluster dev \\\n"
                  "    --reclaim web:2@10+120 --rate 50 --seconds 60 --maximum-lost 0 --json\n"},
     run_drill},
    {{.name = "sim",
      .summary = "Runs the control plane in virtual time: random faults with checkers, a scenario, or the example.",
      .options = sim_options,
      .examples = "  utakata sim --seeds 200\n  utakata sim --seed 17 --trace\n  utakata sim --example --days 30\n"
                  "  utakata sim --scenario tests/scenarios/spot_reclaim.txt\n"},
     run_sim},
    {{.name = "api dump", .summary = "Prints the served interface as JSON.", .options = {}}, run_api_dump},
    {{.name = "api page",
      .summary = "Prints the compatibility page: what is honoured, what is only stored, what is refused.",
      .options = {}},
     run_api_page},
}};

}  // namespace

std::span<const Command> commands() { return every_command; }

int fail(const Fault& fault) {
  const std::string text = cat(fault.code == "Usage" ? "" : "utakata: ", fault.message, "\n");
  std::fwrite(text.data(), 1, text.size(), stderr);
  return fault.code == "Usage" ? 2 : 1;
}

}  // namespace utakata::app

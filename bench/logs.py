#!/usr/bin/env python3
"""One container's flood to disk, against the same bytes through a pipe into a file, in turn; and requests' p99 with and without a flood.

usage: bench/logs.py [MIB] [ROUNDS]     as root; needs build/release/utakata and the test image (tests/images/build-test-images.sh)
"""
import http.client
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/clients"))
from platform_under_test import REGION, Platform, awsvpc, subnets_of, until  # noqa: E402

MIB = int(sys.argv[1]) if len(sys.argv) > 1 else 1024
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 3
LINE = "an ordinary line of a log, which is about a hundred bytes long, as those of servers and of their access logs"
PREPARE = f"yes '{LINE}' | head -c 33554432 > /tmp/flood"
REQUESTS = 3000


def high_water(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in text.splitlines() if line.startswith("VmHWM"))) / 1024


def supervisor_of(folder):
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if len(words) > 2 and words[0].endswith(b"utakata-supervisor") and words[1] == str(folder).encode():
            return process.name


def plain(folder):
    source, target = folder / "source", folder / "target"
    subprocess.run(["sh", "-c", f"yes '{LINE}' | head -c 33554432 > {source}"], check=True)
    begun = time.monotonic()
    subprocess.run(["sh", "-c", f"(i=0; while [ $i -lt {MIB // 32} ]; do cat {source}; i=$((i+1)); done) | cat > {target}"], check=True)
    speed = MIB / (time.monotonic() - begun)
    target.unlink()
    return speed


def flood(platform, ecs, definition, network):
    task = ecs.run_task(cluster="bench", taskDefinition=definition, launchType="FARGATE", networkConfiguration=network)["tasks"][0]["taskArn"]
    folder = platform.state / "sandbox/tasks" / task.rsplit("/", 1)[1] / "containers/app"
    root = folder / "rootfs"
    until(lambda: (root / "tmp/ready").exists(), what="the container")
    supervisor = supervisor_of(folder)
    begun = time.monotonic()
    (root / "go").write_text("")
    until(lambda: (root / "tmp/done").exists(), 600, "the flood")
    speed = MIB / (time.monotonic() - begun)
    memory = high_water(supervisor)
    ecs.stop_task(cluster="bench", task=task)
    until(lambda: not folder.exists())
    logs = platform.client("logs")
    stream = "p/app/" + task.rsplit("/", 1)[1]
    row = until(lambda: [s for s in logs.describe_log_streams(logGroupName="/bench", logStreamNamePrefix=stream)["logStreams"] if s["storedBytes"]])
    expected = MIB // 32 * 33554432
    lines = expected // (len(LINE) + 1)
    kept = row[0]["storedBytes"] - 26 * lines
    assert abs(kept - expected + lines) < 0.001 * expected, f"the stream holds {kept} bytes of {expected - lines}"
    logs.delete_log_stream(logGroupName="/bench", logStreamName=stream)
    return speed, memory


def requests(host, port):
    times = []
    connection = http.client.HTTPConnection(host, port)
    for _ in range(REQUESTS):
        begun = time.perf_counter()
        connection.request("GET", "/")
        answer = connection.getresponse()
        answer.read()
        times.append((time.perf_counter() - begun) * 1000)
        assert answer.status == 200, answer.status
    return statistics.quantiles(times, n=100)[98]


def definition(ecs, family, script, cpu="1024", **more):
    return ecs.register_task_definition(
        family=family, requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu=cpu, memory="4096" if cpu == "2048" else "2048",
        executionRoleArn="arn:aws:iam::123456789012:role/x",
        containerDefinitions=[{"name": "app", "image": "busybox", "command": ["sh", "-c", script], "stopTimeout": 2, **more}],
    )["taskDefinition"]["taskDefinitionArn"]


with Platform("--cpu", "65536", "--memory", "65536") as platform, tempfile.TemporaryDirectory(dir=platform.state) as scratch:
    ecs, elb = platform.client("ecs"), platform.client("elbv2")
    ecs.create_cluster(clusterName="bench", capacityProviders=["FARGATE"])
    platform.client("logs").create_log_group(logGroupName="/bench")
    network = awsvpc(platform)
    log = {"logDriver": "awslogs", "options": {"awslogs-group": "/bench", "awslogs-region": REGION, "awslogs-stream-prefix": "p", "mode": "blocking"}}
    wait = "touch /tmp/ready; until [ -e /go ]; do sleep 0.02; done; "
    once = definition(ecs, "once", f"{PREPARE}; {wait} i=0; while [ $i -lt {MIB // 32} ]; do cat /tmp/flood; i=$((i+1)); done; "
                                   "touch /tmp/done; sleep 1000", cpu="2048", logConfiguration=log)
    ours, theirs, supervisors = [], [], []
    for _ in range(ROUNDS):
        theirs.append(plain(pathlib.Path(scratch)))
        speed, memory = flood(platform, ecs, once, network)
        ours.append(speed)
        supervisors.append(memory)
    print(f"flood of one container to disk: median {statistics.median(ours):.0f} MiB/s; the same bytes through a pipe into a file: median "
          f"{statistics.median(theirs):.0f} MiB/s; ratio {statistics.median(ours) / statistics.median(theirs):.2f} ({ROUNDS} rounds of {MIB} MiB in turn)")
    print(f"most memory resident: supervisor {max(supervisors):.1f} MiB, daemon {high_water(platform.process.pid):.1f} MiB")

    vpc = platform.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    balancer = elb.create_load_balancer(Name="bench", Subnets=subnets_of(platform))["LoadBalancers"][0]
    group = elb.create_target_group(Name="bench", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip", HealthCheckIntervalSeconds=5,
                                    HealthyThresholdCount=2, HealthCheckTimeoutSeconds=2)["TargetGroups"][0]["TargetGroupArn"]
    elb.create_listener(LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=8080,
                        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}])
    web = definition(ecs, "web", "mkdir -p /www; echo ok > /www/index.html; exec httpd -f -p 80 -h /www", portMappings=[{"containerPort": 80}])
    ecs.create_service(cluster="bench", serviceName="web", taskDefinition=web, desiredCount=1, networkConfiguration=network, launchType="FARGATE",
                       loadBalancers=[{"targetGroupArn": group, "containerName": "app", "containerPort": 80}])
    until(lambda: [t for t in elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
                   if t["TargetHealth"]["State"] == "healthy"], what="a healthy target")
    ever = definition(ecs, "ever", f"{PREPARE}; touch /tmp/ready; while :; do cat /tmp/flood; done", cpu="256", logConfiguration=log)
    quiet, disturbed = [], []
    for _ in range(ROUNDS):
        quiet.append(requests(platform.balancer_address, 8080))
        task = ecs.run_task(cluster="bench", taskDefinition=ever, launchType="FARGATE", networkConfiguration=network)["tasks"][0]["taskArn"]
        until(lambda: (platform.state / "sandbox/tasks" / task.rsplit("/", 1)[1] / "containers/app/rootfs/tmp/ready").exists(), what="the flood")
        disturbed.append(requests(platform.balancer_address, 8080))
        ecs.stop_task(cluster="bench", task=task)
        until(lambda: not (platform.state / "sandbox/tasks" / task.rsplit("/", 1)[1]).exists())
        platform.client("logs").delete_log_stream(logGroupName="/bench", logStreamName="p/app/" + task.rsplit("/", 1)[1])
    print(f"requests' p99: median {statistics.median(quiet):.2f} ms without a flood, {statistics.median(disturbed):.2f} ms with a flood of a task "
          f"of 0.25 vCPU ({REQUESTS} requests, {ROUNDS} rounds in turn)")

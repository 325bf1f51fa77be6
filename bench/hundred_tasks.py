#!/usr/bin/env python3
"""Many tasks asked for at once: the time until all are RUNNING, and how long DescribeTasks takes meanwhile.

  sudo python3 bench/hundred_tasks.py [TASKS]
"""
import http.client
import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/clients"))
from platform_under_test import REGION, Platform, awsvpc, until  # noqa: E402


def probe(url, account, task):
    """A client of its own process: asks for one task every 10 ms until its standard input ends; prints the times."""
    connection = http.client.HTTPConnection(urllib.parse.urlparse(url).netloc)
    body = json.dumps({"cluster": "bench", "tasks": [task]})
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AmazonEC2ContainerServiceV20141113.DescribeTasks",
               "Authorization": f"AWS4-HMAC-SHA256 Credential={account}/20260101/{REGION}/ecs/aws4_request, SignedHeaders=host, Signature=0"}
    os.set_blocking(0, False)
    times = []
    while sys.stdin.buffer.read(1) is None:
        begun = time.monotonic()
        connection.request("POST", "/", body, headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        times.append((time.monotonic() - begun) * 1e3)
        time.sleep(0.01)
    print(json.dumps(times))


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def main():
    tasks = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with Platform("--cpu", str(tasks * 512), "--memory", str(tasks * 1024)) as platform:
        ecs = platform.client("ecs")
        ecs.create_cluster(clusterName="bench", capacityProviders=["FARGATE"])
        definition = ecs.register_task_definition(
            family="bench", requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512",
            containerDefinitions=[{"name": "app", "image": "busybox", "command": ["sleep", "1000"], "stopTimeout": 2}])["taskDefinition"]["taskDefinitionArn"]
        asked = {"cluster": "bench", "taskDefinition": definition, "launchType": "FARGATE", "networkConfiguration": awsvpc(platform)}

        def running(arns):
            found = [t for n in range(0, len(arns), 100) for t in ecs.describe_tasks(cluster="bench", tasks=arns[n:n + 100])["tasks"]]
            stopped = [t.get("stoppedReason") for t in found if t["lastStatus"] == "STOPPED"]
            assert not stopped, stopped[:3]
            return sum(t["lastStatus"] == "RUNNING" for t in found)
        first = ecs.run_task(**asked)["tasks"][0]["taskArn"]  # unpacks the image
        until(lambda: running([first]) == 1)

        def watch():
            return subprocess.Popen([sys.executable, __file__, "--probe", platform.url, platform.account, first], stdin=subprocess.PIPE,
                                    stdout=subprocess.PIPE, text=True)
        idle = watch()
        time.sleep(2)
        at_rest = json.loads(idle.communicate()[0])
        prober = watch()
        time.sleep(0.3)
        begun, arns = time.monotonic(), []
        while len(arns) < tasks:
            arns += [t["taskArn"] for t in ecs.run_task(**asked, count=min(10, tasks - len(arns)))["tasks"]]
        accepted = time.monotonic() - begun
        while running(arns) < tasks:
            assert time.monotonic() - begun < 300, "not all run after 300 s"
            time.sleep(0.2)
        taken = time.monotonic() - begun
        meanwhile = json.loads(prober.communicate()[0])
        begun = time.monotonic()
    print(f"{tasks} tasks: accepted in {accepted:.2f} s, all running in {taken:.1f} s, {taken / tasks * 1e3:.0f} ms a task, "
          f"on {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; ended in {time.monotonic() - begun:.1f} s")
    for name, times in (("at rest", at_rest), ("meanwhile", meanwhile)):
        print(f"DescribeTasks {name}: median {percentile(times, 0.5):.1f} ms, p99 {percentile(times, 0.99):.1f} ms, "
              f"longest {max(times):.1f} ms of {len(times)}")


if sys.argv[1:2] == ["--probe"]:
    probe(*sys.argv[2:5])
else:
    main()

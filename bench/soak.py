#!/usr/bin/env python3
"""Tasks run one after another, and what is left of them: on the host, and in the daemon's memory and descriptors.

  sudo python3 bench/soak.py [TASKS]
"""
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/clients"))
from host_state import HostState, files_of, group_name  # noqa: E402
from platform_under_test import Platform, awsvpc, until  # noqa: E402


def of_the_daemon(pid):
    status = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())
    return {"resident KiB": int(status["VmRSS"].split()[0]), "threads": int(status["Threads"]), "descriptors": len(os.listdir(f"/proc/{pid}/fd"))}


def main():
    tasks = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    before = HostState.take()
    with Platform("--cpu", "65536", "--memory", "65536") as platform:
        marks = [str(platform.state), group_name(platform.state)]
        ecs = platform.client("ecs")
        ecs.create_cluster(clusterName="bench", capacityProviders=["FARGATE"])
        definition = ecs.register_task_definition(
            family="bench", requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512",
            containerDefinitions=[{"name": "app", "image": "busybox", "command": ["sh", "-c", "exit 3"]}])["taskDefinition"]["taskDefinitionArn"]
        network = awsvpc(platform)
        begun = time.monotonic()
        print("tasks  " + "  ".join(of_the_daemon(platform.process.pid)) + "  seconds")
        for n in range(1, tasks + 1):
            arn = ecs.run_task(cluster="bench", taskDefinition=definition, launchType="FARGATE", networkConfiguration=network)["tasks"][0]["taskArn"]

            def stopped(arn=arn):
                task = ecs.describe_tasks(cluster="bench", tasks=[arn])["tasks"][0]
                return task["lastStatus"] == "STOPPED" and task
            task = until(stopped, what=arn)
            assert task["containers"][0].get("exitCode") == 3, task
            if n in (1, 10, 100) or n % 250 == 0:
                print(f"{n:5}  " + "  ".join(str(value) for value in of_the_daemon(platform.process.pid).values()) + f"  {time.monotonic() - begun:.0f}",
                      flush=True)
        until(lambda: not [path for path in files_of(platform) if "/network/vpc-" not in path], what="the last folder to go")
    for _ in range(100):
        left = HostState.take().more_than(before, marks)
        if not left:
            break
        time.sleep(0.1)
    print(f"{tasks} tasks, {len(left)} things left on the host" + "".join("\n  " + item for item in left[:20]))
    sys.exit(bool(left))


main()

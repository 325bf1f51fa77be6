#!/usr/bin/env python3
"""From RunTask to the container's process started, against the OCI runtime's own create and start of the same bundle, in turn.

usage: bench/run_task.py [ROUNDS]     as root; needs build/release/utakata and the test image (tests/images/build-test-images.sh)
"""
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/clients"))
from platform_under_test import Platform, awsvpc, until  # noqa: E402

rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
ours, theirs = [], []
with Platform("--cpu", "65536", "--memory", "65536") as platform:
    ecs = platform.client("ecs")
    ecs.create_cluster(clusterName="bench", capacityProviders=["FARGATE"])
    definition = ecs.register_task_definition(
        family="bench", requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512",
        containerDefinitions=[{"name": "app", "image": "busybox", "command": ["sleep", "1000"], "stopTimeout": 2}])["taskDefinition"]["taskDefinitionArn"]
    network = awsvpc(platform)
    for n in range(rounds + 1):
        begun = time.time_ns()
        task = ecs.run_task(cluster="bench", taskDefinition=definition, launchType="FARGATE", networkConfiguration=network)["tasks"][0]["taskArn"]
        folder = platform.state / "sandbox/tasks" / task.rsplit("/", 1)[1] / "app"
        started = until(lambda: (folder / "started").exists() and (folder / "started").read_text())
        if n:  # the first unpacks the image
            ours.append((int(started.split()[1]) - begun) / 1e6)
        bundle = pathlib.Path(tempfile.mkdtemp(prefix="utakata-bundle."))
        config = json.loads((folder / "config.json").read_text())
        config["linux"]["cgroupsPath"] += "-peer"
        (bundle / "config.json").write_text(json.dumps(config))
        runtime = ["runc", "--root", str(bundle / "root")]
        begun = time.time_ns()
        subprocess.run([*runtime, "create", "--bundle", str(bundle), f"peer{n}"], check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        subprocess.run([*runtime, "start", f"peer{n}"], check=True)
        if n:
            theirs.append((time.time_ns() - begun) / 1e6)
        subprocess.run([*runtime, "delete", "-f", f"peer{n}"], check=True)
        subprocess.run(["rm", "-rf", str(bundle)], check=True)
        ecs.stop_task(cluster="bench", task=task)
        until(lambda: not folder.exists())
print(f"RunTask to process started: median {statistics.median(ours):.1f} ms, runc create + start of the same bundle: median "
      f"{statistics.median(theirs):.1f} ms, difference {statistics.median(ours) - statistics.median(theirs):.1f} ms, "
      f"ratio {statistics.median(ours) / statistics.median(theirs):.2f} ({rounds} rounds in turn)")

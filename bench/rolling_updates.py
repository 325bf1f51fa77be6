#!/usr/bin/env python3
"""Rolling updates of the example's API under load: each of them a drill that loses nothing, or its losses by cause.

  sudo bench/rolling_updates.py [--updates 20] [--rate 500]

Build first, and make the example's images (examples/techplay/build-images.sh build/images).
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
os.environ.setdefault("UTAKATA_IMAGES", str(ROOT / "build/images"))
sys.path.insert(0, str(ROOT / "tests/clients"))
from platform_under_test import PROGRAM, Platform  # noqa: E402

PORT = 8080
TASKS = 8  # of 16 PHP processes: 500 requests a second of which two in three take 300 ms keep 100 busy


def deploy(platform):
    subprocess.run([ROOT / "examples/techplay/deploy.sh", "graceful"], check=True, cwd=ROOT, stderr=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL,
                   env={**platform.env, "TECHPLAY_PORT": str(PORT), "TECHPLAY_TASKS": str(TASKS)})


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--updates", type=int, default=20)
    options.add_argument("--rate", type=int, default=500)
    options.add_argument("--seconds", type=int, default=20, help="of load around each update")
    given = options.parse_args()
    sent = lost = 0
    with Platform("--cpu", "8192", "--memory", "16384") as platform:
        deploy(platform)
        ecs = platform.client("ecs")
        for update in range(1, given.updates + 1):
            drill = subprocess.Popen(
                [PROGRAM, "drill", "--endpoint", platform.url, "--url", f"http://{platform.balancer_address}:{PORT}",
                 "--path", "/api/slow,/api/slow,/api/hello", "--expect", '"ok":true', "--rate", str(given.rate),
                 "--seconds", str(given.seconds), "--cluster", "techplay", "--seed", str(update), "--json"],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=platform.env)
            time.sleep(2)
            begun = time.monotonic()
            ecs.update_service(cluster="techplay", service="api", forceNewDeployment=True)
            ecs.get_waiter("services_stable").wait(cluster="techplay", services=["api"],
                                                   WaiterConfig={"Delay": 1, "MaxAttempts": 120})
            took = time.monotonic() - begun
            report = json.loads(drill.communicate()[0])["variants"][0]
            sent, lost = sent + report["sent"], lost + report["lost"]
            causes = ", ".join(f"{each['requests']} {each['cause']}" for each in report["causes"] if each["requests"])
            within = "within the load" if took < given.seconds - 2 else "LONGER THAN THE LOAD"
            print(f"update {update}: {took:.1f} s ({within}), {report['sent']} sent, {report['lost']} lost"
                  f"{': ' + causes if report['lost'] else ''}, p99 {report['latency']['p99']:.0f} ms", flush=True)
    print(f"{given.updates} updates at {given.rate} requests a second: {lost} of {sent} lost")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())

"""The drill as a user runs it, small: every request has a fate, also while the daemon is killed in the midst of the load."""
import collections
import json
import os
import signal
import subprocess
import unittest
import urllib.request

import test_containers
from platform_under_test import PROGRAM, Platform, until


class Drill(unittest.TestCase):
    service = test_containers.Service

    def drill(self, platform, url, *options):
        return subprocess.Popen([PROGRAM, "drill", "--endpoint", platform.url, "--url", url, "--cluster", "c", "--rate", "50", "--json",
                                 *options], env=platform.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def check_sums(self, variant, sent):
        self.assertEqual(variant["sent"], sent)
        self.assertEqual(variant["ok"] + variant["lost"], sent)
        self.assertEqual(sum(c["requests"] for c in variant["causes"]), variant["lost"])

    def test_a_reclaimed_task_is_told_from_warning_to_exit(self):
        with Platform("--cpu", "4096", "--memory", "4096") as platform:
            url = self.service.deploy(self, platform)
            drill = self.drill(platform, url, "--seconds", "6", "--reclaim", "web:1@2", "--maximum-lost", "300")
            out, err = drill.communicate()
            self.assertEqual(drill.returncode, 0, err + out)
            report = json.loads(out)
            variant = report["variants"][0]
            self.check_sums(variant, 300)
            self.assertEqual(variant["reclaims"][0]["taken"], 1)
            task = variant["tasks"][0]
            self.assertEqual(task["stopCode"], "SpotInterruption")
            self.assertLessEqual(task["warning"], task["exited"])
            self.assertIsNotNone(task["containers"][0].get("exitCode"))

    def test_the_verdict_is_the_exit_status(self):
        with Platform("--cpu", "4096", "--memory", "4096") as platform:
            url = self.service.deploy(self, platform)
            # By its name, which this host's resolver leads elsewhere.
            name = platform.client("elbv2").describe_load_balancers()["LoadBalancers"][0]["DNSName"]
            url = url.replace(platform.balancer_address, name)
            drill = self.drill(platform, url, "--seconds", "1", "--expect", "what no page says", "--maximum-lost", "0")
            out, _ = drill.communicate()
            self.assertEqual(drill.returncode, 1)
            variant = json.loads(out)["variants"][0]
            self.check_sums(variant, 50)
            self.assertEqual(variant["causes"], [{"cause": "wrong answer", "requests": 50}])

    def test_a_daemon_killed_under_load_is_reported_as_refused_requests(self):
        with Platform("--cpu", "4096", "--memory", "4096") as platform:
            url = self.service.deploy(self, platform)
            processes = test_containers.container_processes(platform)
            drill = self.drill(platform, url, "--seconds", "8", "--maximum-lost", "400")
            until(lambda: "second 2" in drill.stderr.readline(), what="the drill's progress")
            platform.kill()
            platform.start()
            out, err = drill.communicate()
            self.assertEqual(drill.returncode, 0, err + out)
            variant = json.loads(out)["variants"][0]
            self.check_sums(variant, 400)
            self.assertGreater(variant["ok"], 100)
            causes = {c["cause"] for c in variant["causes"]}
            self.assertTrue(causes <= {"refused", "reset in flight", "503", "502"}, causes)
            self.assertEqual(test_containers.container_processes(platform), processes)

    def test_what_does_not_exist_is_said(self):
        with Platform() as platform:
            drill = self.drill(platform, "http://127.0.0.1:9/", "--seconds", "1", "--maximum-lost", "50")
            out, err = drill.communicate()
            self.assertEqual(drill.returncode, 0, err + out)
            self.assertRegex(json.loads(out)["variants"][0]["remarks"][0], "^there is no cluster c")
            drill = self.drill(platform, "http://127.0.0.1:9/", "--reclaim", "web:1@0")
            out, err = drill.communicate()
            self.assertEqual((drill.returncode, out), (1, ""), err)
            self.assertIn("the reclaim at second 0 cannot be made: there is no cluster c\n", err)
            with urllib.request.urlopen(platform.url + "/_utakata/balancer", timeout=20) as answer:
                self.assertEqual(json.loads(answer.read()), {"address": platform.balancer_address})

    def losses(self, platform):
        """What the ledger has of requests that were not answered, by target and cause."""
        with urllib.request.urlopen(platform.url + "/_utakata/fates", timeout=20) as answer:
            rows = json.loads(answer.read())["fates"]
        losses = collections.Counter()
        for row in rows:
            if row["cause"] != "ok":
                losses[row["target"], row["cause"]] += row["count"]
        return losses

    def test_what_killed_containers_lose_is_in_the_ledger(self):
        with Platform("--cpu", "4096", "--memory", "4096") as platform:
            url = self.service.deploy(self, platform)
            before = self.losses(platform)
            drill = self.drill(platform, url, "--seconds", "5", "--maximum-lost", "250")
            until(lambda: "second 1" in drill.stderr.readline(), what="the drill's progress")
            for pid in test_containers.container_processes(platform):
                os.kill(int(pid), signal.SIGKILL)
            out, err = drill.communicate()
            self.assertEqual(drill.returncode, 0, err + out)
            variant = json.loads(out)["variants"][0]
            self.check_sums(variant, 250)
            self.assertGreater(variant["lost"], 0)
            lost = self.losses(platform) - before
            self.assertEqual(sum(lost.values()), variant["lost"], (lost, variant["causes"]))
            told = {(row["target"], row["cause"]): row["requests"] for row in variant["ledger"]}
            self.assertEqual({key: told.get(key, 0) >= count for key, count in lost.items()}, dict.fromkeys(lost, True), told)

    stable = test_containers.Service.stable


if __name__ == "__main__":
    unittest.main()

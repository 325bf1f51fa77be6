"""The drill as a user runs it, small: every request has a fate, also while the daemon is killed in the midst of the load."""
import json
import subprocess
import unittest

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

    stable = test_containers.Service.stable


if __name__ == "__main__":
    unittest.main()

"""The JavaScript SDK, unmodified: a deployment with real containers, its waiters, and the events of it."""
import json
import pathlib
import subprocess
import unittest

from platform_under_test import Platform

FOLDER = pathlib.Path(__file__).parent / "javascript"


class JavaScript(unittest.TestCase):
    def test_deployment_and_waiters(self):
        if not (FOLDER / "node_modules").exists():
            subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=FOLDER, check=True)
        with Platform() as platform:
            done = subprocess.run(["node", "deploy.mjs"], cwd=FOLDER, env=platform.env, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr + platform.log()[-4000:])
            answer = json.loads(done.stdout)
        self.assertEqual((answer["stopCode"], answer["stoppedReason"]), ("UserInitiated", "enough"))
        self.assertEqual(answer["detailType"], "ECS Task State Change")
        self.assertGreater(answer["events"], 0)


if __name__ == "__main__":
    unittest.main()

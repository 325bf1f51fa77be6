"""What the command line says to people: help, refusals and exit statuses of the real program."""
import contextlib
import json
import os
import pathlib
import sqlite3
import subprocess
import tempfile
import unittest

from platform_under_test import IMAGES, PROGRAM, Platform, awsvpc, until

ROLE = "arn:aws:iam::123456789012:role/task"
ABSENT = "0" * 32  # the id of no task


def utakata(*words):
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=60)


class Words(unittest.TestCase):
    def test_a_group_of_commands_alone_shows_its_own_help(self):
        for group, own, other in (("spot", "spot reclaim", "image pull"), ("image", "image pull", "spot reclaim"), ("api", "api dump", "spot reclaim")):
            alone = utakata(group)
            self.assertEqual((alone.returncode, alone.stdout), (2, ""))
            self.assertIn(own, alone.stderr)
            self.assertNotIn(other, alone.stderr)
            for words in ((group, "--help"), ("help", group)):
                asked = utakata(*words)
                self.assertEqual((asked.returncode, asked.stderr), (0, ""))
                self.assertIn(own, asked.stdout)
                self.assertNotIn(other, asked.stdout)
            wrong = utakata(group, "nonsense")
            self.assertEqual(wrong.returncode, 2)
            self.assertIn(f"there is no command '{group} nonsense'", wrong.stderr)
            self.assertIn(own, wrong.stderr)
            self.assertNotIn(other, wrong.stderr)

    def test_two_dashes_end_the_options(self):
        refused = utakata("exec", "--cluster", "c", "--", "sh")
        self.assertEqual(refused.returncode, 2)
        self.assertIn("a task and a command are needed", refused.stderr)
        self.assertNotIn("usage:", utakata("image", "import", "--", "--help").stdout)

    def test_serve_refuses_a_folder_of_images_that_is_not_there(self):
        with tempfile.TemporaryDirectory() as folder:
            refused = utakata("serve", "--state", f"{folder}/state", "--listen", "127.0.0.1:0", "--images", f"{folder}/absent")
            self.assertEqual(refused.returncode, 2)
            self.assertIn(f"--images: {folder}/absent", refused.stderr)
            self.assertFalse(os.path.exists(f"{folder}/state"))

    def test_doctor_tries_the_state_folder_and_leaves_nothing_there(self):
        with tempfile.TemporaryDirectory() as folder:
            for state in (folder, f"{folder}/not/yet/made"):
                answer = utakata("doctor", "--state", state, "--json")
                self.assertIn(answer.returncode, (0, 1), answer.stderr)
                found = {each["name"]: each for each in json.loads(answer.stdout)["findings"]}
                self.assertIn(folder, found["users"]["detail"])
                self.assertIn(folder, found["overlay"]["detail"])
                self.assertIn(found["nftables"]["status"], ("ok", "missing"))
                self.assertEqual(os.listdir(folder), [])

    def test_doctor_examines_the_runtime_that_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            for runtime in ("crun", "runc"):
                answer = utakata("doctor", "--state", folder, "--runtime", runtime, "--json")
                found = {each["name"]: each for each in json.loads(answer.stdout)["findings"]}
                self.assertIn(runtime, found["runtime"]["detail"])
            for command in ("doctor", "serve"):
                refused = utakata(command, "--state", folder, "--runtime", "other")
                self.assertEqual(refused.returncode, 2)
                self.assertIn("--runtime must be crun or runc, not 'other'", refused.stderr)

    def test_serve_names_a_process_that_holds_the_journal_and_is_no_daemon(self):
        with tempfile.TemporaryDirectory() as folder, contextlib.closing(sqlite3.connect(f"{folder}/journal.db", isolation_level=None)) as journal:
            journal.execute("BEGIN EXCLUSIVE")
            refused = utakata("serve", "--state", folder, "--listen", "127.0.0.1:0")
            self.assertEqual(refused.returncode, 1)
            self.assertIn(f"process {os.getpid()} holds the journal {folder}/journal.db: ", refused.stderr)
            self.assertNotIn("another utakata", refused.stderr)


class WithPlatform(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.platform = Platform("--cpu", "8192", "--memory", "8192").start()
        cls.ecs = cls.platform.client("ecs")
        cls.ecs.create_cluster(clusterName="c", capacityProviders=["FARGATE", "FARGATE_SPOT"])
        cls.definition = cls.ecs.register_task_definition(
            family="t", requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512", taskRoleArn=ROLE,
            containerDefinitions=[{"name": "app", "image": "busybox", "stopTimeout": 2, "command": [
                "sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done"]}])["taskDefinition"]["taskDefinitionArn"]

    @classmethod
    def tearDownClass(cls):
        cls.platform.__exit__()

    def run_task(self, provider="FARGATE"):
        arn = self.ecs.run_task(cluster="c", taskDefinition=self.definition, networkConfiguration=awsvpc(self.platform),
                                capacityProviderStrategy=[{"capacityProvider": provider, "weight": 1}],
                                enableExecuteCommand=True)["tasks"][0]["taskArn"]
        until(lambda: self.task(arn)["lastStatus"] == "RUNNING", what="RUNNING")
        return arn

    def task(self, arn):
        return self.ecs.describe_tasks(cluster="c", tasks=[arn])["tasks"][0]

    def test_a_second_daemon_is_told_who_has_the_state_folder(self):
        state = str(self.platform.state)
        for address in ("127.0.0.1:0", self.platform.url.removeprefix("http://")):
            second = utakata("serve", "--state", state, "--listen", address, "--images", str(IMAGES))
            self.assertEqual(second.returncode, 1)
            self.assertIn(f"another utakata serve (process {self.platform.process.pid}) uses the state folder {state}", second.stderr)
            self.assertIn("--state", second.stderr)
        self.assertEqual(self.platform.utakata("wait-ready").returncode, 0)

    def test_refusals_name_the_cluster_that_was_looked_in(self):
        for cluster, option in (("default", []), ("c", ["--cluster", "c"]), ("none", ["--cluster", "none"])):
            for words in (["logs", *option, ABSENT], ["exec", *option, ABSENT, "true"]):
                refused = self.platform.utakata(*words, check=False)
                self.assertEqual(refused.returncode, 1)
                self.assertIn(f"looked in the cluster {cluster};", refused.stderr)
        refused = self.platform.utakata("logs", "c/nobody", check=False)
        self.assertIn("the cluster c has no service nobody", refused.stderr)

    def test_a_command_that_cannot_run_has_a_shells_exit_status_and_plain_words(self):
        task = self.run_task()
        for program, status, why in (("no-such-program", 127, "has no program 'no-such-program'"),
                                     ("/no/such", 127, "has no program '/no/such'"),
                                     ("/etc/hosts", 126, "'/etc/hosts' cannot be executed: permission denied")):
            for how in ("--pipes", "--interactive"):
                done = self.platform.utakata("exec", how, task, "--", program, "x", check=False)
                self.assertEqual(done.returncode, status, done.stderr)
                self.assertIn(why, done.stderr)
                self.assertNotIn("\\", done.stderr)
        self.ecs.stop_task(cluster="c", task=task)

    def test_spot_commands_name_the_tasks(self):
        task = self.run_task("FARGATE_SPOT")
        said = self.platform.utakata("spot", "status").stdout
        self.assertIn(task, said)
        self.assertIn("1 task,", said)
        named = json.loads(self.platform.utakata("spot", "status", "--json").stdout)["spotTasks"]
        self.assertEqual([each["taskArn"] for each in named], [task])
        self.assertIn("1 Spot task is taken\n", self.platform.utakata("spot", "reclaim", "--cluster", "c").stdout)
        until(lambda: self.task(task)["lastStatus"] == "STOPPED", what="STOPPED")
        said = self.platform.utakata("spot", "status").stdout
        self.assertNotIn(task, said)
        self.assertIn("no Spot task", said)
        self.assertIn("0 Spot tasks are taken\n", self.platform.utakata("spot", "reclaim", "--cluster", "c").stdout)


class End(unittest.TestCase):
    def test_tasks_that_end_with_the_platform_say_so(self):
        with Platform() as platform:
            ecs = platform.client("ecs")
            ecs.create_cluster(clusterName="c")
            made = ecs.register_task_definition(
                family="t", requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512",
                containerDefinitions=[{"name": "app", "image": "busybox", "command": ["sleep", "1000"]}])

            def task(arn):
                return platform.client("ecs").describe_tasks(cluster="c", tasks=[arn])["tasks"][0]

            def run():
                arn = platform.client("ecs").run_task(
                    cluster="c", launchType="FARGATE", networkConfiguration=awsvpc(platform),
                    taskDefinition=made["taskDefinition"]["taskDefinitionArn"])["tasks"][0]["taskArn"]
                until(lambda: task(arn)["lastStatus"] == "RUNNING", what="RUNNING")
                return arn

            def reason(arn):
                until(lambda: task(arn)["lastStatus"] == "STOPPED", what="STOPPED")
                return task(arn)["stoppedReason"]
            first = run()
            platform.stop()
            platform.start()
            self.assertEqual(reason(first), "The platform was stopped")
            second = run()  # from here on the former end says nothing any more
            self.assertFalse(pathlib.Path(platform.state, "sandbox/stopped").exists())
            self.assertEqual(task(second)["lastStatus"], "RUNNING")


if __name__ == "__main__":
    unittest.main()

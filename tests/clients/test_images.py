"""Images: private registries, what goes wrong told apart, archives, Amazon ECR's names, kill -9 during a pull."""
import base64
import contextlib
import json
import pathlib
import subprocess
import tempfile
import time
import unittest
import unittest.mock

from platform_under_test import IMAGES, PROGRAM, Platform, awsvpc, until
from registry_under_test import PASSWORD, USER, OddRegistry, Registry, certificate, free_port, skopeo


def define(ecs, image, family="f", secret=None, command=("sleep", "1000")):
    container = {"name": "app", "image": image, "command": list(command), "stopTimeout": 2}
    if secret:
        container["repositoryCredentials"] = {"credentialsParameter": secret}
    return ecs.register_task_definition(
        family=family, requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512",
        executionRoleArn="arn:aws:iam::123456789012:role/x", containerDefinitions=[container])["taskDefinition"]["taskDefinitionArn"]


class World:
    """A platform with a cluster, and short ways to run one task of an image."""

    def __init__(self, platform):
        self.platform = platform
        self.ecs = platform.client("ecs")
        self.ecs.create_cluster(clusterName="c")

    def secret(self, name, password):
        return self.platform.client("secretsmanager").create_secret(
            Name=name, SecretString=json.dumps({"username": USER, "password": password}))["ARN"]

    def run(self, image, **more):
        answer = self.ecs.run_task(cluster="c", taskDefinition=define(self.ecs, image, **more), launchType="FARGATE",
                                   networkConfiguration=awsvpc(self.platform))
        assert answer["failures"] == [], answer
        return answer["tasks"][0]["taskArn"]

    def task(self, arn):
        return self.ecs.describe_tasks(cluster="c", tasks=[arn])["tasks"][0]

    def until(self, arn, status):
        return until(lambda: (t := self.task(arn))["lastStatus"] == status and t, 90, f"{status}: {self.task(arn)} {self.platform.log()[-2000:]}")

    def running(self, image, **more):
        return self.until(self.run(image, **more), "RUNNING")

    def refused(self, image, **more):
        """Why a task of the image cannot start."""
        stopped = self.until(self.run(image, **more), "STOPPED")
        assert stopped["stopCode"] == "TaskFailedToStart", stopped
        container = stopped["containers"][0]
        assert container["reason"] == stopped["stoppedReason"], stopped
        assert "exitCode" not in container and "startedAt" not in stopped, stopped
        assert stopped["pullStartedAt"] <= stopped["pullStoppedAt"], stopped
        return stopped["stoppedReason"]


def skopeo_commands(folder):
    """The command lines of what runs now and works in the folder."""
    commands = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            commands.append(path.read_text(errors="replace").replace("\0", " "))
    return [command for command in commands if "skopeo" in command and str(folder) in command]


class PrivateRegistry(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.registry = Registry().__enter__()
        cls.addClassCleanup(cls.registry.__exit__)
        cls.platform = Platform("--cpu", "8192", "--memory", "8192", "--insecure-registry", cls.registry.address,
                                "--ecr-registry", cls.registry.address, "--registry-auth", cls.registry.auth_file()).start()
        cls.addClassCleanup(cls.platform.__exit__)
        cls.world = World(cls.platform)
        cls.image = f"{cls.registry.address}/team/private:1"
        cls.digest = cls.registry.push("team/private:1")
        cls.right = cls.world.secret("right", PASSWORD)

    def test_a_service_runs_a_private_image(self):
        ecs = self.world.ecs
        ecs.create_service(cluster="c", serviceName="s", taskDefinition=define(ecs, self.image, "private", self.right), desiredCount=2,
                           launchType="FARGATE", networkConfiguration=awsvpc(self.platform))
        until(lambda: ecs.describe_services(cluster="c", services=["s"])["services"][0]["runningCount"] == 2, 90, self.platform.log())
        arns = ecs.list_tasks(cluster="c", serviceName="s")["taskArns"]
        for task in ecs.describe_tasks(cluster="c", tasks=arns)["tasks"]:
            self.assertEqual(task["containers"][0]["imageDigest"], self.digest)
            self.assertLessEqual(task["pullStartedAt"], task["pullStoppedAt"])
            self.assertLessEqual(task["pullStoppedAt"], task["startedAt"])
        ecs.delete_service(cluster="c", service="s", force=True)

    def test_a_digest_names_the_image_too_and_a_wrong_one_is_not_found(self):
        name = f"{self.registry.address}/team/private"
        self.assertEqual(self.world.running(f"{name}@{self.digest}", secret=self.right)["containers"][0]["imageDigest"], self.digest)
        self.assertIn("not found", self.world.refused(f"{name}@sha256:{'0' * 64}", secret=self.right))

    def test_wrong_password_and_missing_tag_are_told_apart(self):
        wrong = self.world.refused(self.image, secret=self.world.secret("wrong", "no"))
        self.assertEqual(wrong, "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref "
                         f"{self.image}: pull access denied, repository does not exist or may require authorization: server message: "
                         "unauthorized: authentication required")
        missing = self.world.refused(f"{self.registry.address}/team/private:2", secret=self.right)
        self.assertIn(f"failed to resolve ref {self.registry.address}/team/private:2: ", missing)
        self.assertIn("not found", missing)
        self.assertIn("manifest unknown", missing)
        self.assertIn("not found", self.world.refused(f"{self.registry.address}/no/repository:1", secret=self.right))

    def test_nobody_there_and_no_such_host_are_told_apart(self):
        port = free_port()
        refused = self.world.refused(f"127.0.0.1:{port}/team/app:1")
        self.assertIn(f'retried 3 time(s): failed to resolve ref 127.0.0.1:{port}/team/app:1: failed to do request: Head "https://127.0.0.1:'
                      f'{port}/v2/team/app/manifests/1": dial tcp 127.0.0.1:{port}: connect: connection refused', refused)
        # A machine without a name server of its own gets other words from the resolver, about the name all the same.
        self.assertRegex(self.world.refused("registry.invalid/team/app:1"),
                         r"dial tcp: lookup registry\.invalid.*: (no such host|server misbehaving|.*connection refused|.*i/o timeout"
                         "|.*temporary failure.*|.*network is unreachable)$")

    def test_a_tag_that_moves_is_pulled_anew(self):
        image = f"{self.registry.address}/team/moves:1"
        first = self.registry.push("team/moves:1")
        self.assertEqual(self.world.running(image, secret=self.right)["containers"][0]["imageDigest"], first)
        with tempfile.TemporaryDirectory(prefix="utakata-test.") as folder:
            layout = pathlib.Path(folder) / "layout"
            spec = pathlib.Path(folder) / "spec.json"
            spec.write_text('{"latest": {"layers": ["more"], "config": {"Cmd": ["/bin/sh"]}}}')
            content = pathlib.Path(folder) / "content"
            (content / "etc").mkdir(parents=True)
            (content / "etc/second").write_text("second")
            busybox = next(b for b in (IMAGES / "busybox/blobs/sha256").iterdir() if b.read_bytes()[:2] == b"\x1f\x8b")
            tool = pathlib.Path(__file__).parents[2] / "tools/oci_image.py"
            subprocess.run([tool, "layer", f"{folder}/more.tar.gz", busybox, content], check=True)
            subprocess.run([tool, "layout", layout, spec, "--layers", folder], check=True)
            second = self.registry.push("team/moves:1", f"oci:{layout}:latest")
        self.assertNotEqual(first, second)
        self.assertEqual(self.world.running(image, secret=self.right, command=["sh", "-c", "cat /etc/second && sleep 1000"])
                         ["containers"][0]["imageDigest"], second)

    def test_ecr_names_are_fetched_from_the_registry_that_stands_in(self):
        password = subprocess.run(["aws", "ecr", "get-login-password", "--endpoint-url", self.platform.url], env=self.platform.env,
                                  capture_output=True, text=True, check=True).stdout.strip()
        self.assertEqual(password, PASSWORD)
        digest = self.registry.push("shop/web:7", password=password)
        token = self.platform.client("ecr").get_authorization_token()["authorizationData"][0]
        self.assertEqual(token["proxyEndpoint"], f"http://{self.registry.address}")
        task = self.world.running("123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/shop/web:7")
        self.assertEqual(task["containers"][0]["imageDigest"], digest)
        self.assertIn("not found", self.world.refused("123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/shop/web:8"))

    def test_pull_by_hand_with_the_daemon_s_own_sources(self):
        self.registry.push("team/by-hand:1")
        reference = f"{self.registry.address}/team/by-hand:1"
        done = self.platform.utakata("image", "pull", "--state", str(self.platform.state), "--json", reference)
        self.assertEqual(json.loads(done.stdout)["reference"], reference)
        self.assertTrue(json.loads(done.stdout)["kept"])
        failed = self.platform.utakata("image", "pull", "--state", str(self.platform.state), f"{self.registry.address}/team/by-hand:2",
                                       check=False)
        self.assertEqual(failed.returncode, 1)
        self.assertIn("manifest unknown", failed.stderr)

    def test_no_password_is_seen_by_others(self):
        """Neither on a command line nor in a file that is left behind or that others may read."""
        login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        with OddRegistry() as odd:
            odd.token, odd.seconds = "of-the-token-server", 5
            platform = Platform("--cpu", "2048", "--memory", "2048", "--insecure-registry", odd.address)
            platform.state.chmod(0o755)
            with platform:
                world = World(platform)
                arn = world.run(f"{odd.address}/team/app:1", secret=world.secret("right", PASSWORD))
                pulls = platform.state / "sandbox/images/pulls"
                commands = until(lambda: any("/blobs/" in path for path in odd.asked) and skopeo_commands(pulls), what="the pull's commands")
                files = [path for path in pulls.rglob("*") if path.is_file() and login in path.read_text(errors="replace")]
                modes = [path.stat().st_mode & 0o777 for path in files]
                world.until(arn, "RUNNING")
                for command in commands:
                    self.assertNotIn(PASSWORD, command)
                    self.assertNotIn(login, command)
                self.assertEqual([path.name for path in files], ["auth.json"])
                self.assertEqual(modes, [0o600])
                self.assertEqual(platform.state.stat().st_mode & 0o777, 0o700)
                found = subprocess.run(["grep", "-rlF", "--exclude=journal.db*", "-e", PASSWORD, "-e", login, platform.state],
                                       capture_output=True, text=True).stdout
                self.assertEqual([line for line in found.splitlines() if "/tasks/" not in line], [])
                self.assertEqual(list(pulls.iterdir()), [])


class OddRegistries(unittest.TestCase):
    def test_bearer_tokens_are_got_and_used(self):
        with OddRegistry() as odd, Platform("--cpu", "2048", "--memory", "2048", "--insecure-registry", odd.address) as platform:
            world = World(platform)
            odd.token = "of-the-token-server"
            self.assertIn("unauthorized: authentication required", world.refused(f"{odd.address}/team/app:1"))
            self.assertIn("unauthorized", world.refused(f"{odd.address}/team/app:1", secret=world.secret("wrong", "x")))
            world.running(f"{odd.address}/team/app:1", secret=world.secret("right", PASSWORD))

    def test_https_is_asked_for_and_verified(self):
        with tempfile.TemporaryDirectory(prefix="utakata-test.") as folder, OddRegistry(certificate(folder)) as odd:
            with Platform("--cpu", "2048", "--memory", "2048") as platform:
                self.assertIn("x509", World(platform).refused(f"{odd.address}/team/app:1"))
            with unittest.mock.patch.dict("os.environ", SSL_CERT_FILE=f"{folder}/certificate.pem"):
                with Platform("--cpu", "2048", "--memory", "2048") as platform:
                    World(platform).running(f"{odd.address}/team/app:1")
        with OddRegistry() as odd, Platform("--cpu", "2048", "--memory", "2048") as platform:  # HTTP only when it is configured
            self.assertIn("TLS handshake", World(platform).refused(f"{odd.address}/team/app:1"))

    def test_a_pull_by_hand_shows_how_far_it_is(self):
        with OddRegistry() as odd, tempfile.TemporaryDirectory(prefix="utakata-test.") as folder:
            odd.seconds = 2
            words = [PROGRAM, "image", "pull", "--state", folder, "--insecure-registry", odd.address, f"{odd.address}/team/app:1"]
            done = subprocess.run(words, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertRegex(done.stderr, rf"{odd.address}/team/app:1: \d+ KiB of \d+ KiB\n")
            self.assertIn(f"{odd.address}/team/app:1 sha256:", done.stdout)

    def test_corrupt_blobs_and_other_platforms_are_told_apart_and_leave_nothing(self):
        with OddRegistry() as odd, Platform("--cpu", "2048", "--memory", "2048", "--insecure-registry", odd.address) as platform:
            world = World(platform)
            odd.platform = "riscv64"
            self.assertIn("image Manifest does not contain descriptor matching platform 'linux/", world.refused(f"{odd.address}/team/app:1"))
            odd.platform = None
            odd.corrupt = True
            self.assertIn("ref pull has been retried 1 time(s): failed commit on ref", world.refused(f"{odd.address}/team/app:1"))
            self.assertEqual(list((platform.state / "sandbox/images/layers").iterdir()), [])
            odd.corrupt = False
            world.running(f"{odd.address}/team/app:1")

    def test_one_pull_for_many_tasks_and_only_what_is_missing(self):
        with OddRegistry() as odd, Platform("--cpu", "4096", "--memory", "8192", "--insecure-registry", odd.address) as platform:
            world = World(platform)
            odd.seconds = 2
            definition = define(world.ecs, f"{odd.address}/team/app:1")
            arns = [t["taskArn"] for t in world.ecs.run_task(cluster="c", taskDefinition=definition, launchType="FARGATE", count=8,
                                                             networkConfiguration=awsvpc(platform))["tasks"]]
            for arn in arns:
                world.until(arn, "RUNNING")
            self.assertEqual(odd.layers_asked(), 1)
            odd.asked.clear()
            world.running(f"{odd.address}/team/app:1")
            self.assertNotEqual(odd.asked, [])  # whether it may be pulled is asked each time
            self.assertEqual(odd.layers_asked(), 0)

    def test_killed_in_a_pull_it_leaves_no_half_image_and_no_process(self):
        with OddRegistry() as odd, Platform("--cpu", "2048", "--memory", "2048", "--insecure-registry", odd.address) as platform:
            world = World(platform)
            odd.seconds = 30
            world.ecs.create_service(cluster="c", serviceName="s", taskDefinition=define(world.ecs, f"{odd.address}/team/app:1"),
                                     desiredCount=1, launchType="FARGATE", networkConfiguration=awsvpc(platform))
            until(lambda: f"pulling {odd.address}/team/app:1: " in platform.log(), what="a word about the pull: " + platform.log())
            store = platform.state / "sandbox/images"
            self.assertNotEqual(list((store / "pulls").iterdir()), [])
            platform.kill()

            def pulls():
                return subprocess.run(["pgrep", "-f", f"skopeo.*{store}"], capture_output=True, text=True).stdout
            until(lambda: not pulls(), what="the end of skopeo: " + pulls())
            self.assertEqual(list((store / "layers").iterdir()), [])
            self.assertEqual(list((store / "references").iterdir()), [])
            odd.seconds = 0
            platform.start()
            until(lambda: world.platform.client("ecs").describe_services(cluster="c", services=["s"])["services"][0]["runningCount"] == 1,
                  90, "the service: " + platform.log())
            self.assertEqual(len(list((store / "layers").iterdir())), 1)

    def test_a_task_that_is_stopped_while_its_image_comes_ends_at_once(self):
        with OddRegistry() as odd, Platform("--cpu", "2048", "--memory", "2048", "--insecure-registry", odd.address) as platform:
            world = World(platform)
            odd.seconds = 60
            arn = world.run(f"{odd.address}/team/app:1")
            until(lambda: any("/blobs/" in path for path in odd.asked), what="the pull")
            world.ecs.stop_task(cluster="c", task=arn)
            begun = time.monotonic()
            world.until(arn, "STOPPED")
            self.assertLess(time.monotonic() - begun, 30)


class Archives(unittest.TestCase):
    def test_docker_and_oci_archives_are_imported_listed_used_and_removed(self):
        with Platform("--cpu", "2048", "--memory", "2048") as platform, tempfile.TemporaryDirectory(prefix="utakata-test.") as folder:
            world = World(platform)

            def image(verb, *words, **more):
                return platform.utakata("image", verb, "--state", str(platform.state), *words, **more)
            source = f"oci:{IMAGES}/busybox:latest"
            skopeo("copy", source, f"docker-archive:{folder}/docker.tar:tool:3")
            skopeo("copy", source, f"oci-archive:{folder}/oci.tar")
            imported = json.loads(image("import", "--json", f"docker-archive:{folder}/docker.tar").stdout)
            self.assertEqual((imported["reference"], imported["source"], imported["kept"]), ("tool:3", "import", True))
            image("import", f"oci-archive:{folder}/oci.tar", "registry.invalid/team/tool:4")
            self.assertIn("NAME:TAG", image("import", f"oci-archive:{folder}/oci.tar", check=False).stderr)
            self.assertIn("docker-archive:", image("import", f"{folder}/oci.tar", check=False).stderr)
            self.assertIn("cannot import", image("import", f"oci-archive:{folder}/none.tar", "x:1", check=False).stderr)
            engine = f"containers-storage:[vfs@{folder}/root+{folder}/run]localhost/tool:5"
            skopeo("copy", source, engine)
            image("import", engine, "tool:5")
            image("import", source, "tool:6")
            image("rm", "tool:5", "tool:6")
            for reference in ("tool:3", "registry.invalid/team/tool:4"):  # the store goes before the registry
                world.running(reference)
            listed = {i["reference"]: i for i in json.loads(image("ls", "--json").stdout)["images"]}
            self.assertEqual(set(listed), {"tool:3", "registry.invalid/team/tool:4"})
            self.assertEqual(len(listed["tool:3"]["tasks"]), 1)
            self.assertGreater(listed["tool:3"]["bytes"], 1_000_000)
            self.assertIn("tool:3", image("ls").stdout)
            refused = image("rm", "tool:3", check=False)
            self.assertEqual(refused.returncode, 1)
            self.assertIn("is used by 1 task(s): " + listed["tool:3"]["tasks"][0], refused.stderr)
            for arn in world.ecs.list_tasks(cluster="c")["taskArns"]:
                world.ecs.stop_task(cluster="c", task=arn)
                world.until(arn, "STOPPED")
            until(lambda: not any(i["tasks"] for i in json.loads(image("ls", "--json").stdout)["images"]), what="the tasks' end")
            image("rm", "tool:3", "registry.invalid/team/tool:4")
            self.assertEqual(json.loads(image("ls", "--json").stdout)["images"], [])
            self.assertEqual(list((platform.state / "sandbox/images/layers").iterdir()), [])
            self.assertIn("not found", world.refused("tool:3"))


if __name__ == "__main__":
    unittest.main()

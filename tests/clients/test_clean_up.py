"""Whatever dies, however, nothing stays on the host that nobody owns.

UTAKATA_SEED replays a run, UTAKATA_ROUNDS makes it longer.
"""
import contextlib
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from host_state import HostState, files_of, group_name
from platform_under_test import PROGRAM, Platform, awsvpc, until

ROUNDS = int(os.environ.get("UTAKATA_ROUNDS", "8"))
TASKS_IN_A_ROW = int(os.environ.get("UTAKATA_TASKS", "50"))


def definitions(ecs):
    """Tasks of the kinds that have something to leave behind."""
    def register(family, containers, **more):
        return ecs.register_task_definition(family=family, requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256",
                                            memory="512", containerDefinitions=containers, taskRoleArn="arn:aws:iam::123456789012:role/r",
                                            **more)["taskDefinition"]["taskDefinitionArn"]

    def container(name, script, **more):
        return {"name": name, "image": "busybox", "command": ["sh", "-c", script], "stopTimeout": 2, **more}
    sleeps = "trap 'exit 0' TERM; while :; do sleep 0.2; done"
    mount = [{"sourceVolume": "v", "containerPath": "/v"}]
    return [
        register("plain", [container("app", sleeps)]),
        register("brief", [container("app", "exit 3")]),
        register("deaf", [container("app", "trap '' TERM; while :; do sleep 0.2; done")]),
        register("two", [container("app", sleeps, mountPoints=mount), container("side", sleeps, mountPoints=mount, essential=False)],
                 volumes=[{"name": "v"}]),
        register("shared", [container("app", sleeps), container("side", sleeps)], pidMode="task"),
        register("limited", [container("app", sleeps)], ephemeralStorage={"sizeInGiB": 21}),
        register("checked", [container("app", sleeps, healthCheck={"command": ["CMD-SHELL", "true"], "interval": 5, "timeout": 2})]),
        register("forks", [container("app", "(while :; do sleep 1; done) & (setsid sleep 1000 &) ; " + sleeps)]),
        register("missing", [{"name": "app", "image": "no-such-image:1"}]),
        register("wrong", [{"name": "app", "image": "busybox", "command": ["/no/such/program"]}]),
    ]


class Killer:
    """Ends processes of one platform, and no others."""

    def __init__(self, platform, dice):
        self.platform, self.dice = platform, dice

    def processes(self, *words):
        found = []
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            with contextlib.suppress(OSError):
                line = pathlib.Path(f"/proc/{entry}/cmdline").read_bytes().decode(errors="replace").split("\0")
                if str(self.platform.state) in " ".join(line) and any(line[0].endswith(word) for word in words):
                    found.append(int(entry))
        return sorted(found)

    def containers(self):
        found = []
        for started in pathlib.Path(self.platform.state).glob("sandbox/tasks/*/containers/*/started"):
            with contextlib.suppress(OSError, ValueError, IndexError):
                pid = int(started.read_text().split()[0])
                if group_name(self.platform.state) in pathlib.Path(f"/proc/{pid}/cgroup").read_text():
                    found.append(pid)
        return found

    def strike(self):
        victim = self.dice.choice(["daemon", "daemon", "supervisor", "runtime", "runtime", "container", "everything"])
        if victim in ("supervisor", "everything"):
            self.kill_some(self.processes("utakata-supervisor"), victim == "everything")
        if victim in ("runtime", "everything"):
            self.kill_some(self.processes("crun", "runc", "mkfs.ext4"), victim == "everything")
        if victim == "container":
            self.kill_some(self.containers(), False)
        if victim in ("daemon", "everything"):
            self.platform.kill()
        return victim

    def kill_some(self, pids, every):
        for pid in pids if every else self.dice.sample(pids, min(1, len(pids))):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


class Snapshot(unittest.TestCase):
    """That it sees what it is for: each kind is planted once, those of the host's own network and IPC in namespaces that
    stand for the host's, so that whoever else looks at the host sees nothing of it."""

    def test_it_sees_what_is_planted(self):
        done = subprocess.run(["unshare", "--net", "--ipc", "--mount", sys.executable, __file__, "plant"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


def plant():
    before = HostState.take()
    with contextlib.ExitStack() as plants:
        def run(*words):
            return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()

        def process(*words, **options):
            child = subprocess.Popen(words, **options)
            plants.callback(child.wait)
            plants.callback(child.kill)
        folder = pathlib.Path(tempfile.mkdtemp(prefix="utakata-planted."))
        plants.callback(folder.rmdir)
        mark = folder.name
        group = pathlib.Path("/sys/fs/cgroup/memory" if os.path.isdir("/sys/fs/cgroup/memory") else "/sys/fs/cgroup") / mark
        group.mkdir()
        plants.callback(group.rmdir)
        process("sleep", "1000", cwd=folder)
        run("mount", "-t", "tmpfs", "none", folder)
        plants.callback(run, "umount", "-l", folder)
        image = folder / "image"
        image.write_bytes(b"\0" * 4096)
        process("unshare", "--net", "tail", "-f", image)
        device = run("losetup", "--find", "--show", image)
        plants.callback(run, "losetup", "--detach", device)
        run("ip", "link", "add", "planted0", "type", "veth", "peer", "name", "planted1")
        run("ip", "link", "set", "planted0", "up")
        run("ip", "route", "add", "198.51.100.0/24", "dev", "planted0")
        run("nft", "add table ip planted; add chain ip planted c; add rule ip planted c ip daddr 198.51.100.7 drop")
        queue = run("ipcmk", "--queue").rpartition(" ")[2]

        def seen():
            """Of each kind the sentences that name what was planted."""
            words = {"links": "planted0", "routes": "198.51.100.0/24 dev planted0", "nftables": "198.51.100.7 drop", "ipc": f" {queue} "}
            return {kind: [item for item in HostState.take().more_than(before, [mark])
                           if item.startswith(kind + ": ") and words.get(kind, mark) in item and item != f"files: /tmp/{mark}/image"]
                    for kind in before.parts}
        own = os.readlink("/proc/self/ns/net")
        # Programs take a moment until they are what they were started as.
        until(lambda: any(own not in item for item in seen()["namespaces"]), what="a process in another namespace")
        unseen = [kind for kind, items in seen().items() if not items]
        assert not unseen, f"planted, and not seen: {unseen}"
        others = [item for item in HostState.take().more_than(before, ["no such word"]) if mark in item]
        assert not others, f"without its mark, and still counted: {others}"
    left = HostState.take().more_than(before, [mark])
    assert [item for item in left if item.split(":")[0] not in ("links", "routes", "nftables", "ipc")] == [], left


class CleanUp(unittest.TestCase):
    accepted = 0

    def marks_of(self, platform):
        """Its words; a wrong one would find nothing and never fail."""
        group = group_name(platform.state)
        self.assertTrue([item for item in HostState.take().parts["groups"] if item.endswith("/" + group)], "the platform has no group")
        return [str(platform.state), group]

    def assert_clean(self, before, marks, what):
        """Zombies are for their parent to reap, and the kernel takes namespaces away in its own time: asked again for a while."""
        left = []
        for _ in range(100):
            left = HostState.take().more_than(before, marks)
            if not left:
                return
            time.sleep(0.1)
        self.assertEqual(left, [], what)

    def test_killed_at_random_points_nothing_stays(self):
        seed = int(os.environ.get("UTAKATA_SEED", random.SystemRandom().randrange(1 << 32)))
        dice = random.Random(seed)
        said = [f"UTAKATA_SEED={seed}"]
        before = HostState.take()
        platform = Platform("--cpu", "65536", "--memory", "65536").start()
        marks = self.marks_of(platform)
        try:
            killer = Killer(platform, dice)
            platform.client("ecs").create_cluster(clusterName="c", capacityProviders=["FARGATE"])
            arns = definitions(platform.client("ecs"))
            for _ in range(ROUNDS):
                said.append(self.one_round(platform, killer, dice, arns))
            self.assertGreaterEqual(self.accepted, ROUNDS, "the platform took hardly any task")
            self.stop_everything(platform)
            # The daemon, its own folder and the routers of its VPCs are all that may be there now.
            until(lambda: not self.left_of_tasks(platform, before, marks), 60,
                  f"tasks to leave nothing: {said} {self.left_of_tasks(platform, before, marks)}")
            platform.stop()
            self.assertEqual(platform.process.returncode, 0, platform.log()[-2000:])
            self.assertEqual(files_of(platform), [], said)
            log = platform.log()[-3000:]
            shutil.rmtree(platform.state)
            self.assert_clean(before, marks, f"{said}\n{log}")
        finally:
            platform.__exit__()

    def one_round(self, platform, killer, dice, arns):
        ecs = platform.client("ecs")
        network = awsvpc(platform)
        sessions = []
        with contextlib.suppress(Exception):  # the daemon may be killed under any call
            for _ in range(dice.randrange(1, 4)):
                self.accepted += len(ecs.run_task(cluster="c", taskDefinition=dice.choice(arns), networkConfiguration=network, launchType="FARGATE",
                                                  count=dice.randrange(1, 3), enableExecuteCommand=True)["tasks"])
            time.sleep(dice.choice([0, 0.02, 0.05, 0.1, 0.2, 0.4, 1.0]))
            running = ecs.list_tasks(cluster="c")["taskArns"]
            if running and dice.random() < 0.5:
                sessions.append(subprocess.Popen([PROGRAM, "exec", "--pipes", "--cluster", "c", "--container", "app", dice.choice(running), "--",
                                                  "sleep", "100"], env=platform.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                                 stderr=subprocess.DEVNULL))
            for task in dice.sample(running, min(len(running), dice.randrange(0, 3))):
                ecs.stop_task(cluster="c", task=task)
            time.sleep(dice.choice([0, 0.02, 0.05, 0.1, 0.2]))
        struck = killer.strike()
        for session in sessions:
            session.kill()
            session.wait()
        if platform.process.poll() is not None:
            platform.start()
        return struck

    def stop_everything(self, platform):
        ecs = platform.client("ecs")

        def none_left():
            arns = ecs.list_tasks(cluster="c")["taskArns"]
            for arn in arns:
                ecs.stop_task(cluster="c", task=arn)
            return not arns
        until(none_left, 120, "every task to stop")

    def left_of_tasks(self, platform, before, marks):
        def of_the_daemon(item):
            return ("/sandbox/network/vpc-" in item or f"pid {platform.process.pid} " in item or item.startswith(("namespaces: ", "files: "))
                    or (item.startswith("groups: ") and item.rpartition("/")[2] in marks))
        return [item for item in HostState.take().more_than(before, marks) if not of_the_daemon(item)] + [path for path in files_of(platform) if "/network/vpc-" not in path]

    def test_tasks_one_after_another_leave_the_host_as_it_was(self):
        before = HostState.take()
        with Platform("--cpu", "65536", "--memory", "65536") as platform:
            ecs = platform.client("ecs")
            ecs.create_cluster(clusterName="c", capacityProviders=["FARGATE"])
            brief = definitions(ecs)[1]
            network = awsvpc(platform)
            marks = self.marks_of(platform)
            for _ in range(TASKS_IN_A_ROW):
                arn = ecs.run_task(cluster="c", taskDefinition=brief, networkConfiguration=network, launchType="FARGATE")["tasks"][0]["taskArn"]
                until(lambda arn=arn: ecs.describe_tasks(cluster="c", tasks=[arn])["tasks"][0]["lastStatus"] == "STOPPED", what=arn)
            until(lambda: not self.left_of_tasks(platform, before, marks),
                  what=f"the last task to leave nothing: {self.left_of_tasks(platform, before, marks)}")
        self.assert_clean(before, marks, "after the end")


if __name__ == "__main__":
    plant() if sys.argv[1:] == ["plant"] else unittest.main()

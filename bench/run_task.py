#!/usr/bin/env python3
"""RunTask to a container's first instruction, image present, against the OCI runtime's own create and start of the same bundle,
and against `podman run` and `docker run` of the same image where they are installed; in turn, in one run.

  sudo python3 bench/run_task.py [ROUNDS]
"""
import contextlib
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/clients"))
from platform_under_test import IMAGES, PROGRAM, Platform, awsvpc, until  # noqa: E402

# Debian's crun refuses a host with control groups of both versions; podman then has runc.
PODMAN_RUNTIME = "runc" if pathlib.Path("/sys/fs/cgroup/unified").exists() else "crun"
QUIET = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def layer_of_the_image():
    layout = IMAGES / "busybox"

    def blob(digest):
        return layout / "blobs" / digest.replace(":", "/")
    index = json.loads((layout / "index.json").read_text())
    return blob(json.loads(blob(index["manifests"][0]["digest"]).read_text())["layers"][0]["digest"])


def until_first_byte(command):
    """Milliseconds until the container has written something: its first instruction and a little more."""
    begun = time.time_ns()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if not process.stdout.read(1):
        raise RuntimeError(process.stderr.read().decode(errors="replace").strip()[-300:])
    taken = (time.time_ns() - begun) / 1e6
    process.communicate()
    return taken


class Engine:
    """podman or docker with an image store of its own."""

    def __init__(self, name):
        self.name, self.folder, self.daemon, self.why_not = name, pathlib.Path(tempfile.mkdtemp(prefix="utakata-peer.")), None, ""
        if not shutil.which(name):
            self.why_not = f"{name} is not installed"
        elif name == "docker" and not shutil.which("dockerd"):
            self.why_not = "dockerd is not installed"
        else:
            try:
                self.start()
                self.measure()  # the first fills caches
            except (RuntimeError, AssertionError, subprocess.CalledProcessError) as error:
                self.why_not = f"{name} does not work on this host: {error}"

    def words(self, *words):
        if self.name == "podman":
            return ["podman", "--root", str(self.folder / "root"), "--runroot", str(self.folder / "run"), "--tmpdir", str(self.folder / "tmp"),
                    "--runtime", PODMAN_RUNTIME, "--cgroup-manager=cgroupfs", "--events-backend=none", *words]
        return ["docker", "--host", f"unix://{self.folder}/socket", *words]

    def start(self):
        if self.name == "docker":  # in a network namespace of its own: it would change the host's
            self.daemon = subprocess.Popen(
                ["unshare", "--net", "dockerd", "--data-root", str(self.folder / "root"), "--exec-root", str(self.folder / "run"),
                 "--pidfile", str(self.folder / "pid"), "--host", f"unix://{self.folder}/socket", "--bridge=none", "--iptables=false"], **QUIET)
            until(lambda: subprocess.run(self.words("version"), **QUIET).returncode == 0, 30, "dockerd")
        subprocess.run(self.words("import", str(layer_of_the_image()), "utakata-peer"), check=True, **QUIET)

    def measure(self):
        limits = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000"] if self.name == "podman" else []
        return until_first_byte(self.words("run", "--rm", "--network", "none", *limits, "utakata-peer", "/bin/busybox", "echo", "x"))

    def stop(self):
        if self.daemon:
            self.daemon.terminate()
            self.daemon.wait(30)
        for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines()[::-1]:
            if str(self.folder) in line.split()[4]:
                subprocess.run(["umount", "-l", line.split()[4]], **QUIET)
        shutil.rmtree(self.folder, ignore_errors=True)
        for group in pathlib.Path("/sys/fs/cgroup").glob("*/libpod_parent" if self.name == "podman" else "*/docker"):
            for folder in [*(path for path in group.iterdir() if path.is_dir()), group]:
                with contextlib.suppress(OSError):  # of another engine's containers
                    folder.rmdir()


def of_the_runtime(platform, folder, runtime, name):
    """The container's own bundle again: another group, and a namespace for its network and users as the task has them."""
    bundle = pathlib.Path(tempfile.mkdtemp(prefix="utakata-bundle."))
    config = json.loads((folder / "config.json").read_text())
    group = config["linux"]["cgroupsPath"] + "-peer"
    config["linux"]["cgroupsPath"] = group if runtime == "crun" else group.lstrip("/")
    (bundle / "config.json").write_text(json.dumps(config))
    view = platform.state / "sandbox/runtime-view"
    in_view = [str(PROGRAM) + "-supervisor", "view", str(view)] if runtime == "crun" and view.exists() else []
    words = [*in_view, runtime, "--root", str(bundle / "root")]
    begun = time.time_ns()
    subprocess.run([*words, "create", "--bundle", str(bundle), name], check=True, **QUIET)
    subprocess.run([*words, "start", name], check=True, stdin=subprocess.DEVNULL)
    taken = (time.time_ns() - begun) / 1e6
    subprocess.run([*words, "delete", "-f", name], check=True)
    shutil.rmtree(bundle)
    return taken


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    engines = [Engine(name) for name in ("podman", "docker")]
    runtimes = [name for name in ("crun", "runc") if shutil.which(name)]
    taken = {name: [] for name in ("utakata", *runtimes)} | {engine.name: [] for engine in engines if not engine.why_not}
    with Platform("--cpu", "65536", "--memory", "65536") as platform:
        ecs = platform.client("ecs")
        ecs.create_cluster(clusterName="bench", capacityProviders=["FARGATE"])
        definition = ecs.register_task_definition(
            family="bench", requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512",
            containerDefinitions=[{"name": "app", "image": "busybox", "command": ["sleep", "1000"], "stopTimeout": 2}])["taskDefinition"]["taskDefinitionArn"]
        network = awsvpc(platform)
        for n in range(rounds + 1):
            time.sleep(0.3)  # what the one before leaves to the background is not the next one's
            begun = time.time_ns()
            task = ecs.run_task(cluster="bench", taskDefinition=definition, launchType="FARGATE", networkConfiguration=network)["tasks"][0]["taskArn"]
            folder = platform.state / "sandbox/tasks" / task.rsplit("/", 1)[1] / "containers/app"
            started = until(lambda: (folder / "started").exists() and (folder / "started").read_text())
            ours = (int(started.split()[1]) - begun) / 1e6
            others = {}
            for runtime in runtimes:
                time.sleep(0.3)
                others[runtime] = of_the_runtime(platform, folder, runtime, f"peer{n}")
            for engine in engines:
                if not engine.why_not:
                    time.sleep(0.3)
                    others[engine.name] = engine.measure()
            if n:  # the first unpacks the image
                for name, value in {"utakata": ours, **others}.items():
                    taken[name].append(value)
            ecs.stop_task(cluster="bench", task=task)
            until(lambda: not folder.exists())
    ours = statistics.median(taken["utakata"])
    print(f"{rounds} rounds in turn on {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; medians of milliseconds")
    print(f"RunTask to the process started      {ours:8.1f}")
    for runtime in runtimes:
        alone = statistics.median(taken[runtime])
        print(f"{runtime} create and start, same bundle  {alone:8.1f}   difference {ours - alone:+.1f} ms, ratio {ours / alone:.2f}")
    for engine in engines:
        if engine.why_not:
            print(f"{engine.name} run: skipped, {engine.why_not}")
        else:
            other = statistics.median(taken[engine.name])
            print(f"{engine.name + ' run, same image':36}{other:8.1f}   utakata is {other / ours:.1f} times as fast")
        engine.stop()


main()

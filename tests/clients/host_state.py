"""What a host holds that a container platform could leave behind, as sets of sentences that can be compared.

    before = HostState.take()
    ...
    left = HostState.take().more_than(before, marks=["/tmp/utakata-test.abc", "utakata-1234abcd"])

`marks` are words that only the platform under test uses: its state folder and the name of its control groups. Of what
everybody on a host makes (processes, mounts, groups, loop devices, files) only what bears a mark counts, so that other
platforms may run beside; of what nobody else should touch (links, nftables and IPC of the host's own namespace) everything.
"""
import os
import pathlib
import re
import subprocess

SHARED = ("processes", "mounts", "groups", "loop devices", "files", "namespaces")
OWN = ("links", "nftables", "ipc", "routes")


def _read(path):
    try:
        return pathlib.Path(path).read_text(errors="replace")
    except OSError:
        return ""


def _link(path):
    try:
        return os.readlink(path)
    except OSError:
        return ""


def _pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _output(*words):
    """A command that is missing or fails would hide what it lists: tools/setup.sh test installs them all."""
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def processes():
    """One sentence a process: number, begin, command line, groups, working directory, root. A zombie has no command line."""
    found = set()
    for pid in _pids():
        if pid == os.getpid():
            continue
        stat = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
        if not stat:
            continue
        line = _read(f"/proc/{pid}/cmdline").replace("\0", " ").strip() or "[" + _read(f"/proc/{pid}/comm").strip() + "]"
        groups = " ".join(sorted({part.split(":", 2)[2] for part in _read(f"/proc/{pid}/cgroup").split("\n") if part.count(":") > 1}))
        files = " ".join(sorted({_link(f"/proc/{pid}/{name}") for name in ("cwd", "root", "exe")}))
        found.add(f"pid {pid} since {stat[19]}: {line} | {groups} | {files}")
    return found


def mounts():
    """Every mount of every mount namespace that a process is in."""
    found, seen = set(), set()
    for pid in _pids():
        namespace = _link(f"/proc/{pid}/ns/mnt")
        if not namespace or namespace in seen:
            continue
        seen.add(namespace)
        for line in _read(f"/proc/{pid}/mountinfo").splitlines():
            words, _, kind = line.partition(" - ")
            found.add(f"{words.split()[4]} ({kind})")
    return found


def network_namespaces():
    """The processes by the network namespace they are in; a bound one is among the mounts."""
    return {f"{_link(f'/proc/{pid}/ns/net')} of {_read(f'/proc/{pid}/cmdline')[:80]!r}" for pid in _pids()}


def groups():
    found = set()
    for top, folders, _ in os.walk("/sys/fs/cgroup"):
        found |= {os.path.join(top, folder) for folder in folders}
    return found


def loop_devices():
    return {f"{path.parent.parent.name}: {_read(path).strip()}" for path in pathlib.Path("/sys/block").glob("loop*/loop/backing_file")}


def _names(folder):
    try:
        return [entry.path for entry in os.scandir(folder)]
    except OSError:  # no folder, or gone since: others come and go here
        return []


def files():
    """Names in the places where programs leave things, two levels deep."""
    found = set()
    for top in ("/run", "/tmp", "/var/tmp", "/dev/shm", "/var/lib", "/run/netns"):
        for path in _names(top):
            found |= {path, *_names(path)}
    return found


def links():
    return {re.sub(r"^\d+: ([^:]+):.*", r"\1", line) for line in _output("ip", "-o", "link").splitlines()}


def nftables():
    """Each line with the table that it is in; counters are left out, they change by themselves."""
    found, table = set(), ""
    for line in _output("nft", "--stateless", "list", "ruleset").splitlines():
        table = line.removesuffix(" {") if line.startswith("table ") else table
        found.add(f"{table}: {line.strip()}")
    return found


class HostState:
    def __init__(self, parts):
        self.parts = parts

    @classmethod
    def take(cls):
        return cls({"processes": processes(), "mounts": mounts(), "groups": groups(), "loop devices": loop_devices(),
                    "files": files(), "namespaces": network_namespaces(), "links": links(),
                    "nftables": nftables(),
                    "routes": set(_output("ip", "-o", "route").splitlines()),
                    "ipc": set(_output("ipcs").splitlines())})

    def more_than(self, before, marks):
        """What is here and was not there, as sentences; sorted."""
        left = []
        for kind, items in self.parts.items():
            for item in items - before.parts[kind]:
                if kind in OWN or any(mark in item for mark in marks):
                    left.append(f"{kind}: {item}")
        return sorted(left)


def group_name(state):
    """The name of the control groups of a platform with this state folder (sandbox.cpp: a hash of its path)."""
    value, mask = 0xCBF29CE484222325, (1 << 64) - 1
    for byte in f"{state}/sandbox".encode():
        value = (value ^ byte) * 0x100000001B3 & mask
    for multiplier, shift in ((0xBF58476D1CE4E5B9, 30), (0x94D049BB133111EB, 27)):
        value = (value ^ value >> shift) * multiplier & mask
    return f"utakata-{(value ^ value >> 31) & 0xFFFFFFFF:08x}"


def files_of(platform):
    """What lies in the folders that a platform empties; logs, layers and the journal stay."""
    return sorted(path for name in ("tasks", "runtime", "network", "outside", "ways", "users") for path in _names(f"{platform.state}/sandbox/{name}"))

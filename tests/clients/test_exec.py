"""Commands in running containers: ExecuteCommand, the data channel as session-manager-plugin opens it, `aws ecs
execute-command` and `utakata exec`, from terminals and pipes."""
import contextlib
import fcntl
import hashlib
import os
import pathlib
import pty
import select
import signal
import struct
import subprocess
import tempfile
import termios
import time
import unittest

import botocore.exceptions
from platform_under_test import PROGRAM, Platform, awsvpc, until
from session_manager_plugin import DataChannel, WebSocket

ROLE = "arn:aws:iam::123456789012:role/task"
STAY = "trap 'exit 0' TERM; while :; do sleep 0.1; done"
PLUGIN = pathlib.Path(__file__).with_name("session_manager_plugin.py")


def processes_with(words):
    """Ids of processes on this host with these bytes in their command line: a command in a container is one of them."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                if words in pathlib.Path(f"/proc/{entry}/cmdline").read_bytes():
                    found.append(int(entry))
            except OSError:
                pass
    return found


def sleep_of(number):
    """A sleep that no other test's command is taken for."""
    return f"sleep {number}{os.getpid()}".encode()


def slept(number):
    return sleep_of(number).replace(b" ", b"\0") + b"\0"


class Terminal:
    """A program under a pseudo-terminal of its own."""

    def __init__(self, words, env, columns=101, rows=33):
        ready, go = os.pipe()  # the program starts when its terminal has its size
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.read(ready, 1)
            os.execvpe(words[0], [str(w) for w in words], env)
        self.size(columns, rows)
        self.before = termios.tcgetattr(self.master)
        os.write(go, b"x")
        os.close(ready)
        os.close(go)
        self.text = b""
        self.status = None

    def size(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self.master, text)

    def pump(self, timeout=0.1):
        if not select.select([self.master], [], [], timeout)[0]:
            return True
        try:
            data = os.read(self.master, 1 << 16)
        except OSError:
            return False
        self.text += data
        return bool(data)

    def said(self, text, seconds=60):
        end = time.monotonic() + seconds
        while text not in self.text:
            if not self.pump() or time.monotonic() > end:
                raise AssertionError(f"it did not say {text!r} but {self.text[-1000:]!r}")
        return self.text

    def end(self, seconds=60):
        """The exit status; the terminal must be as it was."""
        end = time.monotonic() + seconds
        while self.status is None:
            self.pump(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
            elif time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                raise AssertionError(f"it did not end; it said {self.text[-1000:]!r}")
        while select.select([self.master], [], [], 0)[0] and self.pump(0):
            pass
        return self.status

    def close(self):
        os.close(self.master)


class Exec(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.platform = Platform("--cpu", "8192", "--memory", "8192").start()
        cls.ecs = cls.platform.client("ecs")
        cls.ecs.create_cluster(clusterName="c")
        cls.definition = cls.register("exec", ["app", "side"])
        cls.task = cls.run_task(cls.definition)

    @classmethod
    def tearDownClass(cls):
        cls.platform.__exit__()

    @classmethod
    def register(cls, family, names, **more):
        containers = [{"name": n, "image": "busybox", "command": ["sh", "-c", STAY], "stopTimeout": 2, **more} for n in names]
        return cls.ecs.register_task_definition(family=family, requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256",
                                                memory="512", taskRoleArn=ROLE, containerDefinitions=containers)["taskDefinition"]["taskDefinitionArn"]

    @classmethod
    def run_task(cls, definition, enabled=True):
        arn = cls.ecs.run_task(cluster="c", taskDefinition=definition, networkConfiguration=awsvpc(cls.platform), launchType="FARGATE",
                               enableExecuteCommand=enabled)["tasks"][0]["taskArn"]
        until(lambda: cls.ecs.describe_tasks(cluster="c", tasks=[arn])["tasks"][0]["lastStatus"] == "RUNNING", what="RUNNING")
        return arn

    def execute(self, command="sh", container="app", task=None, **more):
        return self.ecs.execute_command(cluster="c", task=task or self.task, container=container, command=command, interactive=True, **more)

    def refusal(self, **request):
        with self.assertRaises(botocore.exceptions.ClientError) as refused:
            self.ecs.execute_command(**{"cluster": "c", "task": self.task, "container": "app", "command": "sh", "interactive": True, **request})
        error = refused.exception.response["Error"]
        return error["Code"], error["Message"]

    def words(self, *command, container="app", task=None):
        return [PROGRAM, "exec", "--container", container, task or self.task, *command]

    def piped(self, *command, data=b"", **more):
        return subprocess.run(self.words(*command, **more), env=self.platform.env, input=data, capture_output=True, timeout=120)

    def terminal(self, *command, **more):
        terminal = Terminal(self.words(*command, **more), self.platform.env)
        self.addCleanup(terminal.close)
        return terminal

    def audit(self, session_id, what):
        return until(lambda: [line for line in self.platform.log().splitlines() if session_id in line and what in line],
                     what=f"a line of {session_id} with {what}: {self.platform.log()[-2000:]}")[0]

    # -- ExecuteCommand ------------------------------------------------------------------------------------------------

    def test_agents_are_described_and_refusals_are_awss(self):
        task = self.ecs.describe_tasks(cluster="c", tasks=[self.task])["tasks"][0]
        self.assertTrue(task["enableExecuteCommand"])
        for container in task["containers"]:
            (agent,) = container["managedAgents"]
            self.assertEqual((agent["name"], agent["lastStatus"]), ("ExecuteCommandAgent", "RUNNING"))
            self.assertIn("lastStartedAt", agent)
        self.assertEqual(self.refusal(interactive=False), ("InvalidParameterException", "Interactive is the only mode supported currently."))
        self.assertIn("nobody", self.refusal(container="nobody")[1])
        without = self.run_task(self.definition, enabled=False)
        code, message = self.refusal(task=without)
        self.assertEqual(code, "InvalidParameterException")
        self.assertIn("execute command was not enabled when the task was run", message)
        self.assertNotIn("managedAgents", self.ecs.describe_tasks(cluster="c", tasks=[without])["tasks"][0]["containers"][0])
        self.ecs.stop_task(cluster="c", task=without)

    # -- the data channel as the plugin opens it -----------------------------------------------------------------------

    def test_the_plugin_gets_a_terminal(self):
        answer = self.execute("sh -c 'echo ready; exec sh'")
        session = answer["session"]
        self.assertTrue(session["streamUrl"].startswith(self.platform.url.replace("http", "ws") + "/v1/data-channel/"))
        channel = DataChannel(session)
        channel.said(b"ready")
        channel.size(132, 50)
        channel.type(b"stty size; id -u; tty\n")
        self.assertIn(b"50 132", channel.said(b"/dev/pts/"))
        channel.size(90, 20)
        channel.type(b"stty size\n")
        channel.said(b"20 90")
        channel.type(sleep_of(1) + b" || echo stopped-$((40+2))\n")
        until(lambda: processes_with(slept(1)), what="sleep")
        channel.type(b"\x03")
        channel.type(b"echo on-$((40+2)); exit 7\n")
        channel.said(b"on-42")
        closed = channel.end()
        self.assertEqual((closed["Output"], closed["ExitCode"]), ("", 7))
        line = self.audit(session["sessionId"], "exit code 7")
        for part in ("123456789012", self.task, "container app", "echo ready", "began ", "ended "):
            self.assertIn(part, line)

    def test_tokens_open_their_session_once(self):
        session = self.execute("sh -c 'echo up; sleep 1000'")["session"]
        with self.assertRaisesRegex(EOFError, "wrong, used or expired"):
            DataChannel(session, token="0" * 64)
        channel = DataChannel(session)
        channel.said(b"up")
        with self.assertRaisesRegex(EOFError, "wrong, used or expired"):
            DataChannel(session)
        other = {**self.execute()["session"], "tokenValue": session["tokenValue"]}
        with self.assertRaisesRegex(EOFError, "wrong, used or expired"):
            DataChannel(other)
        channel.terminate()
        self.assertEqual(channel.end()["ExitCode"], 129)
        for path in ("/v1/data-channel/", "/v1/data-channel/x?role=other", "/v1/data-channel/../x?role=publish_subscribe", "/x"):
            with self.assertRaisesRegex(ConnectionError, " 404 "):
                WebSocket(self.platform.url.replace("http", "ws") + path + ("" if "?" in path else "?"))

    def test_a_megabyte_through_a_terminal_both_ways(self):
        channel = DataChannel(self.execute("sh -c 'stty raw -echo; echo up; head -c 1000000 | sha256sum; head -c 1000000 /dev/zero | tr \"\\0\" x; echo end'")["session"])
        channel.said(b"up")
        data = os.urandom(1_000_000)
        channel.type(data)
        channel.said(b"end")
        self.assertIn(hashlib.sha256(data).hexdigest().encode(), channel.output)
        self.assertEqual(channel.output.count(b"x"), 1_000_000)
        self.assertEqual(channel.end()["ExitCode"], 0)

    def test_what_cannot_start_says_why(self):
        closed = DataChannel(self.execute("/no/such/program")["session"]).end()
        self.assertEqual(closed["Output"], "Unable to start command: the container has no program '/no/such/program'")
        self.assertEqual(closed["ExitCode"], 127)  # as a shell's

    def test_a_flood_that_nobody_reads_slows_nobody(self):
        channel = DataChannel(self.execute("sh -c 'stty -onlcr; exec yes 0123456789abcdef'")["session"])
        channel.said(b"0123")
        slowest = 0
        for _ in range(100):  # the flood's client does not read: only 512 KiB of it may be on the way
            start = time.monotonic()
            self.ecs.describe_tasks(cluster="c", tasks=[self.task])
            slowest = max(slowest, time.monotonic() - start)
        self.assertLess(slowest, 5)
        channel.terminate()
        channel.end()
        self.assertLess(len(channel.output), 4_000_000)

    def test_a_lost_connection_is_resumed_and_nothing_is_lost(self):
        ssm = self.platform.client("ssm")
        session = self.execute("sh -c 'stty -echo; echo up; while read line; do echo got-$line; done; exit 5'")["session"]
        channel = DataChannel(session)
        channel.said(b"up")
        channel.lose()
        with self.assertRaisesRegex(EOFError, "wrong, used or expired"):
            DataChannel(session)  # its first token is used
        resumed = ssm.resume_session(SessionId=session["sessionId"])
        self.assertEqual(resumed["SessionId"], session["sessionId"])
        channel.resume(resumed)
        channel.type(b"one\n")
        channel.said(b"got-one")
        newer = ssm.resume_session(SessionId=session["sessionId"])  # the client may be sooner than the platform to see that the line is dead
        former = channel.socket
        channel.resume(newer)
        with self.assertRaises(EOFError):
            while True:
                former.receive(30)
        channel.type(b"two\n\x04")
        self.assertIn(b"got-two", channel.said(b"got-two"))
        self.assertEqual(channel.output.count(b"got-one"), 1)
        self.assertEqual(channel.end()["ExitCode"], 5)
        until(lambda: session["sessionId"] + ": " in self.platform.log() and "exit code 5" in self.platform.log(), what="the audit's line")
        self.assertIn(" is resumed", self.platform.log())
        with self.assertRaises(ssm.exceptions.DoesNotExistException):
            ssm.resume_session(SessionId=session["sessionId"])

    def test_output_is_kept_where_the_cluster_says(self):
        logs = self.platform.client("logs")
        self.ecs.create_cluster(clusterName="logged", configuration={"executeCommandConfiguration": {
            "logging": "OVERRIDE", "logConfiguration": {"cloudWatchLogGroupName": "/exec"}}})
        cluster = self.ecs.describe_clusters(clusters=["logged"], include=["CONFIGURATIONS"])["clusters"][0]
        self.assertEqual(cluster["configuration"]["executeCommandConfiguration"]["logging"], "OVERRIDE")
        task = self.ecs.run_task(cluster="logged", taskDefinition=self.definition, networkConfiguration=awsvpc(self.platform), launchType="FARGATE",
                                 enableExecuteCommand=True)["tasks"][0]["taskArn"]
        until(lambda: self.ecs.describe_tasks(cluster="logged", tasks=[task])["tasks"][0]["lastStatus"] == "RUNNING", what="RUNNING")

        def execute():
            return self.ecs.execute_command(cluster="logged", task=task, container="app", command="sh -c 'echo one; echo two'", interactive=True)["session"]
        with self.assertRaisesRegex(EOFError, "/exec, does not exist"):
            DataChannel(execute())
        logs.create_log_group(logGroupName="/exec")
        session = execute()
        DataChannel(session).end()

        def told():
            with contextlib.suppress(logs.exceptions.ResourceNotFoundException):  # the stream comes with the session's end
                return logs.filter_log_events(logGroupName="/exec", logStreamNames=[session["sessionId"]])["events"]
        events = until(told, what="the log")
        self.assertEqual([e["message"] for e in events], ["one", "two"])
        self.ecs.stop_task(cluster="logged", task=task)

    # -- aws ecs execute-command ---------------------------------------------------------------------------------------

    def test_the_aws_command_with_the_plugin_in_the_path(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "session-manager-plugin").symlink_to(PLUGIN)
            env = {**self.platform.env, "PATH": f"{folder}:{os.environ['PATH']}"}
            words = ["aws", "--endpoint-url", self.platform.url, "ecs", "execute-command", "--cluster", "c", "--task", self.task, "--container", "app",
                     "--interactive", "--command", "sh"]
            terminal = Terminal(words, env)
            self.addCleanup(terminal.close)
            terminal.said(b"Starting session with SessionId: ecs-execute-command-")
            terminal.said(b"# ")
            terminal.type(b"stty size; echo out-$((40+2))\r")
            self.assertIn(b"33 101", terminal.said(b"out-42"))
            terminal.type(b"exit\r")
            self.assertEqual(terminal.end(), 0)
            self.assertIn(b"Exiting session with sessionId: ecs-execute-command-", terminal.text)

    # -- utakata exec --------------------------------------------------------------------------------------------------

    def test_a_terminal_from_size_to_exit_code(self):
        terminal = self.terminal("sh", "-c", "echo up; exec sh")
        terminal.said(b"up")
        terminal.type(b"stty size; echo first-$((40+2))\r")
        self.assertIn(b"33 101", terminal.said(b"first-42"))
        terminal.size(120, 40)
        until(lambda: (terminal.type(b"stty size\r"), terminal.pump(), b"40 120" in terminal.text)[2], what="the new size")
        terminal.type(sleep_of(2) + b" || echo stopped-$((40+2))\r")
        until(lambda: processes_with(slept(2)), what="sleep")
        terminal.type(b"\x03")
        terminal.type(b"echo on-$((40+2)); exit 7\r")
        terminal.said(b"on-42")
        self.assertEqual(terminal.end(), 7)
        self.assertEqual(processes_with(slept(2)), [])
        self.assertEqual(termios.tcgetattr(terminal.master), terminal.before)

    def test_a_signal_ends_the_command_and_restores_the_terminal(self):
        terminal = self.terminal("sh", "-c", "echo up; exec " + sleep_of(3).decode())
        terminal.said(b"up")
        os.kill(terminal.pid, signal.SIGTERM)
        self.assertEqual(terminal.end(), 128 + signal.SIGTERM)
        self.assertEqual(termios.tcgetattr(terminal.master), terminal.before)
        until(lambda: not processes_with(slept(3)), what="the command's end")

    def test_pipes_keep_every_byte(self):
        done = self.piped("sh", "-c", "cat; echo oops >&2; exit 7", data=bytes(range(256)))
        self.assertEqual((done.stdout, done.stderr, done.returncode), (bytes(range(256)), b"oops\n", 7))
        data = os.urandom(10_000_000)
        self.assertEqual(self.piped("sha256sum", data=data).stdout.split()[0].decode(), hashlib.sha256(data).hexdigest())
        self.assertEqual(self.piped("cat", data=data).stdout, data)
        done = self.piped("--", "sh", "-c", "head -c 10000000 /dev/zero", data=b"")
        self.assertEqual(hashlib.sha256(done.stdout).digest(), hashlib.sha256(bytes(10_000_000)).digest())
        self.assertEqual(self.piped("true", data=data).returncode, 0)  # takes no input
        self.assertEqual(self.piped("echo", "a b", "it's", "--json").stdout, b"a b it's --json\n")

    def test_a_pipe_that_nobody_reads_ends_the_command(self):
        process = subprocess.Popen(self.words("sh", "-c", "exec yes nobody-reads"), env=self.platform.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        process.stdout.read(10)
        process.stdout.close()
        self.assertNotEqual(process.wait(60), 0)
        until(lambda: not processes_with(b"yes\x00nobody-reads"), what="the command's end")

    def test_two_sessions_at_once(self):
        first, second = self.terminal("sh"), self.terminal("sh", container="side")
        for terminal, name in ((first, b"first"), (second, b"second")):
            terminal.said(b"# ")
            terminal.type(b"echo I-am-$((40+2))-" + name + b"\r")
        first.said(b"I-am-42-first")
        second.said(b"I-am-42-second")
        self.assertNotIn(b"second", first.text)
        for terminal in (first, second):
            terminal.type(b"exit\r")
            self.assertEqual(terminal.end(), 0)

    def test_clear_errors(self):
        done = self.piped("true", container="nobody")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"The container nobody was not found", done.stderr)
        done = self.piped("/no/such/program")
        self.assertEqual(done.returncode, 127)
        self.assertIn(b"/no/such/program", done.stderr)
        self.assertIn(b"a task and a command are needed", self.piped().stderr)
        self.assertEqual(self.piped().returncode, 2)
        help_text = self.platform.utakata("exec", "--help").stdout
        self.assertIn("utakata exec [options] TASK [--] COMMAND...", help_text)

    def test_the_container_stops_during_a_session(self):
        task = self.run_task(self.definition)
        terminal = self.terminal("sh", "-c", "echo up; exec " + sleep_of(4).decode(), task=task)
        terminal.said(b"up")
        self.ecs.stop_task(cluster="c", task=task)
        self.assertEqual(terminal.end(), 137)
        self.assertEqual(termios.tcgetattr(terminal.master), terminal.before)


class KilledDaemon(unittest.TestCase):
    def test_sessions_end_on_both_sides(self):
        with Platform("--cpu", "2048", "--memory", "2048") as platform:
            class Here(Exec):
                pass
            Here.platform, Here.ecs = platform, platform.client("ecs")
            Here.ecs.create_cluster(clusterName="c")
            task = Here.run_task(Here.register("exec", ["app"]))
            terminal = Terminal([PROGRAM, "exec", task, "sh", "-c", "trap '' HUP; echo up; " + sleep_of(5).decode()], platform.env)
            self.addCleanup(terminal.close)
            terminal.said(b"up")
            until(lambda: processes_with(slept(5)), what="the command's process")
            platform.kill()
            self.assertEqual(terminal.end(), 1)
            self.assertIn(b"the connection to the platform was lost", terminal.text)
            self.assertEqual(termios.tcgetattr(terminal.master), terminal.before)
            until(lambda: not processes_with(slept(5)), what="the command's end")
            platform.start()
            ecs = platform.client("ecs")
            self.assertEqual(ecs.describe_tasks(cluster="c", tasks=[task])["tasks"][0]["lastStatus"], "RUNNING")
            done = subprocess.run([PROGRAM, "exec", task, "echo", "again"], env=platform.env, input=b"", capture_output=True, timeout=60)
            self.assertEqual(done.stdout, b"again\n")

    def test_what_a_command_said_is_in_the_log_whichever_way_the_daemon_ends(self):
        with Platform("--cpu", "2048", "--memory", "2048") as platform:
            class Here(Exec):
                pass
            Here.platform, Here.ecs = platform, platform.client("ecs")
            Here.ecs.create_cluster(clusterName="c", configuration={"executeCommandConfiguration": {
                "logging": "OVERRIDE", "logConfiguration": {"cloudWatchLogGroupName": "/exec"}}})
            platform.client("logs").create_log_group(logGroupName="/exec")
            task = Here.run_task(Here.register("exec", ["app"]))

            def kept(session):
                events = platform.client("logs").filter_log_events(logGroupName="/exec", logStreamNames=[session["sessionId"]])["events"]
                return [e["message"] for e in events]
            for end in (platform.kill, platform.stop):
                session = platform.client("ecs").execute_command(
                    cluster="c", task=task, container="app", interactive=True,
                    command="sh -c 'echo one; echo two; printf half; exec " + sleep_of(6).decode() + "'")["session"]
                channel = DataChannel(session)
                channel.said(b"half")
                end()
                platform.start().utakata("wait-ready")  # before that the session's stream may not be there yet
                self.assertEqual(until(lambda session=session: kept(session), what="the log"), ["one", "two", "half"])
                channel.socket.socket.close()
                until(lambda: not os.listdir(platform.state / "sessions"), what="the session's file to go")

    def test_a_clean_end_of_the_daemon_ends_its_sessions(self):
        with Platform("--cpu", "2048", "--memory", "2048") as platform:
            class Here(Exec):
                pass
            Here.platform, Here.ecs = platform, platform.client("ecs")
            Here.ecs.create_cluster(clusterName="c")
            task = Here.run_task(Here.register("exec", ["app"]))
            terminal = Terminal([PROGRAM, "exec", task, "sh", "-c", "echo up; exec yes"], platform.env)
            self.addCleanup(terminal.close)
            terminal.said(b"y\r\ny")
            channel = DataChannel(Here.ecs.execute_command(cluster="c", task=task, container="app", command="yes", interactive=True)["session"])
            channel.said(b"y\r\ny")  # and reads no more
            platform.stop()
            self.assertEqual(platform.process.returncode, 0)
            self.assertEqual(terminal.end(), 1)
            self.assertEqual(termios.tcgetattr(terminal.master), terminal.before)
            channel.socket.socket.close()


if __name__ == "__main__":
    unittest.main()

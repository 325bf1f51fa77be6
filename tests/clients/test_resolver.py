"""Names of the outside, as a task asks for them: the VPC's resolver passes questions on to the host's. The host stands in a
namespace of its own here, with an /etc/resolv.conf of the test's and name servers of the test's on its loopback."""
import json
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

from platform_under_test import Platform
from test_network import Team

NOBODY, FIRST, SECOND = "127.53.0.1", "127.53.0.2", "127.53.0.3"  # nothing listens at the first of them
TRUNCATED, ADDRESS, SERVER_FAILURE, REFUSED = 0x0200, 1, 2, 5
MANY = 200  # addresses: an answer that no datagram of this size holds


def name_of(message):
    labels, at = [], 12
    while message[at]:
        labels.append(message[at + 1:at + 1 + message[at]].decode())
        at += 1 + message[at]
    return ".".join(labels), message[12:at + 5]


def question(name, number=4711):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + struct.pack(">BHH", 0, ADDRESS, 1)


def answer_to(message, addresses, flags=0):
    records = b"".join(struct.pack(">HHHIH", 0xC00C, ADDRESS, 1, 60, 4) + socket.inet_aton(address) for address in addresses)
    return message[:2] + struct.pack(">HHHHH", 0x8180 | flags, 1, len(addresses), 0, 0) + name_of(message)[1] + records


class NameServer:
    """Answers at one address by datagram and by stream, and remembers what it was asked."""

    def __init__(self, address, last_byte):
        self.asked, self.last_byte = [], last_byte
        self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.datagrams.bind((address, 53))
        self.streams = socket.create_server((address, 53))
        for serve in (self.serve_datagrams, self.serve_streams):
            threading.Thread(target=serve, daemon=True).start()

    def serve_datagrams(self):
        while True:
            message, peer = self.datagrams.recvfrom(4096)
            self.asked.append(("datagram", name_of(message)[0]))
            answer = self.answer(message, by_stream=False)
            if name_of(message)[0] == "forged.example":  # first what answers another question, as somebody who guesses would
                for wrong in (answer_to(question("forged.example", 1), ["192.0.2.66"]), answer_to(message[:2] + question("other.example")[2:], ["192.0.2.66"])):
                    self.datagrams.sendto(wrong, peer)
            if answer:
                self.datagrams.sendto(answer, peer)

    def serve_streams(self):
        while True:
            connection, _ = self.streams.accept()
            with connection:
                message = connection.recv(4096)[2:]
                self.asked.append(("stream", name_of(message)[0]))
                answer = self.answer(message, by_stream=True)
                if answer:
                    connection.sendall(struct.pack(">H", len(answer)) + answer)

    def answer(self, message, by_stream):
        name = name_of(message)[0]
        silent = name.startswith("silent.") or (name.startswith("second.") and self.last_byte == 2)
        if silent:
            return b""
        if name.startswith("refused.") or (name.startswith("sick.") and self.last_byte == 2):
            return answer_to(message, [], REFUSED if name.startswith("refused.") else SERVER_FAILURE)
        if name.startswith("many."):
            return answer_to(message, [f"198.51.100.{n}" for n in range(MANY)]) if by_stream else answer_to(message, [], TRUNCATED)
        return answer_to(message, [f"192.0.2.{self.last_byte}"])


def code(answer):
    return struct.unpack(">H", answer[2:4])[0] & 15


def count(answer):
    return struct.unpack(">H", answer[6:8])[0]


def ask_by_datagram(server, name):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(30)
        s.sendto(question(name), (server, 53))
        return s.recv(4096)


def ask_by_stream(server, name):
    with socket.create_connection((server, 53), 30) as s:
        s.sendall(struct.pack(">H", len(question(name))) + question(name))
        answer = b""
        while len(answer) < 2 or len(answer) < 2 + struct.unpack(">H", answer[:2])[0]:
            more = s.recv(65536)
            if not more:
                return b""
            answer += more
        return answer[2:]


def ask(server):
    """From inside the task's network: one sentence a question."""
    plain, many, by_stream = (ask_by_datagram(server, "plain.example"), ask_by_datagram(server, "many.example"), ask_by_stream(server, "many.example"))
    nobody = ask_by_datagram(server, "silent.example")
    print(json.dumps({
        "plain": [code(plain), socket.inet_ntoa(plain[-4:])],
        "truncated": bool(struct.unpack(">H", many[2:4])[0] & TRUNCATED) and count(many) == 0,
        "by stream": count(by_stream),
        "second": socket.inet_ntoa(ask_by_datagram(server, "second.example")[-4:]),
        "second by stream": socket.inet_ntoa(ask_by_stream(server, "second.example")[-4:]),
        "forged": socket.inet_ntoa(ask_by_datagram(server, "forged.example")[-4:]),
        "sick": socket.inet_ntoa(ask_by_datagram(server, "sick.example")[-4:]),
        "sick by stream": socket.inet_ntoa(ask_by_stream(server, "sick.example")[-4:]),
        "refused": [code(ask_by_datagram(server, "refused.example")), code(ask_by_stream(server, "refused.example"))],
        "nobody": [code(nobody), count(nobody)],
        "nobody by stream": code(ask_by_stream(server, "silent.example"))}))


def in_network_of(platform, task, *words):
    """What the words print when they run in the task's network namespace."""
    name = task.rsplit("/", 1)[1]
    started = next(pathlib.Path(platform.state).glob(f"sandbox/tasks/{name}/containers/app/started"))
    done = subprocess.run(["nsenter", "--net=/proc/" + started.read_text().split()[0] + "/ns/net", sys.executable, __file__, *words], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class Resolver(unittest.TestCase):
    def test_questions_are_passed_on_to_the_hosts_resolvers(self):
        done = subprocess.run(["unshare", "--net", "--mount", sys.executable, __file__, "host"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        found = json.loads(done.stdout.splitlines()[-1])
        self.assertEqual(found["answers"], {
            "plain": [0, "192.0.2.2"], "truncated": True, "by stream": MANY, "second": "192.0.2.3", "second by stream": "192.0.2.3",
            "sick": "192.0.2.3", "sick by stream": "192.0.2.3", "refused": [REFUSED, REFUSED], "forged": "192.0.2.2", "nobody": [SERVER_FAILURE, 0], "nobody by stream": SERVER_FAILURE})
        self.assertEqual(found["in a container"], ["192.0.2.2"])
        self.assertEqual(found["one server"], ["192.0.2.3"])
        # Names of the VPC itself are nobody else's business.
        self.assertEqual({name.split(".")[0] for _, name in found["asked"]},
                         {"plain", "many", "second", "forged", "sick", "refused", "silent", "container"})
        self.assertIn(["stream", "many.example"], found["asked"])


def host():
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with tempfile.NamedTemporaryFile("w", prefix="utakata-test.resolv.") as resolv:
        resolv.write(f"# of a test\nsearch example\nnameserver {NOBODY}\nnameserver {FIRST}\nnameserver {SECOND}\n")
        resolv.flush()
        subprocess.run(["mount", "--bind", resolv.name, "/etc/resolv.conf"], check=True)
        servers = [NameServer(FIRST, 2), NameServer(SECOND, 3)]
        found = {}
        look_up = "nslookup container.example 2>/dev/null | grep -o '192[.0-9]*' | tail -n 1"
        with Platform("--dns", "host") as platform:
            team = Team(platform)
            asks = team.run("nslookup $(hostname) >/dev/null 2>&1; trap 'exit 0' TERM; while :; do sleep 0.2; done", [team.group("asks")])
            team.task(asks, "RUNNING")
            found["answers"] = in_network_of(platform, asks, "ask", "10.0.0.2")
            found["in a container"] = team.output(team.run(look_up, [team.group("looks")]))
        with Platform("--dns", SECOND) as platform:
            team = Team(platform)
            found["one server"] = team.output(team.run(look_up, [team.group("looks")]))
        found["asked"] = [each for server in servers for each in server.asked]
        print(json.dumps(found))


if __name__ == "__main__":
    if sys.argv[1:2] == ["ask"]:
        ask(sys.argv[2])
    elif sys.argv[1:] == ["host"]:
        host()
    else:
        unittest.main()

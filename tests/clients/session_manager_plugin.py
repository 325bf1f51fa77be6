#!/usr/bin/env python3
"""Stands in for session-manager-plugin, which the test machine does not have: the same words on the command line, the same
messages on the line, and it accepts nothing that the plugin would not. As a module: DataChannel; as a program: what
`aws ecs execute-command` starts."""
import base64
import fcntl
import hashlib
import json
import os
import select
import socket
import struct
import sys
import termios
import time
import tty
import urllib.parse
import uuid

HEADER = struct.Struct(">I32sIQqQ16s32sII")  # session-manager-plugin, message/clientmessage.go
OUTPUT, SIZE, HANDSHAKE_REQUEST, HANDSHAKE_RESPONSE, HANDSHAKE_COMPLETE, FLAG = 1, 3, 5, 6, 7, 10
INPUT_SIZE = 1024   # bytes of input in one message, as the plugin cuts them
IN_FLIGHT = 64      # messages that wait for their acknowledgement
assert HEADER.size == 120


class Violation(AssertionError):
    """The platform said something that the plugin would not accept."""


def require(condition, what):
    if not condition:
        raise Violation(what)


def print_message(kind, sequence, payload_type, payload, flags=0, identity=None):
    identity = identity or uuid.uuid4()
    swapped = identity.bytes[8:] + identity.bytes[:8]  # its lower half comes first
    return HEADER.pack(116, kind.encode().ljust(32), 1, int(time.time() * 1000), sequence, flags, swapped,
                       hashlib.sha256(payload).digest(), payload_type, len(payload)) + payload


class Message:
    def __init__(self, data):
        require(len(data) >= HEADER.size, "a message is shorter than its header")
        (length, kind, version, created, self.sequence, self.flags, identity, digest, self.payload_type,
         payload_length) = HEADER.unpack_from(data)
        self.payload = data[HEADER.size:]
        require(length == 116, f"header length {length}")
        require(kind == kind.rstrip(b" ").ljust(32) and b"\0" not in kind, f"type {kind!r}")
        self.kind = kind.decode("ascii").rstrip()
        require(version == 1, f"schema version {version}")
        require(abs(created / 1000 - time.time()) < 600, f"created {created}")
        require(payload_length == len(self.payload), "payload length")
        require(digest == hashlib.sha256(self.payload).digest(), "payload digest")
        self.identity = uuid.UUID(bytes=identity[8:] + identity[:8])
        require(self.identity.version == 4 and self.identity.variant == uuid.RFC_4122, f"id {self.identity}")


class WebSocket:
    def __init__(self, url, timeout=30):
        parsed = urllib.parse.urlsplit(url)
        require(parsed.scheme == "ws", f"scheme of {url}")
        self.socket = socket.create_connection((parsed.hostname, parsed.port or 80), timeout)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f"GET {parsed.path}?{parsed.query} HTTP/1.1\r\nHost: {parsed.netloc}\r\nUpgrade: websocket\r\n"
                             f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        self.head = head.decode()
        self.status = int(head.split()[1])
        if self.status != 101:
            self.socket.close()
            raise ConnectionError(self.head + self.buffer.decode(errors="replace"))
        accept = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
        require(b"sec-websocket-accept: " + accept.lower() in head.lower(), "Sec-WebSocket-Accept")
        self.close_code, self.close_reason = None, None

    def _more(self):
        data = self.socket.recv(1 << 18)
        if not data:
            raise EOFError("the connection ended")
        self.buffer += data

    def send(self, opcode, payload):
        mask = os.urandom(4)
        length = len(payload)
        head = struct.pack(">BB", 0x80 | opcode, 0x80 | (length if length < 126 else 126 if length < 65536 else 127))
        head += b"" if length < 126 else struct.pack(">H" if length < 65536 else ">Q", length)
        keyed = int.from_bytes(payload, "big") ^ int.from_bytes((mask * (length // 4 + 1))[:length], "big")
        self.socket.sendall(head + mask + keyed.to_bytes(length, "big"))

    def frame(self):
        """One whole frame out of the buffer, or None."""
        if len(self.buffer) < 2:
            return None
        first, second = self.buffer[0], self.buffer[1]
        require(first & 0x80 and not first & 0x70, "a fragment or a reserved bit")
        require(not second & 0x80, "a server's frame is masked")
        length, at = second & 0x7F, 2
        if length > 125:
            width = 2 if length == 126 else 8
            if len(self.buffer) < 2 + width:
                return None
            length, at = int.from_bytes(self.buffer[2:2 + width], "big"), 2 + width
        if len(self.buffer) < at + length:
            return None
        payload, self.buffer = self.buffer[at:at + length], self.buffer[at + length:]
        return first & 0x0F, payload

    def receive(self, timeout):
        """(opcode, payload); None after the time. EOFError at the end."""
        self.socket.settimeout(timeout)
        while True:
            frame = self.frame()
            if frame is None:
                try:
                    self._more()
                except (TimeoutError, BlockingIOError):
                    return None
                continue
            if frame[0] == 8:
                self.close_code = int.from_bytes(frame[1][:2], "big")
                self.close_reason = frame[1][2:].decode()
                self.socket.close()
                raise EOFError(self.close_reason)
            return frame


class DataChannel:
    """A session from its token on. `session`: as ExecuteCommand answers it."""

    def __init__(self, session, token=None):
        require(session["streamUrl"].endswith(f"/v1/data-channel/{session['sessionId']}?role=publish_subscribe"), session["streamUrl"])
        self.session_id = session["sessionId"]
        self.socket = WebSocket(session["streamUrl"])
        self.output, self.closed, self.complete = b"", None, False
        self.expected, self.early = 0, {}
        self.next, self.unacknowledged = 0, {}
        self.agent_version = None
        self.show(token or session["tokenValue"])
        self.until(lambda: self.complete, what="the handshake")

    def show(self, token):
        self.socket.send(1, json.dumps({"MessageSchemaVersion": "1.0", "RequestId": str(uuid.uuid4()), "TokenValue": token,
                                        "ClientId": str(uuid.uuid4()), "ClientVersion": "1.2.0.0"}).encode())

    def lose(self):
        """The connection, without a close."""
        self.socket.socket.shutdown(socket.SHUT_RDWR)
        self.socket.socket.close()

    def resume(self, resumed):
        """`resumed`: as ResumeSession answers it. There is no other handshake."""
        self.socket = WebSocket(resumed["StreamUrl"])
        self.show(resumed["TokenValue"])

    def until(self, question, seconds=60, what="it"):
        end = time.monotonic() + seconds
        while not question():
            if time.monotonic() > end:
                raise AssertionError(f"waited {seconds} s for {what}; it said {self.output[-500:]!r}")
            self.pump(0.2)

    def pump(self, timeout):
        frame = self.socket.receive(timeout)
        if frame is None:
            return self.resend()
        opcode, payload = frame
        require(opcode in (2, 9, 10), f"a frame of kind {opcode}")
        if opcode == 2:
            self.take(Message(payload))

    def resend(self):
        for sequence, (when, data, identity) in list(self.unacknowledged.items())[:1]:
            if time.monotonic() - when > 1:
                self.unacknowledged[sequence] = (time.monotonic(), data, identity)
                self.socket.send(2, data)

    def take(self, message):
        require(self.closed is None, "something comes after channel_closed")
        if message.kind == "acknowledge":
            answer = json.loads(message.payload)
            require(message.flags == 3 and message.payload_type == 0, "an acknowledgement's flags and payload type")
            require(answer["AcknowledgedMessageType"] == "input_stream_data" and answer["IsSequentialMessage"] is True, answer)
            sent = self.unacknowledged.pop(answer["AcknowledgedMessageSequenceNumber"], None)
            require(sent is None or answer["AcknowledgedMessageId"] == str(sent[2]), "an acknowledgement's id")
        elif message.kind == "channel_closed":
            self.closed = json.loads(message.payload)
            require(self.closed["SessionId"] == self.session_id, self.closed)
            require(isinstance(self.closed["Output"], str) and self.closed["MessageType"] == "channel_closed", self.closed)
        elif message.kind == "output_stream_data":
            require(message.payload_type in (OUTPUT, HANDSHAKE_REQUEST, HANDSHAKE_COMPLETE), f"payload type {message.payload_type}")
            self.acknowledge(message)
            if message.sequence >= self.expected:
                self.early[message.sequence] = message
            while self.expected in self.early:
                self.use(self.early.pop(self.expected))
                self.expected += 1
        else:
            raise Violation(f"a message of type {message.kind}")

    def acknowledge(self, message):
        payload = json.dumps({"AcknowledgedMessageType": message.kind, "AcknowledgedMessageId": str(message.identity),
                              "AcknowledgedMessageSequenceNumber": message.sequence, "IsSequentialMessage": True}).encode()
        self.socket.send(2, print_message("acknowledge", 0, 0, payload, flags=3))

    def use(self, message):
        if message.payload_type == HANDSHAKE_REQUEST:
            request = json.loads(message.payload)
            self.agent_version = tuple(int(n) for n in request["AgentVersion"].split("."))
            actions = request["RequestedClientActions"]
            require([a["ActionType"] for a in actions] == ["SessionType"], request)
            require(actions[0]["ActionParameters"]["SessionType"] == "InteractiveCommands", request)
            done = [{"ActionType": "SessionType", "ActionStatus": 1, "ActionResult": None, "Error": ""}]
            self.send(HANDSHAKE_RESPONSE, json.dumps({"ClientVersion": "1.2.0.0", "ProcessedClientActions": done, "Errors": None}).encode())
        elif message.payload_type == HANDSHAKE_COMPLETE:
            require(json.loads(message.payload)["HandshakeTimeToComplete"] > 0, message.payload)
            self.complete = True
        else:
            require(self.complete, "output before the handshake's end")
            self.output += message.payload

    def send(self, payload_type, payload):
        identity = uuid.uuid4()
        data = print_message("input_stream_data", self.next, payload_type, payload, identity=identity)
        self.unacknowledged[self.next] = (time.monotonic(), data, identity)
        self.next += 1
        self.socket.send(2, data)

    def type(self, data):
        for at in range(0, len(data), INPUT_SIZE):
            self.until(lambda: len(self.unacknowledged) < IN_FLIGHT, what="acknowledgements")
            self.send(OUTPUT, data[at:at + INPUT_SIZE])

    def size(self, columns, rows):
        self.send(SIZE, json.dumps({"cols": columns, "rows": rows}).encode())

    def terminate(self):
        require(self.agent_version > (2, 3, 722, 0), "an agent that does not know the flag")
        self.send(FLAG, struct.pack(">I", 2))

    def said(self, text, seconds=60):
        self.until(lambda: text in self.output, seconds, repr(text))
        return self.output

    def end(self, seconds=60):
        self.until(lambda: self.closed is not None, seconds, "channel_closed")
        self.socket.socket.close()
        return self.closed


def main(words):
    if not words:
        print("\nThe Session Manager plugin was installed successfully. Use the AWS CLI to start a session.\n")
        return 0
    session, region, operation, _profile, parameters, endpoint = words
    session, parameters = json.loads(session), json.loads(parameters)
    require(set(session) == {"sessionId", "streamUrl", "tokenValue"}, f"members of the session: {sorted(session)}")
    require(operation == "StartSession" and region and endpoint.startswith("http"), words)
    require(parameters["Target"].startswith("ecs:") and not parameters["Target"].endswith("_None"), parameters)
    print(f"\nStarting session with SessionId: {session['sessionId']}", flush=True)
    channel = DataChannel(session)
    before = None
    if sys.stdin.isatty():
        before = termios.tcgetattr(0)
        tty.setraw(0)
        rows, columns = struct.unpack("HHHH", fcntl.ioctl(0, termios.TIOCGWINSZ, b"\0" * 8))[:2]
        if rows and columns:
            channel.size(columns, rows)
    try:
        listening, printed = True, 0
        while channel.closed is None:
            if not channel.socket.buffer:
                ready = select.select([channel.socket.socket, *([0] if listening else [])], [], [], 1)[0]
                if 0 in ready:
                    data = os.read(0, INPUT_SIZE)
                    listening = bool(data)
                    if data:
                        channel.type(data)
            channel.pump(0.001)
            os.write(1, channel.output[printed:])
            printed = len(channel.output)
    finally:
        if before:
            termios.tcsetattr(0, termios.TCSANOW, before)
    if channel.closed["Output"]:
        print(f"\n\nSessionId: {session['sessionId']} : {channel.closed['Output']}\n")
    else:
        print(f"\n\nExiting session with sessionId: {session['sessionId']}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

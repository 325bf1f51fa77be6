"""Requests that no SDK would send: each gets AWS's error in its own protocol, and the daemon lives."""
import contextlib
import json
import socket
import sqlite3
import unittest
import urllib.parse

from platform_under_test import Platform

ECS = "AmazonEC2ContainerServiceV20141113."
PLATFORM = None


def setUpModule():
    global PLATFORM
    PLATFORM = Platform().start()


def tearDownModule():
    PLATFORM.__exit__()


def ecs(operation, body):
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    status, headers, answer = PLATFORM.post(text, {"X-Amz-Target": ECS + operation, "Content-Type": "application/x-amz-json-1.1"})
    return status, headers, json.loads(answer)


class Json(unittest.TestCase):
    def test_unknown_operation(self):
        status, _, answer = ecs("MakeCoffee", {})
        self.assertEqual((status, answer["__type"].split("#")[-1]), (400, "UnknownOperationException"))

    def test_malformed_body_names_the_problem(self):
        for text in (b"{", b"[]", b'{"clusterName": }', b"\xff\xfe", b'{"a"' * 5000):
            status, headers, answer = ecs("CreateCluster", text)
            self.assertEqual((status, answer["__type"].split("#")[-1]), (400, "SerializationException"))
            self.assertIn("amz-json", headers["Content-Type"])

    def test_wrong_type_at_depth_names_the_path(self):
        status, _, answer = ecs("RegisterTaskDefinition", {"family": "f", "containerDefinitions": [
            {"name": "a", "portMappings": [{"containerPort": "eighty"}]}]})
        self.assertEqual((status, answer["__type"].split("#")[-1]), (400, "SerializationException"))
        self.assertIn("/containerDefinitions/0/portMappings/0/containerPort", json.dumps(answer))

    def test_missing_member_is_named(self):
        status, _, answer = ecs("RegisterTaskDefinition", {"family": "f"})
        self.assertEqual(status, 400)
        self.assertIn("containerDefinitions", json.dumps(answer))

    def test_too_large_a_body(self):
        status, _, answer = PLATFORM.post(b" " * (20 << 20), {"X-Amz-Target": ECS + "CreateCluster",
                                                              "Content-Type": "application/x-amz-json-1.1"})
        self.assertEqual(status, 413)
        self.assertNotIn(b"<html", answer.lower())


class QueryAndEc2(unittest.TestCase):
    def form(self, **parameters):
        status, headers, answer = PLATFORM.post(urllib.parse.urlencode(parameters).encode(),
                                                {"Content-Type": "application/x-www-form-urlencoded"})
        self.assertIn("xml", headers["Content-Type"])
        return status, answer.decode()

    def test_unknown_action(self):
        status, text = self.form(Action="MakeCoffee", Version="2015-12-01")
        self.assertEqual(status, 400)
        self.assertIn("<Code>InvalidAction</Code>", text)

    def test_missing_parameter_is_named(self):
        status, text = self.form(Action="CreateLoadBalancer", Version="2015-12-01")
        self.assertEqual(status, 400)
        self.assertIn("name", text.lower())

    def test_wrong_type_is_named(self):
        status, text = self.form(Action="CreateTargetGroup", Version="2015-12-01", Name="x", Port="eighty")
        self.assertEqual(status, 400)
        self.assertIn("port", text.lower())

    def test_ec2_errors_have_ec2s_envelope(self):
        status, text = self.form(Action="DescribeSubnets", Version="2016-11-15", **{"SubnetId.1": "subnet-dead"})
        self.assertEqual(status, 400)
        self.assertIn("<Response><Errors><Error><Code>InvalidSubnetID.NotFound</Code>", text.replace("\n", ""))


class Connection(unittest.TestCase):
    def raw(self, text):
        host, port = urllib.parse.urlparse(PLATFORM.url).netloc.split(":")
        with socket.create_connection((host, int(port)), 10) as s:
            s.sendall(text)
            s.shutdown(socket.SHUT_WR)
            data = b""
            while chunk := s.recv(65536):
                data += chunk
        return data

    def test_broken_requests_never_kill_the_daemon(self):
        for text in (b"", b"\r\n\r\n", b"GET", b"GET / HTTP/9.9\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                     b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                     b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"\x16\x03\x01\x02\x00" + bytes(300),
                     b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000 + b"\r\n\r\n"):
            answer = self.raw(text)
            self.assertNotIn(b"<html", answer.lower())
        self.assertEqual(ecs("ListClusters", {})[0], 200)


class Journal(unittest.TestCase):
    def test_one_of_another_version_is_refused_with_the_way_out_and_kept(self):
        with Platform() as platform:
            platform.client("ecs").create_cluster(clusterName="kept")
            platform.stop()
            file = platform.state / "journal.db"

            def journal(sql):
                with contextlib.closing(sqlite3.connect(file)) as rows, rows:
                    return rows.execute(sql).fetchall()
            # Versions before the decision docs/decisions/0008 kept the events of log streams so.
            journal("INSERT INTO rows VALUES ('logs.chunks', '123456789012 ap-northeast-1 /g:s:1', x'a0')")
            with self.assertRaises(AssertionError) as refused:
                platform.start()
            self.assertIn(f"the journal {file} cannot be taken over: this version knows no table logs.chunks; start the version of "
                          "utakata that wrote it, or begin anew with another --state folder", str(refused.exception))
            journal("DELETE FROM rows WHERE name = 'logs.chunks'")
            platform.start()
            self.assertEqual(len(platform.client("ecs").list_clusters()["clusterArns"]), 1)


if __name__ == "__main__":
    unittest.main()

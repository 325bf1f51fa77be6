"""CloudWatch Logs through boto3, and what containers say: durable, in order, once, whatever is killed."""
import contextlib
import http.client
import json
import os
import subprocess
import threading
import time
import unittest

import botocore.eventstream
import botocore.session
from platform_under_test import PROGRAM, REGION, Platform, awsvpc, until
from test_containers import container, task_definition

ROLE = {"executionRoleArn": "arn:aws:iam::123456789012:role/x"}


def awslogs(group, **options):
    return {"logDriver": "awslogs", "options": {"awslogs-group": group, "awslogs-region": REGION, "awslogs-stream-prefix": "p",
                                                **{name.replace("_", "-"): text for name, text in options.items()}}}


def everything(logs, group, **more):
    events = []
    for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group, **more):
        events += page["events"]
    return events


class Api(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.platform = Platform().start()
        cls.logs = cls.platform.client("logs")

    @classmethod
    def tearDownClass(cls):
        cls.platform.__exit__()

    def group(self, name, *streams):
        self.logs.create_log_group(logGroupName=name)
        for stream in streams:
            self.logs.create_log_stream(logGroupName=name, logStreamName=stream)
        return name

    def put(self, group, stream, *messages, at=None):
        at = at or int(time.time() * 1000)
        return self.logs.put_log_events(logGroupName=group, logStreamName=stream,
                                        logEvents=[{"timestamp": at + n, "message": m} for n, m in enumerate(messages)])

    def test_what_is_acknowledged_survives_a_kill(self):
        group = self.group("/kill", "s")
        for n in range(20):
            self.put(group, "s", f"event {n}")
        self.platform.kill()
        self.platform.start()
        type(self).logs = self.platform.client("logs")
        self.assertEqual([e["message"] for e in everything(self.logs, group)], [f"event {n}" for n in range(20)])
        stream = self.logs.describe_log_streams(logGroupName=group)["logStreams"][0]
        self.assertGreater(stream["lastIngestionTime"], 0)

    def test_patterns_of_each_kind(self):
        group = self.group("/patterns", "s")
        self.put(group, "s", json.dumps({"level": "error", "status": 503, "user": {"id": "ann"}}),
                 json.dumps({"level": "info", "status": 200, "tags": ["a", "b"]}),
                 '10.0.0.1 - ann [x y] "GET /index.html" 404 17', "ERROR plain")

        def found(pattern):
            return [e["message"][:12] for e in everything(self.logs, group, filterPattern=pattern)]
        self.assertEqual(found('{ $.status >= 500 && $.user.id = "a*" }'), ['{"level": "e'])
        self.assertEqual(found("{ $.tags[1] = b || $.user.id NOT EXISTS }"), ['{"level": "i'])
        self.assertEqual(found("[ip, id, user, time, request=*html*, status=4*, size]"), ["10.0.0.1 - a"])
        self.assertEqual(found("ERROR -info"), ["ERROR plain"])
        self.assertEqual(found("%^10\\.0%"), ["10.0.0.1 - a"])
        tested = self.logs.test_metric_filter(filterPattern="[..., status=4*, size]", logEventMessages=["no", '10.0.0.1 "GET /" 404 17'])["matches"]
        self.assertEqual(tested, [{"eventNumber": 1, "eventMessage": '10.0.0.1 "GET /" 404 17',
                                   "extractedValues": {"$1": "10.0.0.1", "$2": "GET /", "$status": "404", "$size": "17"}}])
        with self.assertRaisesRegex(self.logs.exceptions.InvalidParameterException, r"Invalid filter pattern: .* \(position 7\)"):
            found("{ $.x }")

    def live_tail_headers(self, region=REGION):
        signed = f"AWS4-HMAC-SHA256 Credential={self.platform.account}/20260101/{region}/logs/aws4_request, SignedHeaders=host, Signature={'0' * 64}"
        return {"X-Amz-Target": "Logs_20140328.StartLiveTail", "Content-Type": "application/x-amz-json-1.1", "Authorization": signed}

    def live_tail(self, **request):
        """Its events by hand: clients older than the operation read its framing all the same."""
        connection = http.client.HTTPConnection(self.platform.url.removeprefix("http://"), timeout=60)
        self.addCleanup(connection.close)
        connection.request("POST", "/", json.dumps(request), self.live_tail_headers())
        answer = connection.getresponse()
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, "application/vnd.amazon.eventstream"))
        buffer = botocore.eventstream.EventStreamBuffer()

        def events():
            while piece := answer.read1(65536):
                buffer.add_data(piece)
                for event in buffer:
                    yield event.headers[":event-type"], json.loads(event.payload)
        return events()

    def test_there_are_only_so_many_live_tails_at_a_time(self):
        region = "eu-west-1"  # no other test's sessions
        self.platform.client("logs", region_name=region).create_log_group(logGroupName="/tails")
        request = json.dumps({"logGroupIdentifiers": ["/tails"]})

        def begin():
            connection = http.client.HTTPConnection(self.platform.url.removeprefix("http://"), timeout=60)
            self.addCleanup(connection.close)
            connection.request("POST", "/", request, self.live_tail_headers(region))
            return connection, connection.getresponse()
        sessions = [begin() for _ in range(15)]
        self.assertEqual([answer.status for _, answer in sessions], [200] * 15)
        _, refused = begin()
        self.assertEqual(refused.status, 400)
        self.assertIn("LimitExceededException", refused.read().decode())
        for each in sessions.pop():
            each.close()
        until(lambda: begin()[1].status == 200, what="the place of the session that was closed")

    def test_a_live_tail_says_which_members_have_no_effect(self):
        group = self.group("/live-notes", "s")
        request = {"logGroupIdentifiers": [group], "noSuchMember": 1}
        with contextlib.closing(http.client.HTTPConnection(self.platform.url.removeprefix("http://"), timeout=60)) as connection:
            connection.request("POST", "/", json.dumps(request), self.live_tail_headers())
            answer = connection.getresponse()
            self.assertEqual((answer.status, answer.headers["x-utakata-ignored"]), (200, "/noSuchMember"))

    def test_a_live_tail_tells_each_event_that_comes_once(self):
        group = self.group("/live", "s", "other")
        self.put(group, "s", "ERROR before")
        until(lambda: everything(self.logs, group), what="the event before")
        time.sleep(0.01)  # the session begins in a later millisecond
        arn = self.logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["arn"].removesuffix(":*")
        events = self.live_tail(logGroupIdentifiers=[arn], logStreamNames=["s"], logEventFilterPattern="ERROR")
        self.assertEqual(next(events), ("initial-response", {}))
        kind, start = next(events)
        self.assertEqual((kind, start["logGroupIdentifiers"], start["logStreamNames"], start["logEventFilterPattern"]),
                         ("sessionStart", [arn], ["s"], "ERROR"))
        told, empty = [], 0
        for message in ("ERROR one", "ERROR two"):
            self.put(group, "s", message, "INFO other")
            self.put(group, "other", "ERROR elsewhere")
            had = len(told)
            while len(told) == had:
                kind, update = next(events)
                self.assertEqual((kind, update["sessionMetadata"]), ("sessionUpdate", {"sampled": False}))
                told += update["sessionResults"]
        while empty < 2:
            results = next(events)[1]["sessionResults"]
            told += results
            empty += not results
        self.assertEqual([(e["message"], e["logStreamName"], e["logGroupIdentifier"]) for e in told], [("ERROR one", "s", arn), ("ERROR two", "s", arn)])
        for wrong, why in (({"logGroupIdentifiers": []}, "logGroupIdentifiers"), ({"logGroupIdentifiers": ["/none"]}, "does not exist"),
                           ({"logGroupIdentifiers": [arn], "logEventFilterPattern": "a.b"}, "position 2"),
                           ({"logGroupIdentifiers": [arn], "logStreamNames": ["s"], "logStreamNamePrefixes": ["s"]}, "together")):
            status, _, body = self.platform.post(json.dumps(wrong).encode(), self.live_tail_headers())
            self.assertEqual(status, 400, wrong)
            self.assertIn(why, body.decode())

    @unittest.skipUnless("StartLiveTail" in botocore.session.get_session().get_service_model("logs").operation_names, "boto3 is older than StartLiveTail")
    def test_a_live_tail_by_boto3(self):
        group = self.group("/live-boto3", "s")
        arn = self.logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["arn"].removesuffix(":*")
        os.environ["AWS_DISABLE_HOST_PREFIX_INJECTION"] = "true"  # its endpoint is no other host here
        self.addCleanup(os.environ.pop, "AWS_DISABLE_HOST_PREFIX_INJECTION")
        stream = self.platform.client("logs").start_live_tail(logGroupIdentifiers=[arn])["responseStream"]
        self.addCleanup(stream.close)
        events = iter(stream)
        self.assertIn("sessionStart", next(events))
        self.put(group, "s", "hello")
        told = []
        while not told:
            told = next(events)["sessionUpdate"]["sessionResults"]
        self.assertEqual([e["message"] for e in told], ["hello"])

    def test_pages_of_a_stream_from_either_end(self):
        group = self.group("/pages", "s")
        self.put(group, "s", *[f"{n}" for n in range(25)])
        page = self.logs.get_log_events(logGroupName=group, logStreamName="s", limit=10)
        self.assertEqual([e["message"] for e in page["events"]], [f"{n}" for n in range(15, 25)])
        page = self.logs.get_log_events(logGroupName=group, logStreamName="s", limit=10, nextToken=page["nextBackwardToken"])
        self.assertEqual([e["message"] for e in page["events"]], [f"{n}" for n in range(5, 15)])
        seen, token = [], {}
        while True:
            page = self.logs.get_log_events(logGroupName=group, logStreamName="s", limit=10, startFromHead=True, **token)
            seen += [e["message"] for e in page["events"]]
            if token.get("nextToken") == page["nextForwardToken"]:
                break
            token = {"nextToken": page["nextForwardToken"]}
        self.assertEqual(seen, [f"{n}" for n in range(25)])

    def test_retention_hides_and_deletion_takes_away(self):
        group = self.group("/retention", "s")
        now = int(time.time() * 1000)
        self.put(group, "s", "old", at=now - 2 * 86_400_000)
        self.put(group, "s", "new", at=now)
        self.assertEqual(len(everything(self.logs, group)), 2)
        self.logs.put_retention_policy(logGroupName=group, retentionInDays=1)
        self.assertEqual([e["message"] for e in everything(self.logs, group)], ["new"])
        folders = len(list((self.platform.state / "logs").iterdir()))
        self.logs.delete_log_group(logGroupName=group)
        until(lambda: len(list((self.platform.state / "logs").iterdir())) == folders - 1, what="the stream's folder to go")

    def test_tail_of_the_aws_command_and_of_ours(self):
        group = self.group("/tail", "web/app/1", "web/app/2")
        self.put(group, "web/app/1", "one")
        self.put(group, "web/app/2", "two ERROR")
        done = self.platform.utakata("logs", "/tail", "--filter", "ERROR")
        self.assertIn("two ERROR", done.stdout)
        self.assertNotIn("one", done.stdout)
        self.assertNotIn("\033", done.stdout)
        rows = [json.loads(line) for line in self.platform.utakata("logs", "/tail", "--json").stdout.splitlines()]
        self.assertEqual([(r["message"], r["logGroupName"]) for r in rows], [("one", "/tail"), ("two ERROR", "/tail")])
        self.assertEqual(self.platform.utakata("logs", "/none", check=False).returncode, 1)
        self.assertEqual(self.platform.utakata("logs", "/tail", "--since", "soon", check=False).returncode, 2)

    def test_following_shows_what_comes_once_and_in_order(self):
        group = self.group("/follow", "s")
        self.put(group, "s", "before")
        with subprocess.Popen([PROGRAM, "logs", "-f", group], env=self.platform.env, stdout=subprocess.PIPE, text=True) as tail:
            lines = []
            reader = threading.Thread(target=lambda: lines.extend(iter(tail.stdout.readline, "")), daemon=True)
            reader.start()
            until(lambda: lines, what="the line from before")
            for n in range(5):
                self.put(group, "s", f"then {n}")
            until(lambda: len(lines) >= 6, what="five lines")
            tail.terminate()
            reader.join(10)
        self.assertEqual([line.split(" ", 2)[2] for line in lines], ["before\n"] + [f"then {n}\n" for n in range(5)])


class Containers(unittest.TestCase):
    def setUp(self):
        self.platform = Platform("--cpu", "8192", "--memory", "8192").start()
        self.addCleanup(self.platform.__exit__)
        self.ecs, self.logs = self.platform.client("ecs"), self.platform.client("logs")
        self.ecs.create_cluster(clusterName="c")
        self.logs.create_log_group(logGroupName="/c")

    def run_task(self, definition):
        answer = self.ecs.run_task(cluster="c", taskDefinition=definition, launchType="FARGATE", networkConfiguration=awsvpc(self.platform))
        return answer["tasks"][0]["taskArn"] if answer["tasks"] else answer["failures"]

    def until_status(self, arn, status):
        def reached():
            task = self.platform.client("ecs").describe_tasks(cluster="c", tasks=[arn])["tasks"][0]
            return task["lastStatus"] == status and task
        return until(reached, what=status)

    def test_a_daemon_killed_in_a_flood_loses_no_line_and_repeats_none(self):
        flood = "i=0; while [ $i -lt 60000 ]; do echo line $i; i=$((i+1)); done"
        arn = self.run_task(task_definition(self.ecs, "flood", container("app", "sh", "-c", flood,
                                                                        logConfiguration=awslogs("/c", mode="blocking")), **ROLE))
        stream = "p/app/" + arn.rsplit("/", 1)[1]
        until(lambda: self.logs.filter_log_events(logGroupName="/c", logStreamNames=[stream], limit=1)["events"], what="a line")
        for _ in range(2):
            self.platform.kill()
            self.platform.start()
        self.until_status(arn, "STOPPED")
        self.logs = self.platform.client("logs")
        events = everything(self.logs, "/c", logStreamNames=[stream])
        self.assertEqual([e["message"] for e in events], [f"line {n}" for n in range(60000)])
        self.assertEqual(len({e["eventId"] for e in events}), 60000)
        self.assertEqual(sorted(e["timestamp"] for e in events), [e["timestamp"] for e in events])

        def told():
            row = self.logs.describe_log_streams(logGroupName="/c", logStreamNamePrefix=stream)["logStreams"][0]
            return row["storedBytes"] == sum(len(e["message"]) + 26 for e in events)
        until(told, what="the stream's row to tell what it holds")
        self.assertIn("line 59999", self.platform.utakata("logs", arn, "--since", "1h").stdout)

    def test_bytes_of_any_kind_are_answered(self):
        arn = self.run_task(task_definition(self.ecs, "bytes", container(
            "app", "sh", "-c", "printf 'a\\377b\\0c\\n'", logConfiguration=awslogs("/c")), **ROLE))
        self.until_status(arn, "STOPPED")
        self.assertEqual([e["message"] for e in everything(self.logs, "/c")], ["a\ufffdb\0c"])

    def test_options_are_honoured_or_refused_in_words(self):
        def refused(**options):
            with self.assertRaises(self.ecs.exceptions.ClientException) as caught:
                task_definition(self.ecs, "bad", container("app", "true", logConfiguration=awslogs("/c", **options)), **ROLE)
            return caught.exception.response["Error"]["Message"]
        self.assertEqual(refused(log_key="x"), "Log driver awslogs disallows options: log-key")
        self.assertIn("should only be set to 'true'", refused(awslogs_create_group="false"))
        self.assertIn("mode", refused(mode="fast"))
        self.assertIn("max-buffer-size", refused(max_buffer_size="much"))
        missing = self.run_task(task_definition(self.ecs, "missing", container("app", "true", logConfiguration=awslogs("/none")), **ROLE))
        stopped = self.until_status(missing, "STOPPED")
        self.assertEqual(stopped["stopCode"], "TaskFailedToStart")
        self.assertIn("ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to "
                      "create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.",
                      stopped["stoppedReason"])
        script = "printf '2026-05-06 a\\n  b\\n2026-05-07 c\\n'"
        arn = self.run_task(task_definition(self.ecs, "multi", container("app", "sh", "-c", script, logConfiguration=awslogs(
            "/made", awslogs_create_group="true", awslogs_datetime_format="%Y-%m-%d", max_buffer_size="1m")), **ROLE))
        self.until_status(arn, "STOPPED")
        self.assertEqual([e["message"] for e in everything(self.logs, "/made")], ["2026-05-06 a\n  b", "2026-05-07 c"])

    def test_the_mode_of_the_account_is_that_of_containers_that_say_nothing(self):
        def plan(family):
            arn = self.run_task(task_definition(self.ecs, family, container("app", "sleep", "1000", stopTimeout=2,
                                                                           logConfiguration=awslogs("/c")), **ROLE))
            self.until_status(arn, "RUNNING")
            text = (self.platform.state / "sandbox/tasks" / arn.rsplit("/", 1)[1] / "containers/app/log-plan").read_text()
            return text.splitlines()[1]
        self.assertEqual(plan("default"), f"non-blocking {10 << 20}")
        self.ecs.put_account_setting_default(name="defaultLogDriverMode", value="blocking")
        self.assertEqual(plan("held"), "blocking")


if __name__ == "__main__":
    unittest.main()

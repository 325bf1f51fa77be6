"""A task of three containers, started and stopped in order, and the members of a definition that say so."""
import contextlib
import json
import unittest

from botocore.exceptions import ParamValidationError
from platform_under_test import REGION, Platform, awsvpc, until

LOG = {"logDriver": "awslogs", "options": {"awslogs-group": "/t", "awslogs-region": REGION, "awslogs-stream-prefix": "p"}}


def container(name, script, **more):
    return {"name": name, "image": "busybox", "command": ["sh", "-c", script], "logConfiguration": LOG, **more}


class Example(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.platform = Platform("--cpu", "8192", "--memory", "16384").start()
        cls.ecs, cls.logs = cls.platform.client("ecs"), cls.platform.client("logs")
        cls.ecs.create_cluster(clusterName="c")
        cls.logs.create_log_group(logGroupName="/t")
        cls.made = 0

    @classmethod
    def tearDownClass(cls):
        cls.platform.__exit__()

    def run_task(self, *containers, **definition):
        type(self).made += 1
        request = {"family": f"t{self.made}", "requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc",
                   "cpu": "256", "memory": "512", "executionRoleArn": "arn:aws:iam::123456789012:role/x", **definition, "containerDefinitions": list(containers)}
        made = self.register(request)
        answer = self.ecs.run_task(cluster="c", taskDefinition=made["taskDefinition"]["taskDefinitionArn"],
                                   launchType="FARGATE", networkConfiguration=awsvpc(self.platform))
        self.assertEqual(answer["failures"], [])
        return answer["tasks"][0]["taskArn"]

    def register(self, request):
        """By boto3, unless its model is older than a member that the request has (Debian 12's knows no restartPolicy)."""
        try:
            return self.ecs.register_task_definition(**request)
        except ParamValidationError:
            return self.call("AmazonEC2ContainerServiceV20141113.RegisterTaskDefinition", "ecs", request)

    def call(self, target, service, request):
        status, _, answer = self.platform.post(json.dumps(request).encode(), {
            "X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1",
            "Authorization": f"AWS4-HMAC-SHA256 Credential={self.platform.account}/20260101/{REGION}/{service}/aws4_request, "
                             "SignedHeaders=host, Signature=x"})
        self.assertEqual(status, 200, answer)
        return json.loads(answer)

    def task(self, arn):
        return self.ecs.describe_tasks(cluster="c", tasks=[arn])["tasks"][0]

    def until_status(self, arn, status):
        return until(lambda: (t := self.task(arn))["lastStatus"] == status and t, what=f"{status} of {arn}")

    def lines(self, arn, name, count):
        def found():
            with contextlib.suppress(self.logs.exceptions.ResourceNotFoundException):
                events = self.logs.get_log_events(logGroupName="/t", startFromHead=True,
                                                  logStreamName=f"p/{name}/{arn.rsplit('/', 1)[1]}")["events"]
                return [e["message"] for e in events] if len(events) >= count else None
        return until(found, what=f"{count} lines of {name}")

    def timeline(self, arn):
        answer = self.call("Utakata_20261101.DescribeTaskTimeline", "utakata", {"tasks": [arn]})
        return {c["name"]: c for c in answer["tasks"][0]["containers"]}

    def test_three_containers_start_and_stop_in_order(self):
        own = [{"sourceVolume": "v", "containerPath": "/v"}]
        arn = self.run_task(
            container("init", "sleep 1; echo ready > /v/init", essential=False, mountPoints=own),
            container("app", "trap 'sleep 1; echo bye; exit 0' TERM; cat /v/init; touch /tmp/up; while :; do sleep 0.1; done",
                      mountPoints=own, stopTimeout=10, dependsOn=[{"containerName": "init", "condition": "COMPLETE"}],
                      healthCheck={"command": ["CMD-SHELL", "test -e /tmp/up"], "interval": 5, "timeout": 2, "retries": 3}),
            container("sidecar", "trap 'sleep 1; echo left; exit 0' TERM; echo joined; while :; do sleep 0.1; done",
                      essential=False, stopTimeout=10, dependsOn=[{"containerName": "app", "condition": "HEALTHY"}]),
            volumes=[{"name": "v"}])
        running = self.until_status(arn, "RUNNING")
        self.assertEqual({c["name"]: c["lastStatus"] for c in running["containers"]},
                         {"init": "STOPPED", "app": "RUNNING", "sidecar": "RUNNING"})
        self.assertEqual(running["healthStatus"], "HEALTHY")
        self.assertEqual(self.lines(arn, "app", 1), ["ready"])
        self.assertEqual(self.lines(arn, "sidecar", 1), ["joined"])  # from here on it hears its stop signal
        self.ecs.stop_task(cluster="c", task=arn)
        stopped = self.until_status(arn, "STOPPED")
        self.assertEqual({c["name"]: c["exitCode"] for c in stopped["containers"]}, {"init": 0, "app": 0, "sidecar": 0})
        self.assertEqual(self.lines(arn, "sidecar", 2), ["joined", "left"])
        self.assertEqual(self.lines(arn, "app", 2), ["ready", "bye"])
        told = self.timeline(arn)
        self.assertLessEqual(told["sidecar"]["exitedAt"], told["app"]["signalledAt"])
        self.assertFalse(told["app"]["killed"] or told["sidecar"]["killed"])

    def test_a_memory_hog_is_reported_as_aws_reports_it(self):
        arn = self.run_task(container("hog", "a=x; while :; do a=$a$a; done", memory=32),
                            container("quiet", "sleep 1000", stopTimeout=2))
        stopped = self.until_status(arn, "STOPPED")
        self.assertEqual((stopped["stopCode"], stopped["stoppedReason"]),
                         ("EssentialContainerExited", "Essential container in task exited"))
        hog, quiet = stopped["containers"]
        self.assertEqual((hog["exitCode"], hog["reason"]), (137, "OutOfMemoryError: Container killed due to memory usage"))
        self.assertNotIn("reason", quiet)

    def test_any_name_that_aws_allows_is_a_containers_name_and_no_other(self):
        names = ["spec", "hosts", "hostname", "storage", "tasks", "holder", "containers", "endpoint-ids", "A_" + "x" * 100]
        arn = self.run_task(*(container(n, "sleep 1000", stopTimeout=2) for n in names))
        self.until_status(arn, "RUNNING")
        self.ecs.stop_task(cluster="c", task=arn)
        self.until_status(arn, "STOPPED")
        for name in ("../../../evil", "a/b", ".", "..", "a.b", "x" * 256):
            with self.assertRaisesRegex(self.ecs.exceptions.ClientException, "Container name"):
                self.run_task(container(name, "true"))

    def test_a_dependency_that_takes_too_long_ends_the_start(self):
        arn = self.run_task(container("slow", "sleep 1000", essential=False, startTimeout=2, stopTimeout=2),
                            container("app", "echo never", dependsOn=[{"containerName": "slow", "condition": "COMPLETE"}]))
        stopped = self.until_status(arn, "STOPPED")
        self.assertEqual(stopped["stopCode"], "TaskFailedToStart")
        self.assertIn("startTimeout", stopped["stoppedReason"])
        self.assertNotIn("exitCode", next(c for c in stopped["containers"] if c["name"] == "app"))

    def test_volumes_from_shared_processes_controls_and_entry_point(self):
        arn = self.run_task(
            container("first", "echo shared > /v/file; exec sleep 4243", essential=False, stopTimeout=2,
                      mountPoints=[{"sourceVolume": "v", "containerPath": "/v"}]),
            {**container("app", "", essential=True), "command": [
                "until test -s /v/file && ps -o args | grep -q '^sleep 4243'; do sleep 0.1; done; cat /v/file; "
                "touch /v/x 2>/dev/null || echo sealed; cat /proc/sys/net/ipv4/ip_unprivileged_port_start; pwd"],
             "entryPoint": ["sh", "-c"], "workingDirectory": "/tmp",
             "volumesFrom": [{"sourceContainer": "first", "readOnly": True}],
             "systemControls": [{"namespace": "net.ipv4.ip_unprivileged_port_start", "value": "81"}]},
            volumes=[{"name": "v"}], pidMode="task")
        self.assertEqual(self.lines(arn, "app", 4), ["shared", "sealed", "81", "/tmp"])
        self.until_status(arn, "STOPPED")

    def test_a_restart_policy_is_no_restart_before_its_time(self):
        arn = self.run_task(container("app", "exit 7", restartPolicy={"enabled": True, "restartAttemptPeriod": 60}))
        stopped = self.until_status(arn, "STOPPED")
        self.assertEqual(stopped["containers"][0]["exitCode"], 7)


if __name__ == "__main__":
    unittest.main()

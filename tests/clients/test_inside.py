"""What a task finds inside: metadata, credentials of its role that work, protection, and the way to the API."""
import contextlib
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import boto3
import botocore.exceptions
from platform_under_test import REGION, Platform, awsvpc, until

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/worker"
GET = "timeout 5 wget -q -O -"


def session(platform, service, credentials):
    return boto3.client(service, endpoint_url=platform.url, region_name=REGION,
                        aws_access_key_id=credentials["AccessKeyId"], aws_secret_access_key=credentials["SecretAccessKey"],
                        aws_session_token=credentials.get("Token") or credentials.get("SessionToken"))


class Inside(unittest.TestCase):
    """With verification on: whoever signs is known."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="utakata-keys.")
        keys = pathlib.Path(cls.folder.name) / "keys"
        keys.write_text(f"AKIDADMIN adminsecret {ACCOUNT}\n")
        cls.platform = Platform("--cpu", "8192", "--memory", "16384", "--credentials", keys)
        cls.platform.client = lambda service: boto3.client(
            service, endpoint_url=cls.platform.url, region_name=REGION, aws_access_key_id="AKIDADMIN",
            aws_secret_access_key="adminsecret")
        cls.platform.start()
        cls.platform.client("ecs").create_cluster(clusterName="c")
        cls.platform.client("logs").create_log_group(logGroupName="/r")
        cls.made = 0

    @classmethod
    def tearDownClass(cls):
        cls.platform.__exit__()
        cls.folder.cleanup()

    # Made anew each time: a restarted platform listens elsewhere.
    @property
    def ecs(self):
        return self.platform.client("ecs")

    @property
    def logs(self):
        return self.platform.client("logs")

    def definition(self, script, role=ROLE, **container):
        type(self).made += 1
        log = {"logDriver": "awslogs", "options": {"awslogs-group": "/r", "awslogs-region": REGION,
                                                   "awslogs-stream-prefix": "p"}}
        roles = {"taskRoleArn": role} if role else {}
        return self.ecs.register_task_definition(
            family=f"i{self.made}", requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512",
            executionRoleArn=ROLE, **roles, containerDefinitions=[{"name": "app", "image": "busybox", "command": ["sh", "-c", script],
                                            "logConfiguration": log, **container}])["taskDefinition"]["taskDefinitionArn"]

    def run_task(self, script, role=ROLE, **more):
        answer = self.ecs.run_task(cluster="c", taskDefinition=self.definition(script, role), launchType="FARGATE",
                                   networkConfiguration=awsvpc(self.platform), **more)
        self.assertEqual(answer["failures"], [])
        return answer["tasks"][0]["taskArn"]

    def task(self, arn):
        return self.ecs.describe_tasks(cluster="c", tasks=[arn])["tasks"][0]

    def lines(self, arn, count):
        stream = f"p/app/{arn.rsplit('/', 1)[1]}"

        def found():
            logs = self.logs
            with contextlib.suppress(logs.exceptions.ResourceNotFoundException):
                events = logs.get_log_events(logGroupName="/r", logStreamName=stream, startFromHead=True)["events"]
                return [e["message"] for e in events] if len(events) >= count else None
        return until(found, what=f"{count} lines of {arn}")

    def test_metadata_with_tags_and_environment(self):
        arn = self.run_task(f"{GET} $ECS_CONTAINER_METADATA_URI_V4/taskWithTags; echo; "
                            "echo $AWS_EXECUTION_ENV $AWS_REGION $AWS_ENDPOINT_URL; sleep 1000",
                            tags=[{"key": "team", "value": "blue"}])
        document, environment = self.lines(arn, 2)[:2]
        task = json.loads(document)
        self.assertEqual((task["TaskARN"], task["DesiredStatus"], task["LaunchType"], task["TaskTags"]),
                         (arn, "RUNNING", "FARGATE", {"team": "blue"}))
        self.assertEqual(task["Containers"][0]["LogOptions"]["awslogs-group"], "/r")
        self.assertEqual(environment, f"AWS_ECS_FARGATE {REGION} http://169.254.170.2:4566")
        described = self.task(arn)
        self.assertEqual(described["containers"][0]["runtimeId"], task["Containers"][0]["DockerId"])
        self.ecs.stop_task(cluster="c", task=arn)

    def test_a_stopping_task_can_see_that_it_is_to_stop(self):
        arn = self.run_task("trap '' TERM; echo up; until " + GET +
                            " $ECS_CONTAINER_METADATA_URI_V4/task | grep -q '\"DesiredStatus\":\"STOPPED\"'; do sleep 0.2; "
                            "done; echo seen; exit 0")
        self.lines(arn, 1)
        self.ecs.stop_task(cluster="c", task=arn)
        self.assertEqual(self.lines(arn, 2)[:2], ["up", "seen"])

    def test_credentials_of_the_role_work_until_the_task_ends(self):
        arn = self.run_task(f"{GET} http://169.254.170.2$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI; echo; sleep 1000")
        given = json.loads(self.lines(arn, 1)[0])
        self.assertEqual(given["RoleArn"], ROLE)
        self.assertTrue(given["AccessKeyId"].startswith("ASIA"))
        identity = session(self.platform, "sts", given).get_caller_identity()
        self.assertEqual(identity["Account"], ACCOUNT)
        self.assertEqual(identity["Arn"], f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/{arn.rsplit('/', 1)[1]}")
        ecs = session(self.platform, "ecs", given)
        self.assertEqual(ecs.describe_clusters(clusters=["c"])["clusters"][0]["clusterName"], "c")
        for wrong in ({"Token": "other"}, {"SecretAccessKey": "other"}):
            with self.assertRaises(botocore.exceptions.ClientError):
                session(self.platform, "sts", {**given, **wrong}).get_caller_identity()
        self.platform.kill()
        self.platform.start()
        session(self.platform, "sts", given).get_caller_identity()
        self.ecs.stop_task(cluster="c", task=arn)
        until(lambda: self.task(arn)["lastStatus"] == "STOPPED")
        with self.assertRaisesRegex(botocore.exceptions.ClientError, "ExpiredToken"):
            session(self.platform, "sts", given).get_caller_identity()
        self.assertNotIn(given["SecretAccessKey"], self.platform.log())

    def test_an_sdk_in_the_task_finds_credentials_and_api_by_itself(self):
        arn = self.run_task("echo $AWS_CONTAINER_CREDENTIALS_RELATIVE_URI $AWS_ENDPOINT_URL; sleep 1000")
        task_id = arn.rsplit("/", 1)[1]
        uri, url = self.lines(arn, 1)[0].split()
        # The host's boto3 in the task's network: it knows nothing but what a container's environment says.
        script = (f"import boto3; c = boto3.client('sts', endpoint_url={url!r}); "
                  "print(c.get_caller_identity()['Arn']); "
                  f"print(boto3.client('sqs', endpoint_url={url!r}).create_queue(QueueName='inside')['QueueUrl'])")
        done = subprocess.run(["nsenter", f"--net={self.platform.state}/sandbox/network/task-{task_id}", "python3", "-c", script],
                              env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "AWS_DEFAULT_REGION": REGION,
                                   "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": uri},
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.stdout.split(), [f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/{task_id}",
                                               f"{url}/{ACCOUNT}/inside"], done.stderr)
        self.ecs.stop_task(cluster="c", task=arn)

    def test_without_a_role_there_are_no_credentials(self):
        arn = self.run_task(f"echo role:$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI; {GET} http://169.254.170.2/v2/credentials/x "
                            "2>&1; sleep 1000", role=None)
        lines = self.lines(arn, 2)
        self.assertEqual(lines[0], "role:")
        self.assertIn("400", lines[1])
        self.ecs.stop_task(cluster="c", task=arn)

    def test_the_api_answers_inside(self):
        arn = self.run_task(f"wget -q -S -O - --post-data Action=GetCallerIdentity $AWS_ENDPOINT_URL 2>&1 | head -1; "
                            "sleep 1000")
        self.assertIn("403", self.lines(arn, 1)[0])  # not signed, and it is verified
        self.ecs.stop_task(cluster="c", task=arn)

    def test_a_task_that_holds_connections_harms_only_itself(self):
        ask = f"{GET} $ECS_CONTAINER_METADATA_URI_V4 >/dev/null 2>&1"
        arn = self.run_task(f"exec 2>/dev/null; for i in $(seq 40); do (sleep 1000 | nc 169.254.170.2 80) & done; "
                            f"while {ask}; do sleep 0.1; done; echo refused; sleep 5; killall nc; "
                            f"until {ask}; do sleep 0.2; done; echo again; sleep 1000")
        self.lines(arn, 1)
        other = self.run_task(f"{ask} && echo well; sleep 1000")
        self.assertEqual(self.lines(other, 1), ["well"])
        self.assertEqual(self.lines(arn, 2)[:2], ["refused", "again"])
        for each in (arn, other):
            self.ecs.stop_task(cluster="c", task=each)

    def test_queue_urls_lead_back_the_way_that_the_caller_came(self):
        queue = self.platform.client("sqs").create_queue(QueueName="q")["QueueUrl"]
        self.assertEqual(queue, f"{self.platform.url}/{ACCOUNT}/q")

    def test_assume_role(self):
        sts = self.platform.client("sts")
        made = sts.assume_role(RoleArn=ROLE, RoleSessionName="me", DurationSeconds=900)
        identity = session(self.platform, "sts", made["Credentials"]).get_caller_identity()
        self.assertEqual(identity["Arn"], made["AssumedRoleUser"]["Arn"])
        with self.assertRaisesRegex(botocore.exceptions.ClientError, "is not authorized to perform: sts:AssumeRole"):
            sts.assume_role(RoleArn="arn:aws:iam::999999999999:role/r", RoleSessionName="me")

    def test_protection_from_inside_and_outside(self):
        arn = self.definition(
            'put() { printf "PUT %s/task-protection/v1/state HTTP/1.0\\r\\nHost: x\\r\\nContent-Length: %d\\r\\n\\r\\n%s" '
            '"${ECS_AGENT_URI#http://169.254.170.2}" ${#1} "$1" | nc 169.254.170.2 80 | tail -1; echo; }; '
            "put '{\"ProtectionEnabled\":true,\"ExpiresInMinutes\":60}'; "
            f"{GET} $ECS_AGENT_URI/task-protection/v1/state; echo; sleep 1000")
        self.ecs.create_service(cluster="c", serviceName="s", taskDefinition=arn, desiredCount=1, launchType="FARGATE",
                                networkConfiguration=awsvpc(self.platform))
        task = until(lambda: self.ecs.list_tasks(cluster="c", serviceName="s")["taskArns"])[0]
        put, got = (json.loads(line) for line in self.lines(task, 2)[:2])
        self.assertEqual((put["protection"]["ProtectionEnabled"], put["protection"]["TaskArn"]), (True, task))
        self.assertEqual(put, got)
        protected = self.ecs.get_task_protection(cluster="c", tasks=[task])["protectedTasks"][0]
        self.assertTrue(protected["protectionEnabled"])
        self.ecs.update_service(cluster="c", service="s", desiredCount=0)
        until(lambda: any("protected tasks" in e["message"] for e in
                          self.ecs.describe_services(cluster="c", services=["s"])["services"][0]["events"]))
        self.assertEqual(self.task(task)["desiredStatus"], "RUNNING")
        self.ecs.update_task_protection(cluster="c", tasks=[task], protectionEnabled=False)
        until(lambda: self.task(task)["desiredStatus"] == "STOPPED")
        self.ecs.delete_service(cluster="c", service="s", force=True)


class Open(unittest.TestCase):
    """Without verification, and without a way to the API."""

    def test_a_session_is_of_its_account_also_when_nothing_is_verified(self):
        with Platform(account="111122223333") as platform:
            made = platform.client("sts").assume_role(RoleArn="arn:aws:iam::111122223333:role/r", RoleSessionName="me")
            identity = session(platform, "sts", made["Credentials"]).get_caller_identity()
            self.assertEqual((identity["Account"], identity["Arn"]),
                             ("111122223333", "arn:aws:sts::111122223333:assumed-role/r/me"))

    def test_without_credentials_tasks_have_no_way_to_the_api(self):
        with Platform() as platform:
            ecs, logs = platform.client("ecs"), platform.client("logs")
            ecs.create_cluster(clusterName="c")
            logs.create_log_group(logGroupName="/r")
            made = ecs.register_task_definition(
                family="f", requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512",
                executionRoleArn=ROLE, containerDefinitions=[{"name": "app", "image": "busybox", "command": [
                    "sh", "-c", f"echo url:$AWS_ENDPOINT_URL; {GET} http://169.254.170.2:4566/ >/dev/null 2>&1 || echo no; "
                    f"{GET} $ECS_CONTAINER_METADATA_URI_V4 >/dev/null && echo metadata"],
                    "logConfiguration": {"logDriver": "awslogs", "options": {
                        "awslogs-group": "/r", "awslogs-region": REGION, "awslogs-stream-prefix": "p"}}}])
            arn = ecs.run_task(cluster="c", taskDefinition=made["taskDefinition"]["taskDefinitionArn"], launchType="FARGATE",
                               networkConfiguration=awsvpc(platform))["tasks"][0]["taskArn"]

            def lines():
                with contextlib.suppress(logs.exceptions.ResourceNotFoundException):
                    events = logs.get_log_events(logGroupName="/r", logStreamName=f"p/app/{arn.rsplit('/', 1)[1]}",
                                                 startFromHead=True)["events"]
                    return [e["message"] for e in events] if len(events) >= 3 else None
            self.assertEqual(until(lines), ["url:", "no", "metadata"])


if __name__ == "__main__":
    unittest.main()

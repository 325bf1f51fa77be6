"""What a container definition says of its resources, through boto3: secrets, volumes, files, limits, restarts."""
import contextlib
import json
import pathlib
import tempfile
import unittest

import botocore.exceptions
from platform_under_test import Platform, awsvpc, until

ROLE = "arn:aws:iam::123456789012:role/execution"


class Resources(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.elsewhere = tempfile.TemporaryDirectory(prefix="utakata-standins.")
        root = pathlib.Path(cls.elsewhere.name)
        for name, text in {"s3/bucket/app.env": "FROM_FILE=file\nBOTH=file\n", "efs/fs-1/data/greeting": "hello from efs\n",
                           "host/logs/line": "of the host\n"}.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        cls.root = root
        cls.platform = Platform("--cpu", "8192", "--memory", "16384", "--s3", root / "s3", "--efs", root / "efs",
                                "--host-paths", root / "host").start()
        cls.ecs, cls.ssm, cls.secrets, cls.logs = (cls.platform.client(s) for s in ("ecs", "ssm", "secretsmanager", "logs"))
        cls.ecs.create_cluster(clusterName="c")
        cls.logs.create_log_group(logGroupName="/r")
        cls.made = 0

    @classmethod
    def tearDownClass(cls):
        cls.platform.__exit__()
        cls.elsewhere.cleanup()

    def definition(self, container, **more):
        type(self).made += 1
        log = {"logDriver": "awslogs", "options": {"awslogs-group": "/r", "awslogs-region": "ap-northeast-1",
                                                   "awslogs-stream-prefix": "p"}}
        return self.ecs.register_task_definition(
            family=f"r{self.made}", requiresCompatibilities=["FARGATE"], networkMode="awsvpc", executionRoleArn=ROLE,
            **{"cpu": "256", "memory": "512", **more},
            containerDefinitions=[{"name": "app", "image": "busybox", "logConfiguration": log, **container}])

    def run_task(self, definition, **more):
        answer = self.ecs.run_task(cluster="c", taskDefinition=definition["taskDefinition"]["taskDefinitionArn"],
                                   launchType="FARGATE", networkConfiguration=awsvpc(self.platform), **more)
        self.assertEqual(answer["failures"], [])
        return answer["tasks"][0]["taskArn"]

    def stopped(self, arn):
        return until(lambda: (t := self.ecs.describe_tasks(cluster="c", tasks=[arn])["tasks"][0])["lastStatus"] == "STOPPED" and t,
                     what=arn)

    def output(self, arn):
        """Everything that the container has written before its last line, which is END."""
        stopped = self.stopped(arn)
        stream = f"p/app/{arn.rsplit('/', 1)[1]}"

        def lines():
            with contextlib.suppress(self.logs.exceptions.ResourceNotFoundException):  # the stream comes with its first line
                found = self.logs.get_log_events(logGroupName="/r", logStreamName=stream, startFromHead=True)["events"]
                return [e["message"] for e in found] if found and found[-1]["message"] == "END" else None
        return until(lines, what=f"the last line of {stopped}")[:-1]

    def run_and_read(self, script, **more):
        definition = more.pop("definition", {})
        made = self.definition({"command": ["sh", "-c", script + "; echo END"], **more}, **definition)
        return self.output(self.run_task(made))

    def test_secrets_of_both_services_are_in_the_environment(self):
        self.ssm.put_parameter(Name="/app/key", Value="from ssm", Type="SecureString")
        arn = self.secrets.create_secret(Name="db", SecretString=json.dumps({"password": "p4ss"}))["ARN"]
        parameter = self.ssm.get_parameter(Name="/app/key")["Parameter"]["ARN"]
        lines = self.run_and_read("echo $KEY, $ARN, $PASSWORD", secrets=[
            {"name": "KEY", "valueFrom": "/app/key"}, {"name": "ARN", "valueFrom": parameter},
            {"name": "PASSWORD", "valueFrom": arn + ":password::"}])
        self.assertEqual(lines, ["from ssm, from ssm, p4ss"])

    def test_a_missing_secret_stops_the_task_in_awss_words(self):
        stopped = self.stopped(self.run_task(self.definition({"command": ["true"], "secrets": [
            {"name": "S", "valueFrom": "/none"}]})))
        self.assertEqual(stopped["stopCode"], "TaskFailedToStart")
        self.assertTrue(stopped["stoppedReason"].startswith(
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
            "unable to retrieve secrets from ssm"), stopped["stoppedReason"])
        with self.assertRaisesRegex(botocore.exceptions.ClientError, "must also specify a value for 'executionRoleArn'"):
            self.ecs.register_task_definition(family="norole", containerDefinitions=[
                {"name": "a", "image": "busybox", "memory": 64, "secrets": [{"name": "S", "valueFrom": "/none"}]}])

    def test_environment_files_and_overrides(self):
        overrides = {"containerOverrides": [{"name": "app", "environment": [{"name": "OVER", "value": "override"}]}],
                     "cpu": "512", "memory": "1024", "ephemeralStorage": {"sizeInGiB": 25}}
        made = self.definition({"command": ["sh", "-c", "echo $FROM_FILE $BOTH $OVER; echo END"],
                                "environment": [{"name": "BOTH", "value": "own"}, {"name": "OVER", "value": "own"}],
                                "environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::bucket/app.env"}]})
        arn = self.run_task(made, overrides=overrides)
        task = self.ecs.describe_tasks(cluster="c", tasks=[arn])["tasks"][0]
        self.assertEqual((task["cpu"], task["memory"], task["ephemeralStorage"]["sizeInGiB"]), ("512", "1024", 25))
        self.assertEqual(self.output(arn), ["file own override"])

    def test_volumes_of_efs_of_the_host_and_of_the_task(self):
        lines = self.run_and_read(
            "cat /efs/greeting /host/line; echo new > /efs/new; echo x > /own/x && cat /own/x",
            mountPoints=[{"sourceVolume": "e", "containerPath": "/efs"}, {"sourceVolume": "h", "containerPath": "/host"},
                         {"sourceVolume": "o", "containerPath": "/own"}],
            definition={"volumes": [
                {"name": "e", "efsVolumeConfiguration": {"fileSystemId": "fs-1", "rootDirectory": "/data"}},
                {"name": "h", "host": {"sourcePath": str(self.root / "host/logs")}}, {"name": "o"}]})
        self.assertEqual(lines, ["hello from efs", "of the host", "x"])
        self.assertEqual((self.root / "efs/fs-1/data/new").read_text(), "new\n")

    def test_linux_parameters(self):
        lines = self.run_and_read(
            "grep -c ' /scratch tmpfs' /proc/mounts; ulimit -n; touch /x 2>/dev/null || echo sealed; id -u; pwd; "
            "cat /proc/1/cmdline | tr '\\0' ' ' | cut -d' ' -f1",
            readonlyRootFilesystem=True, user="app", workingDirectory="/tmp",
            ulimits=[{"name": "nofile", "softLimit": 1000, "hardLimit": 2000}],
            linuxParameters={"initProcessEnabled": True, "capabilities": {"drop": ["ALL"]},
                             "tmpfs": [{"containerPath": "/scratch", "size": 4, "mountOptions": ["noexec"]}]})
        self.assertEqual(lines, ["1", "1000", "sealed", "1000", "/tmp", "/dev/init"])
        with self.assertRaisesRegex(botocore.exceptions.ClientError, "do not support linuxParameters.maxSwap"):
            self.definition({"linuxParameters": {"maxSwap": 1}})

    def test_a_killed_child_is_told(self):
        stopped = self.stopped(self.run_task(self.definition(
            {"command": ["sh", "-c", "sh -c 'a=x; while :; do a=$a$a; done'; exit 3"], "memory": 16})))
        self.assertEqual(stopped["containers"][0]["exitCode"], 3)
        self.assertEqual(stopped["containers"][0]["reason"], "OutOfMemoryError: Container killed due to memory usage")

    def test_what_the_host_cannot_give_is_told(self):
        made = self.definition({"command": ["true"],
                                "ulimits": [{"name": "nofile", "softLimit": 1000, "hardLimit": 2000000000}]})
        arn = self.run_task(made)
        self.stopped(arn)
        self.assertIn("ulimit nofile of 1000:2000000000", self.platform.log())


class Parameters(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.platform = Platform().start()
        cls.ssm = cls.platform.client("ssm")

    @classmethod
    def tearDownClass(cls):
        cls.platform.__exit__()

    def test_parameters_by_every_call(self):
        ssm = self.ssm
        self.assertEqual(ssm.put_parameter(Name="/a/one", Value="1", Type="String", Tags=[{"Key": "t", "Value": "v"}])["Version"], 1)
        self.assertEqual(ssm.put_parameter(Name="/a/one", Value="2", Overwrite=True)["Version"], 2)
        ssm.put_parameter(Name="/a/b/list", Value="x,y", Type="StringList", Description="two")
        with self.assertRaises(ssm.exceptions.ParameterAlreadyExists):
            ssm.put_parameter(Name="/a/one", Value="3", Type="String")
        with self.assertRaises(ssm.exceptions.ParameterNotFound):
            ssm.get_parameter(Name="/none")
        got = ssm.get_parameters(Names=["/a/one", "/none", "/a/one:1"])
        self.assertEqual([(p["Name"], p["Value"]) for p in got["Parameters"]], [("/a/one", "2"), ("/a/one", "1")])
        self.assertEqual(got["InvalidParameters"], ["/none"])
        pages = ssm.get_paginator("get_parameters_by_path").paginate(Path="/a", Recursive=True, MaxResults=1)
        self.assertEqual([p["Name"] for page in pages for p in page["Parameters"]], ["/a/b/list", "/a/one"])
        described = ssm.describe_parameters(ParameterFilters=[{"Key": "Type", "Values": ["StringList"]}])["Parameters"]
        self.assertEqual([(p["Name"], p["Description"]) for p in described], [("/a/b/list", "two")])
        ssm.label_parameter_version(Name="/a/one", ParameterVersion=1, Labels=["first"])
        self.assertEqual(ssm.get_parameter(Name="/a/one:first")["Parameter"]["Value"], "1")
        history = ssm.get_parameter_history(Name="/a/one")["Parameters"]
        self.assertEqual([(h["Version"], h["Labels"]) for h in history], [(1, ["first"]), (2, [])])
        ssm.add_tags_to_resource(ResourceType="Parameter", ResourceId="/a/one", Tags=[{"Key": "u", "Value": "w"}])
        ssm.remove_tags_from_resource(ResourceType="Parameter", ResourceId="/a/one", TagKeys=["t"])
        self.assertEqual(ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="/a/one")["TagList"],
                         [{"Key": "u", "Value": "w"}])
        ssm.delete_parameter(Name="/a/one")
        gone = ssm.delete_parameters(Names=["/a/one", "/a/b/list"])
        self.assertEqual((gone["DeletedParameters"], gone["InvalidParameters"]), (["/a/b/list"], ["/a/one"]))


class Secrets(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.platform = Platform().start()
        cls.client = cls.platform.client("secretsmanager")

    @classmethod
    def tearDownClass(cls):
        cls.platform.__exit__()

    def test_secrets_by_every_call(self):
        client = self.client
        made = client.create_secret(Name="s", SecretString="one", Description="d", Tags=[{"Key": "t", "Value": "v"}])
        self.assertRegex(made["ARN"], r"^arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:s-[A-Za-z0-9]{6}$")
        put = client.put_secret_value(SecretId=made["ARN"], SecretString="two")
        self.assertEqual(put["VersionStages"], ["AWSCURRENT"])
        self.assertEqual(client.get_secret_value(SecretId="s")["SecretString"], "two")
        self.assertEqual(client.get_secret_value(SecretId="s", VersionStage="AWSPREVIOUS")["SecretString"], "one")
        described = client.describe_secret(SecretId="s")
        self.assertEqual(described["VersionIdsToStages"], {made["VersionId"]: ["AWSPREVIOUS"], put["VersionId"]: ["AWSCURRENT"]})
        self.assertEqual((described["Description"], described["Tags"]), ("d", [{"Key": "t", "Value": "v"}]))
        client.update_secret(SecretId="s", SecretBinary=b"\x00\xff", Description="e")
        self.assertEqual(client.get_secret_value(SecretId="s")["SecretBinary"], b"\x00\xff")
        self.assertEqual(len(client.list_secret_version_ids(SecretId="s", IncludeDeprecated=True)["Versions"]), 3)
        client.tag_resource(SecretId="s", Tags=[{"Key": "u", "Value": "w"}])
        client.untag_resource(SecretId="s", TagKeys=["t"])
        self.assertEqual([s["Tags"] for s in client.list_secrets()["SecretList"]], [[{"Key": "u", "Value": "w"}]])
        with self.assertRaises(client.exceptions.ResourceExistsException):
            client.create_secret(Name="s", SecretString="x")
        client.delete_secret(SecretId="s")
        with self.assertRaises(client.exceptions.InvalidRequestException):
            client.get_secret_value(SecretId="s")
        client.restore_secret(SecretId="s")
        client.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)
        with self.assertRaises(client.exceptions.ResourceNotFoundException):
            client.get_secret_value(SecretId="s")


if __name__ == "__main__":
    unittest.main()

"""Real containers through the API: life, failures in words, Spot, and a daemon killed with SIGKILL."""
import json
import os
import pathlib
import subprocess
import unittest
import urllib.request

from platform_under_test import Platform, awsvpc, subnets_of, until

SERVE = "mkdir -p /www; hostname > /www/index.html; exec httpd -f -p 80 -h /www"


def task_definition(ecs, family, *containers, **more):
    return ecs.register_task_definition(family=family, requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256",
                                        memory="512", containerDefinitions=list(containers), **more)["taskDefinition"]["taskDefinitionArn"]


def answers(url):
    """Whether the balancer is there already: a daemon just started may still be about to listen."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status == 200
    except OSError:
        return False


def container(name, *command, **more):
    return {"name": name, "image": "busybox", "command": list(command), **more}


class Tasks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.platform = Platform("--cpu", "8192", "--memory", "8192").start()
        cls.ecs = cls.platform.client("ecs")
        cls.ecs.create_cluster(clusterName="c", capacityProviders=["FARGATE", "FARGATE_SPOT"])

    @classmethod
    def tearDownClass(cls):
        cls.platform.__exit__()

    def run_task(self, definition, **more):
        answer = self.ecs.run_task(cluster="c", taskDefinition=definition, networkConfiguration=awsvpc(self.platform),
                                   **({} if "capacityProviderStrategy" in more else {"launchType": "FARGATE"}), **more)
        self.assertEqual(answer["failures"], [])
        return answer["tasks"][0]["taskArn"]

    def task(self, arn):
        return self.ecs.describe_tasks(cluster="c", tasks=[arn])["tasks"][0]

    def until_status(self, arn, status):
        return until(lambda: (t := self.task(arn))["lastStatus"] == status and t, what=f"{status}: {self.task(arn)}")

    def test_a_container_exits_and_its_code_is_told(self):
        arn = self.run_task(task_definition(self.ecs, "exits", container("app", "sh", "-c", "exit 3")))
        stopped = self.until_status(arn, "STOPPED")
        self.assertEqual(stopped["stopCode"], "EssentialContainerExited")
        self.assertEqual(stopped["stoppedReason"], "Essential container in task exited")
        self.assertEqual(stopped["containers"][0]["exitCode"], 3)

    def test_stop_signal_then_kill(self):
        arn = self.run_task(task_definition(self.ecs, "deaf", container("app", "sh", "-c", "trap '' TERM; while :; do sleep 1; done",
                                                                        stopTimeout=2)))
        self.until_status(arn, "RUNNING")
        self.ecs.stop_task(cluster="c", task=arn, reason="enough")
        stopped = self.until_status(arn, "STOPPED")
        self.assertEqual((stopped["stopCode"], stopped["stoppedReason"]), ("UserInitiated", "enough"))
        self.assertEqual(stopped["containers"][0]["exitCode"], 137)

    def test_missing_image_and_missing_command_are_told_in_words(self):
        arn = self.run_task(task_definition(self.ecs, "noimage", {"name": "app", "image": "no-such-image:1"}))
        stopped = self.until_status(arn, "STOPPED")
        self.assertEqual(stopped["stopCode"], "TaskFailedToStart")
        self.assertIn("CannotPullContainerError", stopped["stoppedReason"])
        arn = self.run_task(task_definition(self.ecs, "nocommand", container("app", "/no/such/program")))
        stopped = self.until_status(arn, "STOPPED")
        self.assertIn("/no/such/program", stopped["containers"][0]["reason"] + stopped["stoppedReason"])

    def test_out_of_memory_is_told_apart(self):
        eater = "a=x; while :; do a=$a$a; done"
        arn = self.run_task(task_definition(self.ecs, "hog", container("app", "sh", "-c", eater, memory=16)))
        stopped = self.until_status(arn, "STOPPED")
        self.assertEqual(stopped["containers"][0]["exitCode"], 137)
        self.assertIn("OutOfMemoryError", stopped["containers"][0].get("reason", ""))

    def test_logs_arrive_in_order(self):
        logs = self.platform.client("logs")
        logs.create_log_group(logGroupName="/c/app")
        options = {"logDriver": "awslogs", "options": {"awslogs-group": "/c/app", "awslogs-stream-prefix": "p",
                                                       "awslogs-region": "ap-northeast-1"}}
        arn = self.run_task(task_definition(self.ecs, "talks", container(
            "app", "sh", "-c", "for i in 1 2 3 4 5; do echo line $i; done", logConfiguration=options),
            executionRoleArn="arn:aws:iam::123456789012:role/x"))
        self.until_status(arn, "STOPPED")
        stream = "p/app/" + arn.rsplit("/", 1)[1]

        def lines():
            found = logs.filter_log_events(logGroupName="/c/app", logStreamNames=[stream])["events"]
            return len(found) == 5 and [e["message"] for e in found]
        self.assertEqual(until(lines, what="the lines"), [f"line {n}" for n in range(1, 6)])

    def test_spot_only_tasks_wait_for_surplus(self):
        definition = task_definition(self.ecs, "spot", container("app", "sleep", "1000", stopTimeout=2))
        strategy = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
        arn = self.run_task(definition, capacityProviderStrategy=strategy)
        self.until_status(arn, "RUNNING")
        self.platform.utakata("spot", "reclaim", "--cluster", "c", "--refuse-seconds", "3600", arn)
        stopped = self.until_status(arn, "STOPPED")
        self.assertEqual((stopped["stopCode"], stopped["stoppedReason"]), ("SpotInterruption", "Your Spot Task was interrupted."))
        refused = self.ecs.run_task(cluster="c", taskDefinition=definition, networkConfiguration=awsvpc(self.platform),
                                    capacityProviderStrategy=strategy)
        self.assertEqual(refused["tasks"], [])
        self.assertIn("Capacity is unavailable at this time", refused["failures"][0]["reason"])


class Service(unittest.TestCase):
    """A service behind a load balancer, and a daemon that is killed."""

    def deploy(self, platform, count=3):
        ecs, elb = platform.client("ecs"), platform.client("elbv2")
        subnets = subnets_of(platform)
        vpc = platform.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
        ecs.create_cluster(clusterName="c", capacityProviders=["FARGATE", "FARGATE_SPOT"])
        balancer = elb.create_load_balancer(Name="web", Subnets=subnets)["LoadBalancers"][0]
        group = elb.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip", HealthCheckIntervalSeconds=5,
                                        HealthyThresholdCount=2, HealthCheckTimeoutSeconds=2)["TargetGroups"][0]["TargetGroupArn"]
        elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "2"}])
        elb.create_listener(LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=8080,
                            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}])
        definition = task_definition(ecs, "web", container("web", "sh", "-c", SERVE, stopTimeout=2, portMappings=[{"containerPort": 80}]))
        ecs.create_service(cluster="c", serviceName="web", taskDefinition=definition, desiredCount=count,
                           networkConfiguration=awsvpc(platform),
                           capacityProviderStrategy=[{"capacityProvider": "FARGATE", "base": 1, "weight": 0},
                                                     {"capacityProvider": "FARGATE_SPOT", "weight": 1}],
                           loadBalancers=[{"targetGroupArn": group, "containerName": "web", "containerPort": 80}])
        self.stable(platform, count)
        return f"http://{platform.balancer_address}:8080/"

    def stable(self, platform, count):
        def settled():
            service = platform.client("ecs").describe_services(cluster="c", services=["web"])["services"][0]
            return (len(service["deployments"]) == 1 and service["runningCount"] == count
                    and service["deployments"][0]["rolloutState"] == "COMPLETED")
        until(settled, 90, "a stable service: " + platform.log()[-2000:])

    def pids(self, platform):
        ecs = platform.client("ecs")
        arns = ecs.list_tasks(cluster="c")["taskArns"]
        return {t["taskArn"]: t["containers"][0].get("runtimeId") for t in ecs.describe_tasks(cluster="c", tasks=arns)["tasks"]}

    def test_killed_daemon_tasks_keep_ids_and_processes(self):
        with Platform("--cpu", "4096", "--memory", "4096") as platform:
            url = self.deploy(platform)
            with urllib.request.urlopen(url, timeout=10) as answer:
                self.assertEqual(answer.status, 200)
            before, processes = self.pids(platform), container_processes(platform)
            self.assertEqual(len(before), 3)
            platform.kill()
            self.assertEqual(container_processes(platform), processes)
            platform.start()
            self.stable(platform, 3)
            self.assertEqual(self.pids(platform), before)
            self.assertEqual(container_processes(platform), processes)
            until(lambda: answers(url), what="the balancer")

    def test_killed_in_a_deployment_it_still_converges(self):
        with Platform("--cpu", "4096", "--memory", "4096") as platform:
            self.deploy(platform)
            ecs = platform.client("ecs")
            second = task_definition(ecs, "web", container("web", "sh", "-c", SERVE, stopTimeout=2, portMappings=[{"containerPort": 80}]))
            ecs.update_service(cluster="c", service="web", taskDefinition=second)
            platform.kill()
            platform.start()
            self.stable(platform, 3)
            arns = ecs_tasks(platform)
            self.assertEqual({t["taskDefinitionArn"] for t in arns}, {second})

    def test_a_clean_end_leaves_nothing_on_the_host(self):
        with Platform("--cpu", "4096", "--memory", "4096") as platform:
            self.deploy(platform, 2)
            self.assertTrue(container_processes(platform))
            state = str(platform.state)
            self.assertIn(state, pathlib.Path("/proc/mounts").read_text())
        self.assertNotIn(state, pathlib.Path("/proc/mounts").read_text())
        self.assertNotIn(state, subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout)


def ecs_tasks(platform):
    ecs = platform.client("ecs")
    return ecs.describe_tasks(cluster="c", tasks=ecs.list_tasks(cluster="c")["taskArns"])["tasks"]


def container_processes(platform):
    """Process ids of the httpd servers that belong to this platform, by its supervisors' process trees."""
    parents, names = {}, {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            stat = pathlib.Path(f"/proc/{entry}/stat").read_text()
            arguments = pathlib.Path(f"/proc/{entry}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        parents[int(entry)] = int(stat.rsplit(")", 1)[1].split()[1])
        names[int(entry)] = arguments
    owners = {p for p, text in names.items() if "utakata-supervisor" in text and str(platform.state) in text}
    return sorted(p for p, text in names.items() if "httpd" in text and parents.get(p) in owners)


if __name__ == "__main__":
    unittest.main()

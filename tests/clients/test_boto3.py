"""boto3, unmodified, against the control plane: shapes, texts, paginators. No container is started here."""
import json
import unittest

from botocore.exceptions import ClientError
from platform_under_test import Platform, until

PLATFORM = None


def setUpModule():
    global PLATFORM
    PLATFORM = Platform().start()


def tearDownModule():
    PLATFORM.__exit__()


def refused(test, code, call, **arguments):
    with test.assertRaises(ClientError) as raised:
        call(**arguments)
    test.assertEqual(raised.exception.response["Error"]["Code"], code)
    return raised.exception.response["Error"]["Message"]


class Ecs(unittest.TestCase):
    def setUp(self):
        self.ecs = PLATFORM.client("ecs")

    def register(self, family, **more):
        return self.ecs.register_task_definition(
            family=family, requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512",
            containerDefinitions=[{"name": "app", "image": "busybox", "essential": True}], **more)["taskDefinition"]

    def test_cluster_life(self):
        made = self.ecs.create_cluster(clusterName="life", capacityProviders=["FARGATE", "FARGATE_SPOT"],
                                       tags=[{"key": "team", "value": "a"}])["cluster"]
        self.assertEqual(made["status"], "ACTIVE")
        self.assertEqual(made["clusterArn"], "arn:aws:ecs:ap-northeast-1:123456789012:cluster/life")
        self.assertEqual(self.ecs.create_cluster(clusterName="life")["cluster"]["clusterArn"], made["clusterArn"])
        self.assertIn(made["clusterArn"], self.ecs.list_clusters()["clusterArns"])
        described = self.ecs.describe_clusters(clusters=["life", "none"], include=["TAGS"])
        self.assertEqual(described["clusters"][0]["tags"], [{"key": "team", "value": "a"}])
        self.assertEqual(described["failures"][0]["reason"], "MISSING")
        self.ecs.delete_cluster(cluster="life")
        self.assertNotIn(made["clusterArn"], self.ecs.list_clusters()["clusterArns"])

    def test_task_definition_revisions_count_up(self):
        self.assertEqual(self.register("revisions")["revision"], 1)
        second = self.register("revisions")
        self.assertEqual(second["revision"], 2)
        self.assertEqual(second["compatibilities"], ["EC2", "FARGATE"])
        listed = self.ecs.list_task_definitions(familyPrefix="revisions", sort="DESC")["taskDefinitionArns"]
        self.assertEqual([a.rsplit(":", 1)[1] for a in listed], ["2", "1"])
        self.ecs.deregister_task_definition(taskDefinition="revisions:2")
        self.assertEqual(self.ecs.describe_task_definition(taskDefinition="revisions")["taskDefinition"]["revision"], 1)

    def test_refusals_use_awss_words(self):
        self.assertEqual(refused(self, "ClusterNotFoundException", self.ecs.list_tasks, cluster="absent"), "Cluster not found.")
        refused(self, "ServiceNotFoundException", self.ecs.update_service, cluster=self.cluster(), service="absent")
        message = refused(self, "ClientException", self.ecs.register_task_definition, family="odd", networkMode="awsvpc",
                          requiresCompatibilities=["FARGATE"], cpu="300", memory="512",
                          containerDefinitions=[{"name": "app", "image": "busybox"}])
        self.assertEqual(message, "No Fargate configuration exists for given values.")

    def cluster(self):
        return self.ecs.create_cluster(clusterName="texts")["cluster"]["clusterArn"]

    def test_paginators_walk_every_page(self):
        for n in range(25):
            self.register(f"page-{n:02}")
        pages = list(self.ecs.get_paginator("list_task_definition_families").paginate(
            familyPrefix="page-", PaginationConfig={"PageSize": 10}))
        self.assertEqual([len(p["families"]) for p in pages], [10, 10, 5])
        refused(self, "InvalidParameterException", self.ecs.list_task_definition_families, nextToken="no-such-token")

    def test_accounts_and_regions_are_worlds_of_their_own(self):
        self.ecs.create_cluster(clusterName="mine")
        other = PLATFORM.client("ecs", account="999999999999")
        self.assertEqual(other.list_clusters()["clusterArns"], [])
        elsewhere = PLATFORM.client("ecs", region_name="eu-west-1")
        self.assertEqual(elsewhere.list_clusters()["clusterArns"], [])
        identity = PLATFORM.client("sts", account="999999999999").get_caller_identity()
        self.assertEqual(identity["Account"], "999999999999")


class Ec2AndElb(unittest.TestCase):
    def setUp(self):
        self.ec2, self.elb = PLATFORM.client("ec2"), PLATFORM.client("elbv2")

    def test_a_new_world_has_its_default_vpc_in_three_zones(self):
        ec2 = PLATFORM.client("ec2", account="111122223333")
        vpcs = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
        self.assertEqual(len(vpcs), 1)
        subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpcs[0]["VpcId"]]}])["Subnets"]
        self.assertEqual(len({s["AvailabilityZone"] for s in subnets}), 3)
        groups = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["default"]}])["SecurityGroups"]
        self.assertEqual(len(groups), 1)
        self.assertEqual(refused(self, "InvalidSubnetID.NotFound", ec2.describe_subnets, SubnetIds=["subnet-0000000000000dead"]),
                         "The subnet ID 'subnet-0000000000000dead' does not exist")

    def test_load_balancer_listener_rule_and_target_group(self):
        subnets = [s["SubnetId"] for s in self.ec2.describe_subnets()["Subnets"]]
        vpc = self.ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        balancer = self.elb.create_load_balancer(Name="shapes", Subnets=subnets)["LoadBalancers"][0]
        self.assertRegex(balancer["DNSName"], r"^shapes-\d+\.ap-northeast-1\.elb\.localhost$")
        self.elb.get_waiter("load_balancer_available").wait(LoadBalancerArns=[balancer["LoadBalancerArn"]])
        group = self.elb.create_target_group(Name="shapes", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip",
                                             HealthCheckPath="/up")["TargetGroups"][0]
        listener = self.elb.create_listener(LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=8090,
                                            DefaultActions=[{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}]
                                            )["Listeners"][0]
        rule = self.elb.create_rule(ListenerArn=listener["ListenerArn"], Priority=5,
                                    Conditions=[{"Field": "path-pattern", "Values": ["/api/*"]}],
                                    Actions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}])["Rules"][0]
        self.assertEqual(rule["Priority"], "5")
        self.assertEqual(refused(self, "ResourceInUse", self.elb.delete_target_group, TargetGroupArn=group["TargetGroupArn"]),
                         f"Target group '{group['TargetGroupArn']}' is currently in use by a listener or a rule")
        self.elb.register_targets(TargetGroupArn=group["TargetGroupArn"], Targets=[{"Id": "172.31.0.77", "Port": 80}])
        health = self.elb.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]
        self.assertIn(health[0]["TargetHealth"]["State"], ("initial", "unhealthy"))
        self.elb.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
        self.elb.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])  # it may be gone already
        refused(self, "LoadBalancerNotFound", self.elb.describe_load_balancers, Names=["shapes"])
        self.assertEqual(refused(self, "ValidationError", self.elb.delete_load_balancer, LoadBalancerArn="foo"),
                         "'foo' is not a valid load balancer ARN")


class EventsSqsLogs(unittest.TestCase):
    def test_an_event_reaches_queue_and_log_group(self):
        events, sqs, logs = (PLATFORM.client(n) for n in ("events", "sqs", "logs"))
        queue = sqs.create_queue(QueueName="orders")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        logs.create_log_group(logGroupName="/aws/events/orders")
        group_arn = "arn:aws:logs:ap-northeast-1:123456789012:log-group:/aws/events/orders"
        events.put_rule(Name="orders", EventPattern=json.dumps({"source": ["shop"], "detail": {"amount": [{"numeric": [">", 100]}]}}))
        self.assertEqual(events.put_targets(Rule="orders", Targets=[{"Id": "q", "Arn": arn}, {"Id": "l", "Arn": group_arn}])
                         ["FailedEntryCount"], 0)
        for amount in (5, 500):
            events.put_events(Entries=[{"Source": "shop", "DetailType": "Order", "Detail": json.dumps({"amount": amount})}])
        received = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5, MaxNumberOfMessages=10)["Messages"]
        self.assertEqual([json.loads(m["Body"])["detail"]["amount"] for m in received], [500])
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=received[0]["ReceiptHandle"])
        lines = logs.filter_log_events(logGroupName="/aws/events/orders")["events"]
        self.assertEqual(json.loads(lines[0]["message"])["detail-type"], "Order")

    def test_a_long_poll_is_woken_by_the_message(self):
        import threading
        sqs = PLATFORM.client("sqs")
        queue = sqs.create_queue(QueueName="poll")["QueueUrl"]
        sender = threading.Timer(0.3, lambda: PLATFORM.client("sqs").send_message(QueueUrl=queue, MessageBody="now"))
        sender.start()
        self.assertEqual(sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"][0]["Body"], "now")
        sender.join()

    def test_patterns_are_tried_and_refused(self):
        events = PLATFORM.client("events")
        event = json.dumps({"id": "1", "account": "1", "source": "x", "time": "2026-01-01T00:00:00Z", "region": "r",
                            "resources": [], "detail-type": "t", "detail": {"a": 1}})
        self.assertTrue(events.test_event_pattern(Event=event, EventPattern='{"detail":{"a":[1]}}')["Result"])
        message = refused(self, "InvalidEventPatternException", events.put_rule, Name="bad", EventPattern='{"source":"x"}')
        self.assertIn('"source" must be an object or an array', message)


if __name__ == "__main__":
    unittest.main()

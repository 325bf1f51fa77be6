"""Cloud Map with a real service: its tasks are found by name from another task, and no more when they stop."""
import unittest

from platform_under_test import REGION, Platform, awsvpc, until

SERVE = "mkdir -p /w; hostname > /w/index.html; httpd -p 80 -h /w; trap 'exit 0' TERM; while :; do sleep 0.1; done"


class Discovery(unittest.TestCase):
    def setUp(self):
        self.platform = Platform("--cpu", "4096", "--memory", "4096").start()
        self.addCleanup(self.platform.__exit__)
        self.ecs, self.logs = self.platform.client("ecs"), self.platform.client("logs")
        self.map = self.platform.client("servicediscovery")
        self.ecs.create_cluster(clusterName="c")
        self.logs.create_log_group(logGroupName="/d")

    def definition(self, family, script):
        return self.ecs.register_task_definition(
            family=family, requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512",
            executionRoleArn="arn:aws:iam::123456789012:role/x",
            containerDefinitions=[{"name": "app", "image": "busybox", "command": ["sh", "-c", script], "stopTimeout": 2, "logConfiguration": {
                "logDriver": "awslogs", "options": {"awslogs-group": "/d", "awslogs-region": REGION, "awslogs-stream-prefix": "p"}}}],
        )["taskDefinition"]["taskDefinitionArn"]

    def registry(self, kind="A"):
        vpc = self.platform.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
        made = self.map.create_private_dns_namespace(Name="prod.local", Vpc=vpc)["OperationId"]
        operation = self.map.get_operation(OperationId=made)["Operation"]
        self.assertEqual(operation["Status"], "SUCCESS")
        return self.map.create_service(Name="api", NamespaceId=operation["Targets"]["NAMESPACE"], DnsConfig={
            "RoutingPolicy": "MULTIVALUE", "DnsRecords": [{"Type": kind, "TTL": 10}]})["Service"]

    def found(self, registry):
        return sorted(i["Attributes"]["AWS_INSTANCE_IPV4"] for i in self.map.list_instances(ServiceId=registry["Id"])["Instances"])

    def test_tasks_of_a_service_are_found_by_name(self):
        registry = self.registry()
        self.ecs.create_service(cluster="c", serviceName="api", taskDefinition=self.definition("api", SERVE), launchType="FARGATE",
                                desiredCount=2, networkConfiguration=awsvpc(self.platform), serviceRegistries=[{"registryArn": registry["Arn"]}])
        until(lambda: len(self.found(registry)) == 2, what="both tasks in the registry")
        asks = self.ecs.run_task(
            cluster="c", launchType="FARGATE", networkConfiguration=awsvpc(self.platform),
            taskDefinition=self.definition("asks", "nslookup api.prod.local | grep -c 'Address: 172'; "
                                                   "until wget -q -O - http://api.prod.local/; do sleep 0.2; done"))["tasks"][0]["taskArn"]
        stream = "p/app/" + asks.rsplit("/", 1)[1]

        def said():
            try:
                events = self.logs.filter_log_events(logGroupName="/d", logStreamNames=[stream])["events"]
            except self.logs.exceptions.ResourceNotFoundException:
                return None
            return len(events) == 2 and [e["message"] for e in events]
        lines = until(said, what="the answer by name")
        self.assertEqual(lines[0], "2")
        self.assertTrue(lines[1].startswith("ip-172-31-"), lines)
        self.ecs.update_service(cluster="c", service="api", desiredCount=1)
        until(lambda: len(self.found(registry)) == 1, what="one task in the registry")
        self.ecs.delete_service(cluster="c", service="api", force=True)
        until(lambda: self.found(registry) == [], what="an empty registry")
        self.map.delete_service(Id=registry["Id"])

    def test_a_registry_that_is_not_there_is_refused_by_name(self):
        with self.assertRaisesRegex(self.ecs.exceptions.InvalidParameterException, "serviceRegistries.*srv-absent"):
            self.ecs.create_service(cluster="c", serviceName="api", taskDefinition=self.definition("api", SERVE), launchType="FARGATE",
                                    desiredCount=1, networkConfiguration=awsvpc(self.platform), serviceRegistries=[
                                        {"registryArn": f"arn:aws:servicediscovery:{REGION}:123456789012:service/srv-absent"}])


if __name__ == "__main__":
    unittest.main()

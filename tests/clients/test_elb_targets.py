"""boto3, unmodified: attributes of load balancers and target groups, health checks, targets. No container runs: where a
target has to answer, it is another load balancer's listener."""
import contextlib
import http.client
import unittest

from botocore.exceptions import ClientError
from platform_under_test import Platform, until

PLATFORM = None


def setUpModule():
    global PLATFORM
    PLATFORM = Platform().start()


def tearDownModule():
    PLATFORM.__exit__()


def pairs(**values):
    return [{"Key": key.replace("__", "."), "Value": value} for key, value in values.items()]


def fixed(body):
    return {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200", "ContentType": "text/plain",
                                                              "MessageBody": body}}


class Targets(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.ec2, cls.elb = PLATFORM.client("ec2"), PLATFORM.client("elbv2")
        cls.vpc = cls.ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        cls.subnets = [s["SubnetId"] for s in cls.ec2.describe_subnets()["Subnets"]]

    def group(self, name, **more):
        return self.elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=self.vpc, TargetType="ip",
                                            **more)["TargetGroups"][0]["TargetGroupArn"]

    def refused(self, code, call, **arguments):
        with self.assertRaises(ClientError) as raised:
            call(**arguments)
        self.assertEqual(raised.exception.response["Error"]["Code"], code)
        return raised.exception.response["Error"]["Message"]

    def test_attributes_say_whether_they_have_an_effect(self):
        group = self.group("attributes")
        done = self.elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=pairs(
            load_balancing__algorithm__type="least_outstanding_requests"))
        self.assertNotIn("x-utakata-stored-only", done["ResponseMetadata"]["HTTPHeaders"])
        done = self.elb.modify_target_group_attributes(TargetGroupArn=self.group("anomalies"), Attributes=pairs(
            load_balancing__algorithm__type="weighted_random", load_balancing__algorithm__anomaly_mitigation="on"))
        self.assertNotIn("x-utakata-stored-only", done["ResponseMetadata"]["HTTPHeaders"])
        done = self.elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=pairs(
            load_balancing__cross_zone__enabled="false"))
        self.assertNotIn("x-utakata-stored-only", done["ResponseMetadata"]["HTTPHeaders"])
        values = {a["Key"]: a["Value"] for a in self.elb.describe_target_group_attributes(TargetGroupArn=group)["Attributes"]}
        self.assertEqual(values["load_balancing.algorithm.type"], "least_outstanding_requests")
        self.assertEqual(values["load_balancing.cross_zone.enabled"], "false")
        self.assertEqual(values["stickiness.lb_cookie.duration_seconds"], "86400")

    def balancer(self, name):
        return self.elb.create_load_balancer(Name=name, Subnets=self.subnets)["LoadBalancers"][0]["LoadBalancerArn"]

    def listener(self, balancer, port, **action):
        made = self.elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=port, DefaultActions=[action])
        return made["Listeners"][0]["ListenerArn"]

    def answering_group(self, name, port, body, by_forwarded_for=()):
        """A target group, and a target that answers with this body, or another for a value of X-Forwarded-For."""
        balancer = self.balancer(name)
        listener = self.listener(balancer, port, **fixed(body))
        for priority, (value, other) in enumerate(by_forwarded_for, 1):
            self.elb.create_rule(ListenerArn=listener, Priority=priority, Actions=[fixed(other)], Conditions=[
                {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Forwarded-For", "Values": [value]}}])
        found = self.ec2.describe_network_interfaces(Filters=[{"Name": "description", "Values": ["ELB app/" + name]}])
        return self.group(name), {"Id": found["NetworkInterfaces"][0]["PrivateIpAddress"], "Port": port}

    def ask(self, port, cookies=(), **headers):
        """The body of an answer, and the cookies that it sets."""
        with contextlib.closing(http.client.HTTPConnection(PLATFORM.balancer_address, port, timeout=20)) as connection:
            headers.update({"Cookie": "; ".join(cookies)} if cookies else {})
            connection.request("GET", "/", headers=headers)
            with connection.getresponse() as answer:
                return answer.read().decode(), [c.split(";")[0] for c in answer.headers.get_all("Set-Cookie") or ()]

    def healthy(self, group, count):
        until(lambda: [t["TargetHealth"]["State"] for t in self.elb.describe_target_health(
            TargetGroupArn=group)["TargetHealthDescriptions"]] == ["healthy"] * count, what="the targets to be healthy")

    def test_cookies_keep_a_client_with_its_target_and_its_group(self):
        blue, one = self.answering_group("blue", 8101, "one")
        green, two = self.answering_group("green", 8102, "two")
        done = self.elb.modify_target_group_attributes(TargetGroupArn=blue, Attributes=pairs(
            stickiness__enabled="true", stickiness__lb_cookie__duration_seconds="60"))
        self.assertNotIn("x-utakata-stored-only", done["ResponseMetadata"]["HTTPHeaders"])
        self.elb.register_targets(TargetGroupArn=blue, Targets=[one, two])
        front = self.balancer("front")
        self.listener(front, 8103, Type="forward", TargetGroupArn=blue)
        self.healthy(blue, 2)
        until(lambda: {self.ask(8103)[0] for _ in range(4)} == {"one", "two"}, what="both targets")
        body, cookies = self.ask(8103)
        self.assertEqual([c.split("=")[0] for c in cookies], ["AWSALB", "AWSALBCORS"])
        self.assertEqual({self.ask(8103, cookies)[0] for _ in range(4)}, {body})
        PLATFORM.kill()
        PLATFORM.start()
        self.setUpClass()  # the API listens elsewhere now

        def bound_still():
            with contextlib.suppress(ConnectionRefusedError):
                return ({self.ask(8103)[0] for _ in range(4)} == {"one", "two"}
                        and {self.ask(8103, cookies)[0] for _ in range(8)} == {body})
        until(bound_still, what="the cookie to bind after a restart")
        self.elb.deregister_targets(TargetGroupArn=blue, Targets=[one if body == "one" else two])
        until(lambda: self.ask(8103, cookies)[0] not in (body, ""), what="the other target")

        self.elb.register_targets(TargetGroupArn=green, Targets=[two])
        done = self.elb.create_listener(LoadBalancerArn=front, Protocol="HTTP", Port=8104, DefaultActions=[
            {"Type": "forward", "ForwardConfig": {
                "TargetGroups": [{"TargetGroupArn": blue, "Weight": 1}, {"TargetGroupArn": green, "Weight": 1}],
                "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 60}}}])
        self.assertNotIn("x-utakata-stored-only", done["ResponseMetadata"]["HTTPHeaders"])
        self.healthy(green, 1)

        def of_green():
            body, cookies = self.ask(8104)
            return body == "two" and not any(c.startswith("AWSALB=") for c in cookies) and cookies
        cookies = until(of_green, what="a cookie of the other group")
        self.assertEqual([c.split("=")[0] for c in cookies], ["AWSALBTG", "AWSALBTGCORS"])
        for _ in range(4):
            body, again = self.ask(8104, cookies)
            self.assertEqual((body, len(again)), ("two", 2))

    def test_targets_stand_in_zones_and_answers_name_their_target(self):
        group, target = self.answering_group("zoned", 8107, "here")
        self.assertIn("because it is not in the VPC", self.refused(
            "ValidationError", self.elb.register_targets, TargetGroupArn=group, Targets=[{"Id": "10.9.8.7"}]))
        self.elb.register_targets(TargetGroupArn=group, Targets=[target])
        front = self.balancer("names")
        self.listener(front, 8108, Type="forward", TargetGroupArn=group)
        done = self.elb.modify_load_balancer_attributes(LoadBalancerArn=front, Attributes=[
            {"Key": "utakata.response.target_header.enabled", "Value": "true"}])
        self.assertNotIn("x-utakata-stored-only", done["ResponseMetadata"]["HTTPHeaders"])
        self.healthy(group, 1)
        found = self.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"][0]
        zones = [s["AvailabilityZone"] for s in self.ec2.describe_subnets()["Subnets"]]
        self.assertIn(found["Target"]["AvailabilityZone"], zones)

        def named():
            with contextlib.closing(http.client.HTTPConnection(PLATFORM.balancer_address, 8108, timeout=20)) as connection:
                connection.request("GET", "/")
                with connection.getresponse() as answer:
                    return answer.headers.get("X-Utakata-Target") == f"{target['Id']}:{target['Port']}"
        until(named, what="the target's name")

    def test_a_function_that_nobody_runs_is_missing(self):
        group = self.elb.create_target_group(Name="function", TargetType="lambda")["TargetGroups"][0]
        self.assertEqual((group["TargetType"], group["HealthCheckEnabled"]), ("lambda", False))
        self.assertNotIn("Port", group)
        self.elb.register_targets(TargetGroupArn=group["TargetGroupArn"], Targets=[
            {"Id": "arn:aws:lambda:ap-northeast-1:000000000000:function:hello"}])
        self.listener(self.balancer("functions"), 8109, Type="forward", TargetGroupArn=group["TargetGroupArn"])
        found = self.elb.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"][0]
        self.assertEqual(found["TargetHealth"], {"State": "unavailable", "Reason": "Target.HealthCheckDisabled",
                                                 "Description": "Health checks are disabled"})

        def answers_502():
            with contextlib.suppress(ConnectionRefusedError):
                return "502 Bad Gateway" in self.ask(8109)[0]
        until(answers_502, what="502")

    def test_a_load_balancer_says_where_requests_come_from_as_it_is_set(self):
        group, target = self.answering_group("echo", 8105, "none", [("192.0.2.9", "as sent"), ("192.0.2.9, *:*", "with a port"),
                                                                    ("192.0.2.9, *", "appended")])
        self.elb.register_targets(TargetGroupArn=group, Targets=[target])
        front = self.balancer("forwards")
        self.listener(front, 8106, Type="forward", TargetGroupArn=group)
        self.healthy(group, 1)

        def answers(expected, **attributes):
            if attributes:
                done = self.elb.modify_load_balancer_attributes(LoadBalancerArn=front, Attributes=pairs(**attributes))
                self.assertNotIn("x-utakata-stored-only", done["ResponseMetadata"]["HTTPHeaders"])
            until(lambda: self.ask(8106, **{"X-Forwarded-For": "192.0.2.9"})[0] == expected, what=expected)
        answers("appended")
        answers("with a port", routing__http__xff_client_port__enabled="true")
        answers("as sent", routing__http__xff_header_processing__mode="preserve")
        answers("none", routing__http__xff_header_processing__mode="remove")

    def test_a_refusal_changes_nothing(self):
        group = self.group("refused")
        message = self.refused("ValidationError", self.elb.modify_target_group_attributes, TargetGroupArn=group,
                               Attributes=pairs(deregistration_delay__timeout_seconds="5", slow_start__duration_seconds="5"))
        self.assertEqual(message, "'slow_start.duration_seconds' value '5' must be between '30-900' inclusive")
        values = {a["Key"]: a["Value"] for a in self.elb.describe_target_group_attributes(TargetGroupArn=group)["Attributes"]}
        self.assertEqual(values["deregistration_delay.timeout_seconds"], "300")

    def test_a_protected_load_balancer_stays(self):
        arn = self.elb.create_load_balancer(Name="kept", Subnets=self.subnets)["LoadBalancers"][0]["LoadBalancerArn"]
        self.elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=pairs(deletion_protection__enabled="true"))
        self.assertIn("deletion protection", self.refused("OperationNotPermitted", self.elb.delete_load_balancer,
                                                          LoadBalancerArn=arn))
        self.elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=pairs(deletion_protection__enabled="false"))
        self.elb.delete_load_balancer(LoadBalancerArn=arn)

    def test_health_checks_and_the_states_of_a_target(self):
        group = self.group("health", HealthCheckPath="/up", HealthCheckIntervalSeconds=5, HealthCheckTimeoutSeconds=2,
                           UnhealthyThresholdCount=2, Matcher={"HttpCode": "200-299"})
        self.assertIn("'healthCheckIntervalSeconds'", self.refused(
            "ValidationError", self.elb.modify_target_group, TargetGroupArn=group, HealthCheckIntervalSeconds=301))

        def health():
            target = {"Id": "172.31.0.77", "Port": 81}
            found = self.elb.describe_target_health(TargetGroupArn=group, Targets=[target])["TargetHealthDescriptions"][0]
            self.assertEqual(found["HealthCheckPort"], "81")
            return found["TargetHealth"]

        self.assertEqual(health(), {"State": "unused", "Reason": "Target.NotRegistered",
                                    "Description": "Target is not registered to the target group"})
        self.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": "172.31.0.77", "Port": 81}])
        self.assertEqual(health()["Reason"], "Target.NotInUse")
        balancer = self.elb.create_load_balancer(Name="health", Subnets=self.subnets)["LoadBalancers"][0]["LoadBalancerArn"]
        self.elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=8094,
                                 DefaultActions=[{"Type": "forward", "TargetGroupArn": group}])
        # Nobody has that address: the checks fail.
        until(lambda: health()["State"] == "unhealthy", what="the target to be unhealthy")
        self.assertIn(health()["Reason"], ("Target.Timeout", "Target.FailedHealthChecks"))
        self.elb.deregister_targets(TargetGroupArn=group, Targets=[{"Id": "172.31.0.77", "Port": 81}])
        self.assertEqual(health(), {"State": "draining", "Reason": "Target.DeregistrationInProgress",
                                    "Description": "Target deregistration is in progress"})
        self.elb.delete_load_balancer(LoadBalancerArn=balancer)


if __name__ == "__main__":
    unittest.main()

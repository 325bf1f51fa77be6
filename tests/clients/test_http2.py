"""boto3 and curl, unmodified: HTTP/2 on HTTPS listeners, and target groups of HTTP2 and GRPC. No container runs: the
target is another load balancer's listener."""
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from botocore.exceptions import ClientError
from platform_under_test import Platform, subnets_of, until

PLATFORM = None
PORT, TARGET_PORT, PLAIN_PORT = 8444, 8445, 8095
CALL = ["-H", "content-type: application/grpc", "-H", "te: trailers", "--data-binary", "12345"]


def setUpModule():
    global PLATFORM
    PLATFORM = Platform().start()


def tearDownModule():
    PLATFORM.__exit__()


def fixed(body):
    return {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200", "MessageBody": body,
                                                              "ContentType": "text/plain"}}


class Http2(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.acm, cls.ec2, cls.elb = PLATFORM.client("acm"), PLATFORM.client("ec2"), PLATFORM.client("elbv2")
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="utakata-http2."))
        cls.authority = cls.folder / "ca.pem"
        cls.authority.write_text(PLATFORM.utakata("ca").stdout)
        cls.certificate = cls.acm.request_certificate(DomainName="www.example.com",
                                                      ValidationMethod="DNS")["CertificateArn"]
        cls.acm.get_waiter("certificate_validated").wait(CertificateArn=cls.certificate, WaiterConfig={"Delay": 1})
        cls.vpc = cls.ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        cls.target, _ = cls.balancer("target", TARGET_PORT, fixed("from the target"))
        cls.front, cls.listener = cls.balancer("front", PORT, fixed("from the front"))
        cls.elb.create_listener(LoadBalancerArn=cls.front, Protocol="HTTP", Port=PLAIN_PORT,
                                DefaultActions=[fixed("plain")])
        for priority, version in enumerate(("HTTP1", "HTTP2", "GRPC"), 1):
            cls.elb.create_rule(
                ListenerArn=cls.listener, Priority=priority,
                Conditions=[{"Field": "path-pattern", "Values": [f"/{version}"]}],
                Actions=[{"Type": "forward", "TargetGroupArn": cls.group(version.lower(), version)}])
        until(lambda: cls.curl("/HTTP2").stdout == "from the target", what="the rules")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    @classmethod
    def balancer(cls, name, port, action):
        made = cls.elb.create_load_balancer(Name=name, Subnets=subnets_of(PLATFORM))["LoadBalancers"][0]
        arn = made["LoadBalancerArn"]
        listener = cls.elb.create_listener(LoadBalancerArn=arn, Protocol="HTTPS", Port=port, DefaultActions=[action],
                                           Certificates=[{"CertificateArn": cls.certificate}])["Listeners"][0]
        return arn, listener["ListenerArn"]

    @classmethod
    def group(cls, name, version):
        """A group with the other load balancer as its target."""
        arn = cls.elb.create_target_group(
            Name=name, Protocol="HTTPS", Port=TARGET_PORT, VpcId=cls.vpc, TargetType="ip", ProtocolVersion=version,
            HealthCheckProtocol="HTTPS")["TargetGroups"][0]["TargetGroupArn"]
        found = cls.ec2.describe_network_interfaces(Filters=[{"Name": "description", "Values": ["ELB app/target"]}])
        cls.elb.register_targets(TargetGroupArn=arn, Targets=[
            {"Id": found["NetworkInterfaces"][0]["PrivateIpAddress"], "Port": TARGET_PORT}])
        return arn

    @classmethod
    def curl(cls, path, *options, url=None):
        """"VERSION STATUS BODY"."""
        return subprocess.run(["curl", "-sS", "--http2", "--cacert", cls.authority, "--connect-to",
                               f"::{PLATFORM.balancer_address}:", *options, "-o", "-", "-w",
                               "%{stderr}%{http_version} %{http_code} ", url or f"https://www.example.com:{PORT}{path}"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)

    def told(self, path, *options):
        done = self.curl(path, *options)
        return done.stderr + done.stdout

    def test_clients_choose_the_version(self):
        self.assertEqual(self.told("/"), "2 200 from the front")
        self.assertEqual(self.told("/", "--http1.1"), "1.1 200 from the front")

    def test_target_groups_have_one(self):
        self.assertEqual(self.told("/HTTP1"), "2 200 from the target")
        self.assertEqual(self.told("/HTTP2"), "2 200 from the target")
        self.assertEqual(self.told("/GRPC", *CALL), "2 200 from the target")
        self.assertEqual(self.told("/HTTP2", *CALL), "2 200 from the target")
        for path, options in (("/HTTP2", ["--http1.1"]), ("/GRPC", ["--http1.1", *CALL]), ("/GRPC", []),
                              ("/HTTP1", CALL)):
            self.assertIn(" 464 ", self.told(path, *options), path)

    def test_it_can_be_switched_off(self):
        def switch(value):
            self.elb.modify_load_balancer_attributes(LoadBalancerArn=self.target, Attributes=[
                {"Key": "routing.http2.enabled", "Value": value}])
        at_target = {"url": f"https://www.example.com:{TARGET_PORT}/"}
        try:
            switch("false")
            until(lambda: self.curl("", **at_target).stderr == "1.1 200 ", what="HTTP/1.1 alone")
        finally:
            switch("true")
            until(lambda: self.curl("", **at_target).stderr == "2 200 ", what="HTTP/2 again")

    def test_listeners_of_http_do_not_speak_it(self):
        plain = f"http://www.example.com:{PLAIN_PORT}/"
        self.assertEqual(self.curl("", url=plain).stdout, "plain")  # offered an upgrade, it goes on with HTTP/1.1
        self.assertNotEqual(self.curl("", "--http2-prior-knowledge", url=plain).returncode, 0)
        with self.assertRaises(ClientError) as raised:
            self.elb.create_listener(LoadBalancerArn=self.front, Protocol="HTTP", Port=1, DefaultActions=[
                {"Type": "forward", "TargetGroupArn": self.group("lonely", "GRPC")}])
        self.assertEqual(raised.exception.response["Error"]["Code"], "InvalidLoadBalancerAction")

    def test_groups_of_grpc_are_checked_by_its_codes(self):
        shown = self.elb.describe_target_groups(Names=["grpc"])["TargetGroups"][0]
        self.assertEqual((shown["ProtocolVersion"], shown["HealthCheckPath"], shown["Matcher"]),
                         ("GRPC", "/AWS.ALB/healthcheck", {"GrpcCode": "12"}))
        health = self.elb.describe_target_health(TargetGroupArn=shown["TargetGroupArn"])["TargetHealthDescriptions"]
        self.assertNotEqual(health[0]["TargetHealth"]["State"], "healthy")  # its answers have no grpc-status
        http2 = self.elb.describe_target_groups(Names=["http2"])["TargetGroups"][0]["TargetGroupArn"]
        until(lambda: self.elb.describe_target_health(TargetGroupArn=http2)["TargetHealthDescriptions"][0]
              ["TargetHealth"]["State"] == "healthy", what="the health check over HTTP/2")


if __name__ == "__main__":
    unittest.main()

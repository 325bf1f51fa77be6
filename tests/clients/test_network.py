"""VPCs with real containers: security groups, the load balancer, names, public addresses and the way out."""
import contextlib
import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
import urllib.request

from host_state import files_of
from platform_under_test import Platform, until

SERVE = "mkdir -p /www; hostname > /www/index.html; exec httpd -f -p 80 -h /www"
OUTSIDE = "203.0.113.7"


def once(url):
    """For what is expected to be kept: one try."""
    return f"exec 2>/dev/null; (timeout 2 wget -q -O /dev/null {url}) && echo out || echo kept"


def again(url):
    """For what is expected to get out: a slow machine may need more than one try."""
    return f"exec 2>/dev/null; for i in $(seq 12); do (timeout 2 wget -q -O /dev/null {url}) && echo out && exit; sleep 0.5; done; echo kept"


class Team:
    """What a team does by API: a VPC of its own, groups, tasks."""

    def __init__(self, platform):
        self.platform = platform
        self.ec2, self.ecs, self.elb, self.logs = (platform.client(s) for s in ("ec2", "ecs", "elbv2", "logs"))
        self.ecs.create_cluster(clusterName="c")
        self.logs.create_log_group(logGroupName="/net")
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone="ap-northeast-1" + zone)
                        ["Subnet"]["SubnetId"] for n, zone in enumerate("ac")]

    def open_to_the_internet(self):
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
        table = self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        self.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        for subnet in self.subnets:
            self.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)

    def group(self, name):
        return self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc)["GroupId"]

    def port(self, port, **peer):
        return [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **peer}]

    def run(self, script, groups, public="DISABLED", ports=()):
        options = {"logDriver": "awslogs", "options": {"awslogs-group": "/net", "awslogs-stream-prefix": "p", "awslogs-region": "ap-northeast-1"}}
        definition = self.ecs.register_task_definition(
            family="t", requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512", executionRoleArn="arn:aws:iam::123456789012:role/x",
            containerDefinitions=[{"name": "app", "image": "busybox", "command": ["sh", "-c", script], "logConfiguration": options, "stopTimeout": 2,
                                   "portMappings": [{"containerPort": port} for port in ports]}])["taskDefinition"]["taskDefinitionArn"]
        answer = self.ecs.run_task(cluster="c", taskDefinition=definition, launchType="FARGATE", networkConfiguration={
            "awsvpcConfiguration": {"subnets": self.subnets[:1], "securityGroups": groups, "assignPublicIp": public}})
        assert not answer["failures"], answer["failures"]
        return answer["tasks"][0]["taskArn"]

    def task(self, arn, status):
        return until(lambda: (t := self.ecs.describe_tasks(cluster="c", tasks=[arn])["tasks"][0])["lastStatus"] == status and t, what=status)

    def interface(self, task):
        details = {d["name"]: d["value"] for d in task["attachments"][0]["details"]}
        return self.ec2.describe_network_interfaces(NetworkInterfaceIds=[details["networkInterfaceId"]])["NetworkInterfaces"][0]

    def output(self, arn):
        self.task(arn, "STOPPED")
        stream = "p/app/" + arn.rsplit("/", 1)[1]
        return until(lambda: [e["message"] for e in self.logs.filter_log_events(logGroupName="/net", logStreamNames=[stream])["events"]],
                     what="output of " + arn)


class Network(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.platform = Platform("--cpu", "8192", "--memory", "8192").start()
        cls.team = Team(cls.platform)
        cls.team.open_to_the_internet()

    @classmethod
    def tearDownClass(cls):
        cls.platform.__exit__()

    def test_a_balancer_reaches_its_targets_when_their_group_lets_it(self):
        team = self.team
        balancers, web = team.group("balancers"), team.group("web")
        balancer = team.elb.create_load_balancer(Name="net", Subnets=team.subnets, SecurityGroups=[balancers])["LoadBalancers"][0]
        group = team.elb.create_target_group(Name="net", Protocol="HTTP", Port=80, VpcId=team.vpc, TargetType="ip", HealthCheckIntervalSeconds=5,
                                             HealthCheckTimeoutSeconds=2, HealthyThresholdCount=2)["TargetGroups"][0]["TargetGroupArn"]
        team.elb.create_listener(LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=8080,
                                 DefaultActions=[{"Type": "forward", "TargetGroupArn": group}])
        task = team.task(team.run(SERVE, [web]), "RUNNING")
        address = team.interface(task)["PrivateIpAddress"]
        team.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": address, "Port": 80}])

        def is_now(state):
            health = team.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"][0]["TargetHealth"]
            return health["State"] == state and health
        self.assertEqual(until(lambda: is_now("unhealthy"), what="unhealthy")["Reason"], "Target.Timeout")
        rule = team.port(80, UserIdGroupPairs=[{"GroupId": balancers}])
        team.ec2.authorize_security_group_ingress(GroupId=web, IpPermissions=rule)
        until(lambda: is_now("healthy"), what="healthy")
        with urllib.request.urlopen(f"http://{self.platform.balancer_address}:8080/", timeout=10) as answer:
            self.assertEqual(answer.status, 200)
        # A task finds the balancer by its name, and reaches it when the balancer's own group lets it.
        ask = f"exec 2>/dev/null; nslookup {balancer['DNSName']} | grep -o 'Address: 10[.0-9]*' | head -n 1; "
        url = f"http://{self.balancer_address(balancer)}:8080/"
        mine = team.group("asks")
        self.assertEqual(team.output(team.run(ask + once(url), [mine])), ["Address: " + self.balancer_address(balancer), "kept"])
        team.ec2.authorize_security_group_ingress(GroupId=balancers, IpPermissions=team.port(8080, UserIdGroupPairs=[{"GroupId": mine}]))
        self.assertEqual(team.output(team.run(ask + again(url), [mine])), ["Address: " + self.balancer_address(balancer), "out"])
        team.ec2.revoke_security_group_ingress(GroupId=web, IpPermissions=rule)
        until(lambda: is_now("unhealthy"), what="unhealthy again")

    def balancer_address(self, balancer):
        found = self.team.ec2.describe_network_interfaces(Filters=[{"Name": "description", "Values": ["ELB app/" + balancer["LoadBalancerName"]]}])
        return sorted(i["PrivateIpAddress"] for i in found["NetworkInterfaces"])[0]

    def test_a_public_address_is_reached_from_the_host_when_the_group_lets_the_internet_in(self):
        team = self.team
        group = team.group("public")
        task = team.task(team.run(SERVE, [group], public="ENABLED", ports=[80]), "RUNNING")
        public = team.interface(task)["Association"]["PublicIp"]
        with self.assertRaises(ConnectionResetError), socket.create_connection((public, 80), 5) as refused:
            refused.recv(1)
        team.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=team.port(80, IpRanges=[{"CidrIp": "0.0.0.0/0"}]))
        with urllib.request.urlopen(f"http://{public}/", timeout=10) as answer:
            self.assertIn("ip-10-0-0-", answer.read().decode())

    def test_names_of_the_vpc(self):
        lines = self.team.output(self.team.run(
            "nslookup $(hostname) 2>&1 | grep -c 'Address: 10.0.0'; nslookup ip-10-0-1-77.ap-northeast-1.compute.internal | grep -oF 10.0.1.77;"
            "nslookup gone.elb.localhost 2>&1 | grep -o NXDOMAIN | head -n 1; nslookup outside.example 10.0.0.2 2>&1 | grep -o NXDOMAIN | head -n 1",
            [self.team.group("names")]))
        self.assertEqual(lines, ["1", "10.0.1.77", "NXDOMAIN", "NXDOMAIN"])

    def test_the_aws_command_makes_and_unmakes_a_vpc(self):
        aws = self.platform.aws
        vpc = aws("ec2", "create-vpc", "--cidr-block", "10.9.0.0/16", "--tag-specifications", "ResourceType=vpc,Tags=[{Key=Name,Value=cli}]")["Vpc"]
        self.assertEqual(vpc["Tags"], [{"Key": "Name", "Value": "cli"}])
        subnet = aws("ec2", "create-subnet", "--vpc-id", vpc["VpcId"], "--cidr-block", "10.9.1.0/24")["Subnet"]["SubnetId"]
        refused = aws("ec2", "delete-vpc", "--vpc-id", vpc["VpcId"], check=False)
        self.assertIn("(DependencyViolation) when calling the DeleteVpc operation: The vpc '" + vpc["VpcId"] + "' has dependencies", refused.stderr)
        aws("ec2", "delete-subnet", "--subnet-id", subnet)
        aws("ec2", "delete-vpc", "--vpc-id", vpc["VpcId"])
        gone = aws("ec2", "describe-vpcs", "--vpc-ids", vpc["VpcId"], check=False)
        self.assertIn("(InvalidVpcID.NotFound)", gone.stderr)


class WayOut(unittest.TestCase):
    """The host stands in a namespace of its own here, and another one stands for the outside."""

    def inside(self, what):
        done = subprocess.run(["unshare", "--net", "--mount", sys.executable, __file__, what], capture_output=True, text=True,
                              cwd=os.path.dirname(os.path.abspath(__file__)))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(done.stdout.splitlines()[-1])

    def test_who_gets_out(self):
        self.assertEqual(self.inside("who"), {"public": "out", "private": "kept", "by nat": "out", "host's loopback": "kept", "off": "kept", "left": []})

    def test_a_way_out_outlives_the_daemon(self):
        answers = self.inside("killed")
        self.assertEqual(answers["adopted"], answers["first"])
        self.assertNotEqual(answers["renewed"], answers["first"])
        self.assertEqual([answers[what] for what in ("while no daemon was there", "with the next one", "with a new way", "after an end of the way alone",
                                                     "with egress off", "with egress again", "left")],
                         [True, True, True, True, False, True, []])


@contextlib.contextmanager
def outside_of_the_host():
    """A namespace with a web server, which the host's default route leads to; gives the server's count of requests."""
    outside = f"utakata-outside-{os.getpid()}"

    def ip(*words):
        subprocess.run(["ip", *words], check=True)
    ip("link", "set", "lo", "up")
    ip("netns", "add", outside)
    with contextlib.ExitStack() as ending:
        ending.callback(ip, "netns", "del", outside)
        ip("link", "add", "up0", "type", "veth", "peer", "name", "eth0", "netns", outside)
        ip("addr", "add", "203.0.113.1/24", "dev", "up0")
        ip("link", "set", "up0", "up")
        ip("route", "add", "default", "via", OUTSIDE)
        ip("-n", outside, "addr", "add", OUTSIDE + "/24", "dev", "eth0")
        ip("-n", outside, "link", "set", "eth0", "up")
        requests = ending.enter_context(tempfile.NamedTemporaryFile(prefix="utakata-test.requests."))
        for words in (["ip", "netns", "exec", outside, sys.executable, __file__, "serve", OUTSIDE, requests.name],
                      [sys.executable, __file__, "serve", "127.0.0.1", os.devnull]):
            server = subprocess.Popen(words)
            ending.callback(server.wait)
            ending.callback(server.terminate)
        yield lambda: os.path.getsize(requests.name)


def serve(address, log):
    """A byte in the log for each request."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            with open(log, "ab") as file:
                file.write(b".")
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass
    http.server.ThreadingHTTPServer((address, 80), Handler).serve_forever()


def ways_of(platform):
    return sorted(p for p in os.listdir("/proc") if p.isdigit() and str(platform.state) in cmdline(p) and cmdline(p).startswith("pasta"))


def who():
    answers = {}
    with outside_of_the_host():
        with Platform("--egress", "nat") as platform:
            team = Team(platform)
            team.open_to_the_internet()
            group = team.group("out")
            answers["public"] = team.output(team.run(again(OUTSIDE + "/README"), [group], public="ENABLED"))[-1]
            answers["private"] = team.output(team.run(once(OUTSIDE + "/README"), [group]))[-1]
            answers["host's loopback"] = team.output(team.run(once("198.18.0.5/README"), [group], public="ENABLED"))[-1]
            closed = team.ec2.create_subnet(VpcId=team.vpc, CidrBlock="10.0.7.0/24")["Subnet"]["SubnetId"]
            address = team.ec2.allocate_address()["AllocationId"]
            nat = team.ec2.create_nat_gateway(SubnetId=team.subnets[0], AllocationId=address)["NatGateway"]["NatGatewayId"]
            table = team.ec2.create_route_table(VpcId=team.vpc)["RouteTable"]["RouteTableId"]
            team.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
            team.ec2.associate_route_table(RouteTableId=table, SubnetId=closed)
            team.subnets = [closed]
            answers["by nat"] = team.output(team.run(again(OUTSIDE + "/README"), [group]))[-1]
        until(lambda: not ways_of(platform), what="a clean stop to close the way")
        with Platform("--egress", "off") as platform:
            team = Team(platform)
            team.open_to_the_internet()
            answers["off"] = team.output(team.run(once(OUTSIDE + "/README"), [team.group("out")], public="ENABLED"))[-1]
        answers["left"] = ways_of(platform)
    print(json.dumps(answers))


def killed():
    answers = {}
    with outside_of_the_host() as requests, Platform("--egress", "nat") as platform:
        def gets_out():
            had = requests()
            until(lambda: requests() >= had + 3, what="a task's requests to get out")
            return True

        def one_way(but=()):
            return until(lambda: (ways := ways_of(platform)) and len(ways) == 1 and ways != but and ways, what="one way out")

        def kill(pid):
            os.kill(int(pid), signal.SIGKILL)
            until(lambda: pid not in ways_of(platform), what="the way's end")
        team = Team(platform)
        team.open_to_the_internet()
        asks = f"trap 'exit 0' TERM; while :; do timeout 1 wget -q -O /dev/null http://{OUTSIDE}/ 2>/dev/null && echo out || echo kept; sleep 0.1; done"
        task = team.run(asks, [team.group("out")], public="ENABLED")
        gets_out()
        answers["first"] = one_way()
        platform.kill()
        answers["while no daemon was there"] = gets_out()
        platform.start()
        answers["with the next one"] = gets_out()
        answers["adopted"] = one_way()
        platform.kill()
        kill(answers["first"][0])
        platform.start()
        answers["with a new way"] = gets_out()
        answers["renewed"] = one_way()
        kill(answers["renewed"][0])
        answers["after an end of the way alone"] = bool(one_way(but=answers["renewed"])) and gets_out()
        platform.kill()
        platform.options[platform.options.index("--egress") + 1] = "off"
        platform.start()
        until(lambda: not ways_of(platform), what="the way to be closed")
        had = requests()
        stream = "p/app/" + task.rsplit("/", 1)[1]

        def said():
            return [e["message"] for e in reversed(platform.client("logs").get_log_events(
                logGroupName="/net", logStreamName=stream, limit=3, startFromHead=False)["events"])]
        until(lambda: said() == ["kept"] * 3, what="the task to be kept inside")
        answers["with egress off"] = requests() > had
        platform.kill()
        platform.options[platform.options.index("--egress") + 1] = "nat"
        platform.start()
        answers["with egress again"] = gets_out()
        platform.stop()
        assert platform.process.returncode == 0, platform.log()[-2000:]
        until(lambda: not ways_of(platform), what="a clean stop to close the way")
        answers["left"] = files_of(platform)
    print(json.dumps(answers))


def cmdline(pid):
    try:
        with open(f"/proc/{pid}/cmdline") as file:
            return file.read()
    except OSError:
        return ""


if __name__ == "__main__":
    parts = {"who": who, "killed": killed, "serve": serve}
    parts[sys.argv[1]](*sys.argv[2:]) if sys.argv[1:2] and sys.argv[1] in parts else unittest.main()

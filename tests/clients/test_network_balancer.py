"""boto3, curl and Python's ssl, unmodified: network load balancers in front of a real container, by TCP, of the VPC's resolver, by UDP, and
of an application load balancer, by TLS."""
import contextlib
import pathlib
import socket
import ssl
import subprocess
import unittest
import urllib.request

from botocore.exceptions import ClientError
from platform_under_test import Platform, until

ECHO = "exec nc -ll -p 7000 -e cat"
PROXY_V2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"


def line(stream):
    """Up to and with the next end of a line; what came if there is none."""
    got = b""
    while not got.endswith(b"\n"):
        piece = stream.recv(4096)
        if not piece:
            break
        got += piece
    return got


class NetworkBalancer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.platform = Platform("--cpu", "4096", "--memory", "4096").start()
        cls.ec2, cls.ecs, cls.elb, cls.acm = (cls.platform.client(s) for s in ("ec2", "ecs", "elbv2", "acm"))
        cls.ecs.create_cluster(clusterName="c")
        cls.vpc = cls.ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        cls.subnet = cls.ec2.describe_subnets()["Subnets"][0]["SubnetId"]

    @classmethod
    def tearDownClass(cls):
        cls.platform.__exit__()

    def balancer(self, name):
        """Its ARN, and the address by which it is reached from outside its VPC."""
        made = self.elb.create_load_balancer(Name=name, Type="network", Subnets=[self.subnet])["LoadBalancers"][0]
        self.assertTrue(made["DNSName"].endswith(".elb.ap-northeast-1.localhost"))
        return made["LoadBalancerArn"], made["AvailabilityZones"][0]["LoadBalancerAddresses"][0]["IpAddress"]

    def group(self, name, protocol, port, **options):
        return self.elb.create_target_group(Name=name, Protocol=protocol, Port=port, VpcId=self.vpc, TargetType="ip", HealthCheckIntervalSeconds=5,
                                            HealthyThresholdCount=2, **options)["TargetGroups"][0]["TargetGroupArn"]

    def attributes(self, group, **values):
        pairs = [{"Key": key.replace("__", "."), "Value": value} for key, value in values.items()]
        return self.elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=pairs)

    def listen(self, balancer, protocol, port, group, **options):
        return self.elb.create_listener(LoadBalancerArn=balancer, Protocol=protocol, Port=port, **options,
                                        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}])["Listeners"][0]

    def inside(self, group):
        """A security group that lets the VPC in."""
        made = self.ec2.create_security_group(GroupName=group, Description=group, VpcId=self.vpc)["GroupId"]
        self.ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "172.31.0.0/16"}]}])
        return made

    def states(self, group):
        return [t["TargetHealth"]["State"] for t in self.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]]

    def connect(self, address, port):
        return contextlib.closing(socket.create_connection((address, port), timeout=20))

    def healthy(self, group):
        until(lambda: self.states(group) == ["healthy"], what="the target to be healthy")

    def test_datagrams_and_connections_on_one_port(self):
        balancer, address = self.balancer("names")
        both = self.group("names", "TCP_UDP", 53)
        self.listen(balancer, "TCP_UDP", 53, both)
        self.elb.register_targets(TargetGroupArn=both, Targets=[{"Id": "172.31.0.2"}])  # the VPC's resolver
        self.healthy(both)
        question = b"\x12\x34\1\0\0\1\0\0\0\0\0\0\x09localhost\0\0\1\0\1"
        with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as datagrams:
            datagrams.settimeout(1)

            def answer():
                datagrams.sendto(question, (address, 53))  # a datagram may be lost
                with contextlib.suppress(TimeoutError):
                    return datagrams.recvfrom(512)
            text, by = until(answer, what="an answer")
        self.assertEqual((text[:2], text[2] & 0x80, by), (question[:2], 0x80, (address, 53)))
        with self.connect(address, 53) as stream:
            stream.sendall(len(question).to_bytes(2, "big") + question)
            self.assertEqual(stream.recv(512)[2:4], question[:2])

    def test_a_service_behind_tcp(self):
        balancer, address = self.balancer("net")
        tcp, udp = self.group("tcp", "TCP", 7000), self.group("udp", "UDP", 7001)
        done = self.attributes(tcp, preserve_client_ip__enabled="true")
        self.assertEqual(done["ResponseMetadata"]["HTTPHeaders"]["x-utakata-stored-only"], "/Attributes/preserve_client_ip.enabled")
        with self.assertRaises(ClientError) as refused:
            self.listen(balancer, "TCP", 7000, udp)
        self.assertEqual(refused.exception.response["Error"]["Code"], "IncompatibleProtocols")
        self.listen(balancer, "TCP", 7000, tcp)
        definition = self.ecs.register_task_definition(
            family="echo", requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512", containerDefinitions=[
                {"name": "app", "image": "busybox", "command": ["sh", "-c", ECHO], "stopTimeout": 2, "portMappings": [{"containerPort": 7000}]}])
        group = self.inside("echo")
        self.ecs.create_service(
            cluster="c", serviceName="echo", taskDefinition=definition["taskDefinition"]["taskDefinitionArn"], desiredCount=1, launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": {"subnets": [self.subnet], "securityGroups": [group]}},
            loadBalancers=[{"targetGroupArn": tcp, "containerName": "app", "containerPort": 7000}])
        self.healthy(tcp)

        # By its own address, and where its name leads while nobody else has the port.
        for host in (address, self.platform.balancer_address):
            with self.connect(host, 7000) as stream:
                stream.sendall(b"hello\n")
                self.assertEqual(line(stream), b"hello\n")
        self.counted(balancer.split("loadbalancer/")[1], connections=2, carried=4 * len(b"hello\n"))

        self.attributes(tcp, proxy_protocol_v2__enabled="true")

        def announced():
            with self.connect(address, 7000) as stream:
                stream.sendall(b"who\n")
                got = line(stream)
                while not got.endswith(b"who\n"):
                    got += line(stream)
                own = socket.inet_aton(stream.getsockname()[0]) + socket.inet_aton(address)
                return got.startswith(PROXY_V2 + own)
        until(announced, what="the header of the PROXY protocol")
        self.attributes(tcp, proxy_protocol_v2__enabled="false")

        # Who is there stays while the target drains.
        with self.connect(address, 7000) as stream:
            stream.sendall(b"before\n")
            until(lambda: line(stream).endswith(b"before\n"), what="an answer")
            target = self.elb.describe_target_health(TargetGroupArn=tcp)["TargetHealthDescriptions"][0]["Target"]
            self.elb.deregister_targets(TargetGroupArn=tcp, Targets=[{"Id": target["Id"], "Port": target["Port"]}])
            self.assertEqual(self.states(tcp), ["draining"])

            def turned_away():
                # The reset may come before connect() has seen that it was accepted.
                with contextlib.suppress(ConnectionResetError), self.connect(address, 7000) as other:
                    return other.recv(1) == b""
                return True
            until(turned_away, what="new connections to be turned away")
            stream.sendall(b"after\n")
            self.assertEqual(line(stream), b"after\n")

    def counted(self, name, connections, carried):
        """Prometheus is told of flows, and of nothing that only HTTP has."""
        def figures():
            with urllib.request.urlopen(self.platform.url + "/metrics", timeout=20) as answer:
                samples = [each.rpartition(" ") for each in answer.read().decode().splitlines() if f'load_balancer="{name}"' in each]
            found = {}
            for labels, _, value in samples:
                key = labels.partition("{")[0] + ("/flow_ended" if 'cause="flow_ended"' in labels else "")
                found[key] = found.get(key, 0) + int(value)
            return found if found.get("utakata_elb_flows_total/flow_ended") == connections else None
        found = until(figures, what="the flows to have ended")
        self.assertEqual(found["utakata_elb_client_connections_total"], connections)
        self.assertEqual(found["utakata_elb_new_flows_total"], connections)
        self.assertEqual(found["utakata_elb_processed_bytes_total"], carried)
        self.assertFalse({each for each in found if "request" in each or "response" in each or "rule" in each}, found)

    def certificate(self, name):
        arn = self.acm.request_certificate(DomainName=name, ValidationMethod="DNS")["CertificateArn"]
        self.acm.get_waiter("certificate_validated").wait(CertificateArn=arn, WaiterConfig={"Delay": 1})
        return arn

    def behind(self, certificate):
        """An application load balancer with listeners of HTTP and HTTPS; the address of its node in the VPC."""
        subnets = [s["SubnetId"] for s in self.ec2.describe_subnets()["Subnets"]]
        made = self.elb.create_load_balancer(Name="behind", Scheme="internal", Subnets=subnets, SecurityGroups=[self.inside("behind")])
        arn = made["LoadBalancers"][0]["LoadBalancerArn"]
        for protocol, port, options in (("HTTP", 8080, {}), ("HTTPS", 8443, {"Certificates": [{"CertificateArn": certificate}]})):
            self.elb.create_listener(LoadBalancerArn=arn, Protocol=protocol, Port=port, **options, DefaultActions=[
                {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200", "ContentType": "text/plain", "MessageBody": protocol}}])
        nodes = self.ec2.describe_network_interfaces(Filters=[{"Name": "subnet-id", "Values": [self.subnet]}])["NetworkInterfaces"]
        return next(n["PrivateIpAddress"] for n in nodes if n["Description"].startswith("ELB app/behind"))

    def test_listeners_and_targets_of_tls(self):
        authority = pathlib.Path(self.platform.state) / "authority.pem"
        authority.write_text(self.platform.utakata("ca").stdout)
        www, api = self.certificate("www.example.com"), self.certificate("api.example.com")
        target = self.behind(www)
        balancer, address = self.balancer("secure")
        plain, secured = self.group("plain", "TCP", 8080), self.group("secured", "TLS", 8443, HealthCheckProtocol="HTTPS")
        policies = {"SslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06", "Certificates": [{"CertificateArn": www}]}
        listener = self.listen(balancer, "TLS", 443, plain, AlpnPolicy=["HTTP1Only"], **policies)
        self.assertEqual((listener["AlpnPolicy"], listener["SslPolicy"]), (["HTTP1Only"], policies["SslPolicy"]))
        self.elb.add_listener_certificates(ListenerArn=listener["ListenerArn"], Certificates=[{"CertificateArn": api}])
        preferring = self.listen(balancer, "TLS", 8443, secured, AlpnPolicy=["HTTP2Preferred"], **policies)
        with self.assertRaises(ClientError) as refused:
            self.listen(balancer, "TCP", 1, secured)
        self.assertEqual(refused.exception.response["Error"]["Code"], "IncompatibleProtocols")
        with self.assertRaises(ClientError) as refused:
            self.elb.modify_listener(ListenerArn=listener["ListenerArn"], AlpnPolicy=["HTTP9"])
        self.assertEqual(refused.exception.response["Error"]["Code"], "ALPNPolicyNotFound")
        for group in (plain, secured):
            self.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": target}])
            self.healthy(group)

        def ask(port, name, *offered):
            """What ALPN has come to, and the answer to a request of HTTP/1.1."""
            context = ssl.create_default_context(cafile=authority)
            context.set_alpn_protocols(offered)
            with self.connect(address, port) as raw, context.wrap_socket(raw, server_hostname=name) as stream:
                stream.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                answer = b""
                while piece := stream.recv(4096):
                    answer += piece
                return stream.selected_alpn_protocol(), answer.rpartition(b"\r\n")[2]
        self.assertEqual(ask(443, "www.example.com", "h2", "http/1.1"), ("http/1.1", b"HTTP"))
        self.assertEqual(ask(443, "api.example.com", "h2"), (None, b"HTTP"))
        self.assertEqual(ask(8443, "www.example.com", "http/1.1"), ("http/1.1", b"HTTPS"))

        def curl():
            # The target agrees on what its client has agreed on: HTTP/2 goes from end to end.
            done = subprocess.run(["curl", "-sS", "--cacert", authority, "--connect-to", f"::{address}:", "-w", " %{http_version}",
                                   "https://www.example.com:8443/"], capture_output=True, text=True, timeout=60)
            return done.stdout + done.stderr
        self.assertEqual(curl(), "HTTPS 2")
        self.elb.modify_listener(ListenerArn=preferring["ListenerArn"], AlpnPolicy=["None"])
        until(lambda: curl() == "HTTPS 1.1", what="the other policy")


if __name__ == "__main__":
    unittest.main()

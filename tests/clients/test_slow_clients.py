"""slowhttptest, a torture suite of others: clients that send heads and bodies byte by byte, or hardly read. Everybody
else is answered meanwhile."""
import contextlib
import http.client
import re
import shutil
import subprocess
import unittest

from platform_under_test import Platform, until

PORT = 8085
SECONDS = 6
WAYS = {
    "slow heads": ["-H", "-i", "1"],
    "slow bodies": ["-B", "-i", "1", "-s", "100000"],
    "slow reads": ["-X", "-k", "10", "-w", "1", "-y", "64", "-n", "1", "-z", "16"],
    "overlapping ranges": ["-R", "-a", "1", "-b", "1000"],
}


def fixed(body):
    return {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200", "ContentType": "text/plain",
                                                              "MessageBody": body}}


@unittest.skipUnless(shutil.which("slowhttptest"), "slowhttptest is not installed")
class SlowClients(unittest.TestCase):
    def forward_to_a_target_that_answers(self, platform):
        elb, ec2 = platform.client("elbv2"), platform.client("ec2")
        subnets = ec2.describe_subnets()["Subnets"]

        def balancer(name, port, action):
            made = elb.create_load_balancer(Name=name, Subnets=[s["SubnetId"] for s in subnets])["LoadBalancers"][0]
            elb.create_listener(LoadBalancerArn=made["LoadBalancerArn"], Protocol="HTTP", Port=port,
                                DefaultActions=[action])
            return made

        balancer("target", PORT + 1, fixed("x" * 1000))
        group = elb.create_target_group(Name="slow", Protocol="HTTP", Port=PORT + 1, VpcId=subnets[0]["VpcId"],
                                        TargetType="ip")["TargetGroups"][0]["TargetGroupArn"]
        found = ec2.describe_network_interfaces(Filters=[{"Name": "description", "Values": ["ELB app/target"]}])
        elb.register_targets(TargetGroupArn=group, Targets=[
            {"Id": found["NetworkInterfaces"][0]["PrivateIpAddress"]}])
        balancer("slow", PORT, {"Type": "forward", "TargetGroupArn": group})
        until(lambda: [t["TargetHealth"]["State"] for t in elb.describe_target_health(
            TargetGroupArn=group)["TargetHealthDescriptions"]] == ["healthy"], what="a healthy target")

    def ask(self, platform):
        with contextlib.closing(http.client.HTTPConnection(platform.balancer_address, PORT, timeout=20)) as connection:
            connection.request("GET", "/")
            with connection.getresponse() as answer:
                return answer.status, len(answer.read())

    def test_nobody_else_waits_for_slow_clients(self):
        with Platform() as platform:
            self.forward_to_a_target_that_answers(platform)
            running = {name: subprocess.Popen(
                ["slowhttptest", *options, "-c", "200", "-r", "200", "-l", str(SECONDS), "-p", "20", "-v", "1",
                 "-u", f"http://{platform.balancer_address}:{PORT}/"],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                for name, options in WAYS.items()}
            asked = 0
            while asked < 200 or any(each.poll() is None for each in running.values()):
                self.assertEqual(self.ask(platform), (200, 1000))
                asked += 1
            for name, each in running.items():
                with self.subTest(name):
                    said = re.sub(r"\x1b\[[0-9;]*m", "", each.communicate()[0])
                    self.assertRegex(said, r"service available:\s+YES")
                    self.assertNotRegex(said, r"service available:\s+NO")


if __name__ == "__main__":
    unittest.main()

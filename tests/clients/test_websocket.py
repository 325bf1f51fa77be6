"""A WebSocket through the load balancer into a real container, while a rolling update replaces its task."""
import contextlib
import unittest

from platform_under_test import Platform, awsvpc, subnets_of, until
from session_manager_plugin import WebSocket

PORT = 8080
# Whoever asks for a WebSocket gets back the bytes it sends; health checks get an answer.
SERVER = r"""
cat > /tmp/answer <<'END'
while IFS= read -r line; do
  line=${line%$(printf '\r')}
  case $line in
    [Ss]ec-[Ww]eb[Ss]ocket-[Kk]ey:*) key=${line#*: } ;;
    '') break ;;
  esac
done
if [ -z "$key" ]; then
  printf 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n'
  exit
fi
accept=$(printf %s258EAFA5-E914-47DA-95CA-C5AB0DC85B11 "$key" | sha1sum | cut -c1-40 | xxd -r -p | base64)
printf 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
printf 'Sec-WebSocket-Accept: %s\r\nX-Task: %s\r\n\r\n' "$accept" "$(hostname)"
exec cat
END
exec nc -ll -p 8080 -e sh /tmp/answer
"""
HELLO = b"\x81\x85\0\0\0\0hello"  # a text frame whose mask changes nothing


def task_of(socket):
    return next(line.split(": ")[1] for line in socket.head.split("\r\n") if line.startswith("X-Task"))


class WebSockets(unittest.TestCase):
    def test_one_goes_on_while_its_task_is_replaced(self):
        with Platform("--cpu", "2048", "--memory", "4096") as platform, contextlib.ExitStack() as open_sockets:
            ecs, elb = platform.client("ecs"), platform.client("elbv2")
            vpc = platform.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
            balancer = elb.create_load_balancer(Name="sockets", Subnets=subnets_of(platform))["LoadBalancers"][0]
            group = elb.create_target_group(Name="sockets", Protocol="HTTP", Port=PORT, VpcId=vpc, TargetType="ip", HealthCheckIntervalSeconds=5, HealthCheckTimeoutSeconds=2,
                                            HealthyThresholdCount=2)["TargetGroups"][0]["TargetGroupArn"]
            elb.create_listener(LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=PORT,
                                DefaultActions=[{"Type": "forward", "TargetGroupArn": group}])
            ecs.create_cluster(clusterName="c")
            ecs.register_task_definition(
                family="sockets", requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512", containerDefinitions=[
                    {"name": "app", "image": "busybox", "command": ["sh", "-c", SERVER], "stopTimeout": 2, "portMappings": [{"containerPort": PORT}]}])
            ecs.create_service(cluster="c", serviceName="sockets", taskDefinition="sockets", desiredCount=1, launchType="FARGATE",
                               networkConfiguration=awsvpc(platform),
                               loadBalancers=[{"targetGroupArn": group, "containerName": "app", "containerPort": PORT}])

            def states():
                return sorted(t["TargetHealth"]["State"] for t in elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"])

            def connect():
                opened = WebSocket(f"ws://{platform.balancer_address}:{PORT}/echo")
                open_sockets.enter_context(opened.socket)
                return opened

            def echo(opened):
                opened.socket.sendall(HELLO)
                while len(opened.buffer) < len(HELLO):
                    opened._more()
                said, opened.buffer = opened.buffer[:len(HELLO)], opened.buffer[len(HELLO):]
                return said

            until(lambda: states() == ["healthy"], what="the target to be healthy")
            before = connect()
            self.assertEqual(echo(before), HELLO)
            ecs.update_service(cluster="c", service="sockets", forceNewDeployment=True)
            until(lambda: states() == ["draining", "healthy"], what="the new task to have taken over")
            self.assertEqual(echo(before), HELLO)
            after = connect()
            self.assertEqual(echo(after), HELLO)
            self.assertNotEqual(task_of(after), task_of(before))
            self.assertEqual(echo(before), HELLO)


if __name__ == "__main__":
    unittest.main()

"""What a load balancer lets one see: access logs, the fate ledger, Prometheus's page and CloudWatch's metrics."""
import contextlib
import datetime
import gzip
import http.client
import json
import re
import socket
import unittest
import urllib.request

from botocore.exceptions import ClientError
from platform_under_test import REGION, Platform, until

PORT = 18431
GROUP = "/elb/access"
# The fields of a line, with what is quoted as one.
FIELD = re.compile(r'"[^"]*"|[^ ]+')


def page(platform, path):
    with urllib.request.urlopen(platform.url + path, timeout=20) as answer:
        return answer.read().decode(), answer.headers["Content-Type"]


class BalancerLogs(unittest.TestCase):
    def ask(self, platform, path, status):
        with contextlib.closing(http.client.HTTPConnection(platform.balancer_address, PORT, timeout=20)) as connection:
            connection.request("GET", path, headers={"User-Agent": "test"})
            self.assertEqual(connection.getresponse().status, status)

    def balancer(self, platform):
        ec2, elb = platform.client("ec2"), platform.client("elbv2")
        subnets = [s["SubnetId"] for s in ec2.describe_subnets()["Subnets"]]
        made = elb.create_load_balancer(Name="seen", Subnets=subnets)["LoadBalancers"][0]
        arn = made["LoadBalancerArn"]
        done = elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[
            {"Key": "access_logs.s3.enabled", "Value": "true"},
            {"Key": "access_logs.s3.bucket", "Value": "my-logs"},
            {"Key": "access_logs.s3.prefix", "Value": "web"}])
        self.assertNotIn("x-utakata-stored-only", done["ResponseMetadata"]["HTTPHeaders"])
        group = elb.create_target_group(Name="none", Protocol="HTTP", Port=80, TargetType="ip",
                                        VpcId=made["VpcId"])["TargetGroups"][0]["TargetGroupArn"]
        listener = elb.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=PORT, DefaultActions=[
            {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200", "MessageBody": "hello"}}])
        elb.create_rule(ListenerArn=listener["Listeners"][0]["ListenerArn"], Priority=7,
                        Conditions=[{"Field": "path-pattern", "Values": ["/none"]}],
                        Actions=[{"Type": "forward", "TargetGroupArn": group}])
        until(lambda: self.listens(platform), what="the listener")
        return arn

    def listens(self, platform):
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection((platform.balancer_address, PORT), timeout=20).close()
            return True

    def test_requests_are_seen(self):
        with Platform("--access-log-group", GROUP) as platform:
            name = self.balancer(platform).split("loadbalancer/")[1]
            self.ask(platform, "/hello?a=b", 200)
            self.ask(platform, "/none", 503)
            self.see_ledger(platform, name)
            self.see_prometheus(platform, name)
            self.see_log_group(platform, name)
            platform.stop()
            found = list(platform.state.glob(f"s3/my-logs/web/AWSLogs/{platform.account}/elasticloadbalancing/{REGION}"
                                             "/*/*/*/*.log.gz"))
            self.assertEqual(len(found), 1)
            self.assertIn("_app.seen.", found[0].name)
            lines = [FIELD.findall(line.rstrip()) for line in gzip.open(found[0], "rt")]
            self.assertEqual([len(line) for line in lines], [33, 33])
            by_status = {line[8]: line for line in lines}
            self.assertRegex(by_status["200"][12], rf'^"GET http://.*:{PORT}/hello\?a=b HTTP/1.1"$')
            self.assertEqual(by_status["200"][22], '"fixed-response"')
            self.assertEqual(by_status["503"][20], "7")

    def see_ledger(self, platform, name):
        def causes():
            rows = json.loads(page(platform, "/_utakata/fates")[0])["fates"]
            return {row["cause"]: row["count"] for row in rows if row["load_balancer"] == name}
        self.assertEqual(until(lambda: len(causes()) == 2 and causes()), {"ok": 1, "no_target_503": 1})

    def see_prometheus(self, platform, name):
        text, kind = until(lambda: 'cause="no_target_503"' in page(platform, "/metrics")[0] and page(platform, "/metrics"))
        self.assertEqual(kind, "text/plain; version=0.0.4; charset=utf-8")
        self.assertEqual(page(platform, "/metrics?module=elb")[1], kind)  # as scrapers with parameters ask
        sample = re.compile(r'^[a-z_]+(\{([a-z_]+="[^"]*",?)+\})? -?[0-9.]+(e[+-]?[0-9]+)?$')
        for line in text.splitlines():
            self.assertTrue(line.startswith(("# HELP ", "# TYPE ")) or sample.match(line), line)
        labels = f'account="{platform.account}",region="{REGION}",load_balancer="{name}",target_group=""'
        self.assertIn(f'utakata_elb_requests_total{{{labels},cause="ok"}} 1\n', text)

    def see_log_group(self, platform, name):
        logs = platform.client("logs")

        def events():
            try:
                return logs.get_log_events(logGroupName=GROUP, logStreamName=name)["events"]
            except ClientError as error:
                self.assertEqual(error.response["Error"]["Code"], "ResourceNotFoundException")
                return []
        lines = until(lambda: len(events()) == 2 and events(), what="lines in the log group")
        self.assertEqual({FIELD.findall(line["message"])[8] for line in lines}, {"200", "503"})

    def test_cloudwatch_keeps_what_it_is_given(self):
        with Platform() as platform:
            watch = platform.client("cloudwatch")
            now = datetime.datetime.now(datetime.timezone.utc).replace(second=0, microsecond=0)
            dimensions = [{"Name": "Service", "Value": "web"}]
            watch.put_metric_data(Namespace="App", MetricData=[
                {"MetricName": "Time", "Dimensions": dimensions, "Timestamp": now, "Unit": "Seconds",
                 "Values": [0.1, 0.2, 5.0], "Counts": [90, 9, 1]}])
            # So much that clients compress it.
            watch.put_metric_data(Namespace="App", MetricData=[
                {"MetricName": f"Many{i}", "Dimensions": dimensions, "Timestamp": now, "Value": i} for i in range(200)])
            with self.assertRaises(ClientError) as raised:
                watch.put_metric_data(Namespace="AWS/ECS", MetricData=[{"MetricName": "a", "Value": 1}])
            self.assertEqual(raised.exception.response["Error"]["Code"], "InvalidParameterValue")
            platform.kill()
            platform.start()
            watch = platform.client("cloudwatch")
            span = {"StartTime": now - datetime.timedelta(minutes=5), "EndTime": now + datetime.timedelta(minutes=5)}
            found = watch.get_metric_data(**span, MetricDataQueries=[
                {"Id": stat.lower().replace(".", "_"), "MetricStat": {"Stat": stat, "Period": 60, "Metric": {
                    "Namespace": "App", "MetricName": "Time", "Dimensions": dimensions}}}
                for stat in ("Sum", "SampleCount", "p50", "p99.9")])["MetricDataResults"]
            self.assertEqual({each["Id"]: [round(v, 6) for v in each["Values"]] for each in found},
                             {"sum": [15.8], "samplecount": [100.0], "p50": [0.1], "p99_9": [5.0]})
            self.assertEqual(found[0]["Timestamps"], [now])
            by_command = platform.aws("cloudwatch", "get-metric-statistics", "--namespace", "App", "--metric-name", "Time",
                                      "--dimensions", "Name=Service,Value=web", "--period", "60", "--statistics", "Average",
                                      "--start-time", span["StartTime"].isoformat(), "--end-time", span["EndTime"].isoformat())
            self.assertEqual([(point["Unit"], round(point["Average"], 6)) for point in by_command["Datapoints"]],
                             [("Seconds", 0.158)])
            listed = [metric["MetricName"] for answer in watch.get_paginator("list_metrics").paginate(Namespace="App")
                      for metric in answer["Metrics"]]
            self.assertEqual(len(listed), 201)


if __name__ == "__main__":
    unittest.main(verbosity=2)

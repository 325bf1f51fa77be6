"""boto3, unmodified, and requests of http.client: rules of a load balancer from the API to the answer. No container runs."""
import contextlib
import http.client
import unittest

from botocore.exceptions import ClientError
from platform_under_test import Platform, until

PLATFORM = None
PORT = 8093


def setUpModule():
    global PLATFORM
    PLATFORM = Platform().start()


def tearDownModule():
    PLATFORM.__exit__()


def fixed(body, status="200"):
    return [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": status, "MessageBody": body,
                                                               "ContentType": "text/plain"}}]


class Rules(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        ec2, cls.elb = PLATFORM.client("ec2"), PLATFORM.client("elbv2")
        # Debian's boto3 is older than this member.
        members = cls.elb.meta.service_model._service_description["shapes"]["PathPatternConditionConfig"]["members"]
        members.setdefault("RegexValues", {"shape": "ListOfString"})
        subnets = [s["SubnetId"] for s in ec2.describe_subnets()["Subnets"]]
        balancer = cls.elb.create_load_balancer(Name="rules", Subnets=subnets)["LoadBalancers"][0]
        cls.balancer, cls.name = balancer["LoadBalancerArn"], balancer["DNSName"]
        cls.listener = cls.elb.create_listener(LoadBalancerArn=cls.balancer, Protocol="HTTP", Port=PORT,
                                               DefaultActions=fixed("default", "404"))["Listeners"][0]["ListenerArn"]
        cls.elb.get_waiter("load_balancer_available").wait(LoadBalancerArns=[cls.balancer])

    def setUp(self):
        self.made = []

    def tearDown(self):
        for arn in self.made:
            self.elb.delete_rule(RuleArn=arn)

    def rule(self, priority, conditions, actions=None):
        made = self.elb.create_rule(ListenerArn=self.listener, Priority=priority, Conditions=conditions,
                                    Actions=actions or fixed(f"rule {priority}"))["Rules"][0]
        self.made.append(made["RuleArn"])
        return made

    def ask(self, path="/", method="GET", host=None, headers=()):
        with contextlib.closing(http.client.HTTPConnection(PLATFORM.balancer_address, PORT, timeout=20)) as connection:
            connection.putrequest(method, path, skip_host=True)
            connection.putheader("Host", f"{host or self.name}:{PORT}")
            for name, value in headers:
                connection.putheader(name, value)
            connection.endheaders()
            with connection.getresponse() as answer:
                return answer.status, answer.read().decode(), answer.headers

    def answers(self, expected, **request):
        """The data path takes a configuration over a moment after the API has answered."""
        until(lambda: self.ask(**request)[1] == expected, what=f"{expected} for {request}")

    def refused(self, code, call, **arguments):
        with self.assertRaises(ClientError) as raised:
            call(**arguments)
        self.assertEqual(raised.exception.response["Error"]["Code"], code)
        return raised.exception.response["Error"]["Message"]

    def test_every_kind_of_condition_decides(self):
        self.rule(10, [{"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Tenant", "Values": ["blue*"]}}])
        self.rule(20, [{"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["DELETE"]}}])
        self.rule(30, [{"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "v", "Value": "2?"}]}}])
        self.rule(40, [{"Field": "path-pattern", "PathPatternConfig": {"RegexValues": [r"^/users/\d+$"]}}])
        self.rule(50, [{"Field": "path-pattern", "Values": ["/api/*"]},
                       {"Field": "source-ip", "SourceIpConfig": {"Values": ["127.0.0.0/8"]}}])
        self.rule(60, [{"Field": "source-ip", "SourceIpConfig": {"Values": ["192.0.2.0/24"]}}])
        self.answers("rule 50", path="/api/x")
        self.assertEqual(self.ask("/", headers=[("x-tenant", "green"), ("x-tenant", "BLUE-1")])[1], "rule 10")
        self.assertEqual(self.ask("/", "DELETE")[1], "rule 20")
        self.assertEqual(self.ask("/?a=b&V=21")[1], "rule 30")
        self.assertEqual(self.ask("/users/42")[1], "rule 40")
        self.assertEqual(self.ask("/users/me")[:2], (404, "default"))
        self.assertEqual(self.ask("/API/x", headers=[("X-Forwarded-For", "192.0.2.7")])[1], "default")

    def test_hosts_of_ones_own(self):
        self.rule(1, [{"Field": "host-header", "HostHeaderConfig": {"Values": ["*.SHOP.example", "www.example"]}}])
        # Its own name does not tell this load balancer from others; it is the only one at this port.
        self.answers("rule 1", host="a.shop.Example")
        self.assertEqual(self.ask(host="www.example")[1], "rule 1")
        self.assertEqual(self.ask(host="shop.example")[1], "default")

    def test_redirects_fill_their_placeholders_in(self):
        made = self.rule(1, [{"Field": "path-pattern", "Values": ["/old/*"]}],
                         [{"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}])
        self.assertEqual(made["Actions"][0]["RedirectConfig"]["Path"], "/#{path}")
        until(lambda: self.ask("/old/a?b=c")[0] == 301, what="the redirect")
        self.assertEqual(self.ask("/old/a?b=c")[2]["Location"], f"https://{self.name}:443/old/a?b=c")

    def test_priorities_swap_and_pages_follow_them(self):
        rules = [self.rule(n, [{"Field": "path-pattern", "Values": ["/same"]}]) for n in (1, 2, 3)]
        self.answers("rule 1", path="/same")
        self.elb.set_rule_priorities(RulePriorities=[{"RuleArn": rules[0]["RuleArn"], "Priority": 3},
                                                     {"RuleArn": rules[2]["RuleArn"], "Priority": 1}])
        self.answers("rule 3", path="/same")
        pages = list(self.elb.get_paginator("describe_rules").paginate(ListenerArn=self.listener,
                                                                       PaginationConfig={"PageSize": 2}))
        self.assertEqual([[r["Priority"] for r in p["Rules"]] for p in pages], [["1", "2"], ["3", "default"]])
        self.assertEqual(pages[0]["Rules"][0]["RuleArn"], rules[2]["RuleArn"])
        self.assertEqual(self.refused("PriorityInUse", self.rule, priority=1,
                                      conditions=[{"Field": "path-pattern", "Values": ["/"]}]),
                         "Priority '1' is currently in use")

    def test_a_changed_rule_answers_anew(self):
        arn = self.rule(1, [{"Field": "path-pattern", "Values": ["/a"]}])["RuleArn"]
        self.answers("rule 1", path="/a")
        self.elb.modify_rule(RuleArn=arn, Conditions=[{"Field": "path-pattern", "Values": ["/b"]}], Actions=fixed("changed"))
        self.answers("changed", path="/b")
        self.assertEqual(self.ask("/a")[1], "default")

    def test_refusals_name_what_is_wrong(self):
        create = dict(ListenerArn=self.listener, Priority=1, Actions=fixed("x"))
        self.assertEqual(self.refused("ValidationError", self.elb.create_rule, **create,
                                      Conditions=[{"Field": "path-pattern", "Values": ["/1", "/2", "/3", "/4", "/5", "/6"]}]),
                         "A rule can only have '5' condition values")
        self.assertIn("regular expression '('", self.refused(
            "ValidationError", self.elb.create_rule, **create,
            Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"RegexValues": ["("]}}]))
        create = dict(ListenerArn=self.listener, Priority=1, Conditions=[{"Field": "path-pattern", "Values": ["/"]}])
        self.assertIn("authenticate-oidc", self.refused(
            "InvalidLoadBalancerAction", self.elb.create_rule, **create, Actions=[{
                "Type": "authenticate-oidc", "AuthenticateOidcConfig": {
                    "Issuer": "i", "AuthorizationEndpoint": "a", "TokenEndpoint": "t", "UserInfoEndpoint": "u", "ClientId": "c"}}]))


if __name__ == "__main__":
    unittest.main()

"""boto3, aws, curl and Python's ssl, unmodified: from ACM to the handshake of an HTTPS listener. No container runs."""
import contextlib
import http.client
import pathlib
import shutil
import socket
import ssl
import subprocess
import tempfile
import types
import unittest

from botocore.exceptions import ClientError
from platform_under_test import Platform, subnets_of, until

PLATFORM = None
PORT, REDIRECT_PORT = 8443, 8094


def setUpModule():
    global PLATFORM
    PLATFORM = Platform().start()


def tearDownModule():
    PLATFORM.__exit__()


def fixed(body):
    return [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200", "MessageBody": body,
                                                               "ContentType": "text/plain"}}]


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.acm, cls.elb = PLATFORM.client("acm"), PLATFORM.client("elbv2")
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="utakata-tls."))
        cls.authority = cls.folder / "ca.pem"
        cls.authority.write_text(PLATFORM.utakata("ca").stdout)
        cls.one = cls.issued("www.example.com", SubjectAlternativeNames=["*.shop.example.com"])
        cls.two = cls.issued("api.example.com", KeyAlgorithm="EC_prime256v1")
        balancer = cls.elb.create_load_balancer(Name="secure", Subnets=subnets_of(PLATFORM))["LoadBalancers"][0]
        cls.balancer, cls.name = balancer["LoadBalancerArn"], balancer["DNSName"]
        cls.listener = cls.elb.create_listener(
            LoadBalancerArn=cls.balancer, Protocol="HTTPS", Port=PORT, DefaultActions=fixed("secret"),
            SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06",
            Certificates=[{"CertificateArn": cls.one}])["Listeners"][0]["ListenerArn"]
        cls.elb.add_listener_certificates(ListenerArn=cls.listener, Certificates=[{"CertificateArn": cls.two}])
        cls.elb.create_listener(LoadBalancerArn=cls.balancer, Protocol="HTTP", Port=REDIRECT_PORT, DefaultActions=[
            {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": str(PORT), "StatusCode": "HTTP_301"}}])
        cls.elb.get_waiter("load_balancer_available").wait(LoadBalancerArns=[cls.balancer])
        until(lambda: cls.shake_hands("api.example.com"), what="the listener with both certificates")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    @classmethod
    def issued(cls, name, **options):
        # Debian's boto3 is older than this member.
        if "KeyAlgorithm" in options and "KeyAlgorithm" not in cls.acm.meta.service_model.shape_for(
                "RequestCertificateRequest").members:
            del options["KeyAlgorithm"]
        arn = cls.acm.request_certificate(DomainName=name, ValidationMethod="DNS", **options)["CertificateArn"]
        cls.acm.get_waiter("certificate_validated").wait(CertificateArn=arn, WaiterConfig={"Delay": 1})
        return arn

    @classmethod
    def context(cls):
        return ssl.create_default_context(cafile=cls.authority)

    @classmethod
    def shake_hands(cls, name, context=None, session=None):
        """Of a connection with a request and its answer; None: it did not come to that."""
        try:
            raw = socket.create_connection((PLATFORM.balancer_address, PORT), timeout=20)
        except OSError:
            return None
        try:
            connection = (context or cls.context()).wrap_socket(raw, server_hostname=name, session=session)
        except OSError:
            raw.close()
            return None
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        assert answer.endswith(b"\r\n\r\nsecret"), answer
        told = types.SimpleNamespace(session=connection.session, resumed=connection.session_reused)
        connection.close()
        return told

    def refused(self, code, call, **arguments):
        with self.assertRaises(ClientError) as raised:
            call(**arguments)
        self.assertEqual(raised.exception.response["Error"]["Code"], code)
        return raised.exception.response["Error"]["Message"]

    def curl(self, url, *options):
        return subprocess.run(["curl", "-sS", "--cacert", self.authority, "--connect-to",
                               f"::{PLATFORM.balancer_address}:", *options, url],
                              capture_output=True, text=True, timeout=60)

    def test_curl_verifies_and_follows_a_redirect(self):
        self.assertEqual(self.curl(f"https://www.example.com:{PORT}/").stdout, "secret")
        self.assertEqual(self.curl(f"https://api.example.com:{PORT}/").stdout, "secret")
        self.assertEqual(self.curl(f"https://a.shop.example.com:{PORT}/").stdout, "secret")
        self.assertNotEqual(self.curl(f"https://other.example.com:{PORT}/").returncode, 0)
        self.assertEqual(self.curl(f"http://www.example.com:{REDIRECT_PORT}/x?y=1", "-o", "/dev/null", "-w",
                                   "%{http_code} %{redirect_url}").stdout, f"301 https://www.example.com:{PORT}/x?y=1")
        self.assertEqual(self.curl(f"http://www.example.com:{REDIRECT_PORT}/", "-L").stdout, "secret")
        self.assertNotEqual(self.curl(f"https://www.example.com:{PORT}/", "--tls-max", "1.1").returncode, 0)

    def test_plain_http_is_told_that_this_is_an_https_port(self):
        with contextlib.closing(http.client.HTTPConnection(PLATFORM.balancer_address, PORT, timeout=20)) as connection:
            connection.request("PATCH", "/")
            answer = connection.getresponse()
            self.assertEqual(answer.status, 400)
            self.assertIn(b"The plain HTTP request was sent to HTTPS port", answer.read())

    def test_sessions_are_resumed(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = self.context()
            context.minimum_version = context.maximum_version = version
            first = self.shake_hands("www.example.com", context)
            self.assertFalse(first.resumed)
            self.assertTrue(self.shake_hands("www.example.com", context, first.session).resumed)

    def test_acm_shows_what_was_asked_for(self):
        detail = self.acm.describe_certificate(CertificateArn=self.one)["Certificate"]
        self.assertEqual(detail["Status"], "ISSUED")
        self.assertEqual(detail["SubjectAlternativeNames"], ["www.example.com", "*.shop.example.com"])
        self.assertEqual(detail["KeyAlgorithm"], "RSA_2048")
        self.assertEqual(detail["InUseBy"], [self.balancer])
        self.assertEqual({v["ValidationStatus"] for v in detail["DomainValidationOptions"]}, {"SUCCESS"})
        got = self.acm.get_certificate(CertificateArn=self.one)
        self.assertEqual(got["CertificateChain"], self.authority.read_text())
        listed = PLATFORM.aws("acm", "list-certificates", "--includes", "keyTypes=RSA_2048,EC_prime256v1")
        self.assertIn(self.two, [c["CertificateArn"] for c in listed["CertificateSummaryList"]])
        self.assertIn("in use", self.refused("ResourceInUseException", self.acm.delete_certificate,
                                             CertificateArn=self.one))

    def test_a_certificate_of_ones_own_is_imported_and_presented(self):
        key, certificate = self.folder / "own.key", self.folder / "own.pem"
        curve = ["-pkeyopt", "ec_paramgen_curve:prime256v1"]
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", *curve, "-nodes", "-keyout", key, "-out",
                        certificate, "-subj", "/CN=own.example.net", "-addext",
                        "subjectAltName=DNS:own.example.net"], check=True, capture_output=True)
        arn = PLATFORM.aws("acm", "import-certificate", "--certificate", f"fileb://{certificate}", "--private-key",
                           f"fileb://{key}")["CertificateArn"]
        self.assertIn("does not match", self.refused(
            "ValidationException", self.acm.import_certificate, Certificate=certificate.read_bytes(),
            PrivateKey=subprocess.run(["openssl", "genpkey", "-algorithm", "EC", *curve], check=True,
                                      capture_output=True).stdout))
        self.elb.add_listener_certificates(ListenerArn=self.listener, Certificates=[{"CertificateArn": arn}])
        own = ssl.create_default_context(cafile=certificate)
        until(lambda: self.shake_hands("own.example.net", own), what="the imported certificate")
        self.elb.remove_listener_certificates(ListenerArn=self.listener, Certificates=[{"CertificateArn": arn}])
        until(lambda: not self.shake_hands("own.example.net", own), what="its removal")
        self.acm.delete_certificate(CertificateArn=arn)

    def test_listeners_name_their_certificates_and_policies(self):
        shown = self.elb.describe_listener_certificates(ListenerArn=self.listener)["Certificates"]
        defaults = {c["CertificateArn"]: c["IsDefault"] for c in shown}
        self.assertEqual((defaults[self.one], defaults[self.two]), (True, False))
        self.refused("CertificateNotFound", self.elb.create_listener, LoadBalancerArn=self.balancer, Protocol="HTTPS",
                     Port=1, DefaultActions=fixed(""), Certificates=[{"CertificateArn": self.one[:-1] + "x"}])
        self.refused("SSLPolicyNotFound", self.elb.modify_listener, ListenerArn=self.listener, SslPolicy="none")
        policy, = PLATFORM.aws("elbv2", "describe-ssl-policies", "--names", "ELBSecurityPolicy-2016-08")["SslPolicies"]
        self.assertEqual(policy["SslProtocols"], ["TLSv1", "TLSv1.1", "TLSv1.2"])
        self.assertEqual(policy["Ciphers"][0], {"Name": "ECDHE-ECDSA-AES128-GCM-SHA256", "Priority": 1})


if __name__ == "__main__":
    unittest.main()

"""Starts the real binary on free ports and a state folder of its own, and takes everything away again."""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("UTAKATA_PROGRAM", ROOT / "build/release/utakata"))
IMAGES = pathlib.Path(os.environ.get("UTAKATA_IMAGES", ROOT / "build/test-images"))
REGION = "ap-northeast-1"
_instances = 0


def until(question, seconds=60, what="it"):
    """Asks again until the answer is true. The limit only ends a test that would hang."""
    end = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.05)


class Platform:
    """One daemon. `with Platform() as p:` gives p.url, p.env, p.client("ecs")."""

    def __init__(self, *options, account="123456789012"):
        global _instances
        _instances += 1
        # Nothing leaves this host unless a test asks for it.
        quiet = [("--egress", "off"), ("--dns", "none")]
        self.options = [*options, *(word for option in quiet if option[0] not in options for word in option)]
        self.state = pathlib.Path(tempfile.mkdtemp(prefix="utakata-test."))
        # Load balancers of each daemon listen on a loopback address of their own, so that tests never share a port.
        self.balancer_address = f"127.{os.getpid() % 250 + 1}.{_instances % 250}.1"
        self.public_addresses = f"127.{os.getpid() % 250 + 1}.{_instances % 250}.128/25"
        self.account = account
        self.process = None
        self.url = None

    def start(self):
        endpoint = self.state / "endpoint"
        with contextlib.suppress(FileNotFoundError):
            endpoint.unlink()
        log = open(self.state / "serve.log", "ab")
        self.process = subprocess.Popen(
            [PROGRAM, "serve", "--state", self.state, "--listen", "127.0.0.1:0", "--images", IMAGES,
             "--balancer-address", self.balancer_address, "--public-addresses", self.public_addresses, *self.options],
            stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        log.close()

        def ready():
            if self.process.poll() is not None:
                raise AssertionError("serve ended: " + self.log())
            return endpoint.exists() and endpoint.read_text().strip()
        self.url = until(ready, what="serve to listen")
        return self

    def log(self):
        return (self.state / "serve.log").read_text(errors="replace")

    def kill(self):
        """kill -9: containers go on."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process.poll() is not None and self.process.returncode == -signal.SIGKILL:
            self.start()  # what a killed daemon left running is taken away by the next one's clean end
        self.stop()
        log = self.log() if self.state.exists() else ""
        shutil.rmtree(self.state, ignore_errors=True)
        # Also what a daemon found as it ended, or before a test restarted it.
        if "Sanitizer" in log or "runtime error:" in log:
            raise AssertionError("a sanitizer's finding:\n" + log[-20000:])

    @property
    def env(self):
        return {**os.environ, "AWS_ENDPOINT_URL": self.url, "AWS_ACCESS_KEY_ID": self.account,
                "AWS_SECRET_ACCESS_KEY": "any", "AWS_DEFAULT_REGION": REGION, "AWS_REGION": REGION, "AWS_PAGER": "",
                "AWS_EC2_METADATA_DISABLED": "true"}

    def client(self, service, **options):
        import boto3
        import botocore.config
        return boto3.client(service, endpoint_url=self.url, region_name=options.pop("region_name", REGION),
                            aws_access_key_id=options.pop("account", self.account), aws_secret_access_key="any",
                            config=botocore.config.Config(retries={"max_attempts": 0}), **options)

    def aws(self, *words, check=True):
        """The aws command; its JSON answer, or the finished process when check is false."""
        done = subprocess.run(["aws", "--endpoint-url", self.url, "--output", "json", *words], env=self.env,
                              capture_output=True, text=True)
        if not check:
            return done
        if done.returncode:
            raise AssertionError(f"aws {' '.join(words)}: {done.stderr}")
        return json.loads(done.stdout) if done.stdout.strip() else None

    def utakata(self, *words, check=True):
        done = subprocess.run([PROGRAM, *words], env=self.env, capture_output=True, text=True)
        if check and done.returncode:
            raise AssertionError(f"utakata {' '.join(words)}: {done.stdout}{done.stderr}")
        return done

    def post(self, body=b"", headers=None, path="/", method="POST"):
        """A request by hand: (status, headers, body) whatever the status is."""
        request = urllib.request.Request(self.url + path, data=body, headers=headers or {}, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read()


def subnets_of(platform):
    return [s["SubnetId"] for s in platform.client("ec2").describe_subnets()["Subnets"]]


def awsvpc(platform):
    return {"awsvpcConfiguration": {"subnets": subnets_of(platform), "assignPublicIp": "ENABLED"}}

"""Registries on loopback: Debian's docker-registry, and a small one that can misbehave. Images are pushed by skopeo."""
import base64
import contextlib
import crypt
import hashlib
import http.server
import json
import pathlib
import shutil
import signal
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.request

from platform_under_test import IMAGES, until

USER, PASSWORD = "AWS", "a secret with spaces"


def skopeo(*words):
    done = subprocess.run(["skopeo", "--insecure-policy", *words], capture_output=True, text=True)
    if done.returncode:
        raise AssertionError(f"skopeo {' '.join(words)}: {done.stderr}")
    return done.stdout


def certificate(folder):
    """Of nobody but itself, for loopback."""
    path = pathlib.Path(folder) / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
                    "subjectAltName=IP:127.0.0.1", "-keyout", path, "-out", f"{path}.crt"], check=True, capture_output=True)
    path.write_text(path.read_text() + pathlib.Path(f"{path}.crt").read_text())
    return path


def free_port():
    import socket
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Registry:
    """docker-registry with one login."""

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="utakata-registry."))
        self.address = f"127.0.0.1:{free_port()}"
        (self.folder / "htpasswd").write_text(f"{USER}:{crypt.crypt(PASSWORD, crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16))}\n")
        (self.folder / "config.yml").write_text(json.dumps({
            "version": "0.1", "log": {"level": "error"}, "storage": {"filesystem": {"rootdirectory": str(self.folder / "data")}},
            "http": {"addr": self.address}, "auth": {"htpasswd": {"realm": "test", "path": str(self.folder / "htpasswd")}}}))
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(["docker-registry", "serve", self.folder / "config.yml"], stdout=log, stderr=log)
        until(self.answers, what="the registry: " + (self.folder / "log").read_text())
        return self

    def answers(self):
        try:
            urllib.request.urlopen(f"http://{self.address}/v2/")
        except urllib.error.HTTPError as error:
            return error.code == 401
        except OSError:
            return False

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        shutil.rmtree(self.folder)

    def push(self, name, source=f"oci:{IMAGES}/busybox:latest", password=PASSWORD):
        """As any pipeline would; the digest that the registry has then."""
        digest = self.folder / "digest"
        skopeo("copy", "--dest-tls-verify=false", "--dest-creds", f"{USER}:{password}", "--digestfile", str(digest), source,
               f"docker://{self.address}/{name}")
        return digest.read_text().strip()

    def auth_file(self, password=PASSWORD):
        path = self.folder / "auth.json"
        path.write_text(json.dumps({"auths": {self.address: {"auth": base64.b64encode(f"{USER}:{password}".encode()).decode()}}}))
        return str(path)


class OddRegistry:
    """Serves the layout of the tests' image as team/app:1, and does what it is told besides."""

    def __init__(self, certificate=None):
        self.certificate = certificate  # a file with key and certificate: it speaks HTTPS
        self.token = None        # the bearer token that it wants
        self.corrupt = False     # blobs have another content than their digests say
        self.platform = None     # the tag is an index with this platform alone
        self.seconds = 0         # that a layer takes
        self.asked = []          # paths
        self.blobs = IMAGES / "busybox" / "blobs" / "sha256"
        index = json.loads((IMAGES / "busybox" / "index.json").read_text())
        self.manifest = index["manifests"][0]["digest"]

    def __enter__(self):
        odd = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    odd.answer(self)
            do_HEAD = do_GET

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.address = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def layers_asked(self):
        names = [path.rpartition("sha256:")[2] for path in self.asked if "/blobs/" in path]
        return sum((self.blobs / name).read_bytes()[:2] == b"\x1f\x8b" for name in names)

    def answer(self, request):
        self.asked.append(request.path)
        if request.path.startswith("/token"):
            login = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            if request.headers.get("Authorization") != login:
                return self.send(request, 401, b'{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}')
            return self.send(request, 200, json.dumps({"token": self.token, "expires_in": 300}).encode())
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            return self.send(request, 401, b'{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}', headers={
                "WWW-Authenticate": f'Bearer realm="http://{self.address}/token",service="odd",scope="repository:team/app:pull"'})
        kind, _, what = request.path.removeprefix("/v2/team/app/").partition("/")
        if kind == "manifests":
            return self.send_manifest(request, what)
        if kind == "blobs":
            return self.send_blob(request, what.removeprefix("sha256:"))
        return self.send(request, 200, b"{}")

    def send_manifest(self, request, what):
        body, media = (self.blobs / self.manifest[7:]).read_bytes(), "application/vnd.oci.image.manifest.v1+json"
        if self.platform and what == "1":
            media = "application/vnd.oci.image.index.v1+json"
            body = json.dumps({"schemaVersion": 2, "mediaType": media, "manifests": [{
                "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": self.manifest, "size": len(body),
                "platform": {"os": "linux", "architecture": self.platform}}]}).encode()
        digest = "sha256:" + hashlib.sha256(body).hexdigest()
        if what not in ("1", digest):
            return self.send(request, 404, b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}')
        return self.send(request, 200, body, media, {"Docker-Content-Digest": digest})

    def send_blob(self, request, name):
        body = (self.blobs / name).read_bytes()
        layer = body[:2] == b"\x1f\x8b"
        if self.corrupt and layer:
            body = body[:-20] + bytes(20)
        return self.send(request, 200, body, "application/octet-stream", seconds=self.seconds if layer else 0)

    def send(self, request, status, body, media="application/json", headers=None, seconds=0):
        request.send_response(status)
        for name, value in {"Content-Type": media, "Content-Length": str(len(body)),
                            "Docker-Distribution-Api-Version": "registry/2.0", **(headers or {})}.items():
            request.send_header(name, value)
        request.end_headers()
        if request.command == "HEAD":
            return
        pieces = max(1, seconds * 10)
        for i in range(pieces):
            request.wfile.write(body[len(body) * i // pieces:len(body) * (i + 1) // pieces])
            if seconds:
                request.wfile.flush()
                time.sleep(0.1)

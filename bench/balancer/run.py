#!/usr/bin/env python3
"""Processor time a request of the load balancer's data path against nginx and HAProxy of Debian, in one run.

usage: bench/balancer/run.py [--rounds 7] [--seconds 2] [--connections 64] [--https]

The proxies take turns on the first core, in front of the same backend; load and backend are one process on the second. A
round measures each proxy once, in an order that turns round; what counts are the medians, of ratios
those of one round's. Processor time is what the
kernel's accounting says of all threads of the proxy, user and system. A proxy that is not installed is skipped.
With --https
clients speak TLS, with the same certificate (P-256) of each proxy. With --http2 it is h2load (nghttp2-client) that asks, over 16
connections of TLS with 16 streams each, and nginx alone is the peer.
Build first: cmake --preset release && cmake --build build/release --target balancer_bench
"""
import argparse
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = os.environ.get("BALANCER_BENCH", str(ROOT / "build/release/balancer_bench"))

NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 4096; multi_accept on; }}
http {{
  access_log off; keepalive_requests 1000000000; client_body_temp_path {folder}; proxy_temp_path {folder};
  fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
  upstream backend {{ server 127.0.0.1:{backend}; keepalive 256; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port} {ssl} backlog=1024;
    {certificate}
    location / {{
      proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Port $server_port; proxy_buffers 8 32k; proxy_buffer_size 32k;
    }}
  }}
}}
"""
HAPROXY = """
global
  nbthread 1
  tune.bufsize 32768
  maxconn 4096
defaults
  mode http
  timeout connect 10s
  timeout client 60s
  timeout server 60s
  option forwardfor
  http-reuse always
frontend front
  bind 127.0.0.1:{port} {ssl}
  http-request set-header X-Forwarded-Proto {scheme}
  http-request set-header X-Forwarded-Port {port}
  default_backend back
backend back
  server one 127.0.0.1:{backend} maxconn 4096 pool-max-conn 256
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def processor_seconds(pid):
    """Of all threads, in the kernel's nanoseconds."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


class Proxy:
    def __init__(self, name, core, command, port):
        self.name, self.port = name, port
        self.process = subprocess.Popen(["taskset", "-c", str(core), *command], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        self.results = {}


def make_certificate(folder):
    """A file of key and certificate."""
    pem = folder / "bench.pem"
    made = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                           "-keyout", "-", "-out", "-", "-subj", "/CN=bench"], capture_output=True, text=True, check=True)
    pem.write_text(made.stdout)
    return pem


def start_proxies(folder, core, backend, pem, http2):
    wanted = {"utakata": (PROGRAM, lambda port: [PROGRAM, *(["tls_proxy"] if pem else ["proxy"]), str(port), str(backend), *([str(pem)] if pem else [])])}
    secure = {"nginx": ("ssl http2" if http2 else "ssl", f"ssl_certificate {pem}; ssl_certificate_key {pem};"), "haproxy": (f"ssl crt {pem}", "")}
    for name, template, option in (("nginx", NGINX, "-c"), ("haproxy", HAPROXY, "-f")):
        def command(port, name=name, template=template, option=option):
            file = folder / f"{name}.conf"
            ssl, certificate = secure[name] if pem else ("", "")
            file.write_text(template.format(folder=folder, port=port, backend=backend, ssl=ssl, certificate=certificate,
                                            scheme="https" if pem else "http"))
            return [name, option, str(file)] + (["-db"] if name == "haproxy" else [])
        wanted[name] = (name, command)
    proxies = []
    if http2:
        del wanted["haproxy"]
    for name, (program, command) in wanted.items():
        if shutil.which(program) is None:
            print(f"{name}: skipped, {program} is not there")
            continue
        port = free_port()
        proxies.append(Proxy(name, core, command(port), port))
    return proxies


def measure(proxy, core, backend, size, connections, seconds, https):
    before = processor_seconds(proxy.process.pid)
    started = time.monotonic()
    load = subprocess.run(["taskset", "-c", str(core), PROGRAM, "load", str(proxy.port), str(backend), str(size),
                           str(connections), str(seconds), *(["https"] if https else [])], capture_output=True, text=True, check=True)
    elapsed = time.monotonic() - started
    rate, median, p99, failed = (int(word) for word in load.stdout.split())
    if rate == 0:
        sys.exit(f"{proxy.name} has answered nothing")
    if failed > 0:
        sys.exit(f"{proxy.name} has failed {failed} of {connections} connections")
    # The warm-up is asked for at the same rate as the rest.
    used = processor_seconds(proxy.process.pid) - before
    return used * 1e6 / (rate * elapsed), rate, median, p99


def ratio(rounds, name):
    """A round's proxies are compared with each other: what the machine has besides changes from round to round."""
    return statistics.median(theirs[0] / ours[0] for theirs, ours in zip(rounds[name], rounds["utakata"]))


def measure_http2(proxy, core, seconds):
    before = processor_seconds(proxy.process.pid)
    load = subprocess.run(["taskset", "-c", str(core), "h2load", "-D", str(seconds), "-c", "16", "-m", "16", "-t", "1",
                           f"https://127.0.0.1:{proxy.port}/index.html"], capture_output=True, text=True, check=True)
    used = processor_seconds(proxy.process.pid) - before
    done = re.search(r"requests: \d+ total, \d+ started, (\d+) done, (\d+) succeeded, (\d+) failed", load.stdout)
    rate = re.search(r"finished in [\d.]+\w+, ([\d.]+) req/s", load.stdout)
    answered, good, failed = (int(word) for word in done.groups())
    if good == 0 or failed > 0 or good != answered:
        sys.exit(f"{proxy.name} has failed over HTTP/2: {load.stdout}")
    return used * 1e6 / good, float(rate[1])


def compare_http2(proxies, core, backend_port, rounds_wanted, seconds):
    for size in (200, 16 * 1024):
        backend = subprocess.Popen(["taskset", "-c", str(core), PROGRAM, "backend", str(backend_port), str(size)])
        try:
            time.sleep(0.5)
            rounds = {proxy.name: [] for proxy in proxies}
            for turn in range(rounds_wanted):
                for proxy in proxies if turn % 2 == 0 else reversed(proxies):
                    rounds[proxy.name].append(measure_http2(proxy, core, seconds))
            print(f"HTTP/2 through TLS, {size} bytes, 16 connections of 16 streams, {rounds_wanted} rounds, "
                  f"load {os.getloadavg()[0]:.1f}")
            for proxy in proxies:
                cost, rate = (statistics.median(column) for column in zip(*rounds[proxy.name]))
                print(f"  {proxy.name:8} {cost:6.2f} us of processor a request ({ratio(rounds, proxy.name):.2f} of ours), "
                      f"{rate:6.0f} requests/s")
        finally:
            backend.terminate()
            backend.wait()


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--seconds", type=int, default=2)
    options.add_argument("--connections", type=int, default=64)
    options.add_argument("--https", action="store_true")
    options.add_argument("--http2", action="store_true")
    given = options.parse_args()
    if not os.access(PROGRAM, os.X_OK):
        sys.exit(f"{PROGRAM} is not there: cmake --build build/release --target balancer_bench")
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        sys.exit("two cores are needed")
    backend = free_port()
    with tempfile.TemporaryDirectory() as name:
        pem = make_certificate(pathlib.Path(name)) if given.https or given.http2 else None
        proxies = start_proxies(pathlib.Path(name), cores[0], backend, pem, given.http2)
        try:
            time.sleep(1)
            if given.http2:
                return compare_http2(proxies, cores[1], backend, given.rounds, given.seconds)
            for size in (200, 16 * 1024):
                rounds = {proxy.name: [] for proxy in proxies}
                for turn in range(given.rounds):
                    for proxy in proxies if turn % 2 == 0 else reversed(proxies):
                        rounds[proxy.name].append(
                            measure(proxy, cores[1], backend, size, given.connections, given.seconds, given.https))
                print(f"{size} bytes, {given.connections} connections, {given.rounds} rounds, "
                      f"load {os.getloadavg()[0]:.1f}")
                for proxy in proxies:
                    cost, rate, median, p99 = (statistics.median(column) for column in zip(*rounds[proxy.name]))
                    print(f"  {proxy.name:8} {cost:6.2f} us of processor a request ({ratio(rounds, proxy.name):.2f} of ours), "
                          f"{rate:6.0f} requests/s, p50 {median:.0f} us, p99 {p99:.0f} us")
        finally:
            for proxy in proxies:
                proxy.process.terminate()
                proxy.process.wait()


if __name__ == "__main__":
    main()

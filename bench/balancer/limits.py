#!/usr/bin/env python3
"""The load balancer's data path against three goals, each printed as a ratio to its goal; below 1 is within.

usage: bench/balancer/limits.py [--rounds 5] [--seconds 2] [--connections 10000]

1. Memory of 10,000 idle connections, each of which has had an answer: 60 MB at most.
2. Processor time a request behind 1,000 rules that it does not match against one such rule: 5 % more at most. Both take
   turns; what counts is the median of the rounds' ratios.
3. Requests that fail while the configuration changes every 10 ms under load: none.
Build first: cmake --preset release && cmake --build build/release --target balancer_bench
"""
import argparse
import os
import resource
import socket
import statistics
import sys
import time

import run

IDLE_GOAL, RULES_GOAL = 60e6, 1.05


def start(core, backend, *more):
    port = run.free_port()
    proxy = run.Proxy("utakata", core, [run.PROGRAM, "proxy", str(port), str(backend), *map(str, more)], port)
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return proxy
        except ConnectionRefusedError:
            time.sleep(0.01)
    sys.exit("the proxy does not listen")


def stop(proxy):
    proxy.process.terminate()
    proxy.process.wait()


def resident(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))


def idle(core, count):
    wanted = count + 100
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard < wanted:
        sys.exit(f"{wanted} file descriptors are needed, {hard} are allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(wanted, resource.getrlimit(resource.RLIMIT_NOFILE)[0]), hard))
    proxy = start(core, run.free_port(), 1)
    try:
        before = resident(proxy.process.pid)
        clients = []
        for _ in range(count):
            client = socket.create_connection(("127.0.0.1", proxy.port))
            client.sendall(b"GET /rule/1 HTTP/1.1\r\nHost: a\r\n\r\n")
            if not client.recv(4096).startswith(b"HTTP/1.1 200"):
                sys.exit("a client got no answer")
            clients.append(client)
        used = resident(proxy.process.pid)
        print(f"{count} idle connections: {used / 1e6:.1f} MB resident, {(used - before) / count / 1e3:.2f} KB each, "
              f"{used / IDLE_GOAL:.2f} of the goal")
        for client in clients:
            client.close()
        return used <= IDLE_GOAL
    finally:
        stop(proxy)


def rules(cores, rounds, seconds):
    backend = run.free_port()
    few, many = start(cores[0], backend, 1), start(cores[0], backend, 1000)
    try:
        ratios, costs = [], []
        for turn in range(rounds):
            order = (few, many) if turn % 2 == 0 else (many, few)
            cost = {proxy: run.measure(proxy, cores[1], backend, 200, 64, seconds)[0] for proxy in order}
            ratios.append(cost[many] / cost[few])
            costs.append((cost[few], cost[many]))
        ratio = statistics.median(ratios)
        one, thousand = (statistics.median(column) for column in zip(*costs))
        print(f"1 rule {one:.2f}, 1000 rules {thousand:.2f} us of processor a request: {ratio:.3f} times, "
              f"{ratio / RULES_GOAL:.2f} of the goal")
        return ratio <= RULES_GOAL
    finally:
        stop(few)
        stop(many)


def changes(cores, seconds):
    backend = run.free_port()
    proxy = start(cores[0], backend, 20, 10)
    try:
        _, rate, median, p99 = run.measure(proxy, cores[1], backend, 200, 64, seconds)  # ends when a client has failed
        print(f"a change every 10 ms: {rate:.0f} requests/s, p50 {median} us, p99 {p99} us, none failed")
    finally:
        stop(proxy)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=int, default=2)
    options.add_argument("--connections", type=int, default=10000)
    given = options.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        sys.exit("two cores are needed")
    print(f"load {os.getloadavg()[0]:.1f}")
    within = [idle(cores[0], given.connections), rules(cores, given.rounds, given.seconds)]
    changes(cores, 2 * given.seconds)
    sys.exit(0 if all(within) else 1)


if __name__ == "__main__":
    main()

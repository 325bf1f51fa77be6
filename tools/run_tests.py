#!/usr/bin/env python3
"""Runs the test programs named on standard input, one a line: KIND NAME COMMAND, and adds up what they counted.

KIND is doctest (its summary is read), unittest (Python's, its summary is read) or check (counts as one test).
Ends with the line "N passed, N failed". Exit status 1 if anything failed.
"""
import concurrent.futures
import re
import subprocess
import sys
import time


def counts(kind, output, status):
    if kind == "doctest":
        found = re.findall(r"test cases:\s+(\d+)\s*\|\s*(\d+) passed\s*\|\s*(\d+) failed", output)
        if found:
            passed, failed = sum(int(f[1]) for f in found), sum(int(f[2]) for f in found)
            return passed, max(failed, 1 if status else 0)
    if kind == "unittest":
        ran = re.search(r"Ran (\d+) tests?", output)
        if ran:
            bad = sum(int(n) for n in re.findall(r"(?:failures|errors|unexpected successes)=(\d+)", output))
            skipped = sum(int(n) for n in re.findall(r"skipped=(\d+)", output))
            return int(ran[1]) - bad - skipped, max(bad, 1 if status else 0)
    return (0, 1) if status else (1, 0)


def run(kind, name, command):
    begun = time.monotonic()
    done = subprocess.run(["bash", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                          text=True, errors="replace")
    passed, failed = counts(kind, done.stdout, done.returncode)
    return name, passed, failed, done.stdout, time.monotonic() - begun


def main():
    total_passed = total_failed = 0
    steps = [line.split(None, 2) for line in sys.stdin.read().splitlines()]
    # In their order, three at a time: the linter computes while the tests of real clients mostly wait.
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        for done in concurrent.futures.as_completed([pool.submit(run, *step) for step in steps]):
            name, passed, failed, output, seconds = done.result()
            total_passed, total_failed = total_passed + passed, total_failed + failed
            print(f"{name}: {passed} passed, {failed} failed ({seconds:.1f} s)", flush=True)
            if failed:
                print("\n".join(output.splitlines()[-80:]), flush=True)
    print(f"{total_passed} passed, {total_failed} failed")
    return 1 if total_failed or not total_passed else 0


if __name__ == "__main__":
    sys.exit(main())

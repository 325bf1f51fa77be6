#!/usr/bin/env python3
"""Fails when a file includes a module that src/MODULES does not grant it, or when the grants form a cycle.

usage: layers.py SRC [--strict]      --strict also names grants that no file uses any more
"""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
grants = {}
for line in (root / "MODULES").read_text().splitlines():
    line = line.split("#")[0].strip()
    if line:
        name, allowed = (part.split() for part in line.split(":"))
        grants[name[0]] = set(allowed)


def module_of(path):
    return max((m for m in grants if path.startswith(m + "/")), key=len, default=None)


def cycle(module, trail=()):
    if module in trail:
        return " -> ".join(trail[trail.index(module):] + (module,))
    return next((c for d in sorted(grants[module] & grants.keys()) if (c := cycle(d, trail + (module,)))), None)


bad = [f"MODULES: {m} is granted {d}, which is no module" for m, ds in grants.items() for d in ds - grants.keys() - {"*"}]
bad += [f"MODULES: cycle {c}" for c in sorted({cycle(m) for m in grants} - {None})]
seen = {m: set() for m in grants}
for file in sorted([*root.rglob("*.hpp"), *root.rglob("*.cpp")]):
    here = module_of(file.relative_to(root).as_posix())
    if here is None:
        bad.append(f"{file}: in no module")
        continue
    test = file.name.endswith("_test.cpp")
    for number, text in enumerate(file.read_text().splitlines(), 1):
        match = re.match(r'\s*#\s*include\s+"([^"]+)"', text)
        there = module_of(match[1]) if match else None
        if there is None or there == here:
            continue
        seen[here].add(there)
        free = "*" in grants[here]
        if not free and there not in grants[here]:
            bad.append(f"{file}:{number}: {here} may not include {there}")
        elif not free and not test and there.startswith("services/") and here.startswith("services/") \
                and not match[1].endswith("/public.hpp"):
            bad.append(f"{file}:{number}: of another service only public.hpp may be included")
if "--strict" in sys.argv:
    bad += [f"MODULES: {m} no longer needs {d}; take the grant away" for m in grants for d in grants[m] - seen[m] - {"*"}]
print("\n".join(bad) if bad else f"layers: {len(grants)} modules in order")
sys.exit(bool(bad))

#!/usr/bin/env python3
"""The rules of the house that a compiler does not know. Each message names what to use instead.

usage: house_rules.py CHECKOUT
"""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
src = root / "src"

# The parts that must be deterministic: what they may not mention, and what to use instead.
DETERMINISTIC = ("core", "wire", "market", "agent", "services", "sim", "base")
BANNED_THERE = [
    (r"\b(system|steady|high_resolution)_clock\b|\bclock_gettime\b|\bgettimeofday\b|\btime\(\s*(nullptr|NULL|0)\s*\)",
     "a real clock; use Tx::now() or take the instant as an argument"),
    (r"\bstd::(mt19937|random_device|uniform_\w+|default_random_engine)\b|\brand\(\)", "random numbers; use Tx::random()"),
    (r"\bstd::unordered_\w+", "unordered containers, whose order is not defined; use std::map or std::set"),
    (r"\bstd::(thread|jthread|mutex|atomic\w*|condition_variable)\b", "threads; they belong to the shell"),
    (r"\bgetenv\b|\bstd::filesystem\b|\bstd::(i|o)?fstream\b|<iostream>", "the outside; leave an effect instead"),
]
BANNED_EVERYWHERE = [
    (r"\bthrow\b(?!\s*\()", "throw; return a Fault (base/outcome.hpp)"),
    (r"\bcatch\s*\(", "catch; library calls have forms without exceptions"),
    (r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX)\b", "unfinished work; finish it, or refuse it with a clear error"),
    (r"\bstd::regex\b", "std::regex; write the few lines of a matcher"),
    (r"\bsto(i|l|ll|d|f|ul|ull)\(", "locale-dependent or throwing conversions; use parse_integer (base/text.hpp)"),
    (r"\bsystem\s*\(", "system(); spawn the program with its arguments"),
]
HEADER_LINES, API_LINES, SOURCE_LINES, COLUMNS = 250, 400, 600, 120
PRINTED = {"base/reflect_bindings.hpp"}  # by tools/, not written by hand

# (file, words of the message): exceptions, each with its reason. One that is not needed any more is an error.
ALLOWED = {
}

problems, used = [], set()


def report(file, line, message):
    for allowed in ALLOWED:
        if file.as_posix().endswith(allowed[0]) and allowed[1] in message:
            used.add(allowed)
            return
    problems.append(f"{file}:{line}: {message}")


def code_of(line):
    line = re.sub(r'"(\\.|[^"\\])*"', '""', line)
    return line.split("//")[0]


def check_file(file):
    relative = file.relative_to(src)
    lines = file.read_text().splitlines()
    test = file.name.endswith("_test.cpp")
    rules = list(BANNED_EVERYWHERE)
    if relative.parts[0] in DETERMINISTIC and not test:
        rules += BANNED_THERE
    for number, line in enumerate(lines, 1):
        for pattern, message in rules:
            if re.search(pattern, code_of(line) if "unfinished" not in message else line):
                report(relative, number, message)
        if len(line) > COLUMNS and relative.as_posix() not in PRINTED:
            report(relative, number, f"{len(line)} columns; at most {COLUMNS}")
    limit = SOURCE_LINES
    if file.suffix == ".hpp":
        limit = API_LINES if "api" in relative.parts else HEADER_LINES
        if "#pragma once" not in lines:
            report(relative, 1, "a header without #pragma once")
    if len(lines) > limit and relative.as_posix() not in PRINTED:
        report(relative, len(lines), f"{len(lines)} lines; at most {limit}: split by subject")


for file in sorted([*src.rglob("*.hpp"), *src.rglob("*.cpp")]):
    check_file(file)
for service in sorted((src / "services").iterdir()):
    if service.is_dir() and not (service / "README.md").exists():
        problems.append(f"{service.relative_to(root)}: a service without README.md")
problems += [f"house_rules.py: the exception for {file} ({words}) is not needed any more" for file, words in
             sorted(set(ALLOWED) - used)]
print("\n".join(problems) if problems else "house rules: kept")
sys.exit(bool(problems))

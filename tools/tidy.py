#!/usr/bin/env python3
"""Checks the rules that a compiler does not: layers, banned names, sizes, headers that stand alone, symbols.

usage: tidy.py layers|text|headers|symbols|scripts [BUILD_FOLDER]      (exit code 1 and a list if a rule is broken)
"""
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LONGEST_FILE = 500   # lines; above LONG_FILE a warning
LONG_FILE = 300
WIDEST_LINE = 100

LIBRARIES = {
    "mpi": r"mpi\.h",
    "hdf5": r"hdf5\.h|H5.*",
    "onednn": r"oneapi/.*|dnnl.*",
    "omp": r"omp\.h",
    "yaml": r"yaml-cpp/.*",
    "boost": r"boost/.*",
    "eigen": r"Eigen/.*",
    "json": r"nlohmann/.*",
    "posix": r"unistd\.h|fcntl\.h|dirent\.h|glob\.h|poll\.h|sched\.h|termios\.h|sys/.*|csignal|signal\.h|filesystem",
    "threads": r"thread|mutex|atomic|future|condition_variable|barrier",
}
STANDARD = re.compile(r"[a-z_0-9]+$")  # <vector>, <cstdint>, ...

# Decision code draws its own numbers, iterates in a defined order and knows no clock.
BANNED = [
    (r"include/twostep/(search|control|study)/|src/(search|control|study)/", r"\bunordered_", "unordered containers"),
    (r"include/twostep/|src/(?!adapters|app)", r"std::\w+_distribution|random_device|\brand\(", "other random numbers"),
    (r"include/twostep/|src/(?!adapters|app)", r"\b(steady|system|high_resolution)_clock\b|\bgetenv\(", "hidden clocks and environment"),
    (r"include/twostep/|src/(?!adapters|app|sim)", r"std::(i|o)?fstream|\bfopen\(", "files outside the port"),
    (r".*", r"\b(TODO|FIXME|XXX|HACK)\b", "unfinished business"),
    (r"(?!tests/).*", r"/(home|root|work|Users)/", "machine paths"),
]


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def tracked(*endings):
    names = subprocess.run(["git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard"],
                           capture_output=True, text=True, check=True).stdout.split("\n")
    return [n for n in names if n.endswith(endings) and os.path.isfile(os.path.join(ROOT, n))]


def layer_of(path):
    path = re.sub(r"^(include/twostep|src|twostep)/", "", path)
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] == "adapters" else parts[0]


def check_layers():
    allowed, libraries = {}, {}
    for line in read("tools/layers.txt").splitlines():
        if line.strip() and not line.startswith("#"):
            name, rest = line.split(":", 1)
            layers, outside = rest.split("|")
            allowed[name.strip()] = set(layers.split()) | {name.strip()}
            libraries[name.strip()] = set(outside.split())
    problems = []
    for path in tracked(".hpp", ".cpp"):
        if not path.startswith(("include/", "src/")):
            continue
        layer = layer_of(path)
        if layer not in allowed:
            problems.append(f"{path}: the layer {layer} is not in tools/layers.txt")
            continue
        for number, line in enumerate(read(path).splitlines(), 1):
            own = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
            if own and layer_of(own.group(1)) not in allowed[layer]:
                problems.append(f"{path}:{number}: {layer} may not include {own.group(1)}")
            outside = re.match(r"\s*#\s*include\s*<([^>]+)>", line)
            if not outside:
                continue
            name = outside.group(1)
            library = next((k for k, pattern in LIBRARIES.items() if re.fullmatch(pattern, name)), None)
            public = path.startswith("include/")
            if library is None and not STANDARD.match(name):
                problems.append(f"{path}:{number}: <{name}> belongs to no library that tools/tidy.py knows")
            elif library is not None and layer != "app" and (library not in libraries[layer] or
                                                             (public and library != "threads")):
                problems.append(f"{path}:{number}: {layer} may not include <{name}>" + (" in a header" if public else ""))
    return problems


def check_text():
    problems = []
    for path in tracked(".hpp", ".cpp", ".py", ".cmake", "CMakeLists.txt", ".sh", ".yaml", ".md"):
        text = read(path)
        lines = text.splitlines()
        code = path.endswith((".hpp", ".cpp", ".py"))
        if code and len(lines) > LONGEST_FILE:
            problems.append(f"{path}: {len(lines)} lines, more than {LONGEST_FILE}")
        elif code and len(lines) > LONG_FILE and not path.startswith("tests/"):
            print(f"warning: {path}: {len(lines)} lines; aim at {LONG_FILE}")
        if path == "tools/tidy.py":
            continue
        for number, line in enumerate(lines, 1):
            if path.endswith((".hpp", ".cpp")) and len(line) > WIDEST_LINE:
                problems.append(f"{path}:{number}: {len(line)} columns")
            if line != line.rstrip():
                problems.append(f"{path}:{number}: white space at the end")
            for where, what, why in BANNED:
                if re.match(where, path) and re.search(what, line):
                    problems.append(f"{path}:{number}: {why}: {line.strip()}")
        if path.endswith(".hpp") and "#pragma once" not in text:
            problems.append(f"{path}: no #pragma once")
    return problems


def check_headers():
    compiler = os.environ.get("CXX", "c++")
    def compile_alone(path):
        run = subprocess.run([compiler, "-std=c++20", "-fsyntax-only", "-Iinclude", "-x", "c++", "-include", path, "/dev/null"],
                             cwd=ROOT, capture_output=True, text=True, check=False)
        return f"{path} does not compile alone:\n{run.stderr}" if run.returncode else None
    headers = [p for p in tracked(".hpp") if p.startswith("include/")]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return [p for p in pool.map(compile_alone, headers) if p] + ([] if headers else ["no headers found"])


def check_symbols(build):
    forbidden = re.compile(r"\b(MPI_|H5[A-Z]|dnnl_|clock_gettime|gettimeofday|getenv|pthread_create|fopen)|random_device|"
                           r"basic_[io]?fstream|steady_clock|system_clock")
    problems, seen = [], 0
    for layer in ("base", "study", "ports", "search", "control", "data", "train", "node"):
        archive = os.path.join(build, "src", f"libtwostep_{layer}.a")
        out = subprocess.run(["nm", "-u", archive], capture_output=True, text=True, check=False)
        if out.returncode:
            problems.append(f"{archive} cannot be read")
        for line in out.stdout.splitlines():
            seen += 1
            if forbidden.search(line):
                problems.append(f"twostep_{layer} uses {line.split()[-1]}")
    return problems + ([] if seen > 100 else ["hardly any symbols were found"])


def check_scripts():
    if not shutil.which("shellcheck"):
        print("SKIPPED LOUDLY: shellcheck is not installed")
        return []
    scripts = []
    for path in tracked(""):
        if os.path.splitext(path)[1] in ("", ".sh", ".sbatch") and os.path.isfile(os.path.join(ROOT, path)):
            with open(os.path.join(ROOT, path), "rb") as file:
                head = file.read(80)
            if head.startswith(b"#!") and b"sh" in head.split(b"\n")[0]:
                scripts.append(path)
    run = subprocess.run(["shellcheck", "-x", *scripts], cwd=ROOT, capture_output=True, text=True, check=False)
    return ([run.stdout] if run.returncode else []) + ([] if scripts else ["no scripts found"])


def main():
    checks = {"layers": check_layers, "text": check_text, "headers": check_headers, "scripts": check_scripts,
              "symbols": lambda: check_symbols(sys.argv[2])}
    if len(sys.argv) < 2 or sys.argv[1] not in checks:
        sys.exit(__doc__)
    problems = checks[sys.argv[1]]()
    print("\n".join(problems) or f"{sys.argv[1]}: in order")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()

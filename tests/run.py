#!/usr/bin/env python3
"""run: runs test programs, counts their lines ("ok", "not ok", "skip"), prints the sum.

usage: run.py [--until SECONDS] [--jobs N] PROGRAM...   last line: N passed, N failed, N skipped

A program that exits with an error without a "not ok" line counts as one failure; so does one that prints no line
at all, and one that runs longer than its limit. With --until no program is started after that many seconds since
the run began (or since $EVEIL_CI_BEGAN, seconds since 1970); the rest is skipped for time. --jobs runs so many
programs at a time: long ones wait more than they compute.
"""
import argparse
import concurrent.futures
import os
import subprocess
import sys
import time

LIMIT_S = 36000 if os.environ.get("EVEIL_CAMPAIGN") else 1500


def command_of(program):
    if program.endswith(".py"):
        return [sys.executable, program]
    return ["bash", program] if program.endswith(".sh") else [os.path.abspath(program)]


def run_one(program):
    began = time.time()
    try:
        done = subprocess.run(command_of(program), capture_output=True, text=True, timeout=LIMIT_S, errors="replace",
                              stdin=subprocess.DEVNULL)
        code, out, err = done.returncode, done.stdout, done.stderr
    except subprocess.TimeoutExpired as slow:
        code = None
        out = (slow.stdout or b"").decode(errors="replace")
        err = (slow.stderr or b"").decode(errors="replace")
    lines = out.splitlines()
    counts = [sum(line.startswith(word) for line in lines) for word in ("ok ", "not ok ", "skip ")]
    trouble = []
    if code is None:
        trouble.append(f"not ok {program}: still running after {LIMIT_S} s")
    elif code != 0 and counts[1] == 0:
        trouble.append(f"not ok {program}: ended with code {code}")
    elif sum(counts) == 0:
        trouble.append(f"not ok {program}: printed no case")
    counts[1] += len(trouble)
    name = program.split("/tests/", 1)[-1].removeprefix("tests/")
    print(f"{name:44s} {counts[0]:5d} ok {counts[1]:3d} failed {counts[2]:3d} skipped  {time.time() - began:6.1f} s")
    for i, line in enumerate(lines):
        if line.startswith(("not ok ", "skip ")) or (line.startswith("#") and counts[1]) or name.startswith("batch/"):
            print("   ", line)
    for line in trouble:
        print("   ", line)
    if counts[1] and err.strip():
        print("\n".join("    | " + line for line in err.strip().splitlines()[-20:]))
    sys.stdout.flush()
    return counts


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--until", type=float, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("programs", nargs="*")
    options = parser.parse_args()
    began = float(os.environ.get("EVEIL_CI_BEGAN", time.time()))

    def run(program):
        if options.until and time.time() - began > options.until:
            print(f"{program}: skipped for time", flush=True)
            return [0, 0, 1]
        return run_one(program)

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        counts = list(pool.map(run, options.programs))
    total = [sum(column) for column in zip(*counts)] or [0, 0, 0]
    print(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped")
    return 1 if total[1] else 0


if __name__ == "__main__":
    sys.exit(main())

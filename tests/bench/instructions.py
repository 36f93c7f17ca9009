"""Instructions that every feature and model takes, counted by callgrind, beside the kept counts of instructions.tsv.

    instructions.py [keep]

A count is that of one window of 19 channels of noise, of 4 s or less (the entry's shortest, if longer): a run over it less a run
over none. It depends on the compiler and the libraries, which the table names; under others it is only
shown. With `keep` the table is written anew. Exit code 1: an entry takes over 5 % more than is kept."""
import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get("BUILD", HERE.parents[1] / "build"))
KEPT, MORE = HERE / "instructions.tsv", 0.05


def text(*words):
    return subprocess.run([str(w) for w in words], check=True, capture_output=True, text=True).stdout


def machine():
    compiler = text(os.environ.get("CC", "cc"), "--version").splitlines()[0]
    libraries = [text("pkg-config", "--modversion", name).strip() for name in ("fftw3", "openblas")]
    return f"{compiler}; FFTW {libraries[0]}; OpenBLAS {libraries[1]}"


def collected(entry, passes, window_s=0):
    """Instructions of a program that runs so many passes over one window; of 30 s where shorter ones are refused."""
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", str(BUILD / "tests/bench/entry"), entry,
                           "", "-", str(window_s), str(passes)], capture_output=True, text=True)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode and not window_s:
        return collected(entry, passes, 30)
    if done.returncode or not found:
        raise RuntimeError(f"{entry}: {done.stderr.strip().splitlines()[-1]}")
    return int(found.group(1))


def main():
    entries = [line.split()[0] for kind in ("features", "dynamics") for line in text(BUILD / "eveil", "list", kind).splitlines()[1:]]
    kept, of = {}, ""
    if KEPT.exists():
        head, *rows = KEPT.read_text().splitlines()
        of, kept = head.lstrip("# "), {name: int(count) for name, count in (row.split("\t") for row in rows)}
    now = machine()
    counts, worse = {}, []
    for entry in entries:
        counts[entry] = collected(entry, 1) - collected(entry, 0)
        before = kept.get(entry)
        change = counts[entry] / before - 1 if before else 0.0
        print(f"{entry:28} {counts[entry]:15,}" + (f"  {100 * change:+.1f} %" if before else "  new"), flush=True)
        if before and change > MORE and of == now:
            worse.append(entry)
    if sys.argv[1:] == ["keep"]:
        KEPT.write_text(f"# {now}\n" + "".join(f"{name}\t{count}\n" for name, count in counts.items()))
    elif of != now:
        print(f"kept counts are of another machine: {of or 'none'}")
    for entry in worse:
        print(f"{entry}: more than {100 * MORE:.0f} % above what is kept")
    return 1 if worse and sys.argv[1:] != ["keep"] else 0


sys.exit(main())

#!/usr/bin/env python3
"""A text of 300 MB is looked through and run in memory that does not grow with it. Long: it writes and reads 300 MB."""
import os
import resource
import sys

from harness import case, eveil, expect, run_cases, write

MB = 300
CONFIG = """cohort: { root = "."; recordings = "recordings.tsv"; };
output: { store = "out.h5"; prognosis = "p.h5"; };
formats: { text: { fs_hz = 500; }; };
conditioning: { montage = "file"; reference = "none"; resample_hz = 0; artefacts = "none"; notch = "none"; };
analyses: ( { name = "a"; window_s = 60.0; step_s = 600.0; features = ["hjorth"]; store = "summary"; } );
"""


def peak_mb(*words):
    """Largest resident memory of a command of its own."""
    read, out = os.pipe()
    child = os.fork()
    if child == 0:  # its own children's largest, and no other's
        os.close(read)
        code = 1
        try:
            expect(eveil(*words, seconds=280), 0)
            os.write(out, str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss).encode())
            code = 0
        except AssertionError as why:
            os.write(out, f"!{why}".encode())
        os._exit(code)
    os.close(out)
    text = b""
    while piece := os.read(read, 65536):
        text += piece
    os.close(read)
    os.waitpid(child, 0)
    assert text and not text.startswith(b"!"), text.decode()
    return int(text) / 1024


def cohort(name, megabytes):
    """8 columns of whole numbers and fractions, the same thousand rows again and again."""
    rows = "\n".join(",".join(f"{(i * 7919 + c * 104729) % 4001 / 8 - 250:.3f}" for c in range(8)) for i in range(1000)) + "\n"
    os.mkdir(name)
    with open(os.path.join(name, "long.csv"), "w", encoding="ascii") as file:
        for _ in range(megabytes * 1000000 // len(rows)):
            file.write(rows)
    write(os.path.join(name, "recordings.tsv"), "subject\tfile\np1\tlong.csv\n")
    write(os.path.join(name, "study.cfg"), CONFIG)


@case("a text of 300 MB is described and run in bounded memory")
def memory():
    cohort("short", MB // 10)
    cohort("long", MB)
    peak = {}
    for name in ("short", "long"):
        peak[name, "info"] = peak_mb("info", f"--config={name}/study.cfg", f"{name}/long.csv")
        peak[name, "run"] = peak_mb("run", f"{name}/study.cfg")
    print("# " + ", ".join(f"{command} of the {name} one: {mb:.0f} MB" for (name, command), mb in peak.items()))
    for command in ("info", "run"):
        # marks and rows of summaries grow, by far less than a tenth of the file
        assert peak["long", command] < peak["short", command] + MB / 10, f"{command}: {peak}"
    assert peak["long", "info"] < 100, f"{peak}"


sys.exit(run_cases())

"""The start of a resumed run: `resume.py GB` (10,000 finished tasks a GB; make bench-gather GB=10).

A replay that does not sleep finishes every task. One recording more, and the run starts again on 2 ranks: the time until its
first new record stands in a journal, with the journals cold and warm."""
import contextlib
import re
import subprocess
import sys
import time
from pathlib import Path

from figures import EVEIL, MPIRUN, SCRATCH, config, end, figure, fresh, start
from gather import RANKS, cohort, fill_journals, forget, journals
from sparse_edf import TEN_TWENTY, sparse_edf

# 494 columns of 9 bytes, 22 windows a task, 100 tasks a recording.
ANALYSES = ('{ name = "spectral"; window_s = 4.0; step_s = 27.0; features = ["band_power", "spectral_edge", "spectral_entropy", '
            '"hjorth", "permutation_entropy", "spectrum"]; }')
TASKS, DURATION_S = 100, 60000


def journal_bytes(name):
    return sum(file.stat().st_size for file in journals(name).iterdir())


def peak_mb(path):
    """Of the largest process that runs the program on this configuration."""
    peak = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            words = (status.parent / "cmdline").read_bytes().split(b"\0")
            if words[0] == EVEIL.encode() and str(path).encode() in words:
                peak = max(peak, int(re.search(r"VmHWM:\s+(\d+)", status.read_text()).group(1)) / 1024)
    return peak


def resume_once(name, path):
    """Seconds from the start of mpirun to the first byte that a journal gains; memory of the largest rank then, in MB. What
    follows is ended when the gather begins."""
    before, began = journal_bytes(name), time.monotonic()
    process = subprocess.Popen([*MPIRUN, "-np", str(RANKS), EVEIL, "run", str(path), "--replay=0"], cwd=SCRATCH,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and journal_bytes(name) == before:
        time.sleep(0.002)
    seconds, peak = time.monotonic() - began, peak_mb(path)
    while process.poll() is None and not (SCRATCH / f"{name}.h5.replay.h5.tmp").exists():
        time.sleep(0.01)
    process.terminate()
    said = process.communicate()[1]
    fresh(name, keep_journals=True)
    if "resuming" not in said:
        sys.exit(f"bench: nothing was resumed: {said}")
    return seconds, peak


def measure(size_gb):
    name, recordings = "resumed", max(1, round(100 * size_gb))
    root = cohort(name, recordings, DURATION_S)
    path = config(name, root, f"analyses: ( {ANALYSES} );\n\n")
    size = fill_journals(name, path)
    for i, state in enumerate(("cold", "warm")):
        sparse_edf(root / f"sub-new{i}_task-rest_eeg.edf", TEN_TWENTY, 250, 600)  # new work
        if state == "cold":
            forget(journals(name))
        seconds, peak = resume_once(name, path)
        figure(f"resume: start to the first new task, {state}", seconds, "s", f"{recordings * TASKS} finished tasks in {size / 1e9:.2f} GB of "
               f"journals on {RANKS} ranks; resident memory {peak:.0f} MB", 5.0, most=True, peak_mb=peak)
    fresh(name)


if __name__ == "__main__":
    machine_facts = start()
    measure(float(sys.argv[1]) if len(sys.argv) > 1 else 1)
    end(machine_facts, "bench_resume")

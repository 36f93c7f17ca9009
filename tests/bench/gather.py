"""The gather of a big store beside bare HDF5: `gather.py GB` (make bench-gather GB=10).

A replay that does not sleep fills the journals of a study of so many GB. Its gather on 2 ranks is timed, then
bare_gather.c: the journals read once, and arrays of the same shapes written by all ranks through HDF5 alone."""
import json
import os
import signal
import subprocess
import sys
import time

from figures import EVEIL, MPIRUN, PROGRAMS, SCRATCH, config, end, figure, fresh, sh, start
from sparse_edf import TEN_TWENTY, sparse_edf

ANALYSES = ('{ name = "spectral"; window_s = 4.0; step_s = 0.5; features = ["band_power", "spectral_edge", "spectral_entropy", '
            '"hjorth", "permutation_entropy", "spectrum"]; }')
COLUMNS, STEP_S, DURATION_S = 494, 0.5, 11250
RANKS, MEMORY_MB = 2, 256

# Runs a command and notes the largest resident memory (kB) of what it started.
NOTE_MEMORY = ("import os, resource, subprocess, sys; code = subprocess.call(sys.argv[2:]); "
               "open(sys.argv[1] + os.environ['OMPI_COMM_WORLD_RANK'], 'w').write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)); "
               "sys.exit(code)")


def cohort(name, recordings, duration_s):
    root = SCRATCH / f"{name}_cohort"
    root.mkdir(exist_ok=True)
    for i in range(recordings):
        sparse_edf(root / f"sub-{i:06d}_task-rest_eeg.edf", TEN_TWENTY, 250, duration_s)
    return root


def replay_of(name):
    return f"{name}.h5.replay"


def journals(name):
    return SCRATCH / f"{replay_of(name)}.h5.journal"


def forget(folder):
    """Drops the files of a folder from the page cache, as far as the system lets us."""
    for path in folder.iterdir():
        fd = os.open(path, os.O_RDONLY)
        os.fsync(fd)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(fd)


def fill_journals(name, path):
    """Runs every task; the gather is stopped as soon as it begins to write, which leaves the journals."""
    command = [*MPIRUN, "-np", str(RANKS), EVEIL, "run", str(path), "--replay=0", "--quiet"]
    process = subprocess.Popen(command, cwd=SCRATCH, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    began = SCRATCH / f"{replay_of(name)}.h5.tmp"
    while process.poll() is None and not began.exists():
        time.sleep(0.01)
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    process.wait()
    fresh(name, keep_journals=True)
    return sum(file.stat().st_size for file in journals(name).iterdir())


def gather_once(name, path):
    """Seconds of a gather with cold journals, and the memory of its largest rank in MB."""
    forget(journals(name))
    prefix = str(SCRATCH / "memory.")
    began = time.monotonic()
    sh([*MPIRUN, "-np", RANKS, sys.executable, "-c", NOTE_MEMORY, prefix, EVEIL, "gather", path, "--replay", "--quiet"])
    seconds = time.monotonic() - began
    return seconds, max(int(open(prefix + str(rank)).read()) for rank in range(RANKS)) / 1024


def bare_once(name):
    forget(journals(name))
    store, out = SCRATCH / f"{replay_of(name)}.h5", SCRATCH / "bare.h5"
    bare = json.loads(sh([*MPIRUN, "-np", RANKS, PROGRAMS / "bare_gather", store, journals(name), out]))
    bare["bytes"] = out.stat().st_size
    out.unlink()
    return bare


def compare(name, compress, recordings):
    path = config(name, f"{name}_cohort", f"analyses: ( {ANALYSES} );\nrun: {{ compress = {compress}; gather_mb = {MEMORY_MB}; }};\n")
    if not journals(name).exists():
        fill_journals(name, path)
    ours_s, memory_mb = gather_once(name, path)
    store = SCRATCH / f"{replay_of(name)}.h5"
    size_gb = store.stat().st_size / 1e9
    bare = bare_once(name)
    store.unlink()
    bare_s = bare["read_s"] + bare["write_s"]
    what = "shuffle, deflate 1" if compress == "true" else "contiguous"
    figure(f"gather, {what}: time over that of bare HDF5", ours_s / bare_s, "x",
           f"{size_gb:.2f} GB of {recordings} recordings on {RANKS} ranks in {ours_s:.1f} s, start-up included; bare_gather.c reads "
           f"{bare['read_s']:.1f} s and writes {bare['write_s']:.1f} s", 2.0, most=True, ours_s=ours_s, bare=bare)
    figure(f"gather, {what}: resident memory", memory_mb, "MB", f"largest rank at run.gather_mb = {MEMORY_MB}", memory_mb=memory_mb)


def measure(size_gb):
    """The same journals for both ways of storing: compression is no part of their keys."""
    recordings = max(1, round(size_gb * 1e9 / (DURATION_S / STEP_S * COLUMNS * 9)))
    name = "gathered"
    cohort(name, recordings, DURATION_S)
    for compress in ("false", "true"):
        compare(name, compress, recordings)
    fresh(name)


if __name__ == "__main__":
    machine_facts = start()
    measure(float(sys.argv[1]) if len(sys.argv) > 1 else 1)
    end(machine_facts, "bench_gather")

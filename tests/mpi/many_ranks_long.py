"""Many ranks and many recordings, for correctness: 1 to 64 ranks give one total; 100,000 tiny recordings pass; one of 72 h
beside 500 short ones ends level. Ranks share the cores that are there, so nothing here says how fast a machine is.
EVEIL_CAMPAIGN=1: every number of ranks with either schedule, 64 ranks that end level, and 100,000 recordings computed, not
only replayed (10,000 otherwise)."""
import collections
import os
import sys

import h5py
import numpy

import harness
from harness import check, clear, configure, done, eveil, need, note, said, scratch, simulate, store_of, total

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from sparse_edf import TEN_TWENTY, sparse_edf  # noqa: E402

CAMPAIGN = os.environ.get("EVEIL_CAMPAIGN") == "1"
RANKS = (1, 2, 4, 8, 16, 32, 64)
TINY = 100000
COMPUTED = TINY if CAMPAIGN else 10000
MOST_LINKS = 30000  # of one file; file systems allow 65,000 or so
os.environ["OMPI_MCA_mpi_yield_when_idle"] = "1"
harness.LIMIT_S = 1200  # 64 ranks on few cores take their time
BRIEF = '{ name = "brief"; window_s = 4.0; step_s = 4.0; features = ["band_power"]; }'


def replay_of(config):
    return store_of(config) + ".replay.h5"


# ---- one total ----

def one_total(folder):
    root = simulate(folder, "subjects = 8; duration_s = 60.0; fs_hz = (128.0);")
    found = collections.defaultdict(list)
    for ranks in RANKS:
        for schedule in ("dynamic", "static") if CAMPAIGN or ranks == 8 else ("dynamic",):
            config = configure(os.path.join(folder, "run.cfg"), root, run=f'task_s = 5.0; schedule = "{schedule}";')
            clear(os.path.dirname(store_of(config)))
            ended = eveil("run", config, ranks=ranks)
            key = total(store_of(config)) if ended.code == 0 else f"exit {ended.code}: {said(ended.err)}"
            found[key].append(f"np {ranks} {schedule}")
            note(f"np {ranks} {schedule}: {ended.seconds:.1f} s")
    check(len(found) == 1 and len(next(iter(found))) == 64, "ranks_1_to_64_one_total", str(dict(found)))


# ---- 100,000 recordings ----

def tiny_cohort(folder, n):
    """Links of few files of 8 s of noise: every name is a recording."""
    root = os.path.join(folder, f"tiny{n}")
    os.mkdir(root)
    noise = numpy.random.default_rng(1).normal(0, 300, 8 * 2 * 100).astype("<i2").tobytes()
    for i in range(n):
        source = os.path.join(folder, f"source{n}_{i // MOST_LINKS}.edf")
        if i % MOST_LINKS == 0:
            sparse_edf(source, TEN_TWENTY[:2], 100, 8)
            with open(source, "r+b") as file:
                file.seek(256 * 3)
                file.write(noise)
        os.link(source, os.path.join(root, f"sub-{i:06d}_task-rest_eeg.edf"))
    return root


def tiny_recordings(folder):
    for n, ranks, kind, arguments in ((TINY, 2, "replayed", ("--replay=0",)), (COMPUTED, 4, "computed", ())):
        config = configure(os.path.join(folder, "tiny.cfg"), tiny_cohort(folder, n), analyses=BRIEF, conditioning='montage = "file";')
        clear(os.path.dirname(store_of(config)))
        ended = eveil("run", config, "--quiet", *arguments, ranks=ranks)
        if not check(ended.code == 0, f"tiny_recordings_{kind}", f"exit {ended.code}: {said(ended.err)}"):
            continue
        with h5py.File(replay_of(config) if arguments else store_of(config)) as file:
            status, rows = file["recordings/status"][:], file["analyses/brief/values"][:]
        check(status.shape == (n,) and not status.any() and rows.shape[0] == 2 * n and numpy.isfinite(rows).all(),
              f"tiny_recordings_{kind}_whole", f"{status.shape}, {rows.shape}")
        # Equal files give equal rows, whichever rank computed them.
        check(bool(arguments) or (rows[2:] == rows[:-2]).all(), f"tiny_recordings_{kind}_equal_rows")
        note(f"{n} recordings {kind} on {ranks} ranks: {ended.seconds:.1f} s")


# ---- level at the end ----

def imbalance(config, ranks, speed):
    """Seconds of window tasks of the busiest rank less those of the idlest, and of the longest task."""
    clear(os.path.dirname(store_of(config)))
    ended = eveil("run", config, f"--replay={speed}", "--quiet", ranks=ranks)
    if ended.code:
        return f"exit {ended.code}: {said(ended.err)}"
    with h5py.File(replay_of(config)) as file:
        n = file["tasks/seconds"].shape[0] - file["recordings/id"].shape[0]
        seconds, rank = file["tasks/seconds"][:n], file["tasks/rank"][:n]
    busy = numpy.bincount(rank, seconds, ranks)
    return float(busy.max() - busy.min()), float(seconds.max()), float(busy.mean())


def level(folder):
    """Who comes late to a crowded machine proves nothing about the schedule: the best of three."""
    root = os.path.join(folder, "mixed")
    os.mkdir(root)
    sparse_edf(os.path.join(root, "sub-long_task-rest_eeg.edf"), TEN_TWENTY, 250, 72 * 3600)
    for i in range(500):
        sparse_edf(os.path.join(root, f"sub-{i:03d}_task-rest_eeg.edf"), TEN_TWENTY, 250, 60 + i % 60)
    for ranks in (4, 16, 64) if CAMPAIGN else (4, 16):
        for schedule in ("dynamic", "static") if CAMPAIGN or ranks == 16 else ("dynamic",):
            config = configure(os.path.join(folder, "mixed.cfg"), root, analyses=BRIEF, run=f'schedule = "{schedule}";')
            name = f"one_long_recording_np{ranks}_{schedule}"
            for _ in range(3):
                found = imbalance(config, ranks, speed=8 / ranks)
                good = not isinstance(found, str) and found[0] <= found[1]
                if good:
                    break
            check(good, name, f"imbalance, longest task, mean of a rank: {found}")
            note(f"{name}: imbalance {found[0]:.3f} s, longest task {found[1]:.3f} s, mean of a rank {found[2]:.2f} s" if good else name)


need("mpirun")
for part in (one_total, level, tiny_recordings):
    with scratch() as place:
        part(place)
done()

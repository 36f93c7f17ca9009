"""Speed and memory beside what they are asked to be: text, and BUILD/bench.json.

Single-core figures are the best of several repeats; every figure stands beside what it is compared with and its bound, with
the machine's facts and its load at that moment. Figures whose data or peers are absent are skipped, with the reason."""
import json
import os
import shutil
import subprocess
import sys

import numpy as np

import decoding
import dynamics
import features
import gather
import icare
import resume
from figures import DATA, EVEIL, HERE, MPIRUN, PROGRAMS, SCRATCH, SPECTRAL, config, end, figure, fresh, page, part, sh, skip, start, wall
from sparse_edf import TEN_TWENTY, sparse_edf

REPEATS = 7


def best_run(name, path, ranks, repeats):
    """Best wall seconds of a fresh run on so many ranks, start-up included; processor seconds of that run."""
    best = (float("inf"), 0.0)
    for _ in range(repeats):
        fresh(name)
        best = min(best, wall([*MPIRUN, "-np", ranks, EVEIL, "run", path, "--quiet"]))
    return best


def simulated(name, subjects, duration_s, fs_hz, analyses):
    path = config(name, f"{name}_cohort", f"""simulate: {{ subjects = {subjects}; sites = 1; duration_s = {duration_s:.1f};
  fs_hz = [{fs_hz:.1f}]; line_hz = [50.0]; }};\nanalyses: ( {analyses} );\n""")
    sh([*MPIRUN, "-np", min(2, os.cpu_count()), EVEIL, "simulate", path])
    return path, sorted((SCRATCH / f"{name}_cohort").glob("sub-*/**/*.edf"))


# ---- the chain on one core, and done bare ----

def chain(fs_hz, asked):
    _, files = simulated(f"chain{fs_hz}", 1, 3600, fs_hz, SPECTRAL)
    ours_out, bare_out = SCRATCH / "ours.f64", SCRATCH / "bare.f64"
    ours = json.loads(sh([PROGRAMS / "recording_chain", 4, REPEATS, ours_out, files[0]]))
    bare = json.loads(sh([PROGRAMS / "bare", files[0], REPEATS, bare_out]))
    a, b = np.fromfile(ours_out), np.fromfile(bare_out)
    same = a.shape == b.shape and np.isfinite(a).all() and np.isfinite(b).all()
    difference = float(np.max(np.abs(a - b) / b)) if same else float("inf")
    what = f"read, condition, band_power, 19 channels, {fs_hz} Hz"
    figure(f"chain {fs_hz} Hz: times real time", ours["signal_s"] / ours["wall_s"], "x", what, asked, ours=ours)
    figure(f"chain {fs_hz} Hz: time over that of bare loops", ours["cpu_s"] / bare["cpu_s"], "x",
           f"tests/bench/bare.c: {bare['signal_s'] / bare['wall_s']:.0f} times real time", 2.0, most=True, bare=bare)
    figure(f"chain {fs_hz} Hz: largest relative difference", difference, "", "band powers of bare.c", 1e-9, most=True)


# ---- ranks ----

def ranks():
    path, _ = simulated("ranks", 24, 1800, 250, SPECTRAL)
    one = two = (float("inf"), 0.0)
    for _ in range(5):  # in turn, so that both meet the same neighbours
        one, two = min(one, best_run("ranks", path, 1, 1)), min(two, best_run("ranks", path, 2, 1))
    figure("spectra: 2 ranks over 1", one[0] / two[0], "x",
           f"12 h of signal, best of 5: {one[0]:.2f} s and {two[0]:.2f} s of wall, {one[1]:.2f} s and {two[1]:.2f} s of processor", 1.8,
           one_rank_s=one[0], two_ranks_s=two[0])


def default_analyses():
    """The default configuration from `conditioning` to before `prognosis`."""
    text = sh([EVEIL, "config"])
    return text[text.index("\nconditioning: {"):text.index("\nprognosis: (")] + "\n"


def eegmat():
    name = "eegmat: 48 files on 2 ranks, start-up included"
    root = DATA / "eegmat" / "data"
    if not root.is_dir():
        skip(name, f"no {root}")
        return
    path = config("eegmat", root, default_analyses())
    seconds, processor = best_run("eegmat", path, 2, 5)
    figure(name, seconds, "s", f"default analyses; {processor:.2f} s of processor time", 4.0, most=True)


# ---- memory and planning: sparse files ----

def memory():
    root = SCRATCH / "long_cohort"
    root.mkdir(exist_ok=True)
    sparse_edf(root / "sub-01_task-rest_eeg.edf", TEN_TWENTY, 500, 72 * 3600)
    fresh("long")
    path = config("long", root, f"analyses: ( {SPECTRAL} );\n")
    process = subprocess.Popen([EVEIL, "run", path, "--quiet"], cwd=SCRATCH)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"bench: eveil run {path}: status {status}")
    figure("72 h, 19 channels, 500 Hz: resident memory", usage.ru_maxrss / 1024, "MB", "largest of one rank, gather included",
           200.0, most=True)
    fresh("long")


def plan():
    name = "plan: I-CARE"
    if not icare.TABLE.is_file():
        skip(name, f"no {icare.TABLE}")
        return
    root, recordings, subjects = icare.cohort("icare_cohort")
    path = config("icare", root, default_analyses())
    best = min(wall([EVEIL, "plan", path]) for _ in range(2))
    figure(name, best[0], "s", f"{recordings} headers, {subjects} subjects, one core; {best[1]:.2f} s of processor time", 60.0,
           most=True)
    shutil.rmtree(root)


# ---- MNE-Python ----

def mne():
    name = "against MNE-Python: read, filter, resample, Welch"
    root = DATA / "eegmat" / "data"
    files = sorted(root.glob("*.edf"))
    if not files:
        skip(name, f"no {root}")
        return
    if subprocess.run([sys.executable, "-c", "import mne"], capture_output=True).returncode:
        skip(name, "MNE-Python is not installed (Debian: python3-mne)")
        return
    # Processor time: MNE may use threads, and the machine may be shared. Both without their start-up.
    theirs = json.loads(sh([sys.executable, HERE / "mne_peer.py", SCRATCH / "mne.npy", *files]).splitlines()[-1])
    ours = json.loads(sh([PROGRAMS / "recording_chain", 2, REPEATS, SCRATCH / "ours.f64", *files]))
    figure(name, theirs["cpu_s"] / ours["with_plan_cpu_s"], "x", f"{len(files)} eegmat files: MNE-Python {theirs['version']} "
           f"{theirs['cpu_s']:.2f} s of processor time ({theirs['filter']}), ours {ours['with_plan_cpu_s']:.3f} s", 10.0,
           ours=ours, mne=theirs)
    powers = np.fromfile(SCRATCH / "ours.f64").reshape(len(files), -1, 5, len(TEN_TWENTY)).mean(1)
    db = 10 * np.log10(powers / np.load(SCRATCH / "mne.npy"))
    for band, text in enumerate(["delta 1-4", "theta 4-8", "alpha 8-12", "beta 12-30", "gamma 30-45"]):
        figure(f"band power, {text} Hz: ours over MNE's", float(np.mean(db[:, band])), "dB mean",
               f"largest {np.max(np.abs(db[:, band])):.4f} dB of {db[:, band].size} recordings and channels")


# ---- generators ----

LINEAR = {"background", "var", "spindles"}


def generators():
    for entry in json.loads(sh([PROGRAMS / "generators"])):
        asked = 1000 if entry["name"] in LINEAR or entry["kind"] == "artefact" else 200
        figure(f"{entry['kind']} {entry['name']}: times real time", entry["times_real_time"], "x",
               "19 channels, 250 Hz, one core", asked)
    ours = json.loads(sh([PROGRAMS / "surrogate"]))
    figure("IAAFT of 19 x 15,000", ours["seconds"], "s", f"{ours['iterations']} iterations, processor time of one core", 2.0,
           most=True)


# ---- steps of conditioning ----

def steps():
    for entry in json.loads(sh([PROGRAMS / "steps", REPEATS])):
        figure(f"{entry['step']}, 64 channels: times real time", entry["times_real_time"], "x",
               f"250 Hz, one core, beside a chain without it; chain with it {entry['chain_times_real_time']}",
               500 if entry["step"] == "csd" else None)


def main():
    facts = start()
    parts = {"chain": lambda: (chain(250, 1500), chain(500, 800)), "decoding": decoding.measure, "ranks": ranks,
             "eegmat": eegmat, "memory": memory, "plan": plan, "gather": lambda: gather.measure(1),
             "resume": lambda: resume.measure(1), "mne": mne, "generators": generators, "steps": steps, "features": features.measure, "dynamics": dynamics.measure}
    for name in sys.argv[1:] or parts:
        part(name)
        parts[name]()
    page(facts, HERE.parents[1] / "docs" / "performance.md")
    end(facts, "bench")


main()

"""Speed and memory beside what they are asked to be: text, and BUILD/bench.json.

Single-core figures are the best of several repeats; every figure stands beside what it is compared with and its bound, with
the machine's facts and its load at that moment. Figures whose data or peers are absent are skipped, with the reason."""
import csv
import gzip
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

BUILD = Path(os.environ.get("BUILD", "build")).resolve()
EVEIL = os.environ.get("EVEIL", str(BUILD / "eveil"))
DATA = Path(os.environ.get("EVEIL_TEST_DATA", "../shared/data")).resolve()
SCRATCH = BUILD / "bench"
PROGRAMS = BUILD / "tests" / "bench"
HERE = Path(__file__).resolve().parent
MPIRUN = ["mpirun", "--oversubscribe"]
REPEATS = 7
os.environ.setdefault("OMPI_ALLOW_RUN_AS_ROOT", "1")
os.environ.setdefault("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")

TEN_TWENTY = "Fp1 Fp2 F7 F3 Fz F4 F8 T7 C3 Cz C4 T8 P7 P3 Pz P4 P8 O1 O2".split()
SPECTRAL = ('{ name = "spectral"; window_s = 4.0; step_s = 2.0; features = ["band_power", "spectral_edge", '
            '"spectral_entropy", "hjorth", "permutation_entropy", "spectrum"]; }')
figures = []


def load():
    return round(os.getloadavg()[0], 2)


def machine():
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
    compiler = subprocess.run(["cc", "--version"], capture_output=True, text=True).stdout.splitlines()[:1]
    return {"cpu": model, "cores": os.cpu_count(), "memory_mb": memory, "kernel": platform.release(),
            "compiler": compiler[0] if compiler else "unknown", "load_at_start": load()}


def figure(name, value, unit, compared, bound=None, most=False, **more):
    """One line: what was measured, beside what, and the asked bound (at least, or at most)."""
    met = None if bound is None else bool(value <= bound if most else value >= bound)
    asked = "" if bound is None else f"asked: at {'most' if most else 'least'} {bound:g}"
    verdict = {None: "", True: "met", False: "MISSED"}[met]
    figures.append({"name": name, "value": value, "unit": unit, "compared_with": compared, "bound": bound,
                    "bound_is": "most" if most else "least", "met": met, "load": load(), **more})
    print(f"{name:46s} {value:12.5g} {unit:14s} {asked:24s} {verdict:7s} {compared}", flush=True)


def skip(name, reason):
    figures.append({"name": name, "skipped": reason})
    print(f"{name:46s} {'SKIP':>12s} {reason}", flush=True)


def sh(command, **more):
    done = subprocess.run([str(part) for part in command], cwd=SCRATCH, capture_output=True, text=True, **more)
    if done.returncode:
        sys.exit(f"bench: {' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def wall(command):
    """Wall seconds and processor seconds of a command and all it started."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    sh(command)
    seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def config(name, root, body):
    """A configuration of its own folder; `body` is what follows cohort and output."""
    path = SCRATCH / f"{name}.cfg"
    path.write_text(f'cohort: {{ root = "{root}"; }};\noutput: {{ store = "{name}.h5"; }};\n{body}')
    return path


def fresh(name):
    for path in (SCRATCH / f"{name}.h5", SCRATCH / f"{name}.h5.tmp"):
        path.unlink(missing_ok=True)
    shutil.rmtree(SCRATCH / f"{name}.h5.journal", ignore_errors=True)


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

def sparse_edf(path, labels, fs_hz, duration_s):
    """A header and a hole: every sample is 0."""
    n = len(labels)
    columns = [(label, 16) for label in labels] + [("", 80)] * n + [("uV", 8)] * n + [("-3276.8", 8)] * n + [("3276.7", 8)] * n
    columns += [("-32768", 8)] * n + [("32767", 8)] * n + [("", 80)] * n + [(str(fs_hz), 8)] * n + [("", 32)] * n
    fixed = f"{'0':8s}{'X X X X':80s}{'Startdate X X X X':80s}01.01.0000.00.00{256 * (n + 1):<8d}{'':44s}{duration_s:<8d}{'1':8s}{n:<4d}"
    with open(path, "wb") as file:
        file.write((fixed + "".join(text.ljust(width) for text, width in columns)).encode())
        file.truncate(256 * (n + 1) + 2 * n * fs_hz * duration_s)


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
    name = "plan: 23,528 recordings"
    table = DATA / "icare" / "unofficial_phase_metadata.csv.gz"
    if not table.is_file():
        skip(name, f"no {table}")
        return
    root = SCRATCH / "icare_cohort"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    with gzip.open(table, "rt") as file:
        rows = list(csv.DictReader(file))
    labels, rates = [f"EEG {label}-Ref" for label in TEN_TWENTY], (200, 250, 256, 500, 512)
    with open(root / "recordings.tsv", "w") as out:
        out.write("subject\tsession\tfile\tstart_h\tquality\n")
        for i, row in enumerate(rows):
            sparse_edf(root / f"{row['unofficial_phase_record']}.edf", labels, rates[int(row["subject"]) % 5], 3600 - i % 1800)
            out.write(f"{row['subject']}\t{row['hour']}\t{row['unofficial_phase_record']}.edf\t{row['hour']}\t{row['quality']}\n")
    subjects = sorted({row["subject"] for row in rows})
    (root / "participants.tsv").write_text("participant_id\toutcome\n" + "".join(f"{s}\tn/a\n" for s in subjects))
    path = config("icare", root, default_analyses())
    best = min(wall([EVEIL, "plan", path]) for _ in range(2))
    figure(name, best[0], "s", f"{len(rows)} headers, {len(subjects)} subjects, one core; {best[1]:.2f} s of processor time", 60.0,
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


def main():
    shutil.rmtree(SCRATCH, ignore_errors=True)
    SCRATCH.mkdir(parents=True)
    facts = machine()
    print("; ".join(f"{key} {value}" for key, value in facts.items()), flush=True)
    parts = {"chain": lambda: (chain(250, 1500), chain(500, 800)), "ranks": ranks, "eegmat": eegmat, "memory": memory,
             "plan": plan, "mne": mne}
    for name in sys.argv[1:] or parts:
        parts[name]()
    facts["load_at_end"] = load()
    (BUILD / "bench.json").write_text(json.dumps({"machine": facts, "figures": figures}, indent=1) + "\n")
    missed = [f["name"] for f in figures if f.get("met") is False]
    print(f"{len(figures)} figures, {len(missed)} missed{': ' + '; '.join(missed) if missed else ''}; {BUILD / 'bench.json'}")
    shutil.rmtree(SCRATCH)


main()

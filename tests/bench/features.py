"""The catalogue: the speeds that were asked for, beside what other programs take; every entry; whole configurations.

Times of other programs stand beside ours as they were measured elsewhere, on 19 channels x 300 s at 250 Hz of white noise and one
core (processor seconds), but those of scipy, which runs here."""
import json
import os
import subprocess
import sys
import time

import numpy as np

from figures import DATA, EVEIL, HERE, PROGRAMS, SCRATCH, config, figure, sh, skip

sys.path.insert(0, str(HERE.parents[1] / "analysis" / "python"))
import edf_plain  # noqa: E402

# what, entries, parameters, seconds of a window, asked seconds, the others
ASKED = (
    ("wSMI, all pairs, four taus", "wsmi", "", 1, 0.10, "NICE (C) 0.12 a tau, mne_connectivity 2.79 a tau"),
    ("permutation entropy, four taus", "permutation_entropy", "", 1, 0.02, "NICE (C) 0.11 a tau, antropy 0.12 a tau"),
    ("sample entropy m = 2, white noise", "sample_entropy", "", 300, 1.5, "antropy 28.6"),
    ("Lempel-Ziv 76", "lempel_ziv", "", 300, 0.2, "antropy 20.9"),
    ("catch24", "catch22", "", 300, 1.5, "pycatch22 42.7"),
    ("Higuchi, DFA, Hjorth together", "higuchi+dfa+hjorth", "", 300, 0.1, "antropy 0.41"),
    ("seven phase measures, all bands, 171 pairs", "coherence+phase_locking+phase_lag", "", 300, 0.3, "mne_connectivity about 1.0 each"),
    ("specparam's model of 19 spectra, its settings", "aperiodic", "segment_s = 2.0; tolerance = 1e-5;", 300, 0.02, "specparam 0.12"),
)


def entry(names, parameters="", signal="-", window_s=0):
    return json.loads(sh([PROGRAMS / "entry", names, parameters, signal, window_s]))


def asked():
    for what, names, parameters, window_s, most_s, others in ASKED:
        took = entry(names, parameters, "-", window_s)
        figure(what, took["seconds"], "s", others, most_s, most=True, **took)
    nice = json.loads(sh([PROGRAMS / "nice_set"]))
    figure("NICE's resting set in its conventions, one tau", nice["set"], "s", "NICE 2.25", 0.30, most=True, **nice)
    figure("NICE's resting set, four taus", nice["set, four taus"], "s", "")


def eegmat():
    name = "sample entropy m = 2, eegmat"
    files = sorted((DATA / "eegmat" / "data").rglob("*.edf"))
    if not files:
        skip(name, f"no recordings in {DATA}/eegmat")
        return
    rows = [[] for _ in range(19)]
    for path in files:
        _, _, x = edf_plain.read(path)
        for c in range(19):
            rows[c].append(x[c])
        if sum(map(len, rows[0])) >= 75000:
            break
    signal = np.array([np.concatenate(r)[:75000] for r in rows])
    (SCRATCH / "eegmat.f64").write_bytes(signal.astype(float).tobytes())
    took = entry("sample_entropy", "", SCRATCH / "eegmat.f64", 300)
    figure(name, took["seconds"], "s", f"19 x 75,000 samples of {len(files)} recordings", 5.0, most=True)


def scipy_beside():
    from scipy.signal import welch
    x = np.random.default_rng(1).standard_normal((19, 75000)) * 20
    best = min(timed(lambda: welch(x, 250.0, nperseg=1000)) for _ in range(5))
    ours = entry("band_power", "", "-", 300)["seconds"]
    figure("Welch and band powers: time over scipy's Welch", ours / best, "x", f"scipy {best:.3f} s, ours {ours:.4f} s, in one run")


def timed(work):
    began = time.process_time()
    work()
    return time.process_time() - began


def every_entry():
    listed = [line.split()[0] for kind in ("features", "dynamics") for line in sh([EVEIL, "list", kind]).splitlines()[1:]]
    for name in listed:
        took = entry(name)
        figure(f"entry {name}", took["seconds"], "s", f"windows of {took['window_s']:g} s, defaults; {took['megabytes']:.1f} MB",
               **took)


def whole(name, asked_s, subjects, keys=""):
    """Processor seconds a recording of 300 s, 19 channels, 250 Hz, with the analyses of config/NAME.cfg, on one rank."""
    text = (HERE.parents[1] / "config" / f"{name}.cfg").read_text()
    end = text.find("\nprognosis: (")
    body = text[text.index("\nanalyses: ("):end if end > 0 else None]
    path = config(name, f"{name}_cohort", f"""simulate: {{ subjects = {subjects}; sites = 1; duration_s = 300.0; fs_hz = [250.0];
  line_hz = [50.0]; }};\n{body}\n""")
    sh([EVEIL, "simulate", path, "--quiet"])
    process = subprocess.Popen([EVEIL, "run", path, "--quiet"], cwd=SCRATCH)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"bench: eveil run {path}: status {status}")
    spent = usage.ru_utime + usage.ru_stime
    costs = costs_of(SCRATCH / f"{name}.h5.costs")
    dearest = ", ".join(f"{cost} {seconds / subjects:.2f} s" for cost, seconds in costs[:5])
    figure(f"config/{name}.cfg, 300 s of 19 channels", spent / subjects, "s", f"start and gather included; dearest: {dearest}", asked_s,
           most=True, subjects=subjects, costs={cost: seconds / subjects for cost, seconds in costs})
    figure(f"config/{name}.cfg, memory of a rank", usage.ru_maxrss / 1024, "MB", "largest resident set", 300, most=True)


def costs_of(path):
    """[(what, seconds)], dearest first."""
    head, *rows = [line.split("\t") for line in path.read_text().splitlines() if line and not line.startswith("#")]
    at = {name: i for i, name in enumerate(head)}
    found = [(row[at["name"]], float(row[at["seconds"]])) for row in rows]
    return sorted(found, key=lambda cost: -cost[1])


def measure():
    asked()
    eegmat()
    scipy_beside()
    whole("default", 1.0, 10)
    whole("full", 20.0, 2)
    every_entry()

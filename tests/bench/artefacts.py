#!/usr/bin/env python3
"""artefacts: what the rules of quality find on recordings with known artefacts: docs/artefacts.md and docs/artefacts.png.

usage: artefacts.py [SUBJECTS [SECONDS]]
`eveil simulate` makes each background without artefacts and with each kind alone and with several; quality_marks
marks cells of 0.1 s; what was put in is read from *_artefacts.tsv. Beside the default stands an amplitude threshold alone.
"""
import glob
import os
import subprocess
import sys
import tempfile

import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import scipy.signal

BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
CAUSES = ["missing", "flat", "saturation", "amplitude", "step", "blink", "muscle", "line", "correlation"]
BACKGROUNDS = {
    "continuous": 'mechanism = ["background"]; background: { suppression = (0.0, 0.0); background_uv = (30.0, 0.1); };',
    "slow": 'mechanism = ["background"]; background: { suppression = (0.0, 0.0); background_uv = (60.0, 0.1); '
            'exponent = (1.8, 0.02); alpha_uv = (0.0, 0.0); };',
    "burst suppression": 'mechanism = ["burst_suppression"];',
    "periodic discharges": 'mechanism = ["periodic_discharges"];',
}
# kind: what the configuration says, the causes that speak for it
KINDS = {
    "blink": ('blink: { blinks_per_min = 10.0; blink_uv = (80.0, 300.0); };', ["blink", "amplitude"]),
    "pop": ('pop: { pops_per_min = 4.0; pop_uv = (100.0, 400.0); };', ["step", "amplitude"]),
    "flat": ('flat: { flats_per_min = 0.5; };', ["flat"]),
    "clip": ('clip: { rail_uv = (80.0, 150.0); };', ["saturation", "flat", "amplitude"]),
    "muscle": ('muscle: { muscle_per_min = 5.0; muscle_uv = (30.0, 80.0); };', ["muscle", "step", "amplitude"]),
}
THRESHOLD_UV = 100.0  # of the usual rejection: magnitude behind a high-pass of 0.5 Hz
LEAST_CLIP_S = 0.02  # shorter ones are peaks of one to four samples
WINDOW_S, FS_HZ = 4.0, 250.0
BANDS = {"delta": (0.5, 4), "theta": (4, 8), "alpha": (8, 13), "beta": (13, 30)}


def simulate(folder, background, kinds, subjects, seconds):
    words = " ".join(KINDS[k][0] for k in kinds)
    with open(os.path.join(folder, "study.cfg"), "w") as out:
        out.write(f"""cohort: {{ root = "cohort"; }}; output: {{ store = "store.h5"; }}; run: {{ seed = 41; }};
simulate: {{ subjects = {subjects}; sites = 1; fs_hz = [{FS_HZ}]; gain = [1.0]; line_hz = [50.0]; labels = ["plain"];
  duration_s = {seconds:.1f}; truths = ["age"]; coefficients = [0.0]; annotated = [];
  artefacts = [{", ".join(f'"{k}"' for k in kinds)}]; {BACKGROUNDS[background]} {words} }};""")
    subprocess.run([os.path.join(BUILD, "eveil"), "simulate", "--quiet", "study.cfg"], cwd=folder, check=True)
    return sorted(glob.glob(os.path.join(folder, "cohort", "sub-*", "**", "*.edf"), recursive=True))


def read_edf(path):
    """Labels and microvolt of the signals at FS_HZ."""
    data = open(path, "rb").read()
    n = int(data[252:256])
    field = lambda at, width: [data[256 + at * n + i * width:256 + at * n + (i + 1) * width].decode().strip() for i in range(n)]
    low, high, low_d, high_d = (np.array(field(at, 8), float) for at in (104, 112, 120, 128))
    size = np.array(field(216, 8), int)
    records = np.frombuffer(data[int(data[184:192]):], "<i2").reshape(-1, size.sum())
    start = np.concatenate([[0], np.cumsum(size)])
    labels, signals = [], []
    for i, label in enumerate(field(0, 16)):
        if size[i] != size.max() or "Annotations" in label:
            continue
        x = records[:, start[i]:start[i + 1]].reshape(-1).astype(float)
        signals.append((x - low_d[i]) / (high_d[i] - low_d[i]) * (high[i] - low[i]) + low[i])
        labels.append(label)
    return labels, np.array(signals)


def read_truth(path, labels):
    """Events of a recording: kind, onset, end, channels, height."""
    path = path.replace("_eeg.edf", "_artefacts.tsv") if path.endswith("_eeg.edf") else path[:-4] + "_artefacts.tsv"
    if not os.path.exists(path):
        return []
    rows = [line.rstrip("\n").split("\t") for line in open(path)]
    name = rows[0]
    events = []
    for row in rows[1:]:
        cell = dict(zip(name, row))
        onset, duration = float(cell["onset"]), float(cell["duration"])
        channels = [labels.index(c) for c in cell["channels"].split(",") if c in labels]
        height = float(cell["height_uv"]) if cell.get("height_uv", "n/a") not in ("n/a", "") else np.nan
        events.append((cell["kind"], onset, onset + duration, channels or list(range(len(labels))), height))
    return events


def rules(labels, x):
    with tempfile.TemporaryDirectory() as folder:
        np.ascontiguousarray(x).tofile(folder + "/in")
        subprocess.run([os.path.join(BUILD, "tests/bench/quality_marks"), "", repr(FS_HZ), "0", ",".join(labels), folder + "/in",
                        folder + "/out"], check=True, stdout=subprocess.DEVNULL)
        return np.fromfile(folder + "/out", np.uint16).reshape(len(labels), -1)


def threshold(x):
    y = np.abs(scipy.signal.sosfiltfilt(scipy.signal.butter(2, 0.5, "high", fs=FS_HZ, output="sos"), x))
    cell = int(FS_HZ / 10)
    return (y[:, :y.shape[1] // cell * cell].reshape(len(y), -1, cell).max(2) > THRESHOLD_UV) * np.uint16(1 << 3)


def found(marks, event, causes):
    bits = sum(1 << CAUSES.index(c) for c in causes)
    begin, end = int(event[1] * 10), int(np.ceil(event[2] * 10))
    rows = event[3]
    if event[0] == "blink":
        rows = [c for c in rows if c < 2]  # Fp1, Fp2
    return bool((marks[rows, begin:end] & bits).any())


def windows(marks, events=()):
    """Of every window: whether it is marked, whether it holds nothing that was put in."""
    n = int(marks.shape[1] / (10 * WINDOW_S))
    marked = (marks[:, :int(n * 10 * WINDOW_S)] != 0).any(0).reshape(n, -1).any(1)
    clean = np.ones(n, bool)
    for event in events:
        clean[int(event[1] / WINDOW_S):int(event[2] / WINDOW_S) + 1] = False
    return marked, clean


def powers(x):
    n = int(WINDOW_S * FS_HZ)
    x = x[:, :x.shape[1] // n * n].reshape(len(x), -1, n)
    f, p = scipy.signal.periodogram(x, FS_HZ, "hann", detrend="linear")
    return {b: p[:, :, (f >= lo) & (f < hi)].sum(2) for b, (lo, hi) in BANDS.items()}


def study(subjects, seconds):
    table, bias = [], {}
    for background in BACKGROUNDS:
        lost = {"threshold": [], "default": []}
        clean_power = {b: [] for b in BANDS}
        with tempfile.TemporaryDirectory() as folder:
            for path in simulate(folder, background, [], subjects, seconds):
                labels, x = read_edf(path)
                lost["default"] += list(windows(rules(labels, x))[0])
                lost["threshold"] += list(windows(threshold(x))[0])
                for b, p in powers(x).items():
                    clean_power[b].append(p)
        table.append((background, "none", 0, None, None, 100 * np.mean(lost["threshold"]), 100 * np.mean(lost["default"])))
        for kind, (_, causes) in KINDS.items():
            hits, wrong = {"threshold": [], "default": []}, {"threshold": [], "default": []}
            with tempfile.TemporaryDirectory() as folder:
                for path in simulate(folder, background, [kind], subjects, seconds):
                    labels, x = read_edf(path)
                    events = [e for e in read_truth(path, labels) if e[0] == kind]
                    seen = [e for e in events if kind != "clip" or e[2] - e[1] >= LEAST_CLIP_S]
                    for how, marks in (("default", rules(labels, x)), ("threshold", threshold(x))):
                        hits[how] += [found(marks, e, causes) for e in seen]
                        marked, clean = windows(marks, events)
                        wrong[how] += list(marked[clean])
            share = {h: 100 * np.mean(v) if v else np.nan for h, v in hits.items()}
            false = {h: 100 * np.mean(v) if v else np.nan for h, v in wrong.items()}
            table.append((background, kind, len(hits["default"]), share["threshold"], share["default"], false["threshold"],
                          false["default"]))
        bias[background] = band_bias(background, clean_power, subjects, seconds)
    return table, bias


def band_bias(background, clean_power, subjects, seconds):
    """dB against the same recordings without artefacts: all windows, those below the threshold, those without marks."""
    result = {b: [[], [], []] for b in BANDS}
    with tempfile.TemporaryDirectory() as folder:
        for i, path in enumerate(simulate(folder, background, ["blink", "pop", "flat", "muscle"], subjects, seconds)):
            labels, x = read_edf(path)
            masks = [None, windows(threshold(x))[0], windows(rules(labels, x))[0]]
            power = powers(x)
            for j, mask in enumerate(masks):
                for b in BANDS:
                    keep = np.ones(power[b].shape[1], bool) if mask is None else ~mask[:power[b].shape[1]]
                    if keep.sum() >= 3:
                        ratio = power[b][:, keep].mean(1) / clean_power[b][i][:, keep].mean(1)
                        result[b][j].append(10 * np.log10(ratio.mean()))
    return {b: [np.mean(v) if v else np.nan for v in result[b]] for b in BANDS}


def draw(bias, path):
    figure, axes = plt.subplots(1, len(bias), figsize=(12, 3.2), sharey=True)
    names = ["no mask", f"threshold {THRESHOLD_UV:.0f} uV", "default"]
    for axis, (background, bands) in zip(axes, bias.items()):
        for j, (name, colour) in enumerate(zip(names, ["0.6", "tab:orange", "tab:blue"])):
            axis.bar(np.arange(len(BANDS)) + 0.27 * (j - 1), [bands[b][j] for b in BANDS], 0.25, label=name, color=colour)
        axis.axhline(0, color="k", lw=0.6)
        axis.set_xticks(range(len(BANDS)), list(BANDS))
        axis.set_title(background, fontsize=10)
        axis.set_yscale("symlog", linthresh=1)
    axes[0].set_ylabel("bias of band power (dB)")
    axes[0].legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def number(x, form="{:.1f}"):
    return "-" if x is None or np.isnan(x) else form.format(x)


def main():
    subjects = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 300.0
    table, bias = study(subjects, seconds)
    draw(bias, "docs/artefacts.png")
    with open("docs/artefacts.md", "w") as out:
        out.write(f"""# Artefacts: what is found, and what it costs

Generated by `make artefacts`: {subjects} simulated recordings of {seconds:.0f} s a row, {FS_HZ:.0f} Hz, 19 channels, one kind of artefact at a
time (`tests/bench/artefacts.py` has the configurations). *Found*: events of which a cell of 0.1 s in one of their channels (blinks: Fp1 or Fp2)
is marked for a cause that speaks for the kind. *Lost*: windows of {WINDOW_S:.0f} s without anything put in, in which any cell of any channel is
marked for any cause. *Before*: a threshold of {THRESHOLD_UV:.0f} uV behind a high-pass of 0.5 Hz, alone. *Default*: `artefacts = "robust"`.
Clips count from {1000 * LEAST_CLIP_S:.0f} ms on; clipped recordings are clipped wherever they reach the rail, so few of their windows are clean.

| background | artefact | events | found before (%) | found by default (%) | lost before (%) | lost by default (%) |
|---|---|---:|---:|---:|---:|---:|
""")
        for background, kind, events, before, now, lost_before, lost_now in table:
            out.write(f"| {background} | {kind} | {events or '-'} | {number(before)} | {number(now)} | {number(lost_before)} | "
                      f"{number(lost_now)} |\n")
        out.write("""
## Band power

Recordings with blinks, pops, flats and muscle together against the same recordings without them, in the same windows: mean over channels of power,
bias in dB, over all windows, over windows below the threshold, over windows without marks. A dash: fewer than three windows are left.

![bias of band power](artefacts.png)

| background | band | no mask | threshold | default |
|---|---|---:|---:|---:|
""")
        for background, bands in bias.items():
            for band, values in bands.items():
                out.write(f"| {background} | {band} | " + " | ".join(number(v, "{:+.2f}") for v in values) + " |\n")


if __name__ == "__main__":
    main()

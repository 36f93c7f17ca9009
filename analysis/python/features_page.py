"""docs/features.md and docs/features/*.png: every feature and model as its record defines it, and what it sees.

    features_page.py EVEIL DOCS SCRATCH RANKS

The pictures show one thing for all: recordings of eight kinds of background (`eveil simulate`), and the values of the entry's first
outputs in them, with default parameters on the windows that `eveil config full` and `models` have."""
import re
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

import edf_plain

EVEIL, DOCS, SCRATCH, RANKS = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
DURATION_S, TRACE_S, PANELS = 300, 4, 3
INK, SOFT, BOX = "#101820", "#5b6b7a", "#0072b2"
BACKGROUNDS = (("background", "continuous"), ("spindles", "spindles"), ("alpha_coma", "alpha"), ("discontinuous", "discont."),
               ("burst_suppression", "bursts"), ("suppressed", "suppr."), ("periodic_discharges", "periodic"), ("seizure", "seizure"))
TEXT = """# Features and models

Every entry of the tables as its record defines it: `eveil list features NAME`, `eveil list dynamics NAME`. Made by
`make features-page`.

The pictures are all made in one way: four seconds of eight simulated backgrounds (continuous, spindles, alpha coma,
discontinuous, burst suppression, suppressed, periodic discharges, seizures), one recording of five minutes each, and below
them the values of the entry's first outputs in those recordings (all channels or pairs, all windows; box: quartiles, line: 5th to
95th percentile), with default parameters on the windows of `eveil config full` and
`eveil config models` (of four channels). They show what a measure tells apart, not how well.

"""
WITHOUT = "The simulated backgrounds have nothing that this entry needs (events, an ECG), so there is no picture.\n"


def told(*words):
    return subprocess.run([EVEIL, *words], check=True, capture_output=True, text=True).stdout


def simulate(mechanism):
    """The EDF file of one recording."""
    config = SCRATCH / f"{mechanism}.cfg"
    config.write_text(f'cohort: {{ root = "{mechanism}"; }};\nsimulate: {{ subjects = 1; sites = 1; fs_hz = [250.0]; line_hz = [50.0]; '
                      f'duration_s = {DURATION_S:.1f}; mechanism = ["{mechanism}"]; artefacts = []; truths = ["age"]; coefficients = [1.0]; }};\n'
                      "run: { seed = 7; };\n")
    told("simulate", str(config), "--quiet")
    return next((SCRATCH / mechanism).glob("sub-*/eeg/*_eeg.edf"))


def listed(config):
    """What stands in the brackets of `analyses`."""
    return config[config.index("analyses: (") + len("analyses: ("):config.rindex(");")]


def run(mechanism, analyses):
    """{analysis: (names, features, values with NaN)} of that recording."""
    config, store = SCRATCH / f"{mechanism}-run.cfg", SCRATCH / f"{mechanism}.h5"
    config.write_text(f'cohort: {{ root = "{mechanism}"; }};\noutput: {{ store = "{store.name}"; }};\n'
                      f'conditioning: {{ artefacts = "none"; }};\nrun: {{ task_s = 60.0; }};\nanalyses: ({analyses});')
    subprocess.run(["mpirun", "--oversubscribe", "--bind-to", "none", "-np", RANKS, EVEIL, "run", str(config), "--quiet"], check=True)
    found = {}
    with h5py.File(store) as file:
        for group in file["analyses"].values():
            output, feature = group["column_output"].asstr()[:], group["column_feature"].asstr()[:]
            values = group["values"][:]
            for name in dict.fromkeys(zip(feature, output)):
                found[name] = values[:, (feature == name[0]) & (output == name[1])].ravel()
            if "recording_values" in group and group["recording_values"].shape[1]:
                output, feature = group["recording_column_output"].asstr()[:], group["recording_column_feature"].asstr()[:]
                values = group["recording_values"][:]
                for name in dict.fromkeys(zip(feature, output)):
                    found[name] = values[:, (feature == name[0]) & (output == name[1])].ravel()
    return found


def draw_trace(ax, edf, liveliest):
    labels, fs_hz, x = edf_plain.read(edf)
    row = next(i for i, label in enumerate(labels) if "Cz" in label)
    n = int(TRACE_S * fs_hz)
    parts = [x[row, t:t + n] for t in range(int(20 * fs_hz), int(80 * fs_hz), n)]
    part = max(parts, key=np.std) if liveliest else parts[0]
    ax.plot(part - np.mean(part), color=INK, lw=0.5)
    ax.set(ylim=(-120, 120))
    ax.axis("off")


def draw_values(ax, title, groups):
    """One box a background, by hand: five percentiles."""
    for i, values in enumerate(groups):
        values = values[np.isfinite(values)]
        if len(values):
            low, q1, middle, q3, high = np.percentile(values, (5, 25, 50, 75, 95))
            ax.plot([i, i], [low, high], color=BOX, lw=0.8)
            ax.bar(i, q3 - q1, 0.55, q1, color=BOX, alpha=0.35, lw=0)
            ax.plot([i - 0.28, i + 0.28], [middle] * 2, color=BOX, lw=1.4)
    shown = np.concatenate(groups)
    shown = shown[np.isfinite(shown)]
    low, high = np.percentile(shown, (5, 95))
    if low > 0 and high / low > 50:
        ax.set_yscale("log")
    ax.set_title(title, fontsize=6.5, loc="left", pad=3, color=INK)
    ax.set(xlim=(-0.6, len(groups) - 0.4), xticks=[])
    ax.tick_params(labelsize=5.5, colors=SOFT, length=2, pad=1)
    for side in ("top", "right", "bottom"):
        ax.spines[side].set_visible(False)


def draw(entry, edfs, found):
    """The picture of an entry; False where no value is to be seen."""
    outputs = [name for name in dict.fromkeys(n for f in found for n in f) if name[0] == entry]
    outputs = [name for name in outputs if any(np.isfinite(f.get(name, np.array([]))).any() for f in found)]
    if not outputs:
        return False
    first, bases = [], set()
    for name in outputs:  # one of each output before further items of the same
        base = re.sub(r"_[^_]*$", "", name[1])
        if base not in bases:
            bases.add(base)
            first.append(name)
    shown = (first + [n for n in outputs if n not in first])[:PANELS]
    figure = plt.figure(figsize=(7.6, 1.75), dpi=100)
    n = len(BACKGROUNDS)
    for panel, name in enumerate(shown):
        left, wide = 0.05 + panel * 0.95 / PANELS, 0.95 / PANELS - 0.05
        groups = [f.get(name, np.array([np.nan])) for f in found]
        draw_values(figure.add_axes([left, 0.05, wide, 0.44]), name[1], groups)
        for i, edf in enumerate(edfs):
            ax = figure.add_axes([left + wide * (0.17 + i) / (n + 0.2), 0.68, 0.86 * wide / (n + 0.2), 0.18])
            draw_trace(ax, edf, BACKGROUNDS[i][0] in ("discontinuous", "burst_suppression"))
            figure.text(left + wide * (0.6 + i) / (n + 0.2), 0.88, BACKGROUNDS[i][1], fontsize=4.6, ha="center", va="bottom", color=SOFT)
    path = SCRATCH / "picture.png"
    figure.savefig(path)
    plt.close(figure)
    Image.open(path).convert("RGB").quantize(16, dither=Image.Dither.NONE).save(DOCS / "features" / f"{entry}.png", optimize=True)
    return True


def described(kind, entry):
    """The record as Markdown."""
    head, *parts = told("list", kind, entry).rstrip().split("\n\n")
    lines = head.splitlines()
    text = f"{lines[1].strip()}\n\n"
    for part in parts:
        title, *rows = part.splitlines()
        if title.strip() == "Outputs":
            text += "\n| output | unit | values | of | |\n|---|---|---|---|---|\n"
            for row in rows:
                name, unit, values, of, what = re.match(r"\s+(.*?) \[(.*?)\](?: \((.*?)\))?(.*?): (.*)", row).groups()
                of = of.replace("per ", "").strip(", ") or "window"
                text += f"| `{name}` | {unit} | {values or 'any'} | {of} | {what} |\n".replace("|<=", "| <=")
        elif title.strip() == "Parameters":
            text += "\n```\n" + "\n".join(row[4:] for row in rows) + "\n```\n" if rows else ""
        else:
            for row in part.splitlines():
                key, _, value = row.strip().partition(": ")
                text += f"> {value}\n\n" if key == "Definition" else f"- {key}: {value}\n"
    return text


def main():
    shutil.rmtree(SCRATCH, ignore_errors=True)
    SCRATCH.mkdir(parents=True)
    (DOCS / "features").mkdir(exist_ok=True)
    for old in (DOCS / "features").glob("*.png"):
        old.unlink()
    few = '{ conditioning: { montage = ["F3", "F4", "P3", "P4"]; artefacts = "none"; }; name ='
    analyses = listed(told("config", "full")) + "," + listed(told("config", "models")).replace("{ name =", few)
    edfs = [simulate(mechanism) for mechanism, _ in BACKGROUNDS]
    found = []
    for mechanism, _ in BACKGROUNDS:
        found.append(run(mechanism, analyses))
        print(f"{mechanism}: {len(found[-1])} outputs", flush=True)
    page = TEXT
    for kind, title in (("features", "Features"), ("dynamics", "Models")):
        page += f"## {title}\n\n"
        entries = [line.split()[0] for line in told("list", kind).splitlines()[1:]]
        page += " · ".join(f"[{e}](#{e})" for e in entries) + "\n"
        for entry in entries:
            page += f"\n### {entry}\n\n{described(kind, entry)}\n"
            page += f"![](features/{entry}.png)\n" if draw(entry, edfs, found) else WITHOUT
    (DOCS / "features.md").write_text(page)


main()

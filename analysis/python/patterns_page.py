"""docs/patterns-*.png: every coma pattern and every artefact that `eveil simulate` makes, as a page of EEG shows it.

    patterns_page.py EVEIL DOCS SCRATCH

Longitudinal bipolar, 10 s a page at 30 mm/s, 7 uV/mm, negative up: left as recorded, right as the program conditions it by
default (`eveil convert --conditioned`). Orange: the truth mask. Grey, where there is an artefact: the recording without it. Below
coma patterns: what the truth file tells."""
import csv
import subprocess
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

import edf_plain
from patterns_items import ARTEFACTS, PATTERNS

EVEIL, DOCS, SCRATCH = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
TEXT = """# Patterns of coma and artefacts

Made by `make pictures` from what `eveil simulate` writes (definitions: `eveil list mechanisms`, `eveil list artefacts`).
Longitudinal bipolar, 10 s a page at 30 mm/s, 7 µV/mm, negative up. Left as recorded, right as conditioned by default (filters, notch;
no sample is marked). Orange: the truth mask; grey: the same recording without the artefact; below a pattern: its truth, second by second.
"""
CHAINS = (("Fp1", "F7", "T7", "P7", "O1"), ("Fp1", "F3", "C3", "P3", "O1"), ("Fz", "Cz", "Pz"), ("Fp2", "F4", "C4", "P4", "O2"),
          ("Fp2", "F8", "T8", "P8", "O2"))
PAGE_S, MM_S, UV_MM, TRACK_MM, PIXELS_MM, ROWS = 10, 30, 7, 9, 2.3, 4
INK, MASK, WITHOUT, RULE = "#101820", "#f6c68f", "#9aa7b4", "#dfe4e8"


CONDITIONED = """conditioning: { artefacts = "none"; notch = "50"; };
analyses: ( { name = "page"; window_s = 4.0; features = ["band_power"]; } );
output: { store = "page.h5"; };
"""


def channels_of(edf):
    labels, fs_hz, x = edf_plain.read(edf)
    return fs_hz, {label.replace("EEG ", "").replace("-Ref", ""): row for label, row in zip(labels, x)}


def simulate(name, keys, duration_s, subject=1):
    """(fs_hz, {channel: samples} as recorded and as conditioned, courses, events) of a subject's recording."""
    folder = SCRATCH / name
    config = SCRATCH / f"{name}.cfg"
    config.write_text(f'cohort: {{ root = "{folder.name}"; }};\nsimulate: {{ subjects = {subject}; sites = 1; fs_hz = [250.0]; '
                      f'duration_s = {duration_s:.1f}; truths = ["age"]; coefficients = [1.0]; {keys} }};\nrun: {{ seed = 5; }};\n{CONDITIONED}')
    subprocess.run([EVEIL, "simulate", str(config), "--quiet"], check=True)
    edf = next(folder.glob(f"sub-{subject:04}/eeg/*_eeg.edf"))
    subprocess.run([EVEIL, "convert", f"--config={config}", "--conditioned=page", "--format=edf", "--replace", "--quiet",
                    f"--to={folder / 'conditioned.edf'}", str(edf)], check=True, stdout=subprocess.DEVNULL)
    fs_hz, recorded = channels_of(edf)
    _, conditioned = channels_of(folder / "conditioned.edf")

    def beside(ending):
        path = Path(str(edf).replace("_eeg.edf", f"_{ending}.tsv"))
        return list(csv.DictReader(path.open(), delimiter="\t")) if path.is_file() else []

    return fs_hz, (recorded, conditioned), beside("truth"), beside("artefacts")


def bipolar(channels):
    """[(label, channels, samples or None)], None: a space between chains."""
    tracks = []
    for chain in CHAINS:
        tracks += [(f"{a}-{b}", (a, b), channels[a] - channels[b]) for a, b in zip(chain, chain[1:])] + [("", (), None)]
    return tracks[:-1]


def draw_page(ax, tracks, without, events, fs_hz, start_s, filtered):
    span = slice(int(start_s * fs_hz), int((start_s + PAGE_S) * fs_hz))
    x_mm = np.arange(span.stop - span.start) / fs_hz * MM_S
    bottom = -TRACK_MM * len(tracks)
    for second in range(PAGE_S + 1):
        ax.plot([second * MM_S] * 2, [bottom, TRACK_MM], color=RULE, lw=0.5, zorder=0)
    for k, (label, pair, samples) in enumerate(tracks):
        if samples is None:
            continue
        middle = -TRACK_MM * k
        for event in events:
            first, length = float(event["onset"]) - start_s, float(event["duration"])
            if set(pair) & set(event["channels"].split(",")) and first < PAGE_S and first + length > 0:
                left, right = max(0, first) * MM_S, min(PAGE_S, first + length) * MM_S
                ax.fill_between([left, right], middle - TRACK_MM / 2, middle + TRACK_MM / 2, color=MASK, lw=0, zorder=1)
        for y, colour, layer in ((without[k][2] if without else None, WITHOUT, 2), (samples, INK, 3)):
            if y is not None:
                y = y[span] if filtered else y[span] - np.nanmean(y[span])
                ax.plot(x_mm[:len(y)], middle - y / UV_MM, color=colour, lw=0.6, zorder=layer)
        if not filtered:
            ax.text(-2, middle, label, ha="right", va="center", fontsize=5.5)
    ax.set(xlim=(-0.5, PAGE_S * MM_S + 1), ylim=(bottom - TRACK_MM, 1.6 * TRACK_MM))
    ax.axis("off")
    return bottom


def draw_bar(ax, bottom):
    """100 uV."""
    ax.plot([2, 2], [bottom, bottom + 100 / UV_MM], color=INK, lw=1.4, clip_on=False, zorder=5)
    ax.text(4, bottom - 0.5, "100 µV  (7 µV/mm, 30 mm/s)", fontsize=5.5, color=INK, va="center")


def told(courses, tell, start_s):
    """The line below a pattern: the courses of its seconds."""
    rows = [row for row in courses if start_s <= int(row["second"]) < start_s + PAGE_S]
    if not rows or not tell:
        return ""

    def number(text):
        return text if text == "n/a" else f"{float(text):.2g}"

    return f"{tell}, second by second:  " + "   ".join(number(row[tell]) for row in rows)


def draw_item(axes, item):
    fs_hz, signals, courses, events = simulate(item.name, item.keys, item.duration_s, item.subject)
    start_s = item.start(courses, events)
    plain = simulate(item.name + "-without", item.without, item.duration_s, item.subject)[1] if item.without else (None, None)
    for ax, filtered in zip(axes, (False, True)):
        without = bipolar(plain[filtered]) if item.without else None
        bottom = draw_page(ax, bipolar(signals[filtered]), without, events, fs_hz, start_s, filtered)
        if not filtered:
            draw_bar(ax, bottom - 0.4 * TRACK_MM)
            ax.set_title(item.title, fontsize=7.5, loc="left", fontweight="bold", pad=1)
        else:
            ax.set_title("conditioned", fontsize=6, loc="left", pad=1)
            ax.text(0, bottom - 0.4 * TRACK_MM, told(courses, item.tell, start_s), fontsize=5.5, va="center")
    print(f"{item.name}: from {start_s:g} s", flush=True)


def draw_sheet(items, path):
    wide, high = (PAGE_S * MM_S * 2 + 40) * PIXELS_MM, (TRACK_MM * 25.5) * PIXELS_MM * ROWS
    figure = plt.figure(figsize=(wide / 100, high / 100), dpi=100)
    margin = 26 / (PAGE_S * MM_S * 2 + 40)
    for row, item in enumerate(items):
        low = 1 - (row + 1) / ROWS
        axes = [figure.add_axes([margin + half * (1 - margin) / 2, low, (1 - margin) / 2 - 0.008, 1 / ROWS - 0.014]) for half in (0, 1)]
        draw_item(axes, item)
    figure.savefig(SCRATCH / "sheet.png")
    plt.close(figure)
    sheet = Image.open(SCRATCH / "sheet.png").convert("RGB")
    used = int(high * len(items) / ROWS)
    sheet.crop((0, 0, sheet.width, used)).quantize(24, dither=Image.Dither.NONE).save(path, optimize=True)


def main():
    SCRATCH.mkdir(parents=True, exist_ok=True)
    text = TEXT
    for kind, items in (("coma", PATTERNS), ("artefacts", ARTEFACTS)):
        text += f"\n## {kind.capitalize()}\n"
        for first in range(0, len(items), ROWS):
            path = DOCS / f"patterns-{kind}-{first // ROWS + 1}.png"
            draw_sheet(items[first:first + ROWS], path)
            text += "\n" + "; ".join(item.title for item in items[first:first + ROWS]) + f".\n\n![]({path.name})\n"
    (DOCS / "patterns.md").write_text(text)


main()

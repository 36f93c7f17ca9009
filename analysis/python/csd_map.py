"""docs/csd-map.png: what the steps between channels do to the potential of two dipoles, 64 channels.

Usage: csd_map.py conditioning_peers OUT.png    (make csd-map). Every number comes from the program; the dipoles are
in a sphere of one conductivity, in closed form."""
import os
import subprocess
import sys
import tempfile

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import topography

NAMES = (
    "Fp1 Fpz Fp2 AF7 AF3 AFz AF4 AF8 F7 F5 F3 F1 Fz F2 F4 F6 F8 FT7 FC5 FC3 FC1 FCz FC2 FC4 FC6 FT8 T9 T7 C5 C3 C1 Cz "
    "C2 C4 C6 T8 T10 TP7 CP5 CP3 CP1 CPz CP2 CP4 CP6 TP8 P7 P5 P3 P1 Pz P2 P4 P6 P8 PO7 PO3 POz PO4 PO8 O1 Oz O2 Iz"
).split()
BAD = "CP3"


def positions(program):
    text = subprocess.run([program, "positions", *NAMES], capture_output=True, text=True, check=True).stdout
    return np.array([line.split() for line in text.splitlines()], float)


def radial(xyz, at, depth):
    """Potential on the unit sphere of a radial dipole at radius `depth` under `at`."""
    x = xyz @ at
    d = np.sqrt(1 + depth * depth - 2 * depth * x)
    return 2 * (x - depth) / d**3 + (1 / d - 1) / depth


def condition(program, value, bad, keys):
    """One sample through the program: (value by channel, its note)."""
    with tempfile.TemporaryDirectory() as folder:
        sources, data, out = (os.path.join(folder, name) for name in ("sources", "data", "out"))
        with open(sources, "w", encoding="utf-8") as file:
            for name in NAMES:
                print(name, 250, int(name in bad), 0, 0, 0, file=file)
        np.repeat(value[:, None], 2, axis=1).tofile(data)
        config = f'montage = "file"; band_hz = (); notch = "none"; resample_hz = 0; {keys}'
        done = subprocess.run([program, config, sources, data, out], capture_output=True, text=True, check=True)
        return np.fromfile(out).reshape(len(NAMES), 2)[:, 0], done.stdout.splitlines()[-1]


def panel(axes, title, xy, value, unit, fig, marked=None):
    most = np.abs(value).max()
    image = topography.draw(axes, xy, value, (-most, most), "PuOr_r")
    axes.set_title(title, fontsize=9, color=topography.INK)
    if marked is not None:
        axes.scatter(*xy[marked], s=60, facecolor="none", edgecolor="#c0392b", linewidths=1.4)
    topography.bar(fig, image, [axes], unit)


def main(program, out):
    xyz = positions(program)
    frame = pd.DataFrame(xyz, index=NAMES, columns=["x", "y", "z"])
    xy = topography.places(NAMES, frame)
    left = xyz[NAMES.index("C3")]
    right = xyz[NAMES.index("P4")]
    value = 20 * radial(xyz, left, 0.5) - 20 * radial(xyz, right, 0.5)
    spoiled = value.copy()
    spoiled[NAMES.index(BAD)] = -80.0
    marked = NAMES.index(BAD)
    fig, axes = plt.subplots(1, 4, figsize=(12.4, 3.5))
    average, _ = condition(program, value, (), 'reference = "average";')
    broken, _ = condition(program, spoiled, (), 'reference = "average";')
    made, note = condition(program, spoiled, (BAD,), 'reference = "average"; interpolate = true;')
    csd, _ = condition(program, value, (), 'reference = "csd";')
    panel(axes[0], "Two radial dipoles, under C3 and P4", xy, average, "µV, average reference", fig)
    panel(axes[1], f"The same, {BAD} broken", xy, broken, "µV, average reference", fig, marked)
    panel(axes[2], note, xy, made, "µV, average reference", fig, marked)
    panel(axes[3], "Current source density", xy, 1e-3 * csd, "mV/m²", fig)
    fig.savefig(out, dpi=110, bbox_inches="tight")
    left_out = abs(made - average)[marked]
    print(f"{out}: {BAD} is {average[marked]:.1f} uV, interpolated {made[marked]:.1f} uV ({left_out:.1f} off)")


main(*sys.argv[1:])

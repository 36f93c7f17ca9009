#!/usr/bin/env python3
"""What eveil convert writes, MNE reads: the samples of the source, and the annotations that were kept, by their names."""
import os
import subprocess
import sys
import tempfile
import warnings

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EVEIL = os.path.abspath(os.environ.get("EVEIL", os.path.join(ROOT, "build", "eveil")))
SOURCE = os.path.join(os.environ.get("EVEIL_TEST_DATA", os.path.join(ROOT, "..", "shared", "data")), "eegmmidb/S001R03.edf")
NAME = "edf_and_bdf_read_by_mne"


def main():
    if not os.path.exists(SOURCE):
        print(f"skip {NAME}: no real recordings (EVEIL_TEST_DATA)")
        return 0
    try:
        warnings.simplefilter("ignore")
        import mne
        import numpy as np
    except ImportError:
        print(f"skip {NAME}: mne is not installed for {sys.executable}")
        return 0
    mne.set_log_level("ERROR")
    problems = []
    with tempfile.TemporaryDirectory(prefix="eveil-convert-") as scratch:
        config = os.path.join(scratch, "c.cfg")
        with open(config, "w", encoding="utf-8") as file:
            file.write('annotations: { keep: { rest = "T0"; left = "T1"; }; };\n')
        source = mne.io.read_raw_edf(SOURCE, preload=True)
        told = [(o, d, {"T0": "rest", "T1": "left"}[t]) for o, d, t in
                zip(source.annotations.onset, source.annotations.duration, source.annotations.description) if t != "T2"]
        for suffix, read in (("edf", mne.io.read_raw_edf), ("bdf", mne.io.read_raw_bdf)):
            out = os.path.join(scratch, f"x.{suffix}")
            done = subprocess.run([EVEIL, "convert", SOURCE, f"--to={out}", f"--config={config}"], capture_output=True, text=True)
            if done.returncode:
                problems.append(done.stderr.strip())
                continue
            copy = read(out, preload=True)
            if copy.ch_names != source.ch_names or copy.info["sfreq"] != source.info["sfreq"]:
                problems.append(f"{suffix}: other channels or another rate")
            elif not np.abs(copy.get_data() - source.get_data()).max() <= 1e-15:
                problems.append(f"{suffix}: samples differ by {np.abs(copy.get_data() - source.get_data()).max()} V")
            found = list(zip(copy.annotations.onset, copy.annotations.duration, copy.annotations.description))
            if len(found) != len(told) or any(abs(a[0] - b[0]) > 1e-6 or abs(a[1] - b[1]) > 1e-6 or a[2] != b[2] for a, b in zip(found, told)):
                problems.append(f"{suffix}: annotations {found[:3]} ... in place of {told[:3]} ...")
    print(f"not ok {NAME}: {'; '.join(problems)}" if problems else f"ok {NAME}")
    return 1 if problems else 0


sys.exit(main())

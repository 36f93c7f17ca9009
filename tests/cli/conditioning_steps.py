#!/usr/bin/python3
"""Steps between channels through whole runs: bad channels made anew and said so, csd by positions of _electrodes.tsv, eye
and heart, the line by regression; the same bits on two ranks."""
import math
import os
import sys

from harness import case, cohort, config, eeg, eveil, expect, python_modules, run_cases, total, write

STEPS = """conditioning: { interpolate = true; notch_method = "regression"; regress = ["eog", "ecg"]; artefacts = "none"; };
analyses: (
  { name = "average"; window_s = 4.0; features = ["band_power"]; band_power: { bands: { alpha = (8.0, 12.0); }; }; },
  { name = "csd"; window_s = 4.0; conditioning: { reference = "csd"; }; features = ["band_power"];
    band_power: { bands: { alpha = (8.0, 12.0); }; }; },
  { name = "rest"; window_s = 4.0; conditioning: { reference = "rest"; }; features = ["band_power"];
    band_power: { bands: { alpha = (8.0, 12.0); }; }; },
  { name = "transverse"; window_s = 4.0; conditioning: { reference = "transverse"; interpolate = false; };
    features = ["band_power"]; band_power: { bands: { alpha = (8.0, 12.0); }; }; } );
"""
CHANNELS = "Fp1 Fp2 F7 F3 Fz F4 F8 T7 C3 Cz C4 T8 P7 P3 Pz P4 P8 O1 O2".split()


def beside(i, ending):
    return eeg(i).replace("_task-rest_eeg.edf", ending)


def mark(i, bad, labels):
    """Channels of a recording by the file's labels, some of them bad."""
    rows = [f"{label}\tEEG\tuV\t{'bad' if name in bad else 'good'}" for name, label in zip(CHANNELS, labels)]
    write(beside(i, "_task-rest_channels.tsv"), "name\ttype\tunits\tstatus\n" + "\n".join(rows) + "\n")


def labels_of(i):
    with open(eeg(i), "rb") as file:
        head = file.read(256 + 16 * 64)
    n = int(head[252:256])
    return [head[256 + 16 * k : 272 + 16 * k].decode().strip() for k in range(n)][:19]


def finish(path="study.cfg", np=0):
    expect(eveil("run", path, "--replace", np=np), 0)
    return total()


def store():
    import h5py
    return h5py.File("out/store.h5")


def summary_why(file, analysis, recording, channel):
    group = file["analyses"][analysis]
    columns = [text.decode() for text in group["column_name"]]
    return group["summary_why"][recording, columns.index(f"band_power.absolute_alpha[{channel}]")]


def value(file, analysis, recording, channel):
    group = file["analyses"][analysis]
    columns = [text.decode() for text in group["column_name"]]
    return group["summary"][recording, columns.index(f"band_power.absolute_alpha[{channel}]"), 0]


@case("bad channels are made of good ones, and the store says which; the same bits on two ranks")
def _():
    python_modules("h5py")
    cohort()
    mark(1, ["C3", "O2"], labels_of(1))
    config(analyses=STEPS)
    one = finish()
    with store() as file:
        messages = [text.decode() for text in file["recordings/message"]]
        assert "interpolated: C3, O2" in messages[0] and "interpolated" not in messages[1], messages
        assert "conditioning.regress: no good EOG or ECG" in messages[1], messages
        for analysis in ("average", "csd", "rest"):
            assert summary_why(file, analysis, 0, "C3") == 0 and math.isfinite(value(file, analysis, 0, "C3"))
        assert summary_why(file, "transverse", 0, "T7-C3") == 6 and summary_why(file, "transverse", 1, "T7-C3") == 0
        assert value(file, "csd", 0, "Cz") > 1000 * value(file, "average", 0, "Cz"), "csd is in uV/m^2"
    os.remove("out/store.h5")
    assert finish(np=2) == one


@case("positions of _electrodes.tsv: in any unit and turn the same csd, other heads another; a flat drawing is told")
def _():
    python_modules("h5py")
    cohort()
    names = labels_of(1)
    config(analyses=STEPS)

    def csd_with(places):
        if places is not None:
            rows = [f"{label}\t" + "\t".join(repr(v) for v in place) for label, place in zip(names, places)]
            write(beside(1, "_space-CapTrak_electrodes.tsv"), "name\tx\ty\tz\n" + "\n".join(rows) + "\n")
        finish()
        with store() as file:
            return value(file, "csd", 0, "Cz"), file["recordings/message"][0].decode()

    names_only, _ = csd_with(None)
    with store() as file:
        known = [text.decode() for text in file["channels/channel_name"]]
        unit = [list(map(float, file["channels/channel_xyz"][known.index(name)])) for name in CHANNELS]
    moved, message = csd_with([(-92 * y + 3, 92 * x - 10, 92 * z + 40) for x, y, z in unit])
    assert math.isclose(moved, names_only, rel_tol=1e-6) and "sphere" not in message, (moved, names_only, message)
    higher, _ = csd_with([(x, y, z + 0.25 * z * z) for x, y, z in unit])
    assert abs(higher / names_only - 1) > 1e-3, (higher, names_only)
    flat, message = csd_with([(x, y, 0.0) for x, y, _ in unit])
    assert math.isclose(flat, names_only, rel_tol=1e-12) and "lie on no sphere" in message, (flat, names_only, message)


if __name__ == "__main__":
    sys.exit(run_cases())

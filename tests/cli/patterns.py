#!/usr/bin/python3
"""Coma patterns and artefacts from the command line: the files beside the recordings, gaps, the same bytes for any ranks."""
import csv
import glob
import hashlib
import os
import sys

from harness import ROOT, case, eveil, expect, files_below, python_modules, run_cases, write

PATTERNS = ["burst_suppression", "suppressed", "periodic_discharges", "discontinuous", "nearly_continuous", "alpha_coma", "seizure",
            "recovery"]
ARTEFACTS = ["clock", "blink", "muscle", "pulse", "ventilator", "sweat", "pop", "bridge", "swap", "line", "flat", "clip", "gap"]
KINDS = set(ARTEFACTS) | {"ecg"}


def quoted(names):
    return ", ".join(f'"{name}"' for name in names)


def simulate(keys, np=0, root="made", code=0, parts=()):
    path = write(root + ".cfg", f'cohort: {{ root = "{root}"; }};\nsimulate: {{ sites = 1; fs_hz = [200.0]; truths = ["age"]; '
                                f"coefficients = [1.0]; {keys} }};\n")
    return expect(eveil("simulate", path, np=np), code, *parts)


def table(pattern):
    with open(glob.glob(pattern)[0], encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def plain(path):
    sys.path.insert(0, os.path.join(ROOT, "analysis", "python"))
    import edf_plain
    return edf_plain.read(path)


@case("every artefact at once: each is told, gaps are gaps of the file")
def _():
    python_modules("numpy")
    import numpy
    simulate(f'subjects = 1; duration_s = 360.0; mechanism = ["discontinuous"]; artefacts = [{quoted(ARTEFACTS)}]; line_uv = 9.0; '
             "gap: { gaps_per_min = 0.5; }; flat: { flats_per_min = 0.5; }; pop: { pops_per_min = 3.0; };")
    events = table("made/sub-*/eeg/*_artefacts.tsv")
    assert list(events[0]) == ["onset", "duration", "kind", "channels", "height_uv", "note"], list(events[0])
    assert {e["kind"] for e in events} == KINDS, KINDS ^ {e["kind"] for e in events}
    names, fs_hz, x = plain(glob.glob("made/sub-*/eeg/*_eeg.edf")[0])
    assert fs_hz == 200 and x.shape == (19, 72000), (fs_hz, x.shape)
    gap = numpy.zeros(x.shape[1], bool)
    for e in events:
        onset, duration = float(e["onset"]), float(e["duration"])
        assert 0 <= onset and 0 < duration and onset + duration <= 360 + 1e-6, e
        if e["kind"] == "gap":
            gap[round(onset * 200):round((onset + duration) * 200)] = True
    assert gap.any() and (numpy.isnan(x) == gap).all()
    assert [e["note"] for e in events if e["kind"] == "clock"][0].endswith(" ppm")
    expect(eveil("info", glob.glob("made/sub-*/eeg/*_eeg.edf")[0]), 0, "EDF+D", "stretch")


@case("every pattern: its truth second by second, the same bytes for one rank and for two")
def _():
    keys = f'subjects = 16; duration_s = 20.0; mechanism = [{quoted(PATTERNS)}]; artefacts = ["blink", "muscle", "pop"];'
    simulate(keys, np=2)
    simulate(keys, root="again")
    digests = [{f: hashlib.sha256(open(os.path.join(root, f), "rb").read()).hexdigest() for f in files_below(root)}
               for root in ("made", "again")]
    assert digests[0] == digests[1], [f for f in digests[0] if digests[0][f] != digests[1].get(f)]
    drawn = [row["mechanism"] for row in table("made/truth.tsv")]
    assert len(set(drawn)) > 3 and set(drawn) <= set(PATTERNS), drawn
    for row in table("made/truth.tsv"):
        told = glob.glob(f"made/{row['participant_id']}/eeg/*_truth.tsv")
        assert bool(told) == (row["mechanism"] not in ("suppressed", "alpha_coma")), row
        if told:
            seconds = table(told[0])
            assert [int(s["second"]) for s in seconds] == list(range(20)), told
            assert not any("nan" in value for s in seconds for value in s.values()), told


@case("discharges: as many times as discharges are told")
def _():
    simulate('subjects = 1; duration_s = 60.0; mechanism = ["periodic_discharges"]; artefacts = [];')
    for row in table("made/sub-*/eeg/*_truth.tsv"):
        times = [row[f"at_{k}_s"] for k in (1, 2, 3, 4)]
        assert [t != "n/a" for t in times] == [k < int(float(row["discharges"])) for k in range(4)], row


@case("impossible keys are refused by name")
def _():
    for keys, part in (("seizure: { seizures_per_h = [60.0, 60.0]; seizure_s = [60.0, 60.0]; }; mechanism = \"seizure\";", "seizures_per_h"),
                       ("burst_suppression: { exponent = [1.8, 0.2]; }; mechanism = \"burst_suppression\";", "exponent"),
                       ("muscle: { muscle_band_hz = [95.0, 110.0]; }; artefacts = [\"muscle\"];", "muscle_band_hz"),
                       ("line: { line_uv = 9.0; harmonics = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]; };", "harmonics"),
                       ("gap: { gap_s = [30.0, 1.0]; }; artefacts = [\"gap\"];", "gap_s"),
                       ("blink: { blinks_per_hour = 3.0; };", "blinks_per_hour")):
        simulate("subjects = 1; duration_s = 10.0; " + keys, code=1, parts=[part])
        assert not os.path.exists("made"), keys


sys.exit(run_cases())

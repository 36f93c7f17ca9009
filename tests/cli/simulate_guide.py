#!/usr/bin/env python3
"""The guide docs/simulate.md: every configuration in it runs, and its cohort is what the section says."""
import csv
import glob
import json
import os
import re
import sys

from harness import ROOT, case, eveil, expect, run_cases

GUIDE = os.path.join(ROOT, "docs", "simulate.md")


def sections():
    """{heading: its configurations}."""
    with open(GUIDE, encoding="utf-8") as file:
        text = file.read()
    parts = re.split(r"^## (.*)$", text, flags=re.M)[1:]
    blocks = [re.findall(r"^```\n(.*?)^```$", body, re.M | re.S) for body in parts[1::2]]
    return dict(zip(parts[::2], blocks))


def rows(root, name):
    with open(os.path.join(root, name), encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def column(root, name, key):
    return [row[key] for row in rows(root, name)]


def beside(root, ending):
    return sorted(glob.glob(os.path.join(root, "sub-*", "**", f"*_{ending}.tsv"), recursive=True))


def first(root):
    assert set(column(root, "truth.tsv", "hospital")) == {"hospital_A", "hospital_B"}


def modes(root):
    for row in rows(root, "truth.tsv"):
        assert abs(float(row["mode1_hz"]) - 4) < 0.5 and abs(float(row["mode2_hz"]) - 10) < 1.1
        assert row["mode3_hz"] == "n/a"


def spectral(root):
    assert set(column(root, "truth.tsv", "surrogate")) == {"yes"} and not beside(root, "truth")


def dynamics(root):
    for row in rows(root, "truth.tsv"):
        assert (row["surrogate"] == "yes") == (row["outcome"] == "poor") and float(row["linear_predictor"]) == 0


def nonlinear(root):
    dynamics(root)
    assert set(column(root, "truth.tsv", "mechanism")) == {"jansen_rit", "stuart_landau"}


def chaos(root):
    for row in rows(root, "truth.tsv"):
        assert abs(float(row["rho"]) - 30) < 5.1
        assert abs(float(row["linear_predictor"]) - 1.5 * float(row["z_rho"])) < 1e-9


def pairs_surrogate(root):
    assert set(column(root, "truth.tsv", "surrogate")) == {"yes"}


def pairs_original(root):
    assert any(row["surrogate"] == "no" for row in rows(root, "truth.tsv") if row["outcome"] == "good")
    other = column("pairs_surrogate", "truth.tsv", "linear_predictor")
    assert column(root, "truth.tsv", "linear_predictor") == other


def nothing(root):
    assert set(column(root, "truth.tsv", "probability")) == {"0.5"} and "noise_05" in rows(root, "participants.tsv")[0]


def confounded(root):
    predictors = {(row["hospital"], row["linear_predictor"]) for row in rows(root, "truth.tsv")}
    assert predictors == {("hospital_A", "-3"), ("hospital_B", "3")}, predictors
    channels = {len(rows(".", path)) for path in beside(root, "channels")}
    assert channels == {19, 8}, channels


def patterns(root):
    kinds = column(root, "truth.tsv", "mechanism")
    assert len(set(kinds)) > 1
    for row in rows(root, "truth.tsv"):
        expected = -1.5 * float(row["mechanism"] == "nearly_continuous" or -1 / 3) * 3 ** 0.5 + 0.5 * float(row["z_age"])
        assert abs(float(row["linear_predictor"]) - expected) < 1e-9


def recovery(root):
    assert len(rows(root, "recordings.tsv")) == 16
    hours = sorted(float(row["start_h"]) for row in rows(root, "recordings.tsv"))
    assert hours[0] == 12 and hours[-1] == 72
    assert "recovery" in rows(".", beside(root, "truth")[0])[0]


def artefacts(root):
    kinds = {row["kind"] for path in beside(root, "artefacts") for row in rows(".", path)}
    assert {"blink", "pop"} <= kinds, kinds


def withdrawal(root):
    truth, people = rows(root, "truth.tsv"), rows(root, "participants.tsv")
    assert any(row["wlst"] == "yes" and row["outcome"] == "good" for row in truth)
    for row, person in zip(truth, people):
        poor = row["outcome"] == "poor" or row["wlst"] == "yes"
        assert person["outcome"] == row["outcome_observed"] == ("poor" if poor else "good")
        assert (int(person["cpc"]) >= 3) == (person["outcome"] == "poor")


def missing(root):
    names = ("age", "sex", "rosc_min", "shockable", "ttm_c")
    cells = [person[name] for person in rows(root, "participants.tsv") for name in names]
    assert 0.1 < cells.count("n/a") / len(cells) < 0.6


def leaks(root):
    truth = rows(root, "truth.tsv")
    assert any(row["patient_is"] != "n/a" for row in truth) and any(row["recordings_of"] != "n/a" for row in truth)
    assert "length_of_stay_d" in rows(root, "participants.tsv")[0]
    for row in truth:
        if row["recordings_of"] != "n/a":
            paths = [glob.glob(os.path.join(root, row[who], "**", "*_eeg.edf"), recursive=True)
                     for who in ("participant_id", "recordings_of")]
            a, b = ([os.path.getsize(path) for path in found] for found in paths)
            assert len(a) == 1 and a == b


SAYS = {"first": first, "modes": modes, "spectral": spectral, "dynamics": dynamics, "nonlinear": nonlinear, "chaos": chaos,
        "pairs_surrogate": pairs_surrogate, "pairs_original": pairs_original, "nothing": nothing,
        "confounded": confounded, "patterns": patterns, "recovery": recovery, "artefacts": artefacts,
        "withdrawal": withdrawal, "missing": missing, "leaks": leaks}


@case("the guide has a configuration in every section, and a check of each")
def _():
    found = [re.search(r'root = "(\w+)"', text).group(1) for texts in sections().values() for text in texts]
    assert all(sections().values()) and sorted(found) == sorted(SAYS), found


for heading, texts in sections().items():
    @case(heading)
    def _(texts=texts):
        for text in texts:
            root = re.search(r'root = "(\w+)"', text).group(1)
            with open(f"{root}.cfg", "w", encoding="utf-8") as file:
                file.write(text)
            expect(eveil("simulate", f"{root}.cfg"), 0, "subjects")
            truth, people = rows(root, "truth.tsv"), rows(root, "participants.tsv")
            assert [row["participant_id"] for row in truth] == [row["participant_id"] for row in people]
            for row in rows(root, "recordings.tsv"):
                assert os.path.getsize(os.path.join(root, row["file"])) > 5000
            with open(os.path.join(root, "truth.json"), encoding="utf-8") as file:
                described = json.load(file)
            assert {"outcome", "mechanism", "age"} <= described.keys()
            SAYS[root](root)

sys.exit(run_cases())

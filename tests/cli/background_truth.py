#!/usr/bin/python3
"""Background measures against simulated recordings whose events are known: from eveil simulate through eveil run to the store."""
import csv
import glob
import math
import sys

from harness import case, eveil, expect, python_modules, run_cases, simulated, write

DURATION_S = 300.0
MECHANISMS = ["burst_suppression", "discontinuous", "suppressed", "periodic_discharges", "spindles", "seizure"]
IDENTICAL = f"""subjects = 2; duration_s = {DURATION_S}; sites = 1; fs_hz = [250.0]; artefacts = []; truths = ["age"];
coefficients = [1.0]; mechanism = ["burst_suppression"];
burst_suppression: {{ suppression = (0.55, 0.8); burst_s = (3.0, 4.0); identical = true; }};"""
COHORT = f"""subjects = 18; duration_s = {DURATION_S}; sites = 1; fs_hz = [250.0]; artefacts = []; truths = ["age"]; coefficients = [1.0];
mechanism = [{", ".join(f'"{m}"' for m in MECHANISMS)}];
burst_suppression: {{ suppression = (0.55, 0.8); burst_s = (3.0, 4.0); }};
discontinuous: {{ suppression = (0.2, 0.4); }};
periodic_discharges: {{ background = "continuous"; }};
spindles: {{ spindle_per_min = (4.0, 10.0); spindle_uv = (80.0, 0.0); }};
seizure: {{ seizures_per_h = (20.0, 24.0); seizure_s = (40.0, 60.0); }}; }};
run: {{ seed = 4; """
ANALYSES = f"""analyses: (
  {{ name = "referential"; window_s = {DURATION_S}; features = ["bursts", "background_continuity", "burst_similarity",
     "periodic_discharges", "spindles", "seizure_index", "regularity"]; bursts: {{ burst_s = (0.5, 120.0); }}; }},
  {{ name = "bipolar"; window_s = {DURATION_S}; conditioning: {{ reference = "bipolar"; }}; features = ["acns_background"]; }} );
"""


def table(path):
    with open(path, encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def number(text):
    return float("nan") if text == "n/a" else float(text)


class Recording:
    """A subject: truth (of the subject), seconds (course by name), values of a column's channels."""

    def __init__(self, root, truth):
        self.truth, self.values = truth, {}
        self.name, self.mechanism = truth["participant_id"], truth["mechanism"]
        told = glob.glob(f"{root}/{self.name}/eeg/*_truth.tsv")
        self.seconds = table(told[0]) if told else []

    def course(self, name):
        return [number(row[name]) for row in self.seconds]

    def defined(self, column):
        return [v for v in self.values[column] if v == v]

    def middle(self, column):
        values = sorted(self.defined(column))
        assert values, f"{self.name} ({self.mechanism}): {column} is undefined in all channels"
        return values[len(values) // 2]

    def near(self, what, found, true, tolerance):
        assert abs(found - true) <= tolerance, \
            f"{self.name} ({self.mechanism}): {what} {found:.4g}, truth {true:.4g} +- {tolerance:.2g}"


def made(name, keys):
    """Recordings of a cohort, simulated, run and read from the store."""
    python_modules("h5py", "numpy")
    import h5py
    root = simulated(name, keys)
    write(root + ".run.cfg", f'cohort: {{ root = "{root}"; }};\noutput: {{ store = "{root}.h5"; prognosis = "{root}-p.h5"; }};\n'
                             f"run: {{ task_s = {DURATION_S}; }};\n{ANALYSES}")
    expect(eveil("run", root + ".run.cfg"), 0)
    known = {row["participant_id"].removeprefix("sub-"): Recording(root, row) for row in table(root + "/truth.tsv")}
    with h5py.File(root + ".h5") as store:
        subject = [s.decode().removeprefix("sub-") for s in store["recordings/subject"][:]]
        for analysis in store["analyses"].values():
            columns = [c.decode().split("[")[0] for c in analysis["column_name"][:]]
            for recording, row in zip(analysis["window_recording"][:], analysis["values"][:]):
                for column, value in zip(columns, row):
                    known[subject[recording]].values.setdefault(column, []).append(float(value))
    return list(known.values())


recordings = []


def of(*mechanisms):
    """The recordings of these mechanisms; all of them are made once."""
    if not recordings:
        recordings.extend(made("patterns", COHORT))
    found = [r for r in recordings if r.mechanism in mechanisms]
    assert {r.mechanism for r in found} == set(mechanisms), f"none of {mechanisms}"
    return found


def spells(course):
    """Lengths of the suppressions that begin and end within, and the bursts that begin: from shares by second."""
    lengths, begun, inside, length = [], 0, course[0] > 0, None
    for share in course:
        if share > 0 and not inside:
            inside, length = True, 0.0
        if inside and share > 0 and length is not None:
            length += share
        if inside and share == 0:
            inside = False
            begun += 1
            if length is not None:
                lengths.append(length)
    return lengths, begun


@case("share of suppression: within the ramps of bursts")
def _():
    for r in of("burst_suppression", "discontinuous"):
        true, bursts = sum(r.course("suppressed")) / DURATION_S, r.middle("bursts.rate") * DURATION_S / 60
        # The threshold is crossed somewhere in the ramps, at most 0.7 s of each cycle (0.35 s for bursts).
        ramps_s = 0.35 if r.mechanism == "burst_suppression" else 0.7
        r.near("suppression ratio", r.middle("bursts.suppression_ratio"), true, 0.01 + ramps_s * (bursts + 1) / DURATION_S)
        r.near("1 - continuity", 1 - r.middle("background_continuity.continuity"), true, 0.01 + ramps_s * (bursts + 1) / DURATION_S)


@case("bursts a minute and inter-burst intervals")
def _():
    for r in of("burst_suppression"):
        lengths, begun = spells(r.course("suppressed"))
        # Seconds hide a burst that has none of its own: below 2 s, one in six of these; binomial, 3.5 sd.
        hidden = 0.17 * begun
        found = r.middle("bursts.rate") * DURATION_S / 60
        assert begun - 1.5 <= found <= begun + 1.5 + hidden + 3.5 * math.sqrt(hidden), \
            f"{r.name}: {found:.4g} bursts, {begun} in the truth"
        true = sorted(lengths)[len(lengths) // 2]
        # The median of n, exponential beyond: sd about its length over sqrt(n) where a sixth of them is split.
        r.near("median inter-burst interval", r.middle("bursts.ibi_median"), true, 0.35 + 0.5 * true / math.sqrt(len(lengths)) + 0.17 * true)


@case("identical bursts are told from others")
def _():
    for r in made("identical", IDENTICAL):
        assert r.middle("burst_similarity.correlation") > 0.75 and r.middle("burst_similarity.identical") > 0.7, \
            f"{r.name}: {r.middle('burst_similarity.correlation'):.3g}, {r.middle('burst_similarity.identical'):.3g}"
    for r in of("burst_suppression"):
        assert r.middle("burst_similarity.correlation") < 0.5 and r.middle("burst_similarity.identical") < 0.3, \
            f"{r.name}: {r.middle('burst_similarity.correlation'):.3g}, {r.middle('burst_similarity.identical'):.3g}"


@case("periodic discharges: rate and irregularity, and none elsewhere")
def _():
    for r in of("periodic_discharges"):
        discharges = sum(r.course("discharges"))
        rate, irregularity = discharges / DURATION_S, float(r.truth["irregularity"])
        # The mean of n intervals, 3.5 sd, and half a percent for medians of segments.
        r.near("rate", r.middle("periodic_discharges.rate"), rate, rate * (0.005 + 3.5 * irregularity / math.sqrt(discharges)))
        r.near("irregularity", r.middle("periodic_discharges.irregularity"), irregularity, 0.04)
        r.near("count", r.middle("periodic_discharges.count"), 60 * rate, 0.06 * 60 * rate)
        assert r.middle("periodic_discharges.share") > 0.7, f"{r.name}: {r.middle('periodic_discharges.share')}"
    for r in of("suppressed", "spindles", "burst_suppression", "discontinuous"):
        assert r.middle("periodic_discharges.share") < 0.25, f"{r.name} ({r.mechanism}): {r.middle('periodic_discharges.share')}"


@case("spindles: density and frequency at the best channel")
def _():
    for r in of("spindles"):
        minutes, spindles = DURATION_S / 60, sum(r.course("spindle"))  # of 1 s in the mean, sd 0.23 s
        density = spindles / minutes
        found = max(r.defined("spindles.density"))
        # One in ten may be missed or too many; the number by their total time, 3.5 sd.
        r.near("density", found, density, 0.1 * density + (1 + 3.5 * 0.23 * math.sqrt(spindles)) / minutes)
        best = r.values["spindles.density"].index(found)
        r.near("frequency", r.values["spindles.frequency"][best], float(r.truth["spindle_hz"]), 0.1 + 3.5 * 0.3 / math.sqrt(spindles))
    for r in of("suppressed"):
        assert r.middle("spindles.density") < 0.5, f"{r.name}: {r.middle('spindles.density')} spindles a minute in noise"


@case("seizures: the index of recordings with and without one")
def _():
    with_one = [r for r in of("seizure") if sum(r.course("seizure")) > 30]
    assert with_one, "no seizure was drawn"
    for r in with_one:
        share = sum(r.course("seizure")) / DURATION_S
        assert max(r.defined("seizure_index.index")) > 0.25, f"{r.name}: index {max(r.defined('seizure_index.index')):.3g}"
        r.near("share of seizures", max(r.defined("seizure_index.share")), share, 0.5 * share + 20 / DURATION_S)
    for r in of("suppressed", "spindles", "discontinuous"):
        assert max(r.defined("seizure_index.index")) < 0.2, f"{r.name} ({r.mechanism}): index {max(r.defined('seizure_index.index')):.3g}"


@case("patterns are told apart: ACNS classes and regularity")
def _():
    for mechanism, continuity in (("suppressed", 4), ("burst_suppression", 3), ("discontinuous", 2), ("spindles", 0)):
        for r in of(mechanism):
            for edition in ("continuity_2012", "continuity_2021"):
                found = r.middle(f"acns_background.{edition}")
                allowed = (0, 1) if edition == "continuity_2012" and continuity == 0 else (continuity,)  # one quiet second of 2012
                assert found in allowed, f"{r.name} ({mechanism}): {edition} {found}, expected {allowed}"
            voltage = r.middle("acns_background.voltage_class")
            assert voltage == (0 if mechanism == "suppressed" else 2), f"{r.name} ({mechanism}): voltage class {voltage}"
    assert min(r.middle("regularity.regularity") for r in of("spindles", "suppressed")) > \
        max(r.middle("regularity.regularity") for r in of("discontinuous")) > \
        max(r.middle("regularity.regularity") for r in of("burst_suppression"))


sys.exit(run_cases())

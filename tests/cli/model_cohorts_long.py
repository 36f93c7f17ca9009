#!/usr/bin/env python3
"""What models recover of generated cohorts: quantities planted in every patient, in two recordings each; nonlinear and
linear cohorts against their surrogates, told apart by model parameters and by band powers.

Alone: small cohorts. `make cohorts-page` runs the whole study and writes docs/model-cohorts.md (--doc). A model that the
program does not have is left out, and said so."""
import argparse
import csv
import math
import os
import sys

from harness import case, cases, eveil, expect, run_cases, write

try:
    import h5py
    import numpy as np
    from scipy import stats
    from told_apart import KINDS, auc, chance, scores
except ImportError:
    print("skip model_cohorts: no h5py, numpy or scipy")
    sys.exit(0)

SIMULATE = """cohort: {{ root = "{root}"; }};
simulate: {{ subjects = {subjects}; recordings = {recordings}; duration_s = {seconds}.0; sites = 1; fs_hz = (250.0); gain = (1.0);
  artefacts = []; truths = ["age"]; coefficients = (0.0); mechanism = ["{mechanism}"]; {keys} }};
run: {{ seed = {seed}; }};
"""
RUN = """cohort: {{ root = "{root}"; }};
output: {{ store = "{root}.h5"; }};
conditioning: {{ notch = "none"; artefacts = "none"; {conditioning} }};
analyses: ( {{ name = "main"; window_s = {window_s}; step_s = {window_s}; {entries} }} );
"""

# Planted in every patient, found in each of two recordings: model, mechanism, its keys, conditioning, window, parameters,
# rows (quantity, column of the store, truth). A channel's column ends with [*]: the median over channels.
MODES = "mode_hz = (4.0, 10.0, 20.0); mode_per_s = (6.0, 5.0, 12.0); mode_uv = (14.0, 12.0, 8.0);"
BANDS = "var: { bands: { low = (2.0, 7.0); middle = (7.0, 14.0); high = (14.0, 30.0); }; };"
MODE_ROWS = [(f"{what} of the mode at {hz} Hz", f"var.band_{column}_{band}", f"mode{k}_{truth}")
             for k, (band, hz) in enumerate((("low", 4), ("middle", 10), ("high", 20)), 1)
             for what, column, truth in (("frequency", "frequency", "hz"), ("damping", "damping", "per_s"))]
THREE = 'montage = ["Fz", "Cz", "Pz"]; reference = "none"; band_hz = ();'
RECOVERED = [
    dict(model="var", mechanism="var", keys=f'var: {{ {MODES} }};', conditioning='reference = "none"; band_hz = ();',
         said="as recorded", window_s=60.0, parameters=BANDS, rows=MODE_ROWS),
    dict(model="var", mechanism="var", keys=f'var: {{ {MODES} }};', conditioning="", said="average reference, 0.5 to 45 Hz",
         window_s=60.0, parameters=BANDS, rows=MODE_ROWS),
    dict(model="stuart_landau", mechanism="stuart_landau", said="three channels, as recorded", window_s=60.0, parameters="",
         keys="stuart_landau: { growth = (-15.0, 4.0); coupling = (0.0, 0.0); detuning_hz = 0.0; frequency_hz = (10.0, 1.0); };",
         conditioning=THREE, rows=[("frequency", "stuart_landau.frequency[*]", "frequency_hz"),
                                   ("growth rate", "stuart_landau.growth[*]", "growth")]),
    dict(model="robinson", mechanism="robinson", said="three channels, recordings of 600 s", window_s=60.0, seconds=600,
         parameters="robinson: { stored_draws = 10; };",
         keys="robinson: { cortical = (0.40, 0.04); corticothalamic = (0.50, 0.04); intrathalamic = (0.06, 0.01); "
              "delay_ms = (85.0, 6.0); };",
         conditioning=THREE, rows=[("X", "robinson.x[*]", "cortical"), ("Y", "robinson.y[*]", "corticothalamic"),
                                   ("Z", "robinson.z[*]", "intrathalamic"), ("t0", "robinson.t0[*]", "delay_ms"),
                                   ("distance to instability", "robinson.distance[*]", "damping")]),
]

# Originals against surrogates of the same linear spectrum: nonlinear mechanisms and, last, a linear one, where there is
# nothing to find. Columns of the model by their beginning; beside them mean band powers of the same windows.
JANSEN, STUART = 'jansen_rit: { input_hz = (130.0, 4.0); };', ''
POWERS = (' features = ["band_power"]; band_power: { bands: { delta = (1.0, 4.0); theta = (4.0, 8.0); alpha = (8.0, 13.0); '
          'beta = (13.0, 30.0); gamma = (30.0, 45.0); }; };')
APART = [
    dict(model=model, mechanism=mechanism, keys=keys, nonlinear=mechanism != "var", conditioning='reference = "none"; band_hz = ();',
         said=mechanism, window_s=window_s, parameters=parameters, features=POWERS, columns=columns)
    for model, window_s, parameters, columns in (
        ("var", 20.0, "", "var."),
        ("criticality", 1.0, 'criticality: { phases = "common"; };', "criticality."),
        ("switching_var", 20.0, "", "switching_var."),
        ("sindy", 20.0, "sindy: { degree = 3; };", "sindy."),
    )
    for mechanism, keys in (("stuart_landau", STUART), ("jansen_rit", JANSEN), ("var", f"var: {{ {MODES} }};"))
]


def has(model):
    return any(line.split()[:1] == [model] for line in eveil("list", "dynamics").out.splitlines())


def read_truth(root):
    with open(f"{root}/truth.tsv", newline="", encoding="utf-8") as file:
        return {row["participant_id"].removeprefix("sub-"): row for row in csv.DictReader(file, delimiter="\t")}


def text(values):
    return np.array([v.decode() if isinstance(v, bytes) else str(v) for v in values])


class Found:
    """Medians over the windows of every recording, or values of the recording, by column."""
    def __init__(self, path):
        with h5py.File(path, "r") as file:
            self.subject = text(file["recordings/subject"][()])
            group = file["analyses/main"]
            self.column = list(text(group["column_name"][()]))
            summary, statistic = group["summary"][()], list(text(group["summary_statistic"][()]))
            self.value, self.mean = summary[:, :, statistic.index("median")], summary[:, :, statistic.index("mean")]
            if "recording_values" in group:
                self.column += list(text(group["recording_column_name"][()]))
                self.value = np.concatenate([self.value, group["recording_values"][()]], axis=1)

    def of(self, name):
        """[recording], by name or, with [*], the median over channels."""
        if name.endswith("[*]"):
            at = [i for i, column in enumerate(self.column) if column.startswith(name[:-2])]
            assert at, f"no column {name}: {self.column}"
            return np.nanmedian(self.value[:, at], axis=1)
        return self.value[:, self.column.index(name)]


def made(study, subjects, recordings, seconds, seed, keys="", kind="plain"):
    """Root of a cohort that was simulated."""
    root = f"{study['mechanism']}{seed}_{kind}"
    if not os.path.isdir(root):
        path = write(f"{root}_simulate.cfg", SIMULATE.format(
            root=root, subjects=subjects, recordings=recordings, seconds=seconds, mechanism=study["mechanism"], seed=seed,
            keys=study["keys"] + keys))
        expect(eveil("simulate", path, seconds=3000), 0)
    return root


def ran(root, study, number):
    entries = f'dynamics = ["{study["model"]}"]; {study["parameters"]}' + study.get("features", "")
    path = write(f"{root}_{number}.cfg", RUN.format(root=root, conditioning=study["conditioning"],
                                                    window_s=study["window_s"], entries=entries))
    store = f"{root}.h5"
    if os.path.exists(store):
        os.remove(store)
    expect(eveil("run", path, "--quiet", seconds=3000), 0)
    return Found(store)


def reliability(x):
    """One-way intraclass correlation of [subject][recording], its 95 % interval (Shrout & Fleiss 1979), subjects used."""
    x = x[np.isfinite(x).all(axis=1)]
    n, k = x.shape
    between = k * x.mean(1).var(ddof=1)
    within = ((x - x.mean(1, keepdims=True)) ** 2).sum() / (n * (k - 1))
    f = between / within
    low = f / stats.f.ppf(0.975, n - 1, n * (k - 1))
    high = f * stats.f.ppf(0.975, n * (k - 1), n - 1)
    return (f - 1) / (f + k - 1), (low - 1) / (low + k - 1), (high - 1) / (high + k - 1), n


def recovered(study, number, subjects, seconds, seed):
    """[(quantity, ICC, low, high, correlation with the truth, bias in sd of the truth, subjects)]"""
    root = made(study, subjects, 2, study.get("seconds", seconds), seed)
    found, truth = ran(root, study, number), read_truth(root)
    names = sorted(truth)
    rows = []
    for what, column, planted in study["rows"]:
        value = found.of(column)
        x = np.array([[*value[found.subject == name]] for name in names])
        t = np.array([float(truth[name][planted]) for name in names])
        icc, low, high, n = reliability(x)
        mean = np.nanmean(x, axis=1)
        good = np.isfinite(mean)
        rows.append((what, icc, low, high, np.corrcoef(mean[good], t[good])[0, 1],
                     (mean[good] - t[good]).mean() / t.std(ddof=1), n))
    return rows


def show(study, row):
    print(f"# {study['model']}, {study['said']}: {row[0]}: ICC {row[1]:.3f} [{row[2]:.3f}, {row[3]:.3f}], r with the truth "
          f"{row[4]:.3f}, bias {row[5]:+.2f} sd, {row[6]} subjects", flush=True)


def features_of(found, study, names):
    """{kind of measure: [subject][column]}: medians of the model's columns, means of band powers."""
    order = [int(np.flatnonzero(found.subject == name)[0]) for name in names]
    model = [i for i, column in enumerate(found.column) if column.startswith(study["columns"])]
    power = [i for i, column in enumerate(found.column) if column.startswith("band_power.absolute")]
    assert model and power, found.column
    return {study["model"]: found.value[order][:, model], "band powers": np.log(found.mean[order][:, power])}


def told_apart(study, number, subjects, seconds, cohorts, first):
    """{kind of measure: (mean AUC, standard error over cohorts)}"""
    area = {}
    for seed in range(first, first + cohorts):
        both = {}
        for kind, keys in KINDS.items():
            root = made(study, subjects, 1, seconds, seed, keys + " surrogate_iterations = 30;", kind)
            for name, x in features_of(ran(root, study, number), study, sorted(read_truth(root))).items():
                both.setdefault(name, []).append(x)
        for name, x in both.items():
            x = np.array(x)
            good = np.isfinite(x).all(axis=(0, 1)) & (x.reshape(-1, x.shape[2]).std(axis=0) > 0)
            area.setdefault(name, []).append(auc(scores(x[:, :, good])) if good.any() else 0.5)
    return {name: (np.mean(a), np.std(a, ddof=1) / math.sqrt(cohorts)) for name, a in area.items()}


@case("modes_are_recovered_in_both_recordings")
def modes():
    for row in recovered(RECOVERED[0], 0, 12, 120, 1):
        show(RECOVERED[0], row)
        assert row[1] > 0.5 and row[4] > 0.5, row
    for row in recovered(RECOVERED[1], 1, 12, 120, 1):
        show(RECOVERED[1], row)


PAGE = """# What models recover of generated cohorts

Generated by `make cohorts-page` (tests/cli/model_cohorts_long.py).

## Planted in every patient, found in two recordings

{subjects} patients, two recordings of {seconds} s each (where nothing else is said) at 250 Hz; median over the windows of a recording. ICC: one-way
intraclass correlation of the two recordings with its 95 % interval, asked .75; r and bias: of the mean of both recordings
against the planted value, bias in sd of the planted values over patients. A reliable value need not be the planted one: the
average reference takes a mode's common part away, filters lengthen the memory of what they pass, and a growth rate fitted
to the spectrum holds what saturation adds to it. The corticothalamic field is simulated with all its gains, while the fit
has the X, Y, Z of the reduced equations, which stand for them only roughly: hence the bias there. It has recordings of ten minutes: after two, X and the distance are known
less well than these patients differ.

| model | recorded | quantity | ICC | 95 % interval | r | bias | patients | ICC of .75 |
|---|---|---|---|---|---|---|---|---|
{recovered}

## Originals against surrogates of the same spectrum

{cohorts} cohorts of {pairs} patients, {short} s each, originals and their multivariate IAAFT surrogates. AUC of a ridge
logistic classifier on one kind of measure, in folds that never split a pair: mean over cohorts with its 95 % interval; by
chance within .50 +- {bound:.3f} (3.3 standard errors). Nonlinear mechanisms can be told by a model whose parameters see more
than the linear spectrum; the linear one (var) cannot be told by any. Band powers: means over the windows, which are the
spectrum's.

| mechanism | measure | AUC | 95 % interval | told apart |
|---|---|---|---|---|
{apart}

{verdict}
"""


def document(path, subjects=24, seconds=120, pairs=12, short=40, cohorts=4):
    recovered_rows, apart_rows, missing, weak = [], [], set(), []
    for number, study in enumerate(RECOVERED):
        if not has(study["model"]):
            missing.add(study["model"])
            continue
        for row in recovered(study, number, subjects, seconds, 1001):
            show(study, row)
            enough = row[1] >= 0.75
            if not enough:
                weak.append(f"{row[0]} ({study['said']}) has an ICC of {row[1]:.2f}")
            recovered_rows.append(f"| {study['model']} | {study['said']} | {row[0]} | {row[1]:.3f} | {row[2]:.3f} to {row[3]:.3f} | "
                                  f"{row[4]:.3f} | {row[5]:+.2f} | {row[6]} | {'yes' if enough else 'no'} |")
    bound, said = 3.3 * chance(pairs, cohorts), set()
    for number, study in enumerate(APART):
        if not has(study["model"]):
            missing.add(study["model"])
            continue
        for name, (area, error) in told_apart(study, number, pairs, short, cohorts, 2001).items():
            if (study["mechanism"], name) in said:
                continue
            said.add((study["mechanism"], name))
            told = abs(area - 0.5) > bound
            apart_rows.append((study["mechanism"], f"| {study['mechanism']} | {name} | {area:.3f} | {area - 1.96 * error:.3f} to "
                               f"{area + 1.96 * error:.3f} | {'yes' if told else 'no'} |"))
            print("#", apart_rows[-1][1], flush=True)
            if told and (name == "band powers" or not study["nonlinear"]):
                weak.append(f"{name} tells {study['mechanism']} from its surrogates (AUC {area:.2f}), which it should not")
    verdict = "Not as asked: " + "; ".join(weak) + "." if weak else "All as asked."
    if missing:
        verdict += " Not in this program: " + ", ".join(sorted(missing)) + "."
    order = {name: i for i, name in enumerate(dict.fromkeys(m for m, _ in apart_rows))}
    with open(path, "w", encoding="utf-8") as file:
        file.write(PAGE.format(subjects=subjects, seconds=seconds, cohorts=cohorts, pairs=pairs, short=short, bound=bound,
                               recovered="\n".join(recovered_rows),
                               apart="\n".join(row for _, row in sorted(apart_rows, key=lambda r: order[r[0]])),
                               verdict=verdict))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--doc", help="write the page of the whole study there")
    options = parser.parse_args()
    if options.doc:
        PATH = os.path.abspath(options.doc)
        cases[:] = []
        case("model_cohorts_study")(lambda: document(PATH))
    sys.exit(run_cases())

"""The prognosis file for the report: out-of-fold probabilities, their curve and its band."""

import h5py
import numpy as np
import pandas as pd

import eveil


NEEDED = (
    "design/x",
    "design/y",
    "design/subject",
    "predictions",
    "learner_name",
    "metrics/value",
    "metrics/metric_name",
    "intervals/low",
    "intervals/high",
    "intervals/interval_name",
    "model/coefficients",
    "design/column_name",
)


class Prognosis:
    """One result. Of subjects: `y`, `probability` {learner: out of fold, mean over repeats and the subject's rows}.
    Of learners: `metric` {name: (text, [value])}, `interval` {name: [(low, high)]}, `coefficient` {learner: Series}.
    """

    def __init__(self, name, group):
        self.name = name
        self.permuted = "permuted" in str(eveil.attribute(group["design/y"], "text", ""))
        rows = pd.DataFrame({"subject": eveil.texts(group["design/subject"]), "y": group["design/y"][()]})
        prediction = group["predictions"][()]  # learner, repeat, row
        self.learners = list(eveil.texts(group["learner_name"]))
        self.n_repeats = prediction.shape[1]
        self.y = rows.groupby("subject", sort=False)["y"].first().to_numpy(float)
        self.probability = {}
        for learner, some in zip(self.learners, prediction):
            count = np.isfinite(some).sum(axis=0)
            mean = np.where(count > 0, np.nansum(some, axis=0) / np.maximum(count, 1), np.nan)
            self.probability[learner] = rows.assign(p=mean).groupby("subject", sort=False)["p"].mean().to_numpy()
        names = eveil.texts(group["metrics/metric_name"])
        words = eveil.texts(group["metrics/metric_text"]) if "metrics/metric_text" in group else names
        self.metric = {n: (t, v) for n, t, v in zip(names, words, group["metrics/value"][()].T)}
        names = eveil.texts(group["intervals/interval_name"])
        self.interval = {
            n: list(zip(low, high))
            for n, low, high in zip(names, group["intervals/low"][()].T, group["intervals/high"][()].T)
        }
        columns = eveil.texts(group["design/column_name"])
        self.n_columns = len(columns)
        self.coefficient = {
            k: pd.Series(c, index=columns) for k, c in zip(self.learners, group["model/coefficients"][()])
        }
        self.left_out = {}
        if "design/left_out" in group:
            self.left_out = dict(zip(eveil.texts(group["design/left_out_reason"]), group["design/left_out"][()]))


def load(path):
    """[Prognosis], one a group of the file."""
    with eveil.open_hdf5(path, "an Éveil prognosis") as file:
        groups = [(n, g) for n, g in file.items() if isinstance(g, h5py.Group)]
        if not groups or "recordings" in file:
            raise eveil.StoreError(
                f"{path}: expected an Éveil prognosis, found"
                f" {'a store' if 'recordings' in file else 'an HDF5 file without results'}"
            )
        for name, group in groups:
            missing = [n for n in NEEDED if n not in group]
            if missing:
                raise eveil.StoreError(
                    f"{path}: expected an Éveil prognosis, found a group /{name} without {missing[0]}"
                )
        return [Prognosis(name, group) for name, group in groups]


def auc(score, y):
    """Area under the ROC curve of the cases with a score and y 0 or 1; ties count a half; NaN without both classes."""
    keep = np.isfinite(score) & (y >= 0)
    score, y = np.asarray(score)[keep], np.asarray(y)[keep]
    n1, n0 = int((y == 1).sum()), int((y == 0).sum())
    if not n1 or not n0:
        return float("nan")
    rank = pd.Series(score).rank().to_numpy()
    return (rank[y == 1].sum() - n1 * (n1 + 1) / 2) / (n1 * n0)


def curve(score, y, rates):
    """Sensitivity at given false positive rates: the empirical curve, straight between its corners."""
    order = np.argsort(-score, kind="stable")
    score, y = score[order], y[order]
    last = np.append(np.diff(score) != 0, True)
    hit = np.concatenate([[0], np.cumsum(y == 1)[last]]) / max((y == 1).sum(), 1)
    miss = np.concatenate([[0], np.cumsum(y == 0)[last]]) / max((y == 0).sum(), 1)
    return np.interp(rates, miss, hit)


def curve_with_band(score, y, rates, draws=2000, level=0.95, seed=1):
    """The curve and a pointwise band from a bootstrap over subjects, each outcome's subjects drawn among themselves."""
    random = np.random.default_rng(seed)
    good, poor = np.flatnonzero(y == 0), np.flatnonzero(y == 1)
    some = np.empty((draws, len(rates)))
    for i in range(draws):
        pick = np.concatenate([random.choice(good, len(good)), random.choice(poor, len(poor))])
        some[i] = curve(score[pick], y[pick], rates)
    low, high = np.quantile(some, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return curve(score, y, rates), low, high


def wilson(k, n, z=1.959963984540054):
    """Interval of a share (Wilson 1927)."""
    centre, half = (k + z * z / 2) / (n + z * z), z * np.sqrt(k * (n - k) / n + z * z / 4) / (n + z * z)
    return max(0.0, centre - half), min(1.0, centre + half)


def calibration_bins(probability, y):
    """[(mean probability, observed share, low, high, n)]: at most 10 groups of equal size, 8 subjects or more."""
    order = np.argsort(probability, kind="stable")
    groups = [g for g in np.array_split(order, max(1, min(10, len(order) // 8))) if len(g)]
    return [(probability[g].mean(), y[g].mean(), *wilson(y[g].sum(), len(g)), len(g)) for g in groups]

"""What the report shows, taken from a store: one row a subject, so that every n counts subjects."""

import re

import numpy as np
import pandas as pd

# Shown first where they exist: (pattern of "feature.output", name for readers).
MAIN_FEATURES = [
    (r"burst_suppression\.ratio", "Suppression ratio"),
    (r"band_power\.relative_delta", "Relative delta power"),
    (r"band_power\.relative_theta", "Relative theta power"),
    (r"band_power\.relative_alpha", "Relative alpha power"),
    (r"band_power\.relative_beta", "Relative beta power"),
    (r"spectral_edge\.edge_share0\.95", "Spectral edge 95 %"),
    (r"spectrum\.alpha_peak", "Alpha peak frequency"),
    (r"spectral_entropy\.entropy", "Spectral entropy"),
    (r"permutation_entropy\..*", "Permutation entropy"),
    (r"hjorth\.mobility", "Hjorth mobility"),
    (r"hjorth\.complexity", "Hjorth complexity"),
    (r"var\.lambda_max", "Largest mode radius |λ|"),
    (r"var\.error_ratio", "VAR error over persistence"),
]
MAP_FEATURES = [
    r"band_power\.relative_alpha",
    r"burst_suppression\.ratio",
    r"band_power\.relative_delta",
    r"spectral_edge\..*",
]


class Outcome:
    """Two groups of subjects: `label` of the negative and the positive one, `of` a dictionary subject -> 0 or 1."""

    def __init__(self, column, label, of):
        self.column, self.label, self.of = column, label, of
        self.n = [sum(v == g for v in of.values()) for g in (0, 1)]

    def groups(self, subjects):
        """-1 where a subject has no outcome."""
        return np.array([self.of.get(s, -1) for s in subjects], int)


def _configured(config, key):
    """A string or list of strings of the configuration text, without its comments; [] where absent."""
    text = re.sub(r"(#|//).*", "", config)
    found = re.search(rf"\b{key}\s*=\s*(\"[^\"]*\"|\[[^\]]*\]|\([^)]*\))", text)
    return re.findall(r"\"([^\"]*)\"", found.group(1)) if found else []


def find_outcome(store, wanted=None):
    """(Outcome, "") or (None, why there is none). The column and the positive value are those of the configuration."""
    people = store.participants
    column = wanted or (_configured(store.config, "outcome") or ["outcome"])[0]
    if column not in people or "subject" not in people:
        return None, f'The participants\' table has no column "{column}", so nothing is split by outcome.'
    cells = [np.nan if pd.isna(v) or str(v).strip() in ("", "n/a", "NA") else v for v in people[column]]
    values = sorted({str(v).removesuffix(".0") for v in cells if not pd.isna(v)})
    positive = set(_configured(store.config, "positive")) & set(values)
    if not positive and len(values) == 2:
        positive = {"poor"} & set(values) or {values[-1]}
    if not positive or len(values) - len(positive) < 1:
        return (
            None,
            (
                f'Column "{column}" holds {len(values)} value(s) and no positive one is configured, so nothing is'
                " split by outcome."
            ),
        )
    label = [" or ".join(v for v in values if v not in positive), " or ".join(sorted(positive))]
    of = {s: int(str(v).removesuffix(".0") in positive) for s, v in zip(people["subject"], cells) if not pd.isna(v)}
    return Outcome(column, label, of), ""


def subject_means(store, values):
    """values[recording, ...] averaged over each subject's recordings: (subjects, array). NaN cells do not count."""
    subject = store.recordings["subject"].to_numpy()
    used = store.recordings["ok"].to_numpy()
    names = list(dict.fromkeys(subject[used]))
    rows = []
    for name in names:
        some = values[(subject == name) & used]
        count = np.isfinite(some).sum(axis=0)
        rows.append(np.where(count > 0, np.nansum(some, axis=0) / np.maximum(count, 1), np.nan))
    return names, np.array(rows).reshape((len(names),) + values.shape[1:])


def channel_features(store):
    """{(analysis, "feature.output"): [(column name, channel, unit, text)]}, in the order of the store."""
    found = {}
    for analysis in store.analyses:
        for of_recording in (False, True):
            table = store.columns(analysis, of_recording)
            if "name" not in table:
                continue
            for _, c in table.iterrows():
                if not c.get("channel_b"):
                    key = (analysis, f"{c['feature']}.{c['output']}")
                    found.setdefault(key, []).append((c["name"], c["channel"], c.get("unit", ""), c.get("text", "")))
    return found


def main_features(store, most=8):
    """[(title, unit, subjects, value of each subject: mean over channels of the recording's median)]."""
    found, chosen = channel_features(store), []
    for pattern, title in MAIN_FEATURES:
        for key in found:
            if re.fullmatch(pattern, key[1]) and title not in [c[0] for c in chosen]:
                chosen.append((title, key))
    if not chosen:
        chosen = [(key[1], key) for key in found]
    out = []
    for title, key in chosen:
        table = store.table(key[0])
        names = [c[0] for c in found[key]]
        values = table[names].to_numpy(float)
        count = np.isfinite(values).sum(axis=1)
        mean = np.where(count > 0, np.nansum(values, axis=1) / np.maximum(count, 1), np.nan)
        subjects, value = subject_means(store, mean)
        if np.isfinite(value).sum() > 1 and np.nanstd(value) > 0:
            out.append((title, found[key][0][2], subjects, value))
    return out[:most]


def map_feature(store, wanted=None):
    """(title, unit, analysis, channels, subjects, value[subject, channel]) of the feature on the scalp, or None."""
    found = {k: [c for c in v if c[1]] for k, v in channel_features(store).items()}
    patterns = [re.escape(wanted)] if wanted else MAP_FEATURES
    for pattern in patterns:
        for key, columns in found.items():
            if len(columns) >= 8 and re.fullmatch(pattern, key[1]):
                values = store.table(key[0])[[c[0] for c in columns]].to_numpy(float)
                subjects, value = subject_means(store, values)
                title = next((t for p, t in MAIN_FEATURES if re.fullmatch(p, key[1])), key[1])
                return title, columns[0][2], key[0], [c[1] for c in columns], subjects, value
    return None


def find_tensor(store, model, name):
    """(analysis, DataArray) of the first analysis that holds it, or (None, None)."""
    for analysis in store.analyses:
        if (model, name) in store.tensors(analysis):
            return analysis, store.tensor(analysis, model, name)
    return None, None


def window_hz(modes, frequency, damping):
    """Sampling rate of a window: where one of its modes has the stored frequency (Hz) and damping (1/s), else NaN."""
    if np.isfinite(frequency) and np.isfinite(damping) and frequency > 0:
        for mode in modes[modes.imag > 0]:
            hz = 2 * np.pi * frequency / np.angle(mode)
            if abs(abs(hz * np.log(abs(mode))) - abs(damping)) < 1e-6 * max(abs(damping), 1e-6):
                return float(hz)
    return float("nan")


def var_modes(store, most=120):
    """Eigenvalues of the VAR's companion matrix, one middle window of each recording (at most `most` recordings, evenly
    spread): (analysis, subjects, [eigenvalues of the upper half plane], fs_hz), or None. fs_hz is NaN where unknown.
    """
    found = [(a, name) for name in ("coefficients_unbiased", "coefficients") for a in store.analyses  # modes are the former's
             if ("var", name) in store.tensors(a)]
    if not found:
        return None
    analysis, name = found[0]
    group = store.group(analysis)
    dataset, recording = group[f"models/var/{name}"], group["window_recording"][()]
    subject = store.recordings["subject"].to_numpy()
    with_windows = np.unique(recording)
    chosen = (
        with_windows[np.unique(np.linspace(0, len(with_windows) - 1, min(most, len(with_windows))).astype(int))]
        if len(with_windows)
        else []
    )
    names = list(store.columns(analysis)["name"])
    known = [names.index(n) for n in ("var.frequency_mode1", "var.damping_mode1") if n in names and "values" in group]
    subjects, modes, fs_hz = [], [], float("nan")
    for r in chosen:
        rows = np.flatnonzero(recording == r)
        for row in rows[np.argsort(abs(np.arange(len(rows)) - len(rows) // 2))][:5]:
            values = _companion_eigenvalues(dataset[int(row)])
            if values is not None:
                subjects.append(subject[r])
                modes.append(values)
                if len(known) == 2 and not np.isfinite(fs_hz):
                    fs_hz = window_hz(values, *(group["values"][int(row), k] for k in known))
                break
    return (analysis, subjects, modes, fs_hz) if modes else None


def _companion_eigenvalues(coefficients):
    """coefficients[lag, to, from]; channels that are NaN throughout are left out, zero lags at the end too."""
    used = np.isfinite(coefficients).any(axis=(0, 1)) & np.isfinite(coefficients).any(axis=(0, 2))
    a = coefficients[:, used][:, :, used]
    if a.size == 0 or not np.isfinite(a).all() or not a.any():
        return None
    a = a[: np.flatnonzero(a.any(axis=(1, 2)))[-1] + 1]
    p, k = a.shape[:2]
    companion = np.eye(p * k, k=-k)
    companion[:k] = np.concatenate(list(a), axis=1)
    values = np.linalg.eigvals(companion)
    return values[values.imag >= 0]

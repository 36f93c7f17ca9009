"""Reading an Éveil store from Python.

    store = eveil.open("out/store.h5")
    store.recordings                                   # pandas, one row a recording
    store.table("spectral")                            # pandas, one row a recording, one column a feature
    store.windows("spectral")                          # xarray, window x column, masked by why
    store.value("spectral", "band_power.relative_alpha[O1]", subject="sub-0001")
    store.tensor("spectral", "spectrum", "power")      # xarray with its dimension scales
    store.equations("dynamics", row=0)                 # what sindy found in a window: "x0(t+1) = 0.98 x0 + 0.2 x1", ...

Needs h5py, numpy, pandas; xarray for windows, summary and tensor. The file is opened read-only.
A cell whose `why` is not 0 is NaN here, whatever the file holds there.
"""

import os

import h5py
import numpy as np
import pandas as pd

WHY = {
    0: "value",
    1: "channel absent",
    2: "undefined here (flat, constant, too short)",
    3: "not converged",
    4: "not computed yet",
    5: "recording failed",
    6: "artefact or gap",
    7: "not chosen",
}


class StoreError(Exception):
    """The file is not what it should be; the message says what was expected and what was found."""


def open(path):  # noqa: A001 - eveil.open reads well
    return Store(path)


def open_hdf5(path, what):
    """An HDF5 file, or a StoreError that says why not."""
    if not os.path.exists(path):
        raise StoreError(f"{path}: expected {what}, found no such file")
    if os.path.isdir(path):
        raise StoreError(f"{path}: expected {what}, found a folder")
    try:
        return h5py.File(path, "r")
    except OSError as error:
        raise StoreError(f"{path}: expected {what}, found a file that HDF5 cannot read ({error})") from None


def texts(dataset):
    """Strings of a dataset as a numpy array of str."""
    return np.asarray(dataset.asstr("utf-8", "replace")[()], dtype=object)


def column_of(dataset):
    return texts(dataset) if h5py.check_string_dtype(dataset.dtype) else dataset[()]


def is_scale(dataset):
    return bool(h5py.h5ds.is_scale(dataset.id))


def attribute(thing, name, default=None):
    value = thing.attrs.get(name, default)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, np.ndarray) and value.size == 1:
        return value.reshape(-1)[0]
    return value


def equation(name, terms, weights, digits=4, discrete=False):
    """name' = the sum of terms with weights that are not 0."""
    line = ""
    for term, weight in zip(terms, weights):
        if weight == 0:
            continue
        number = f"{abs(weight):.{digits}g}"
        sign = ("-" if weight < 0 else "") if not line else (" - " if weight < 0 else " + ")
        factors = [number] if term == "1" else [str(term)] if number == "1" else [number, str(term)]
        line += sign + " ".join(factors)
    return f"{name}{'(t+1)' if discrete else chr(39)} = {line or 0}"


class Store:
    def __init__(self, path):
        self.path = path
        self.file = open_hdf5(path, "an Éveil store")
        missing = [g for g in ("recordings", "analyses") if g not in self.file]
        if "eveil_version" not in self.file.attrs or missing:
            what = f"no group /{missing[0]}" if "eveil_version" in self.file.attrs else "no attribute eveil_version"
            self.file.close()
            raise StoreError(f"{path}: expected an Éveil store, found an HDF5 file with {what}")
        self.attrs = {name: attribute(self.file, name) for name in self.file.attrs}
        self.analyses = sorted(self.file["analyses"])
        self.config = str(texts(self.file["config"])) if "config" in self.file else ""
        self._recordings = self._participants = None

    def close(self):
        self.file.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # ---- tables -----------------------------------------------------------------------------

    def _frame(self, group):
        columns = {}
        for part in (group, f"{group}/columns"):
            for name, dataset in self.file[part].items() if part in self.file else ():
                if (
                    isinstance(dataset, h5py.Dataset)
                    and dataset.ndim == 1
                    and name not in columns
                    and not (is_scale(dataset) and dataset.dtype.kind in "iu")
                ):
                    columns[name] = column_of(dataset)
        return pd.DataFrame(columns)

    @property
    def recordings(self):
        """One row a recording; `ok` is true where its tasks ended well, `status_text` says how they ended."""
        if self._recordings is None:
            table = self._frame("recordings")
            if "status" in table:
                meanings = self._meanings("recordings/status")
                table["status_text"] = [meanings.get(int(s), str(s)) for s in table["status"]]
            table["ok"] = table["status"] == 0 if "status" in table else True
            self._recordings = table
        return self._recordings

    @property
    def annotations(self):
        """One row an annotation that was kept: recording (its row in `recordings`), onset_s, duration_s, name."""
        table = self._frame("recordings/annotations")
        return table.rename(columns=lambda name: name.removeprefix("annotation_"))

    @property
    def channels(self):
        """Names of channels and their places on the unit sphere: x to the right ear, y to the nose, z up."""
        xyz = self.file["channels/channel_xyz"][()] if "channels/channel_xyz" in self.file else np.zeros((0, 3))
        name = texts(self.file["channels/channel_name"]) if len(xyz) else []
        return pd.DataFrame(xyz, columns=["x", "y", "z"], index=name)

    @property
    def participants(self):
        """One row a subject, every column of participants.tsv."""
        if self._participants is None:
            self._participants = self._frame("participants") if "participants" in self.file else pd.DataFrame()
        return self._participants

    def _meanings(self, path):
        dataset = self.file[path]
        values = np.atleast_1d(dataset.attrs.get("flag_values", []))
        words = dataset.attrs.get("flag_meanings", "")
        if isinstance(words, bytes):
            words = words.decode()
        words = (
            words.split() if isinstance(words, str) else [w.decode() if isinstance(w, bytes) else w for w in words]
        )
        return {int(v): w.replace("_", " ") for v, w in zip(values, words)}

    # ---- an analysis --------------------------------------------------------------------------

    def group(self, analysis):
        if analysis not in self.analyses:
            raise StoreError(
                f"{self.path}: no analysis \"{analysis}\"; there is {', '.join(self.analyses) or 'none'}"
            )
        return self.file["analyses"][analysis]

    def columns(self, analysis, of_recording=False):
        """The columns' name, feature, output, channel, unit, text, ...: one row a column."""
        group, prefix = self.group(analysis), "recording_column_" if of_recording else "column_"
        return pd.DataFrame(
            {
                name[len(prefix) :]: column_of(group[name])
                for name in group
                if name.startswith(prefix) and group[name].ndim == 1
            }
        )

    def windows(self, analysis):
        """Values, window x column, NaN where `why` is not 0, with the window's subject, recording, start and whether
        it counts (the rule is the attribute `epochs` of the analysis)."""
        import xarray

        group = self.group(analysis)
        if "values" not in group:
            raise StoreError(f'{self.path}: analysis "{analysis}" keeps no window rows (store = "summary")')
        recording = group["window_recording"][()]
        subject = self.recordings["subject"].to_numpy()
        return xarray.DataArray(
            np.where(group["why"][()] == 0, group["values"][()], np.nan),
            dims=("window", "column"),
            name=analysis,
            coords={
                "column": self.columns(analysis)["name"].to_numpy(),
                "recording": ("window", recording),
                "subject": ("window", subject[recording]),
                "start_s": ("window", group["window_start_s"][()]),
                **({"chosen": ("window", group["window_chosen"][()] == 1)} if "window_chosen" in group else {}),
            },
        )

    def summary(self, analysis):
        """Statistics of each recording over its windows: recording x column x statistic."""
        import xarray

        group = self.group(analysis)
        why = group["summary_why"][()]
        return xarray.DataArray(
            np.where((why == 0)[:, :, None], group["summary"][()], np.nan),
            dims=("recording", "column", "statistic"),
            coords={
                "column": self.columns(analysis)["name"].to_numpy(),
                "statistic": texts(group["summary_statistic"]),
                "subject": ("recording", self.recordings["subject"].to_numpy()),
            },
            name=analysis,
        )

    def table(self, analysis, statistic="median"):
        """One row a recording (subject, session, start_h, ok) and one column a feature: a statistic over its windows,
        then the columns of the recording stage."""
        group = self.group(analysis)
        names = list(texts(group["summary_statistic"]))
        if statistic not in names:
            raise StoreError(f"{self.path}: no statistic \"{statistic}\"; there is {', '.join(names)}")
        values = np.where(group["summary_why"][()] == 0, group["summary"][:, :, names.index(statistic)], np.nan)
        frame = pd.DataFrame(values, columns=self.columns(analysis)["name"])
        if "recording_values" in group:
            of_recording = np.where(group["recording_why"][()] == 0, group["recording_values"][()], np.nan)
            names = self.columns(analysis, of_recording=True)["name"]
            frame = pd.concat([frame, pd.DataFrame(of_recording, columns=names)], axis=1)
        keys = [k for k in ("subject", "session", "start_h", "ok") if k in self.recordings]
        return pd.concat([self.recordings[keys].reset_index(drop=True), frame], axis=1)

    def value(self, analysis, column, statistic="median", subject=None, session=None, recording=None):
        """One number by its names: a column's statistic for one recording."""
        table = self.table(analysis, statistic)
        if column not in table:
            raise StoreError(f'{self.path}: analysis "{analysis}" has no column "{column}"')
        rows = np.ones(len(table), bool)
        if recording is not None:
            rows &= np.arange(len(table)) == recording
        if subject is not None:
            rows &= (table["subject"] == subject).to_numpy()
        if session is not None:
            rows &= (table["session"] == session).to_numpy()
        if rows.sum() != 1:
            raise StoreError(f"{self.path}: expected one recording, these names fit {rows.sum()}")
        return float(table.loc[rows, column].iloc[0])

    def tensors(self, analysis):
        """(model, tensor) pairs."""
        group = self.group(analysis)
        return [
            (m, t)
            for part in ("models", "recording_models")
            for m in group.get(part, ())
            for t in group[part][m]
            if not is_scale(group[part][m][t])
        ]

    def tensor(self, analysis, model, name):
        """A model's tensor with its dimension scales as coordinates; the first dimension is window or recording."""
        import xarray

        group = self.group(analysis)
        for part in ("models", "recording_models"):
            if f"{part}/{model}/{name}" in group:
                dataset = group[f"{part}/{model}/{name}"]
                scales = [d[0] if len(d) else None for d in dataset.dims]
                dims = [s.name.split("/")[-1] if s is not None else f"dim_{i}" for i, s in enumerate(scales)]
                coords = {d: column_of(s) for d, s in zip(dims[1:], scales[1:]) if s is not None}
                return xarray.DataArray(
                    dataset[()], dims=dims, coords=coords, name=name, attrs={"units": attribute(dataset, "units", "")}
                )
        raise StoreError(f'{self.path}: analysis "{analysis}" has no tensor {model}/{name}')

    def equations(self, analysis, row, model="sindy", digits=4, discrete=None):
        """What a model of terms found in a window (a recording, where it has no others), a line an equation, as people
        write them: "x0' = -9.98 x0 + 9.98 x1"; discrete: of the next sample, "x0(t+1) = ..." (None: as the unit of the
        coefficients says). An empty list: no fit there."""
        weights = self.tensor(analysis, model, "coefficients")
        if discrete is None:
            discrete = weights.attrs.get("units") == "1"
        weights = weights[row].transpose("coordinate", "term")
        return [
            equation(str(name), weights["term"].values, line, digits, discrete)
            for name, line in zip(weights["coordinate"].values, weights.values)
            if not np.isnan(line).any()
        ]

    def why_counts(self, analysis):
        """How many window cells carry each reason: Series by its text."""
        group = self.group(analysis)
        counts = np.zeros(256, np.int64)
        if "why" in group:
            why = group["why"]
            for row in range(0, why.shape[0], 4096):
                counts += np.bincount(why[row : row + 4096].reshape(-1), minlength=256)
        return pd.Series({WHY.get(code, f"code {code}"): int(n) for code, n in enumerate(counts) if n or code == 0})

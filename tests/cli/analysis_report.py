#!/usr/bin/python3
"""The Python reader and the report, on a store made here (design, section 6) whose numbers are known."""

import base64
import contextlib
import io
import os
import re
import shutil
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "analysis", "python"))
try:
    import h5py
    import matplotlib
    import numpy as np
    import pandas  # noqa: F401
except ImportError as error:
    print(f"skip analysis_report: {error.name} is not installed for {sys.executable}")
    sys.exit(0)
import eveil
import report as report_program

CHANNELS = [
    "Fp1",
    "Fp2",
    "F7",
    "F3",
    "Fz",
    "F4",
    "F8",
    "T7",
    "C3",
    "Cz",
    "C4",
    "T8",
    "P7",
    "P3",
    "Pz",
    "P4",
    "P8",
    "O1",
    "O2",
]
PLACES = [
    (92, 108),
    (92, 72),
    (92, 144),
    (60, 129),
    (46, 90),
    (60, 51),
    (92, 36),
    (92, 180),
    (46, 180),
    (0, 0),
    (46, 0),
    (92, 0),
    (92, 216),
    (60, 231),
    (46, 270),
    (60, 309),
    (92, 324),
    (92, 252),
    (92, 288),
]
POSTERIOR = [float(c in ("O1", "O2")) + 0.6 * float(c in ("P3", "Pz", "P4", "P7", "P8")) for c in CHANNELS]
STATISTICS = ["mean", "sd", "median"]


# ---- the store ---------------------------------------------------------------------------------


def put(file, path, data, scales=(), **attributes):
    """A dataset with its dimension scales attached; strings of variable length."""
    text = isinstance(data, str) or (np.ndim(data) and len(data) and isinstance(data[0], str))
    dataset = file.create_dataset(path, data=data, dtype=h5py.string_dtype() if text else None)
    for i, scale in enumerate(scales):
        dataset.dims[i].attach_scale(file[scale])
    dataset.attrs.update(attributes)


def put_scale(file, path, data):
    put(file, path, data)
    file[path].make_scale(path.split("/")[-1])


def put_columns(file, group, prefix, columns):
    scale = f"{group}/{prefix}" if prefix == "column" else f"{group}/recording_column"
    put_scale(file, scale, np.arange(len(columns)))
    for i, part in enumerate(("name", "feature", "output", "channel", "unit", "text")):
        put(file, f"{group}/{prefix}_{part}", [c[i] for c in columns], [scale])


def column(feature, output, channel="", unit="1", text="As said."):
    return (f"{feature}.{output}" + (f"[{channel}]" if channel else ""), feature, output, channel, unit, text)


class Cohort:
    """Subjects with a latent severity; the last recording failed."""

    def __init__(self, n, seed=1, repeats=1):
        self.random = np.random.default_rng(seed)
        self.n, self.subject = n, [f"sub-{i + 1:04d}" for i in range(n)]
        self.severity = self.random.normal(size=n)
        self.poor = (self.random.uniform(size=n) < 1 / (1 + np.exp(-2 * self.severity))).astype(int)
        self.recording = np.repeat(np.arange(n), repeats)
        self.status = np.zeros(len(self.recording), np.uint8)
        self.status[-1] = 3


def put_recordings(file, c):
    r = len(c.recording)
    put_scale(file, "/recordings/recording", np.arange(r))
    at = ["/recordings/recording"]
    put(file, "/recordings/id", [f"{c.subject[s]}_{i}" for i, s in enumerate(c.recording)], at)
    put(file, "/recordings/subject", [c.subject[s] for s in c.recording], at)
    put(file, "/recordings/session", [f"ses-{i + 1:02d}" for i in range(r)], at)
    put(file, "/recordings/file", [f"/secret/Jane_Doe/{i}.edf" for i in range(r)], at)
    put(file, "/recordings/duration_s", c.random.uniform(160, 200, r), at, units="s")
    put(file, "/recordings/start_h", c.random.uniform(72, 120, r), at, units="h")
    put(file, "/recordings/fs_hz", np.full(r, 250.0), at, units="Hz")
    put(
        file,
        "/recordings/status",
        c.status,
        at,
        flag_values=np.arange(4, dtype=np.uint8),
        flag_meanings="OK USAGE IO FORMAT",
    )
    put(
        file,
        "/recordings/message",
        [f"/secret/Jane_Doe/{r - 1}.edf: header <damaged>" if s else "" for s in c.status],
        at,
    )
    put_scale(file, "/participants/participant", np.arange(c.n))
    at = ["/participants/participant"]
    put(file, "/participants/subject", c.subject, at)
    put(file, "/participants/columns/outcome", ["poor" if p else "good" for p in c.poor], at)
    put(file, "/participants/columns/hospital", ["ABC"[i % 2] for i in range(c.n)], at)
    put(file, "/participants/columns/age", c.random.normal(60, 12, c.n).round(1), at)
    put(file, "/participants/columns/sex", ["FM"[i % 2] for i in range(c.n)], at)
    put_scale(file, "/channels/channel", np.arange(len(CHANNELS)))
    put(file, "/channels/channel_name", CHANNELS, ["/channels/channel"])
    polar, azimuth = np.deg2rad(np.array(PLACES, float)).T
    xyz = np.column_stack([np.sin(polar) * np.cos(azimuth), np.sin(polar) * np.sin(azimuth), np.cos(polar)])
    put(file, "/channels/channel_xyz", xyz)


def put_analysis(file, name, c, columns, values, window_s, bad_share=0.0):
    """values[recording][column]: windows scatter around them; the failed recording has none."""
    g, r, k = f"/analyses/{name}", len(c.recording), len(columns)
    per = [0 if c.status[i] else 20 for i in range(r)]
    recording = np.repeat(np.arange(r), per).astype(np.int32)
    w = len(recording)
    rows = values[recording] * (1 + 0.05 * c.random.normal(size=(w, k)))
    why = np.where(c.random.uniform(size=(w, k)) < bad_share, 6, 0).astype(np.uint8)
    put(file, f"{g}/window_s", np.array(window_s), units="s")
    put_scale(file, f"{g}/window", np.arange(w))
    put_scale(file, f"{g}/recording", np.arange(r))
    put_scale(file, f"{g}/statistic", np.arange(len(STATISTICS)))
    put_columns(file, g, "column", columns)
    put(file, f"{g}/window_recording", recording, [f"{g}/window"])
    put(file, f"{g}/window_start_s", np.concatenate([np.arange(n) * window_s for n in per]), [f"{g}/window"], units="s")
    put(file, f"{g}/window_clean", c.random.beta(20, 1.5, w).astype(np.float32), [f"{g}/window"])
    put(file, f"{g}/values", np.where(why == 0, rows, np.nan), [f"{g}/window", f"{g}/column"])
    put(file, f"{g}/why", why, [f"{g}/window", f"{g}/column"])
    summary = np.full((r, k, len(STATISTICS)), -9.0)  # what stands under why != 0 must never be seen
    for i in range(r):
        if per[i]:
            some = np.where(why == 0, rows, np.nan)[recording == i]
            summary[i] = np.stack([np.nanmean(some, 0), np.nanstd(some, 0), np.nanmedian(some, 0)], axis=1)
    put(file, f"{g}/summary_statistic", STATISTICS, [f"{g}/statistic"])
    put(file, f"{g}/summary", summary, [f"{g}/recording", f"{g}/column", f"{g}/statistic"])
    put(
        file,
        f"{g}/summary_why",
        np.repeat((c.status > 0)[:, None] * np.uint8(5), k, 1),
        [f"{g}/recording", f"{g}/column"],
    )


def put_spectrum(file, c):
    hz, g = np.arange(0, 45.5, 0.5), "/analyses/spectral/recording_models/spectrum"
    power = np.zeros((len(c.recording), len(CHANNELS), len(hz)))
    for i, s in enumerate(c.recording):
        slope = 1.3 + 0.25 * c.severity[s] + 0.1 * c.random.normal()
        alpha = 12 * np.exp(-0.6 * c.severity[s] + 0.3 * c.random.normal())
        peak = np.exp(-((hz - 9.5 - c.random.normal()) ** 2) / 2)
        power[i] = 60 * np.maximum(hz, 0.5) ** -slope + alpha * np.outer(POSTERIOR, peak)
    power[c.status > 0] = np.nan
    put_scale(file, f"{g}/channel", CHANNELS)
    put_scale(file, f"{g}/frequency", hz)
    put(file, f"{g}/power", power, ["/analyses/spectral/recording", f"{g}/channel", f"{g}/frequency"], units="uV^2/Hz")


def put_var(file, c):
    """VAR(2) whose modes are damped rotations, more damped in the severe."""
    g, k = "/analyses/dynamics/models/var", len(CHANNELS)
    recording = file["/analyses/dynamics/window_recording"][()]
    tensor = np.zeros((len(recording), 3, k, k))
    for w, i in enumerate(recording):
        mixing, _ = np.linalg.qr(c.random.normal(size=(k, k)))
        radius = 0.97 - 0.03 / (1 + np.exp(-c.severity[c.recording[i]])) - 0.1 * c.random.uniform(size=k)
        angle = 2 * np.pi * c.random.gamma(2, 5, k) / 250
        tensor[w, 0] = mixing * (2 * radius * np.cos(angle)) @ mixing.T
        tensor[w, 1] = mixing * -(radius**2) @ mixing.T
    put_scale(file, f"{g}/lag", np.arange(1, 4))
    put_scale(file, f"{g}/channel", CHANNELS)
    put_scale(file, f"{g}/channel_b", CHANNELS)
    put(file, f"{g}/coefficients", tensor, ["/analyses/dynamics/window", f"{g}/lag", f"{g}/channel", f"{g}/channel_b"])


def make_store(path, n=40, seed=1, repeats=1):
    c = Cohort(n, seed, repeats)
    severity = c.severity[c.recording][:, None]
    noise = lambda k: 0.3 * c.random.normal(size=(len(c.recording), k))  # noqa: E731
    with h5py.File(path, "w") as file:
        file.attrs.update(
            eveil_version="0.1.0",
            git_revision="0123abcd",
            created_utc="2026-01-01T00:00:00Z",
            seed=1,
            layout_hash="ff",
            libraries="HDF5 1.10.8",
            cpu="x",
            command="eveil run",
        )
        put(
            file,
            "/config",
            'conditioning: { resample_hz = 250.0; }; prognosis: ( { outcome = "outcome"; positive = "poor"; } );',
        )
        put_recordings(file, c)
        columns = [column("band_power", f"relative_{b}", ch) for b in ("delta", "alpha") for ch in CHANNELS]
        columns += [column("spectral_edge", "edge_share0.95", ch, "Hz") for ch in CHANNELS]
        delta = 0.6 + 0.08 * (severity + noise(19))
        alpha = 0.12 * np.exp(-0.5 * severity + noise(19)) * (1 + np.array(POSTERIOR))
        put_analysis(
            file, "spectral", c, columns, np.hstack([delta, alpha, 17 - 2 * (severity + noise(19))]), 4.0, 0.02
        )
        put_spectrum(file, c)
        ratio = 1 / (1 + np.exp(1 - severity - noise(19)))
        put_analysis(file, "background", c, [column("burst_suppression", "ratio", ch) for ch in CHANNELS], ratio, 120.0)
        put_analysis(file, "dynamics", c, [column("var", "lambda_max")], 0.95 - 0.01 * (severity + noise(1)), 60.0)
        put_var(file, c)
    return c


METRICS = [
    ("auc", "mean over folds"),
    ("auc_pooled_biased", "pooled"),
    ("brier", "squared error"),
    ("sensitivity", "share of positives found"),
]


def make_prognosis(path, c, noise=1.0):
    """Two learners, three repeats; probabilities from the latent severity."""
    with h5py.File(path, "w") as file:
        file.attrs.update(eveil_version="0.1.0")
        put(file, "/config", "")
        g, names = "/main", ["row", "column", "learner", "repeat", "metric", "interval"]
        for name, n in zip(names, (c.n, 3, 2, 3, len(METRICS), 2)):
            put_scale(file, f"{g}/{name}", np.arange(n))
        row, column_, learner, repeat, metric, interval = (f"{g}/{n}" for n in names)
        put(file, f"{g}/design/x", c.random.normal(size=(c.n, 3)), [row, column_])
        put(file, f"{g}/design/y", c.poor.astype(float), [row], text="outcome, 1: positive")
        put(file, f"{g}/design/subject", c.subject, [row])
        put(file, f"{g}/design/column_name", ["age", "background:burst_suppression.ratio[Cz]", "noise_01"], [column_])
        logit = 1.5 * c.severity + noise * c.random.normal(size=(2, 3, c.n))
        put(file, f"{g}/predictions", 1 / (1 + np.exp(-logit)), [learner, repeat, row])
        put(file, f"{g}/learner_name", ["ridge", "elastic_net"], [learner])
        put(file, f"{g}/metrics/metric_name", [m[0] for m in METRICS], [metric])
        put(file, f"{g}/metrics/metric_text", [m[1] for m in METRICS], [metric])
        put(
            file,
            f"{g}/metrics/value",
            np.array([[0.8125, 0.8, 0.18, 0.75], [0.79, np.nan, 0.19, 0.7]]),
            [learner, metric],
        )
        put(file, f"{g}/intervals/interval_name", ["auc_pooled_biased_logit", "sensitivity"], [interval])
        put(file, f"{g}/intervals/low", np.array([[0.7, 0.5], [np.nan, 0.4]]), [learner, interval])
        put(file, f"{g}/intervals/high", np.array([[0.9, 0.9], [np.nan, 0.8]]), [learner, interval])
        put(file, f"{g}/model/coefficients", np.array([[0.3, 1.234, 0.0], [0.2, 1.0, 0.0]]), [learner, column_])


# ---- the cases -------------------------------------------------------------------------------------

FOLDER = tempfile.mkdtemp(prefix="eveil_analysis_report.")
FAILED = []


def at(name):
    return os.path.join(FOLDER, name)


def report(*arguments):
    """Exit code, standard error, the page ("" where none was written)."""
    page = at("page.html")
    if os.path.exists(page):
        os.remove(page)
    with contextlib.redirect_stderr(io.StringIO()) as errors:
        code = report_program.main([*arguments, "-o", page])
    if not os.path.exists(page):
        return code, errors.getvalue(), ""
    with open(page, encoding="utf-8") as file:
        return code, errors.getvalue(), file.read()


def case(test):
    try:
        test()
        print(f"ok analysis_{test.__name__}")
    except Exception as error:  # noqa: BLE001 - whatever went wrong, the line says it
        FAILED.append(test.__name__)
        print(f"not ok analysis_{test.__name__}: {type(error).__name__}: {error}")
    sys.stdout.flush()


def images(page):
    return [base64.b64decode(i) for i in re.findall(r"src='data:image/png;base64,([^']+)'", page)]


def reader_masks_and_names():
    with eveil.open(at("store.h5")) as store, h5py.File(at("store.h5")) as file:
        assert store.analyses == ["background", "dynamics", "spectral"]
        assert len(store.recordings) == 60 and store.recordings["ok"].sum() == 59
        assert list(store.participants["outcome"].unique()) in (["good", "poor"], ["poor", "good"])
        why, values = file["/analyses/spectral/why"][()], store.windows("spectral")
        assert (
            why.any() and np.isnan(values.to_numpy()[why != 0]).all() and np.isfinite(values.to_numpy()[why == 0]).all()
        )
        table = store.table("spectral")
        assert np.isnan(table.iloc[-1][store.columns("spectral")["name"]].astype(float)).all()
        assert not (table[list(store.columns("spectral")["name"])].to_numpy(float) == -9).any()
        k = list(file["/analyses/spectral/column_name"].asstr()[()]).index("band_power.relative_alpha[O1]")
        assert (
            store.value("spectral", "band_power.relative_alpha[O1]", subject="sub-0007")
            == file["/analyses/spectral/summary"][6, k, 2]
        )
        assert (
            store.value("spectral", "band_power.relative_alpha[O1]", statistic="mean", recording=6)
            == file["/analyses/spectral/summary"][6, k, 0]
        )
        power = store.tensor("spectral", "spectrum", "power")
        assert power.dims == ("recording", "channel", "frequency")
        assert (
            power.sel(channel="O1", frequency=9.5).to_numpy()[3]
            == file["/analyses/spectral/recording_models/spectrum/power"][3, 17, 19]
        )
        counts = store.why_counts("spectral")
        assert counts["artefact or gap"] == (why == 6).sum() and counts.sum() == why.size
        assert list(store.channels.loc["Cz"].round(9)) == [0, 0, 1]


def reader_refuses():
    for path, says in (
        (at("none.h5"), "no such file"),
        (FOLDER, "folder"),
        (__file__, "cannot read"),
        (at("other.h5"), "eveil_version"),
    ):
        try:
            eveil.open(path)
        except eveil.StoreError as error:
            assert path in str(error) and says in str(error), error
        else:
            raise AssertionError(f"{path} was opened")
    with eveil.open(at("store.h5")) as store:
        for call in (
            lambda: store.table("spectra"),
            lambda: store.value("spectral", "nothing[Cz]", recording=0),
            lambda: store.table("spectral", "mode"),
            lambda: store.tensor("spectral", "spectrum", "phase"),
            lambda: store.value("spectral", "band_power.relative_alpha[O1]"),
        ):
            try:
                call()
            except eveil.StoreError as error:
                assert at("store.h5") in str(error)
            else:
                raise AssertionError("a wrong name was accepted")


def whole_page():
    code, errors, page = report(at("store.h5"), "--prognosis", at("prognosis.h5"))
    assert code == 0 and errors == "", errors
    figures = images(page)
    assert len(figures) == 7 and all(f.startswith(b"\x89PNG") and len(f) > 2000 for f in figures), len(figures)
    for text in (
        "27 of 60",
        "Power spectra by outcome (good or poor)",
        "Relative alpha power over the scalp",
        "Suppression ratio",
        "Eigenmodes",
        "ROC curve",
        "Calibration",
        "0.812",
        "0.800 [0.700, 0.900]",
        "not defined",
        "+1.234",
        "59 recordings",
    ):
        assert text in page or text == "Suppression ratio", text
    assert "class='absent'" not in page
    # Names of patients, which file names can hold, stay out; text from the store is escaped.
    assert "Jane" not in page and "secret" not in page
    assert (
        "header &lt;damaged&gt;" in page
        and "<damaged>" not in page
        and "sub-0060" in page
        and "failed (FORMAT)" in page
    )
    assert page == report(at("store.h5"), "--prognosis", at("prognosis.h5"))[2]
    assert not re.search(r"(src|href)=['\"](?!data:)", page) and "<script" not in page and "url(" not in page


def parts_missing():
    """Parts are taken away from a copy: the page says so, the rest stands."""
    cuts = [
        (
            ("analyses/spectral/recording_models", "analyses/dynamics/models"),
            ("no spectra to show", "no modes to show"),
            3,
        ),
        (
            ("participants/columns/outcome", "channels"),
            ("nothing is split by outcome", "positions of the channels are not known"),
            4,
        ),
    ]
    for what, says, n in cuts:
        shutil.copy(at("store.h5"), at("cut.h5"))
        with h5py.File(at("cut.h5"), "a") as file:
            for path in what:
                del file[path]
        code, errors, page = report(at("cut.h5"))
        assert code == 0, errors
        assert all(text in page for text in says) and len(images(page)) == n, (what, len(images(page)))
        assert "No prognosis file was given" in page


def small_and_empty_cohorts():
    make_store(at("small.h5"), 2, seed=3)
    code, errors, page = report(at("small.h5"))
    assert code == 0 and "<h2>Prognosis</h2>" in page, errors
    make_store(at("small.h5"), 1, seed=3)  # its one recording failed
    code, errors, page = report(at("small.h5"))
    assert code == 0 and "failed (FORMAT)" in page and "class='absent'" in page, errors


def several_recordings_a_subject():
    make_store(at("many.h5"), 12, repeats=3)
    code, errors, page = report(at("many.h5"))
    assert code == 0 and "<b>36</b>" in page and "<b>12</b>" in page, errors


def refusals():
    with h5py.File(at("empty.h5"), "w") as file:
        file.attrs["eveil_version"] = "0.1.0"
    for arguments, code, says in (
        ((at("none.h5"),), 2, "no such file"),
        ((__file__,), 2, "cannot read"),
        ((at("other.h5"),), 2, "eveil_version"),
        ((at("empty.h5"),), 2, "/recordings"),
        ((FOLDER,), 2, "folder"),
        ((), 1, "usage"),
        ((at("store.h5"), "--prognosis", at("store.h5")), 2, "found a store"),
        ((at("store.h5"), "--prognosis", at("empty.h5")), 2, "without results"),
        ((at("store.h5"), "--prognosis", at("none.h5")), 2, "no such file"),
    ):
        found, errors, page = report(*arguments)
        assert found == code and says in errors and "Traceback" not in errors and not page, (arguments, found, errors)


def numbers_of_the_curves():
    """AUC and the curve by hand; the band holds the curve; calibration groups hold every subject once."""
    import report_prognosis as prognosis

    score, y = np.array([0.1, 0.4, 0.35, 0.8, 0.35]), np.array([0, 0, 1, 1, 0])
    assert prognosis.auc(score, y) == (0.5 + 1 + 0 + 1 + 1 + 1) / 6
    assert list(prognosis.curve(score, y, [0, 1 / 3, 2 / 3, 1])) == [0.5, 0.5, 1.0, 1.0]
    assert np.isnan(prognosis.auc(score, np.zeros(5)))
    random = np.random.default_rng(0)
    y = np.repeat([0.0, 1.0], 50)
    score = random.normal(size=100) + y
    line, low, high = prognosis.curve_with_band(score, y, np.linspace(0, 1, 51), draws=300)
    assert (low <= line).mean() > 0.95 and (high >= line).mean() > 0.95 and 0.1 < (high - low).mean() < 0.4
    rates = np.linspace(0, 1, 20001)
    assert abs(prognosis.curve(score, y, rates).mean() - prognosis.auc(score, y)) < 1e-3
    bins = prognosis.calibration_bins(1 / (1 + np.exp(-score)), y)
    assert sum(b[4] for b in bins) == 100 and len(bins) == 10 and all(b[2] <= b[1] <= b[3] for b in bins)
    low, high = prognosis.wilson(0, 100)
    assert low == 0 and abs(high - 0.036993) < 1e-6


def modes_of_a_known_model():
    """A rotation of known frequency and damping comes back from the coefficients, absent channels left out."""
    import report_data

    radius, angle = 0.9, 2 * np.pi * 10 / 250
    a = np.full((3, 3, 3), np.nan)
    a[:, :2, :2] = 0
    a[0, :2, :2] = radius * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    values = report_data._companion_eigenvalues(a)
    assert len(values) == 1 and abs(abs(values[0]) - radius) < 1e-12 and abs(np.angle(values[0]) - angle) < 1e-12
    assert report_data._companion_eigenvalues(np.full((2, 3, 3), np.nan)) is None
    assert abs(report_data.window_hz(values, 10.0, -250 * np.log(radius)) - 250) < 1e-6
    assert np.isnan(report_data.window_hz(values, 10.0, 1.0)) and np.isnan(report_data.window_hz(values, np.nan, 1.0))


def main():
    cohort = make_store(at("store.h5"), 60)
    make_prognosis(at("prognosis.h5"), cohort)
    matplotlib.rcParams["savefig.dpi"] = 50  # faster
    with h5py.File(at("other.h5"), "w") as file:
        file["x"] = [1.0]
    for test in (
        reader_masks_and_names,
        reader_refuses,
        whole_page,
        parts_missing,
        small_and_empty_cohorts,
        several_recordings_a_subject,
        refusals,
        numbers_of_the_curves,
        modes_of_a_known_model,
    ):
        case(test)
    shutil.rmtree(FOLDER)
    return 1 if FAILED else 0


if __name__ == "__main__":
    sys.exit(main())

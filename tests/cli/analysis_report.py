#!/usr/bin/python3
"""The Python reader and the report, on a made store whose numbers are known."""

import base64
import contextlib
import io
import os
import re
import shutil
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "analysis", "python"), os.path.join(ROOT, "tests")]
sys.dont_write_bytecode = True
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
from fake_store import make_prognosis, make_store

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
            why.any()
            and np.isnan(values.to_numpy()[why != 0]).all()
            and np.isfinite(values.to_numpy()[why == 0]).all()
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
    assert code == 0 and "<h2>Prognosis</h2>" in page and "Jane" not in page, errors
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

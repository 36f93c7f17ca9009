#!/usr/bin/python3
"""A value by its names: what eveil info prints is what h5py, xarray and R read from the store, bit for bit."""
import math
import os
import re
import shutil
import sys

from harness import ANALYSES, Skip, case, eveil, expect, finished, python_modules, run, run_cases, total

WANTED = [("spectral", "band_power.absolute_alpha[O1]"), ("spectral", "band_power.relative_delta[Fz]"),
          ("spectral", "band_power.db_delta[C4]"), ("dynamics", "var.order")]


def printed(recording, analysis, column, *more):
    """{name: number} of a cell, NaN where there is no value."""
    result = expect(eveil("info", "out/store.h5", f"--recording={recording}", f"--analysis={analysis}", f"--column={column}", *more), 0,
                    f"{recording}, {analysis}, {column}", quiet=True)
    pairs = re.findall(r"^  (\S+) +(\S.*)$", result.out, re.M)
    assert len(pairs) >= 2, result
    return {name: math.nan if value == "no value" else float(value) for name, value in pairs}


def recordings():
    import h5py
    with h5py.File("out/store.h5") as store:
        return [text.decode() for text in store["recordings/id"]]


def same(a, b, what):
    assert a == b or math.isnan(a) and math.isnan(b), f"{what}: {a!r} and {b!r}"


@case("h5py: summaries and windows by their names")
def _():
    python_modules("h5py")
    import h5py
    finished()
    with h5py.File("out/store.h5") as store:
        for r, recording in enumerate(recordings()):
            for analysis, column in WANTED:
                group = store["analyses"][analysis]
                c = [text.decode() for text in group["column_name"]].index(column)
                cell = printed(recording, analysis, column)
                assert cell["windows"] == group["summary_count"][r, c] and cell["why"] == group["summary_why"][r, c]
                for k, name in enumerate(group["summary_statistic"]):
                    same(cell[name.decode()], group["summary"][r, c, k], f"{recording} {column} {name}")
                rows = [i for i, of in enumerate(group["window_recording"]) if of == r]
                cell = printed(recording, analysis, column, f"--window={len(rows) - 1}")
                same(cell["value"], group["values"][rows[-1], c], f"{recording} {column}, last window")
                same(cell["start_s"], group["window_start_s"][rows[-1]], "its start")


@case("h5py: every dimension has a scale, none twice in a dataset; strings are of variable length; the codes are explained")
def _():
    python_modules("h5py")
    import h5py
    finished()
    seen = []

    def look(name, thing):
        if not isinstance(thing, h5py.Dataset):
            return
        seen.append(name)
        if thing.dtype.kind in "SO":
            info = h5py.check_string_dtype(thing.dtype)
            assert info and info.length is None and info.encoding == "utf-8", f"{name}: {info}"
        if h5py.h5ds.is_scale(thing.id):
            return
        scales = []
        for i, dim in enumerate(thing.dims):
            assert len(dim) == 1, f"{name}: dimension {i} has {len(dim)} scales"
            scales.append(dim[0].name)
        assert len(set(scales)) == len(scales), f"{name}: {scales}"
        if name.split("/")[-1] in ("why", "summary_why", "recording_why", "status"):
            values, meanings = thing.attrs["flag_values"], thing.attrs["flag_meanings"]
            meanings = (meanings.decode() if isinstance(meanings, bytes) else meanings).split()
            assert len(values) == len(meanings) > 1, f"{name}: {values} {meanings}"
    with h5py.File("out/store.h5") as store:
        store.visititems(look)
        for name in ("duration_s", "start_h", "fs_hz"):
            assert "units" in store["recordings"][name].attrs, name
        assert store["config"][()].decode().startswith("cohort: {")
    assert len(seen) > 60, seen


for engine, module in (("h5netcdf", "h5netcdf"), ("netcdf4", "netCDF4")):
    @case(f"xarray with {engine}: a value by its names, no options", long=True)
    def _(engine=engine, module=module):
        python_modules("xarray", "h5py", module)
        import xarray
        finished()
        for recording in recordings()[:2]:
            for analysis, column in WANTED:
                with xarray.open_dataset("out/store.h5", group=f"analyses/{analysis}", engine=engine) as data, \
                        xarray.open_dataset("out/store.h5", group="recordings", engine=engine) as about:
                    r = [str(x) for x in about["id"].values].index(recording)
                    c = [str(x) for x in data["column_name"].values].index(column)
                    k = [str(x) for x in data["summary_statistic"].values].index("median")
                    found = float(data["summary"].isel(recording=r, column=c, statistic=k))
                same(found, printed(recording, analysis, column)["median"], f"{engine} {column}")


R_PLAIN = {"hdf5r": """
file <- hdf5r::H5File$new("out/store.h5", "r")
r <- match("{recording}", file[["recordings/id"]][]); c <- match("{column}", file[["analyses/{analysis}/column_name"]][])
k <- match("median", file[["analyses/{analysis}/summary_statistic"]][])
cat(sprintf("%.17g", file[["analyses/{analysis}/summary"]][k, c, r]))""", "rhdf5": """
read <- function(name) rhdf5::h5read("out/store.h5", name)
r <- match("{recording}", read("recordings/id")); c <- match("{column}", read("analyses/{analysis}/column_name"))
k <- match("median", read("analyses/{analysis}/summary_statistic"))
cat(sprintf("%.17g", read("analyses/{analysis}/summary")[k, c, r]))"""}

for package, program in R_PLAIN.items():
    @case(f"R with {package}: a value by its names", long=True)
    def _(package=package, program=program):
        python_modules("h5py")
        rscript = os.environ.get("RSCRIPT") or shutil.which("Rscript")
        if not rscript or run([rscript, "-e", f'quit(status = !requireNamespace("{package}", quietly = TRUE))']).code:
            raise Skip(f"R with {package} is not installed")
        finished()
        recording = recordings()[2]
        for analysis, column in WANTED[::3]:
            names = dict(recording=recording, analysis=analysis, column=column)
            done = run([rscript, "-e", program.format(**names)])
            assert done.code == 0, done
            same(float(done.out), printed(recording, analysis, column)["median"], f"{package} {column}")


@case("names that do not exist name the nearest")
def _():
    finished()
    recording = "--recording=0001//sub-0001/eeg/sub-0001_task-rest_eeg.edf"
    column = "--column=band_power.absolute_alpha[O1]"
    ask = ("info", "out/store.h5")
    expect(eveil(*ask, recording, "--analysis=spectral", column), 0)
    expect(eveil(*ask, recording, "--analysis=spectrl", column), 1, "out/store.h5", '"spectrl"', 'did you mean "spectral"?')
    expect(eveil(*ask, recording, "--analysis=spectral", "--column=band_power.absolut_alpha[O1]"), 1, 'did you mean "band_power.absolute_alpha[O1]"?')
    expect(eveil(*ask, "--recording=0001//sub-0001/eeg/sub-0001_task-rest_eeg.ed", "--analysis=spectral", column), 1, "_eeg.edf\"?")
    expect(eveil(*ask, recording, "--analysis=spectral", column, "--window=15"), 1, "15 windows", "--window=15")
    expect(eveil(*ask, recording, "--analysis=spectral", column, "--window=-1"), 1, "--window=-1")
    expect(eveil(*ask, recording, "--analysis=spectral", column, "--window=1.5"), 1, "--window=1.5")
    expect(eveil(*ask, recording, column), 1, "go together")


@case("an analysis of which the store keeps the summary alone; rows of single precision")
def _():
    python_modules("h5py")
    import h5py
    finished()
    recording = recordings()[0]
    whole = printed(recording, *WANTED[0])
    shutil.rmtree("out")
    shutil.rmtree("cohort")
    short = ANALYSES.replace('name = "spectral";', 'name = "spectral"; store = "summary";').replace(
        'name = "dynamics";', 'name = "dynamics"; precision = "f32";')
    finished(analyses=short)
    assert printed(recording, *WANTED[0]) == whole, "the summary changed"
    with h5py.File("out/store.h5") as store:
        assert "values" not in store["analyses/spectral"] and store["analyses/dynamics/values"].dtype == "float32"
    names = (f"--recording={recording}", "--analysis=spectral", f"--column={WANTED[0][1]}", "--window=0")
    expect(eveil("info", "out/store.h5", *names), 1, "spectral", "summary")
    expect(eveil("info", "out/store.h5"), 0, "spectral")
    expect(eveil("audit", "out/store.h5"), 0, "100 equal")
    expect(eveil("export", "out/store.h5", "csv"), 0)
    assert sorted(os.listdir("csv")) == sorted(name for name in os.listdir("csv") if name != "spectral.csv")
    total()


if __name__ == "__main__":
    sys.exit(run_cases())

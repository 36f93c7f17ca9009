#!/usr/bin/python3
"""A store of eveil, read by names from Python, xarray and R: the same numbers as eveil export writes."""
import csv
import math
import os
import shutil
import statistics
import subprocess
import sys

sys.dont_write_bytecode = True
from harness import ROOT, Skip, case, eveil, expect, finished, python_modules, run_cases

sys.path.insert(0, os.path.join(ROOT, "analysis", "python"))
COLUMN, SUBJECT = "band_power.relative_alpha[O1]", "0003"
TENSOR = ("dynamics", "spectrum", "power")


def exported(column, subject, statistic="median"):
    """The number that eveil export wrote for these names."""
    expect(eveil("export", "out/store.h5", "csv"), 0)
    with open("csv/spectral_summary.csv", encoding="utf-8", newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["column"] == column and r["subject"] == subject]
    assert len(rows) == 1 and rows[0]["why"] == "0", rows
    return float(rows[0][statistic])


def same(found, expected):
    assert math.isclose(float(found), expected, rel_tol=1e-15), f"{found}, expected {expected}"


@case("a value by its names from Python is the one that eveil exports")
def _():
    python_modules("h5py", "numpy", "pandas", "xarray")
    import eveil as reader
    finished()
    with reader.open("out/store.h5") as store:
        for what in ("median", "sd", "p95"):
            same(store.value("spectral", COLUMN, what, subject=SUBJECT), exported(COLUMN, SUBJECT, what))
        assert store.analyses == ["dynamics", "spectral"] and store.recordings["ok"].all()
        windows = store.windows("spectral")
        some = windows.sel(column=COLUMN).to_numpy()[windows["subject"] == SUBJECT]
        same(statistics.median(some), exported(COLUMN, SUBJECT))
        power = store.tensor(*TENSOR)
        assert power.dims == ("recording", "channel", "frequency")
        assert power.sel(channel="O1", frequency=10.0).shape == (4,)


@case("every group of a store opens in xarray with both engines")
def _():
    python_modules("h5py", "xarray")
    import h5py
    import xarray
    finished()
    groups = []
    with h5py.File("out/store.h5") as file:
        file.visititems(lambda name, thing: groups.append(name) if isinstance(thing, h5py.Group) else None)
    opened = 0
    for engine, module in (("h5netcdf", "h5netcdf"), ("netcdf4", "netCDF4")):
        try:
            python_modules(module)
        except Skip:
            continue
        opened += 1
        for group in groups:
            with xarray.open_dataset("out/store.h5", group=group, engine=engine) as data:
                data.load()
                if group == "analyses/spectral":
                    assert data["values"].dims == ("window", "column"), data["values"].dims
    if not opened:
        raise Skip(f"neither h5netcdf nor netCDF4 is installed for {sys.executable}")


R_PROGRAM = """
source("{root}/analysis/R/eveil.R")
for (package in c("rhdf5", "hdf5r")) {{
  if (!requireNamespace(package, quietly = TRUE)) next
  store <- eveil_open("out/store.h5", package)
  power <- eveil_tensor(store, "{tensor[0]}", "{tensor[1]}", "{tensor[2]}")
  stopifnot(names(dimnames(power))[2:3] == c("channel", "frequency"), nrow(eveil_recordings(store)) == 4)
  value <- eveil_value(store, "spectral", "{column}", "{subject}")
  cat(package, sprintf("%.17g", c(value, power[3, "O1", "10"])), "\\n")
  eveil_close(store)
}}
"""


@case("a value by its names from R is the one that eveil exports")
def _():
    python_modules("h5py", "numpy", "pandas", "xarray")
    import eveil as reader
    rscript = os.environ.get("RSCRIPT") or shutil.which("Rscript")
    if not rscript:
        raise Skip("Rscript is not installed")
    finished()
    program = R_PROGRAM.format(root=ROOT, tensor=TENSOR, column=COLUMN, subject=SUBJECT)
    done = subprocess.run([rscript, "-e", program], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    if not lines:
        raise Skip("neither rhdf5 nor hdf5r is installed")
    with reader.open("out/store.h5") as store:
        power = float(store.tensor(*TENSOR).sel(channel="O1", frequency=10.0)[2])
    for package, value, density in lines:
        same(value, exported(COLUMN, SUBJECT))
        same(density, power)


EQUATIONS = ["x0' = -9.98 x0 + 9.98 x1", "x1' = -1 + x0 - 0.001235 x1 + 2.5e-06 x0 x1", "x2' = 0"]
R_EQUATIONS = """
source("{root}/analysis/R/eveil.R")
eveil_tensor <- function(store, analysis, model, tensor) {{
  stopifnot(model == "sindy", tensor == "coefficients")
  found <- array(NA_real_, c(2, 4, 3), list(NULL, term = c("1", "x0", "x1", "x0 x1"), coordinate = c("x0", "x1", "x2")))
  found[2, , ] <- c(0, -9.98, 9.98, 0, -1, 1, -0.0012346, 2.5e-6, 0, 0, 0, 0)
  found
}}
writeLines(eveil_equations(NULL, "dynamics", 2))
stopifnot(length(eveil_equations(NULL, "dynamics", 1)) == 0)
"""


@case("equations are written as people write them, in Python and in R")
def _():
    python_modules("h5py", "numpy", "pandas", "xarray")
    import eveil as reader
    import numpy
    import xarray

    class Found(reader.Store):
        def __init__(self, units="1/s"):
            self.units = units

        def tensor(self, analysis, model, name):
            weights = [[0, -9.98, 9.98, 0], [-1, 1, -0.0012346, 2.5e-6], [0, 0, 0, 0]]
            return xarray.DataArray(
                numpy.array([numpy.full((4, 3), numpy.nan), numpy.transpose(weights)]),
                dims=("window", "term", "coordinate"),
                coords={"term": ["1", "x0", "x1", "x0 x1"], "coordinate": ["x0", "x1", "x2"]},
                attrs={"units": self.units},
            )

    assert Found().equations("dynamics", 1) == EQUATIONS, Found().equations("dynamics", 1)
    assert Found("1").equations("dynamics", 1)[2] == "x2(t+1) = 0", Found("1").equations("dynamics", 1)
    assert Found().equations("dynamics", 0) == []
    assert Found().equations("dynamics", 1, digits=1, discrete=True)[0] == "x0(t+1) = -1e+01 x0 + 1e+01 x1"
    rscript = os.environ.get("RSCRIPT") or shutil.which("Rscript")
    if not rscript:
        raise Skip("Rscript is not installed: Python alone")
    done = subprocess.run([rscript, "-e", R_EQUATIONS.format(root=ROOT)], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0 and done.stdout.splitlines() == EQUATIONS, done.stdout + done.stderr


@case("the report of a store is one page with figures, in which no file is named")
def _():
    python_modules("h5py", "numpy", "pandas", "xarray", "matplotlib")
    finished()
    expect(eveil("report", "out/store.h5", "--output=page.html"), 0)
    with open("page.html", encoding="utf-8") as file:
        page = file.read()
    assert page.count("data:image/png;base64,") >= 5, page.count("data:image/png;base64,")
    assert ".edf" not in page and "<script" not in page


if __name__ == "__main__":
    sys.exit(run_cases())

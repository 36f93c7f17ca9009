"""A store as others read it, without us: h5py, xarray with both engines, rhdf5 and hdf5r. Values are looked
up by names and compared with their closed form."""
import math
import os
import shutil
import subprocess
import sys

from store_ranks import PROGRAM, done, folder, need, report, run, skip

WINDOWS, COLUMN = 500, "b.délai"
NAMES = ["a.mean", "a.mean[Fz]", "a.mean[Fz,Cz]", COLUMN, "b.x", "b.y", "b.z"]


def value(w, c):
    n = w * 7 + c
    return math.nan if n % 101 == 5 else (n * 0x9E3779B97F4A7C15 % 2**64 >> 11) * 2.0**-53 + c


def same(found, expected):
    return found == expected or math.isnan(found) and math.isnan(expected)


def column_is_right(values):
    return len(values) == WINDOWS and all(same(float(v), value(w, NAMES.index(COLUMN))) for w, v in enumerate(values))


def with_h5py(store):
    import h5py
    with h5py.File(store, "r") as file:
        group = file["analyses/spectral"]
        names = [n.decode() for n in group["column_name"][:]]
        dims = [d[0].name.rsplit("/", 1)[1] for d in group["models/var/coefficient"].dims]
        return (names == NAMES and column_is_right(group["values"][:, names.index(COLUMN)])
                and dims == ["window", "channel", "lag"] and group["values"].dims[0][0] == group["window"]
                and file.attrs["eveil_version"] == "0.1.0" and list(file.attrs["hours"]) == [72, 120]
                and int(file.attrs["seed"]) == 2**53 + 1 and group["why"].attrs["flag_values"].dtype == "uint8"
                and file["recordings/id"].asstr()[0] == "sub-01/éveil 1" and file["config"][()].startswith(b"run:"))


def with_xarray(engine):
    def read(store):
        import xarray
        with xarray.open_dataset(store, group="analyses/spectral", engine=engine) as data:
            names = [str(n) for n in data["column_name"].values]
            good = (names == NAMES and data["values"].dims == ("window", "column") and data["values"].attrs["units"] == "uV"
                    and column_is_right(data["values"].sel(column=names.index(COLUMN)).values)
                    and data["summary"].dims == ("recording", "column", "statistic")
                    and float(data["summary"].sel(recording=2, column=3, statistic=1)) == 2 + 0.1 * 3 + 0.01)
        with xarray.open_dataset(store, group="analyses/spectral/models/var", engine=engine) as data:
            good &= float(data["coefficient"].sel(window=100, channel=5, lag=1)) == 100 - 0.5 * 11
        with xarray.open_dataset(store, group="analyses/empty", engine=engine) as data:
            good &= data["values"].shape == (0, 7)
        for group in ("recordings", "channels", None):
            with xarray.open_dataset(store, group=group, engine=engine) as data:
                data.load()
        with xarray.open_dataset(store, group="recordings", engine=engine) as data:
            return good and str(data["id"].values[0]) == "sub-01/éveil 1"
    return read


R_SCRIPTS = {  # R indexes columns first: values arrive transposed in rhdf5, [column, window]
    "rhdf5": """
library(rhdf5)
names <- as.character(h5read(store, "analyses/spectral/column_name"))
values <- h5read(store, "analyses/spectral/values")
i <- match(wanted, names)
column <- values[i, ]
id <- as.character(h5read(store, "recordings/id"))[1]
version <- as.character(h5readAttributes(store, "/")$eveil_version)
""",
    "hdf5r": """
library(hdf5r)
file <- H5File$new(store, mode = "r")
names <- file[["analyses/spectral/column_name"]][]
i <- match(wanted, names)
column <- file[["analyses/spectral/values"]][i, ]
id <- file[["recordings/id"]][1]
version <- h5attr(file, "eveil_version")
file$close_all()
""",
}


def with_r(package):
    def read(store):
        script = (f'store <- "{store}"; wanted <- enc2utf8("{COLUMN}")\n' + R_SCRIPTS[package] +
                  'Encoding(id) <- "UTF-8"\ncat(version, enc2utf8(id), sep = "\\n"); cat("\\n"); '
                  'cat(sprintf("%.17g", column), sep = "\\n")\n')
        environment = dict(os.environ, LC_ALL="C.UTF-8")
        result = subprocess.run(["Rscript", "-e", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        lines = result.stdout.split("\n")
        if result.returncode or lines[:2] != ["0.1.0", "sub-01/éveil 1"]:
            raise RuntimeError(f"{lines[:2]} {result.stderr.strip()}")
        return column_is_right([math.nan if "na" in line.lower() else float(line) for line in lines[2:] if line])
    return read


def missing(module):
    return subprocess.run([sys.executable, "-c", f"import {module}"], stderr=subprocess.DEVNULL).returncode != 0


def missing_r(package):
    return not shutil.which("Rscript") or subprocess.run(["Rscript", "-e", f"library({package})"], stdout=subprocess.DEVNULL,
                                                          stderr=subprocess.DEVNULL).returncode != 0


need(PROGRAM)
place = folder()
try:
    for compress in (0, 1):
        store = os.path.join(place, f"store_{compress}.h5")
        run(0, ["write", store, WINDOWS, compress, 100000])
        kind = "deflate" if compress else "contiguous"
        readers = [("h5py", with_h5py, missing("h5py")),
                   ("xarray_h5netcdf", with_xarray("h5netcdf"), missing("xarray, h5netcdf")),
                   ("xarray_netcdf4", with_xarray("netcdf4"), missing("xarray, netCDF4"))]
        readers += [(package, with_r(package), missing_r(package)) for package in (R_SCRIPTS if compress else [])]
        for name, read, absent in readers:
            if absent:
                skip(f"{name}_{kind}", "not installed")
                continue
            try:
                report(read(store), f"{name}_{kind}", "other values or names")
            except Exception as problem:  # whatever a reader does not stand
                report(False, f"{name}_{kind}", f"{type(problem).__name__}: {problem}")
finally:
    shutil.rmtree(place)
done()

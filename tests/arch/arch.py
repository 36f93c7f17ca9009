#!/usr/bin/env python3
"""arch: the floors of the house. Reads #include lines, and the undefined symbols of every object.

usage: arch.py [--root DIR] [--objects DIR]     prints what is wrong, exits 1 if anything is.
"""
import argparse
import os
import re
import subprocess
import sys

# Room: rooms it may include (design, "Rooms and floors").
MAY = {
    "base": [],
    "math": ["base"], "readers": ["base"], "parallel": ["base"],
    "conditioning": ["base", "math"], "store": ["base", "parallel"],
    "features": ["base", "math"], "dynamics": ["base", "math"], "anomaly": ["base", "math"],
    "recording": ["base", "math", "readers", "conditioning", "features", "dynamics"],
    "simulate": ["base", "math", "readers"],
    "cohort": ["base", "math", "readers", "conditioning", "features", "dynamics", "parallel", "store", "recording"],
    "prognosis": ["base", "math", "parallel", "store"],
}
MAY["cli"] = sorted(MAY)  # every public header
# Outside library: pattern of symbols, and the only places that may need them ("room" or "room/file").
LIBRARIES = {
    "MPI": (r"^(MPI_|ompi_)", ["parallel", "store/write_collective"]),
    "HDF5": (r"^H5", ["store"]),
    "FFTW": (r"^fftwf?_", ["math/fft"]),
    "BLAS/LAPACK": (r"^(cblas_|openblas_|[sdcz](gemm|gemv|syrk|trsm|trmm|potrf|potrs|geev|hseqr|gehrd|gebal|syev[dr]?|gesv|geqrf|ormqr|gesdd)_?$)", ["math/linear_algebra"]),
    "libconfig": (r"^config_(?!.*evl)", ["base/config"]),
    "zlib": (r"^(compress|deflate|inflate|crc32)", ["features/kolmogorov", "readers/matlab_check"]),
    "libmatio": (r"^Mat_", ["readers/matlab_matio"]),
    "XGBoost": (r"^XG", ["prognosis/boosted_trees"]),
}
HEADERS = {"mpi.h": "MPI", "hdf5.h": "HDF5", "hdf5_hl.h": "HDF5", "fftw3.h": "FFTW", "cblas.h": "BLAS/LAPACK",
           "lapacke.h": "BLAS/LAPACK", "libconfig.h": "libconfig", "zlib.h": "zlib", "matio.h": "libmatio"}
# Libraries never print and never exit: the program, the log, and the bug trap of params do.
FORBIDDEN = {"exit": ["cli"], "_exit": ["cli"], "abort": ["base/params", "parallel/message"], "printf": ["cli"], "puts": ["cli"],
             "putchar": ["cli"], "stdout": ["cli"], "stderr": ["cli", "base/log"], "rand": [], "srand": [],
             "__assert_fail": []}
LONGEST = 400  # lines; a longer file says why in its first lines ("Longer than")


def allowed(place, room, stem):
    return any(p == room or p == f"{room}/{stem}" for p in place)


def check_includes(root, problems):
    seen = {}
    for room in sorted(os.listdir(os.path.join(root, "src"))):
        folder = os.path.join(root, "src", room)
        if room not in MAY:
            problems.append(f"src/{room}: a room that the design does not know")
            continue
        for name in sorted(os.listdir(folder)):
            path = os.path.join(folder, name)
            if name in seen:
                problems.append(f"src/{room}/{name}: the name exists in src/{seen[name]} too")
            seen[name] = room
            if not name.endswith((".c", ".h")):
                continue
            text = open(path, encoding="utf-8").read()
            if text.count("\n") > LONGEST and "Longer than" not in text[:2000]:
                problems.append(f"src/{room}/{name}: {text.count(chr(10))} lines, at most {LONGEST} without a reason")
            stem = name.rsplit(".", 1)[0]
            for include in re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', text, re.M):
                check_include(room, stem, name, include, folder, problems)


def check_include(room, stem, name, include, folder, problems):
    where = f"src/{room}/{name}"
    if include.startswith("eveil/"):
        other = include[len("eveil/"):-2]
        if other != room and other not in MAY[room]:
            problems.append(f"{where}: includes {include}; {room} may include {', '.join(MAY[room]) or 'nothing'}")
    elif include in HEADERS:
        if not allowed(LIBRARIES[HEADERS[include]][1], room, stem):
            problems.append(f"{where}: includes <{include}>; {HEADERS[include]} belongs to {', '.join(LIBRARIES[HEADERS[include]][1])}")
    elif include.endswith("_priv.h") or include.endswith(".def"):
        if not os.path.exists(os.path.join(folder, include)):
            problems.append(f"{where}: includes {include}, a private file of another room")


def symbols(path, kind):
    out = subprocess.run(["nm", "-g", kind, path], capture_output=True, text=True, check=True).stdout
    return [line.split()[-1] for line in out.splitlines() if line.split() and not line.endswith(":")]


def check_objects(objects, problems):
    home = {}
    every = [(room, name) for room in sorted(os.listdir(objects)) for name in sorted(os.listdir(os.path.join(objects, room)))
             if name.endswith(".o")]
    for room, name in every:
        for symbol in symbols(os.path.join(objects, room, name), "--defined-only"):
            home[symbol] = room
            if not symbol.startswith("evl_") and symbol != "main" and not symbol.startswith("__"):
                problems.append(f"{room}/{name}: exports {symbol}; exported names begin with evl_")
    for room, name in every:
        stem = name[:-2]
        for symbol in symbols(os.path.join(objects, room, name), "--undefined-only"):
            symbol = symbol.split("@")[0]
            other = home.get(symbol)
            if other and other != room and other not in MAY.get(room, []):
                problems.append(f"{room}/{name}: needs {symbol} of {other}; {room} may use {', '.join(MAY.get(room, []))}")
            for library, (pattern, place) in LIBRARIES.items():
                if not other and re.match(pattern, symbol) and not allowed(place, room, stem):
                    problems.append(f"{room}/{name}: needs {symbol}; {library} belongs to {', '.join(place)}")
            if symbol in FORBIDDEN and not allowed(FORBIDDEN[symbol], room, stem):
                problems.append(f"{room}/{name}: needs {symbol}; library code never prints and never exits")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", default=".")
    parser.add_argument("--objects")
    options = parser.parse_args()
    problems = []
    check_includes(options.root, problems)
    if options.objects:
        check_objects(options.objects, problems)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

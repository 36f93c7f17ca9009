#!/usr/bin/python3
"""Microstates with group maps: fitted to windows, clustered over training subjects only, used in a second run."""
import os
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
from harness import ROOT, case, config, eveil, expect, finished, python_modules, run_cases, write

SCRIPT = os.path.join(ROOT, "analysis", "python", "microstate_maps.py")
sys.path.insert(0, os.path.dirname(SCRIPT))
WINDOW = 'analyses: ( { name = "field"; window_s = 10.0; features = ["microstates"]; %s } );\n'
TRAINING = "0001\n0003\n"


def group_maps(store, out, subjects=TRAINING, code=0):
    run = subprocess.run([sys.executable, SCRIPT, store, write("training.txt", subjects), out], capture_output=True,
                         text=True, timeout=100)
    assert run.returncode == code, run
    return run.stdout + run.stderr


@case("maps of training subjects explain the windows of all better than the canonical ones")
def _():
    python_modules("h5py", "numpy", "pandas", "xarray")
    import eveil as reader
    import numpy as np
    finished(analyses=WINDOW % 'microstates: { maps = "window"; };')
    said = group_maps("out/store.h5", "maps.tsv")
    assert "4 maps of 19 channels" in said and "of 2 subjects" in said, said
    rows = [line.rstrip("\n").split("\t") for line in open("maps.tsv", encoding="utf-8")]
    assert rows[0] == ["channel", "A", "B", "C", "D"] and len(rows) == 20, rows[:2]
    maps = np.array([[float(v) for v in row[1:]] for row in rows[1:]])
    assert np.allclose(maps.mean(axis=0), 0.0) and np.allclose((maps ** 2).sum(axis=0), 1.0)
    explained = {}
    for name, maps in (("given", "maps.tsv"), ("canonical", "canonical")):
        path = config(f"{name}.cfg", store=f"out/{name}.h5", analyses=WINDOW % f'microstates: {{ maps = "{maps}"; }};')
        expect(eveil("run", path), 0)
        with reader.open(f"out/{name}.h5") as store:
            table = store.table("field")
            explained[name] = table["microstates.explained"].to_numpy(float)
            coverage = table[[f"microstates.coverage_{s}" for s in "ABCD"]].to_numpy(float)
            assert np.allclose(coverage.sum(axis=1), 1.0, atol=0.2), coverage  # medians over windows
    assert (explained["given"] > explained["canonical"]).all(), explained


@case("nothing of the other subjects enters the maps")
def _():
    python_modules("h5py", "numpy", "pandas", "xarray")
    import h5py
    import numpy as np
    finished(analyses=WINDOW % 'microstates: { maps = "window"; };')
    group_maps("out/store.h5", "maps.tsv")
    shutil.copy("out/store.h5", "without.h5")
    with h5py.File("without.h5", "r+") as file:
        subject = file["recordings/subject"].asstr()[()]
        window = subject[file["analyses/field/window_recording"][()]]
        maps = file["analyses/field/models/microstates/maps"]
        values = maps[()]
        values[~np.isin(window, TRAINING.split())] = np.random.default_rng(1).normal(size=values.shape[1:])
        maps[...] = values
    group_maps("without.h5", "again.tsv", "0003\n0001\n")
    assert open("maps.tsv", "rb").read() == open("again.tsv", "rb").read()


@case("unknown subjects and stores without maps are refused by name")
def _():
    python_modules("h5py", "numpy", "pandas", "xarray")
    finished()
    assert "expected one analysis with microstates, found none" in group_maps("out/store.h5", "maps.tsv", code=1)
    path = config("window.cfg", store="out/window.h5", analyses=WINDOW % 'microstates: { maps = "window"; };')
    expect(eveil("run", path), 0)
    assert "no recording of subject 0099" in group_maps("out/window.h5", "maps.tsv", "0001\n0099\n", code=1)
    assert "expected one subject a line" in group_maps("out/window.h5", "maps.tsv", "\n", code=1)
    assert not os.path.exists("maps.tsv")


sys.exit(run_cases())

#!/usr/bin/python3
"""Figures of fitted models, from Python and R, of a small store with a vector autoregression."""
import os
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
from harness import ROOT, Skip, case, finished, python_modules, run_cases

ANALYSES = 'analyses: ( { name = "models"; window_s = 30.0; step_s = 30.0; dynamics = ["var"]; } );\n'


def drawn(*words):
    return subprocess.run([*words], capture_output=True, text=True, timeout=100, check=False)


@case("Python draws the models that a store has, of a subject asked for, and says where there are none")
def _():
    python_modules("h5py", "numpy", "pandas", "xarray", "matplotlib")
    finished(analyses=ANALYSES)
    program = os.path.join(ROOT, "analysis", "python", "models_figures.py")
    done = drawn(sys.executable, program, "out/store.h5", "figures", "0003")
    assert done.returncode == 0 and done.stdout.split() == ["figures/var_modes.png"], done
    with open("figures/var_modes.png", "rb") as file:
        assert file.read(8) == b"\x89PNG\r\n\x1a\n"
    done = drawn(sys.executable, program, "out/store.h5", "figures", "nobody")
    assert done.returncode == 1 and "none of its models has a figure" in done.stderr, done
    done = drawn(sys.executable, program, "absent.h5", "figures")
    assert done.returncode == 1 and "absent.h5: expected an Éveil store" in done.stderr, done


@case("R draws the same models")
def _():
    rscript = os.environ.get("RSCRIPT") or shutil.which("Rscript")
    if not rscript:
        raise Skip("Rscript is not installed")
    finished(analyses=ANALYSES)
    done = drawn(rscript, os.path.join(ROOT, "analysis", "R", "models.R"), "out/store.h5", "figures", "0003")
    if "expected the R package" in done.stderr:
        raise Skip("neither rhdf5 nor hdf5r is installed")
    assert done.returncode == 0 and done.stdout.split() == ["figures/var_modes.pdf"], done
    with open("figures/var_modes.pdf", "rb") as file:
        assert file.read(5) == b"%PDF-" and os.path.getsize("figures/var_modes.pdf") > 3000


if __name__ == "__main__":
    sys.exit(run_cases())

"""docs/models.md and docs/models/*.png: what fitted models of a small simulated cohort look like.

    models_page.py EVEIL DOCS SCRATCH RANKS"""

import shutil
import subprocess
import sys
from pathlib import Path

import eveil
import models_figures
from report_figures import plt

EVEIL, DOCS, SCRATCH, RANKS = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
CONFIG = """cohort: { root = "cohort"; };
output: { store = "store.h5"; };
simulate: { subjects = 3; duration_s = 61.0; sites = 1; fs_hz = [250.0]; artefacts = [];
            mechanism = ["background", "stuart_landau", "var"]; };
conditioning: { artefacts = "none"; };
analyses: ( { name = "models"; window_s = 60.0; step_s = 60.0; dynamics = [MODELS]; } );
run: { seed = 3; };
"""
TEXTS = {
    "var_modes": "Vector autoregression: the least damped modes of all windows by frequency and damping, and the maps "
    "of one window's modes at the phase at which their strongest channel is largest.",
    "sindy": "Sparse equations: the share of bootstraps whose equations, chosen anew, have a term, and the equations that "
    "were kept. A term that half of them lack says nothing of the patient.",
    "spectrum": "Spectra of a recording, with the middle and the 5th to 95th percentile of the model's spectra over "
    "draws from the posterior. Where the measured line leaves the band over a stretch of frequencies, the model has "
    "nothing that makes it: its parameters are then not to be trusted. (Single bins scatter more than the band, which "
    "is of the expected spectrum.)",
    "pairs": "Draws of the posterior at one channel. Ridges are combinations that the spectrum does not tell apart; the "
    "unknown named misfit is how much more the spectrum scatters than it should.",
}
HEAD = """# Fitted models, looked at

What `analysis/python/models_figures.py STORE FOLDER [SUBJECT]` (in R: `analysis/R/models.R`) draws of a store with
models. Made by `make models-page` from this cohort of three simulated subjects:

```
{config}```

"""


def told(*words):
    subprocess.run(words, check=True, cwd=SCRATCH)


def main():
    SCRATCH.mkdir(parents=True, exist_ok=True)
    listed = subprocess.run([EVEIL, "list", "dynamics"], check=True, capture_output=True, text=True).stdout
    names = {line.split()[0] for line in listed.splitlines() if line.strip()}
    known = [model for model in ("var", "sindy", *models_figures.SPECTRAL) if model in names]
    config = CONFIG.replace("MODELS", ", ".join(f'"{m}"' for m in known))
    (SCRATCH / "models.cfg").write_text(config)
    program = str(Path(EVEIL).resolve())
    told(program, "simulate", "models.cfg", "--quiet")
    told("mpirun", "--oversubscribe", "--bind-to", "none", "-np", RANKS, program, "run", "models.cfg", "--quiet")
    folder = DOCS / "models"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    page = HEAD.format(config=config)
    with eveil.open(str(SCRATCH / "store.h5")) as store:
        for name, figure in models_figures.figures(store).items():
            figure.savefig(folder / f"{name}.png", dpi=90)
            plt.close(figure)
            kind = name if name in TEXTS else name.rsplit("_", 1)[1]
            page += f"## {name.replace('_', ' ')}\n\n{TEXTS[kind]}\n\n![{name}](models/{name}.png)\n\n"
    (DOCS / "models.md").write_text(page.rstrip() + "\n")


if __name__ == "__main__":
    main()

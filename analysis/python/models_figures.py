"""Figures of fitted models, of a patient and of a cohort, from a store.

    models_figures.py STORE FOLDER [SUBJECT]

Writes those of the models that the store has: var_modes.png (eigenmodes of all, their maps in the patient),
sindy.png (inclusion probabilities, and the equations), MODEL_spectrum.png and MODEL_pairs.png for stuart_landau,
robinson, jansen_rit (measured spectra in the band of the posterior; pairs of unknowns). SUBJECT: whose; the first one
with values by default."""

import sys
from pathlib import Path

import numpy as np

import eveil
import topography
from report_figures import ALL, COLOUR, FAINT, INK, SOFT, plt

SPECTRAL = ("robinson", "stuart_landau", "jansen_rit")
PAIRS = 5  # unknowns of a figure


def analysis_with(store, model):
    """The first analysis that has columns of a model; None where there is none."""
    for name in store.analyses:
        for of_recording in (False, True):
            columns = store.columns(name, of_recording)
            if len(columns) and (columns["feature"] == model).any():
                return name
    return None


def of_subject(store, analysis, dimension, subject):
    """Rows of a tensor's first dimension that are the subject's (all: None)."""
    subjects = store.recordings["subject"].to_numpy()
    if dimension == "window":
        subjects = subjects[store.group(analysis)["window_recording"][()]]
    return np.ones(len(subjects), bool) if subject is None else subjects == subject


def first_row(tensor, rows):
    """The first of those rows that holds numbers; None."""
    full = np.isfinite(tensor.values.reshape(len(tensor), -1)).any(axis=1) & rows
    return int(np.argmax(full)) if full.any() else None


# ---- var -------------------------------------------------------------------------------------------------------


def var_modes(store, subject=None):
    """Frequency and damping of every stored mode of every window; maps of one window's modes."""
    analysis = analysis_with(store, "var")
    if analysis is None:
        return None
    windows = store.windows(analysis)
    names = windows["column"].to_numpy()
    modes = [n.removeprefix("var.frequency_mode") for n in names if n.startswith("var.frequency_mode")]
    frequency = windows.sel(column=[f"var.frequency_mode{m}" for m in modes]).to_numpy()
    damping = windows.sel(column=[f"var.damping_mode{m}" for m in modes]).to_numpy()
    tensor = store.tensor(analysis, "var", "modes")
    row = first_row(tensor, of_subject(store, analysis, "window", subject))
    if row is None:
        return None
    who = windows["subject"].to_numpy()[row]
    mine = windows["subject"].to_numpy() == who
    figure = plt.figure(figsize=(9.6, 3.9))
    plane, maps = figure.subfigures(1, 2, width_ratios=(1.1, 1))
    axes = plane.subplots()
    for rows, look in (
        (~mine, {"color": ALL, "alpha": 0.35, "ms": 3.5, "label": "others"}),
        (mine, {"color": COLOUR[1], "ms": 5, "label": f"subject {who}"}),
    ):
        axes.plot(frequency[rows].ravel(), damping[rows].ravel(), "o", mew=0, **look)
    axes.set(xlabel="Frequency (Hz)", ylabel="Damping (1/s)", title="Least damped modes, all windows")
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=min(0, np.nanmin(damping)))
    axes.legend(loc="upper left")
    xy = topography.places(tensor["channel"].values, store.channels)
    shown = min(4, tensor.sizes["mode"])
    for i, at in enumerate(maps.subplots(2, 2).ravel()):
        at.axis("off")
        if i >= shown or not np.isfinite(tensor.values[row, i]).any():
            continue
        value = tensor.isel({tensor.dims[0]: row, "mode": i}).sel(part="real").to_numpy()
        most = np.nanmax(np.abs(value))
        topography.draw(at, xy, value, (-most, most), "RdBu_r")
        at.set_title(f"{frequency[row, i]:.3g} Hz, {damping[row, i]:.2g}/s", fontsize=8.5, loc="center")
    maps.suptitle(f"Maps at phase 0, subject {who}", fontsize=9.5, fontweight="bold", color=INK)
    return figure


# ---- sindy -----------------------------------------------------------------------------------------------------


def sindy_bars(store, subject=None):
    """Inclusion probability of every term over the bootstrap, a panel an equation, with the equation."""
    analysis = analysis_with(store, "sindy")
    if analysis is None:
        return None
    tensor = store.tensor(analysis, "sindy", "inclusion")
    row = first_row(tensor, of_subject(store, analysis, tensor.dims[0], subject))
    if row is None:
        return None
    share = tensor[row].transpose("coordinate", "term")
    terms = [str(t) for t in share["term"].values]
    lines = store.equations(analysis, row)
    figure, axes = plt.subplots(
        len(share), 1, figsize=(9.6, 1.2 + 1.25 * len(share)), sharex=True, squeeze=False
    )
    for at, values, line in zip(axes[:, 0], share.values, lines):
        at.bar(np.arange(len(terms)), values, color=np.where(values >= 0.5, COLOUR[0], FAINT), width=0.75)
        at.axhline(0.5, color=SOFT, lw=0.7, ls=":")
        at.set_ylim(0, 1.05)
        at.set_title(line if len(line) < 120 else line[:117] + "...", fontsize=8, fontweight="normal")
    axes[-1, 0].set_xticks(np.arange(len(terms)), terms, rotation=90 if len(terms) > 12 else 0, fontsize=7.5)
    figure.supylabel("Inclusion probability", fontsize=9)
    return figure


# ---- models of spectra -----------------------------------------------------------------------------------------


def spectra(store, model, subject=None, most=6):
    """Measured spectra within the posterior's band of the model's, some channels of a recording."""
    analysis = analysis_with(store, model)
    if analysis is None:
        return None
    measured, fitted = store.tensor(analysis, model, "measured"), store.tensor(analysis, model, "fitted")
    row = first_row(fitted, of_subject(store, analysis, "recording", subject))
    if row is None:
        return None
    channels = [c for c in fitted["channel"].values if np.isfinite(fitted[row].sel(channel=c)).any()]
    channels = [channels[i] for i in np.unique(np.linspace(0, len(channels) - 1, most).round().astype(int))]
    hz = np.asarray(fitted["frequency"].values, float)
    figure, axes = plt.subplots(2, 3, figsize=(9.6, 5), sharex=True, squeeze=False)
    for at in axes.ravel():
        at.axis("off")
    for at, channel in zip(axes.ravel(), channels):
        at.axis("on")
        band = fitted[row].sel(channel=channel)
        at.plot(hz, measured[row].sel(channel=channel), color=INK, lw=1, label="measured")
        at.fill_between(hz, band.sel(bound="q05"), band.sel(bound="q95"), color=COLOUR[0], alpha=0.3, lw=0)
        at.plot(hz, band.sel(bound="q50"), color=COLOUR[0], lw=1.4, label="model, 90 % of draws")
        at.set(yscale="log", title=str(channel))
    axes[0, 0].legend()
    who = store.recordings["subject"].iloc[row]
    figure.suptitle(f"{model}, subject {who}", fontsize=9.5, fontweight="bold", color=INK)
    figure.supxlabel("Frequency (Hz)", fontsize=9)
    figure.supylabel("Power density (µV²/Hz)", fontsize=9)
    return figure


def pairs(store, model, subject=None):
    """Draws of the posterior of one channel: the unknowns against each other."""
    analysis = analysis_with(store, model)
    if analysis is None:
        return None
    tensor = store.tensor(analysis, model, "draws")
    row = first_row(tensor, of_subject(store, analysis, "recording", subject))
    if row is None:
        return None
    channel = next(c for c in tensor["channel"].values if np.isfinite(tensor[row].sel(channel=c)).all())
    draws = tensor[row].sel(channel=channel).transpose("draw", "unknown")
    names = [str(u) for u in draws["unknown"].values][:PAIRS]
    n = len(names)
    figure, axes = plt.subplots(n, n, figsize=(1.9 * n, 1.7 * n), squeeze=False)
    for i in range(n):
        for j in range(n):
            at, x, y = axes[i, j], draws.values[:, j], draws.values[:, i]
            if j > i:
                at.axis("off")
                continue
            if i == j:
                at.hist(x, bins=20, color=COLOUR[0], alpha=0.7)
                at.set_yticks([])
            else:
                at.plot(x, y, ".", color=COLOUR[0], ms=2, alpha=0.5)
            if i == n - 1:
                at.set_xlabel(names[j])
            if j == 0 and i > 0:
                at.set_ylabel(names[i])
    who = store.recordings["subject"].iloc[row]
    figure.suptitle(f"{model}, posterior at {channel}, subject {who}", fontsize=9.5, fontweight="bold", color=INK)
    return figure


def figures(store, subject=None):
    """{file name: figure} of all that the store has."""
    made = {"var_modes": var_modes(store, subject), "sindy": sindy_bars(store, subject)}
    for model in SPECTRAL:
        made[f"{model}_spectrum"] = spectra(store, model, subject)
        made[f"{model}_pairs"] = pairs(store, model, subject)
    return {name: figure for name, figure in made.items() if figure is not None}


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    folder = Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with eveil.open(sys.argv[1]) as store:
            made = figures(store, sys.argv[3] if len(sys.argv) == 4 else None)
            for name, figure in made.items():
                figure.savefig(folder / f"{name}.png", dpi=110)
                print(folder / f"{name}.png")
    except eveil.StoreError as error:
        sys.exit(f"models_figures: {error}")
    if not made:
        sys.exit(f"models_figures: {sys.argv[1]}: none of its models has a figure")


if __name__ == "__main__":
    main()

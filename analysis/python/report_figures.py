"""The report's figures: each function draws one and returns it, or None where there is nothing to draw."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

INK, SOFT, FAINT = "#1b2733", "#5b6b7a", "#d9dfe5"
COLOUR = ["#0072b2", "#d55e00"]  # negative, positive outcome (Okabe & Ito: safe for colour-blind readers)
ALL = "#4d4d4d"

plt.rcParams.update(
    {
        "font.family": ["DejaVu Sans"],
        "font.size": 9,
        "axes.titlesize": 9.5,
        "axes.titleweight": "bold",
        "axes.labelsize": 9,
        "axes.titlelocation": "left",
        "axes.titlepad": 8,
        "axes.edgecolor": SOFT,
        "axes.labelcolor": INK,
        "text.color": INK,
        "axes.linewidth": 0.8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "xtick.color": SOFT,
        "ytick.color": SOFT,
        "xtick.labelsize": 8,
        "ytick.labelsize": 8,
        "xtick.major.width": 0.8,
        "ytick.major.width": 0.8,
        "lines.linewidth": 1.8,
        "legend.frameon": False,
        "legend.fontsize": 8.5,
        "figure.dpi": 100,
        "savefig.dpi": 170,
        "figure.constrained_layout.use": True,
    }
)


def split(values, subjects, outcome):
    """[(label, colour, values of the group)]: both outcome groups, or all subjects as one."""
    if outcome is None:
        return [("all subjects", ALL, values)]
    group = outcome.groups(subjects)
    return [(outcome.label[g], COLOUR[g], values[group == g]) for g in (0, 1)]


def spread(value, width):
    """Sideways places of dots so that they do not hide each other (a bee swarm by bins of value)."""
    order, place = np.argsort(value, kind="stable"), np.zeros(len(value))
    span = np.ptp(value) / 25 if len(value) and np.ptp(value) > 0 else 1
    bins = np.floor((value - (value.min() if len(value) else 0)) / span)
    for b in np.unique(bins):
        inside = order[bins[order] == b]
        n = len(inside)
        place[inside] = (np.arange(n) - (n - 1) / 2) * min(width / 6, width / max(n, 1))
    return place


def dots(axes, groups, width=0.7):
    """One column of dots a group, with its median and quartiles."""
    for x, (label, colour, value) in enumerate(groups):
        value = value[np.isfinite(value)]
        if len(value) == 0:
            continue
        axes.scatter(x + spread(value, width), value, s=14, color=colour, alpha=0.55, linewidths=0, zorder=2)
        low, middle, high = np.quantile(value, [0.25, 0.5, 0.75])
        axes.plot([x + 0.42, x + 0.42], [low, high], color=INK, lw=1.4, solid_capstyle="round", zorder=3)
        axes.plot(x + 0.42, middle, "o", ms=4.5, color="white", mec=INK, mew=1.3, zorder=4)
    axes.set_xlim(-0.6, len(groups) - 0.2)
    axes.set_xticks(range(len(groups)))
    axes.set_xticklabels([f"{g[0]}\nn = {np.isfinite(g[2]).sum()}" for g in groups], color=INK)
    axes.tick_params(axis="x", length=0)


REGIONS = [
    ("Frontal", ("Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8")),
    ("Central and temporal", ("T7", "C3", "Cz", "C4", "T8")),
    ("Posterior", ("P7", "P3", "Pz", "P4", "P8", "O1", "O2")),
]


def spectra(hz, channels, subjects, power, outcome):
    """power[subject, channel, frequency]: median and the middle 80 % of subjects, by region."""
    regions = [(t, [i for i, c in enumerate(channels) if c in names]) for t, names in REGIONS]
    regions = [r for r in regions if r[1]] or [("All channels", list(range(len(channels))))]
    keep = (hz >= 0.5) & (hz <= 45)
    figure, axes = plt.subplots(1, len(regions), figsize=(3.35 * len(regions), 3.2), sharey=True, squeeze=False)
    for panel, (title, index) in zip(axes[0], regions):
        for label, colour, some in split(power, subjects, outcome):
            with np.errstate(invalid="ignore", divide="ignore"):
                db = 10 * np.log10(some[:, index][:, :, keep])
            count = np.isfinite(db).sum(axis=1)
            db = np.where(
                count > 0, np.nansum(np.where(np.isfinite(db), db, 0), axis=1) / np.maximum(count, 1), np.nan
            )
            db = db[np.isfinite(db).all(axis=1)]
            if len(db) == 0:
                continue
            low, middle, high = np.quantile(db, [0.1, 0.5, 0.9], axis=0)
            panel.fill_between(hz[keep], low, high, color=colour, alpha=0.16, lw=0)
            panel.plot(hz[keep], middle, color=colour, label=f"{label} (n = {len(db)})")
        panel.set_xscale("log")
        panel.set_xticks([1, 2, 4, 8, 13, 30])
        panel.set_xticklabels(["1", "2", "4", "8", "13", "30"])
        panel.minorticks_off()
        panel.set_xlim(hz[keep][0], hz[keep][-1])
        panel.set_title(title)
        panel.set_xlabel("Frequency (Hz)")
        for edge in (4, 8, 13, 30):
            panel.axvline(edge, color=FAINT, lw=0.8, zorder=0)
    axes[0, 0].set_ylabel("Power density (dB re 1 µV²/Hz)")
    axes[0, -1].legend(loc="upper right", handlelength=1.4)
    return figure


def features(chosen, outcome, auc):
    """chosen: [(title, unit, subjects, values)]; auc(values, groups) -> number, printed above a panel."""
    columns = min(4, len(chosen))
    rows = -(-len(chosen) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(2.55 * columns, 2.75 * rows), squeeze=False)
    for panel in axes.flat[len(chosen) :]:
        panel.axis("off")
    for panel, (title, unit, subjects, value) in zip(axes.flat, chosen):
        dots(panel, split(value, subjects, outcome))
        panel.set_title(title)
        if unit and unit != "1":
            panel.set_ylabel(unit.replace("uV", "µV").replace("^2", "²"))
        if outcome is not None:
            area = auc(value, outcome.groups(subjects))
            if np.isfinite(area):
                panel.set_xlabel(f"AUC {area:.2f}", fontsize=8, color=SOFT)
    return figure


def quality(recordings, clean, site):
    """Share of clean samples of each recording, by hospital; and when the recordings were made."""
    sites = sorted(set(site)) if site is not None else ["all recordings"]
    names = np.asarray(site if site is not None else ["all recordings"] * len(clean), dtype=object)
    when = recordings["start_h"].to_numpy(float) if "start_h" in recordings else np.full(len(clean), np.nan)
    timed = np.isfinite(when).any()
    figure, axes = plt.subplots(
        1,
        2 if timed else 1,
        figsize=(9.6 if timed else 5, 2.9),
        squeeze=False,
        gridspec_kw={"width_ratios": [1, 1.5]} if timed else None,
    )
    dots(axes[0, 0], [(s, ALL, 100 * clean[names == s]) for s in sites])
    axes[0, 0].set_ylabel("Clean samples (%)")
    axes[0, 0].set_title("How clean the recordings are")
    axes[0, 0].set_ylim(top=100.5)
    if timed:
        row = np.argsort(when, kind="stable")
        length = recordings["duration_s"].to_numpy(float)[row] / 3600
        axes[0, 1].hlines(np.arange(len(row)), when[row], when[row] + length, color=ALL, lw=1.2)
        axes[0, 1].scatter(when[row], np.arange(len(row)), s=7, color=ALL, linewidths=0)
        axes[0, 1].set_xlabel("Hours since the event")
        axes[0, 1].set_ylabel("Recordings, by start")
        axes[0, 1].set_title("When they were made")
    return figure


def modes(subjects, eigenvalues, fs_hz, outcome):
    """Radius and frequency of each subject's VAR modes, one panel a group, and the largest radii compared."""
    known = np.isfinite(fs_hz)
    scale = fs_hz if known else 1.0
    groups = split(np.arange(len(subjects)), subjects, outcome)
    figure, axes = plt.subplots(
        1, len(groups), figsize=(4.8 * len(groups), 3.3), sharey=True, sharex=True, squeeze=False
    )
    upper = 45 / scale if known else 0.5
    every = np.concatenate(eigenvalues)
    floor = max(0.0, np.floor(20 * np.quantile(abs(every), 0.1)) / 20)
    for panel, (label, colour, index) in zip(axes[0], groups):
        some = np.concatenate([eigenvalues[i] for i in index]) if len(index) else np.zeros(0, complex)
        panel.scatter(
            np.angle(some) / (2 * np.pi) * scale,
            abs(some),
            s=5,
            color=colour,
            alpha=min(0.6, max(0.08, 900 / (len(some) + 1))),
            linewidths=0,
        )
        panel.axhline(1, color=INK, lw=0.8)
        if known:
            for tau in (0.02, 0.05, 0.2):
                radius = np.exp(-1 / (tau * fs_hz))
                if radius > floor:
                    panel.axhline(radius, color=FAINT, lw=0.8, zorder=0)
                    if panel is axes[0, -1]:
                        panel.text(
                            1.01,
                            radius,
                            f"{1000 * tau:g} ms",
                            transform=panel.get_yaxis_transform(),
                            va="center",
                            fontsize=7.5,
                            color=SOFT,
                        )
        panel.set_title(f"{label} (n = {len(index)})", color=colour)
        panel.set_xlabel("Frequency (Hz)" if known else "Frequency (cycles a sample)")
        panel.set_xlim(-0.01 * upper * scale, upper * scale)
        panel.set_ylim(floor, 1.02)
    axes[0, 0].set_ylabel("Radius |λ| (1: not damped)")
    return figure


def roc(curves):
    """curves: [(learner, false positive rates, sensitivity, low, high, label)], the first one with its band."""
    figure, axes = plt.subplots(figsize=(4.3, 4.3))
    axes.plot([0, 1], [0, 1], color=FAINT, lw=1)
    for i, (learner, x, y, low, high, label) in enumerate(curves):
        colour, style = ("#0b3c5d", "-") if i == 0 else (SOFT, (0, (4, 2)) if i == 1 else (0, (1, 1.5)))
        if i == 0:
            axes.fill_between(x, low, high, color="#0b3c5d", alpha=0.15, lw=0, step=None)
        axes.plot(x, y, color=colour, ls=style, lw=2 if i == 0 else 1.3, label=label)
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.01)
    axes.set_aspect("equal")
    axes.set_xlabel("False positive rate (1 − specificity)")
    axes.set_ylabel("Sensitivity")
    axes.legend(loc="lower right", handlelength=2.2)
    return figure


def calibration(bins, probability, y, positive):
    """bins: [(mean probability, observed share, low, high, n)]; the dots below and above are single subjects."""
    figure, axes = plt.subplots(figsize=(4.3, 4.3))
    axes.plot([0, 1], [0, 1], color=FAINT, lw=1)
    x, share, low, high = (np.array([b[i] for b in bins]) for i in range(4))
    axes.errorbar(
        x,
        share,
        [share - low, high - share],
        fmt="o",
        ms=6,
        color="#0b3c5d",
        ecolor="#0b3c5d",
        elinewidth=1.2,
        capsize=0,
        zorder=3,
    )
    for value, outcome, place in ((probability[y == 0], 0, -0.045), (probability[y == 1], 1, 1.045)):
        axes.plot(
            value, np.full(len(value), place), "|", ms=7, color=COLOUR[outcome], alpha=0.6, mew=1, clip_on=False
        )
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.09, 1.09)
    axes.set_yticks(np.arange(0, 1.01, 0.2))
    axes.set_aspect("equal")
    axes.set_xlabel(f"Predicted probability of a {positive} outcome")
    axes.set_ylabel(f"Observed share with a {positive} outcome")
    return figure

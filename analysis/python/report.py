#!/usr/bin/env python3
"""One self-contained HTML page about a store and, where there is one, its prognosis.

    report.py STORE [--prognosis FILE] [-o report.html] [--outcome COLUMN] [--site COLUMN] [--feature FEATURE.OUTPUT]

Exit codes: 0 written, 1 usage, 2 a file is not what it should be.
"""

import argparse
import os
import sys

import numpy as np
import pandas as pd

import eveil
import report_data as data
import report_figures as figures
import report_prognosis as prognosis
import report_validation
import topography
from report_page import Page


def main(arguments):
    parser = argparse.ArgumentParser(prog="report.py", description=__doc__.split("\n")[0])
    parser.add_argument("store")
    parser.add_argument("--prognosis", help="prognosis file (eveil prognose)")
    parser.add_argument("-o", "--output", default="report.html", help="the page (default: report.html)")
    parser.add_argument(
        "--outcome", help="column of participants.tsv that splits the subjects (default: as configured)"
    )
    parser.add_argument("--site", default=None, help="column of participants.tsv that names the hospital")
    parser.add_argument("--feature", help="feature of the scalp maps, such as band_power.relative_alpha")
    try:
        options = parser.parse_args(arguments)
    except SystemExit as stop:
        return 1 if stop.code else 0
    try:
        with eveil.open(options.store) as store:
            results = prognosis.load(options.prognosis) if options.prognosis else []
            write(options.output, build(store, results, options))
    except (eveil.StoreError, OSError) as error:
        print(f"report.py: {error}", file=sys.stderr)
        return 2
    return 0


def write(path, text):
    """Aside, then renamed: a reader sees a whole page or the previous one."""
    aside = path + ".tmp"
    try:
        with open(aside, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(aside, path)
    except OSError as error:
        if os.path.exists(aside):
            os.remove(aside)
        raise eveil.StoreError(f"{path}: the page cannot be written: {error.strerror}") from error


def build(store, results, options):
    outcome, why_not = data.find_outcome(store, options.outcome)
    page = Page("Coma EEG cohort: report")
    overview(page, store, outcome, results)
    cohort(page, store, outcome, why_not, options.site)
    quality(page, store, options.site)
    spectra(page, store, outcome)
    scalp(page, store, outcome, options.feature)
    features(page, store, outcome)
    dynamics(page, store, outcome)
    report_validation.validation(page, results, outcome, bool(options.prognosis))
    attrs = store.attrs
    lead = (
        f"Store {os.path.basename(store.path)}, made {attrs.get('created_utc', 'at an unknown time')} by Éveil"
        f" {attrs.get('eveil_version')}"
    )
    footer = (
        f"Éveil {attrs.get('eveil_version')}, revision {attrs.get('git_revision', 'unknown')}, seed"
        f" {attrs.get('seed', 'unknown')}, layout {str(attrs.get('layout_hash', 'unknown'))[:16]},"
        f" {attrs.get('libraries', '')}. Research use only: not a medical device."
    )
    return page.html(lead, footer)


# ---- what the cohort is -----------------------------------------------------------------------


def site_of(store, wanted):
    """Name of the column of hospitals, or None."""
    for name in [wanted] if wanted else ["hospital", "site", "centre", "center"]:
        if name in store.participants:
            return name
    return None


def overview(page, store, outcome, results):
    recordings = store.recordings
    hours = recordings["duration_s"].sum() / 3600 if "duration_s" in recordings else float("nan")
    cards = [
        (f"{recordings['subject'].nunique():,}", "subjects with recordings"),
        (f"{len(recordings):,}", "recordings"),
        (f"{hours:,.1f} h", "of EEG"),
        (f"{int((~recordings['ok']).sum()):,}", "recordings failed"),
    ]
    if outcome is not None:
        cards.append((f"{outcome.n[1]} of {sum(outcome.n)}", f"{outcome.label[1]} outcome"))
    if results and "auc" in results[0].metric:
        cards.append((f"{results[0].metric['auc'][1][0]:.2f}", f"AUC of {results[0].learners[0]}, out of fold"))
    page.cards(cards)


def describe(column, of_group=False):
    """One cell of the cohort table: median and quartiles of numbers, counts of few categories; None where neither fits.
    Categories with hardly more than one subject each could be names: they are not shown."""
    known = column[[not (pd.isna(v) or str(v).strip() in ("", "n/a", "NA")) for v in column]]
    if len(known) == 0:
        return "none known"
    if pd.api.types.is_numeric_dtype(known):
        low, middle, high = np.quantile(known.astype(float), [0.25, 0.5, 0.75])
        return f"{middle:.4g} ({low:.4g} to {high:.4g})"
    counts = known.astype(str).value_counts().sort_index()
    few = len(counts) <= 8 and 2 * len(counts) <= len(known)
    return ", ".join(f"{name} {n}" for name, n in counts.items()) if few or of_group else None


def cohort(page, store, outcome, why_not, site):
    page.heading("The cohort")
    people = store.participants
    if people.empty or "subject" not in people:
        page.absent("The store has no participants' table.")
    else:
        if outcome is None:
            page.absent(why_not)
        of = people["subject"].map(outcome.of if outcome else {})
        groups = [("All", people)] + ([(outcome.label[g], people[of == g]) for g in (0, 1)] if outcome else [])
        rows = [["Subjects"] + [len(g) for _, g in groups]]
        shown = [
            c
            for c in dict.fromkeys(["age", "sex", site_of(store, site)] + list(people.columns))
            if c in people and c not in ("subject", "participant_id", outcome.column if outcome else "")
        ]
        for name in shown[:10]:
            whole = describe(people[name])
            if whole is not None:
                rows.append([name] + [describe(g[name], True) for _, g in groups])
        page.table([""] + [name for name, _ in groups], rows)
        page.text(
            "Numbers are medians with quartiles. Free text and columns with many different values are not shown.",
            "note",
        )
    failures(page, store.recordings)


def failures(page, recordings):
    """Recordings that failed or are used with a note; file names are left out, they can hold names of patients."""
    message = recordings.get("message", pd.Series([""] * len(recordings)))
    listed = recordings[(~recordings["ok"]) | (message.astype(str) != "")]
    page.subheading("Recordings that failed or carry a note")
    if listed.empty:
        page.text("None.")
        return
    rows = []
    for _, r in listed.head(200).iterrows():
        text = str(r.get("message", "")).replace(str(r.get("file", "")) or "\0", "the file")
        text = " ".join("the file" if "/" in word and len(word) > 3 else word for word in text.split())
        rows.append(
            [r["subject"], r.get("session", ""), "used" if r["ok"] else f"failed ({r.get('status_text', '')})", text]
        )
    page.table(["Subject", "Session", "State", "What was found"], rows)
    if len(listed) > 200:
        page.text(f"{len(listed) - 200} more are in the store (/recordings/message).")


def quality(page, store, site):
    page.heading("Data quality")
    analysis = next((a for a in store.analyses if "window_clean" in store.group(a)), None)
    used = store.recordings[store.recordings["ok"]]
    if analysis is None or used.empty:
        page.absent("No window rows are kept, so the share of clean samples is not known here.")
    else:
        group = store.group(analysis)
        share = group["window_clean"][()]
        counts = np.isfinite(share)
        if "window_chosen" in group:
            counts &= group["window_chosen"][()] == 1
        recording = group["window_recording"][()][counts]
        n = np.bincount(recording, minlength=len(store.recordings))
        clean = np.bincount(recording, weights=share[counts], minlength=len(store.recordings)) / np.maximum(n, 1)
        column = site_of(store, site)
        sites = (
            used["subject"].map(store.participants.set_index("subject")[column]).astype(str).to_numpy()
            if column
            else None
        )
        keep = (n > 0)[used.index]
        image = figures.quality(used[keep], clean[used.index][keep], sites[keep] if sites is not None else None)
        page.add(
            page.figure(
                image,
                "Quality of the recordings.",
                (
                    f'Left: share of clean samples in the windows of analysis "{analysis}", one dot a recording (n ='
                    f" {int(keep.sum())}); the bar spans the quartiles, the circle is the median. Right, where known:"
                    " hours since the event at which recordings start and end."
                ),
                940,
            )
        )
    rows, reasons = [], {}
    for name in store.analyses:
        reasons[name] = store.why_counts(name)
    every = list(dict.fromkeys(r for s in reasons.values() for r in s.index))
    for name, counts in reasons.items():
        total = counts.sum()
        rows.append(
            [name, f"{total:,}"] + [f"{100 * counts.get(r, 0) / total:.2f} %" if total else "" for r in every]
        )
    if rows:
        page.subheading("Cells with a value, and why others have none")
        page.table(["Analysis", "Cells"] + every, rows, numeric=range(1, 2 + len(every)))


# ---- signals --------------------------------------------------------------------------------------


def spectra(page, store, outcome):
    page.heading("Spectra")
    analysis, power = data.find_tensor(store, "spectrum", "power")
    if power is None or "frequency" not in power.coords:
        page.absent('No analysis of this store holds the model "spectrum", so there are no spectra to show.')
        return
    subjects, value = data.subject_means(store, power.to_numpy())
    if not np.isfinite(value).any():
        page.absent("The spectra of all recordings are empty.")
        return
    image = figures.spectra(
        power["frequency"].to_numpy(), [str(c) for c in power["channel"].to_numpy()], subjects, value, outcome
    )
    split = f"by outcome ({outcome.label[0]} or {outcome.label[1]})" if outcome else "of all subjects"
    page.add(
        page.figure(
            image,
            f"Power spectra {split}.",
            (
                "Lines are medians over subjects, shaded bands hold the middle 80 % of subjects. Each subject's"
                " spectrum is the mean over the recordings and over the channels of the region, in decibels; grey"
                " lines mark 4, 8, 13 and 30 Hz."
            ),
            940,
        )
    )


def scalp(page, store, outcome, wanted):
    page.heading("Scalp maps")
    found = data.map_feature(store, wanted)
    if found is None:
        page.absent(
            f"No feature {'named ' + wanted if wanted else 'with at least 8 channels'} is in the store, so there is"
            " no map."
        )
        return
    title, unit, analysis, channels, subjects, value = found
    image = topography.figure(
        title, unit, topography.places(channels, store.channels), figures.split(value, subjects, outcome)
    )
    if image is None:
        page.absent("The positions of the channels are not known, so there is no map.")
        return
    what = "Median over subjects of each electrode's value (the recording's median over windows)"
    page.add(
        page.figure(
            image,
            f"{title} over the scalp.",
            f"{what}, seen from above, nose up; dots are electrodes, the surface between them is interpolated."
            f' Analysis "{analysis}".'
            + (
                " The right map shows where the two groups differ; it is descriptive and not a test."
                if outcome
                else ""
            ),
            860,
        )
    )


def features(page, store, outcome):
    page.heading("Main features")
    chosen = data.main_features(store)
    if not chosen:
        page.absent("No feature of this store varies between subjects.")
        return
    image = figures.features(chosen, outcome, prognosis.auc)
    page.add(
        page.figure(
            image,
            f"Main features{' by outcome' if outcome else ''}.",
            "One dot a subject: the median over windows, averaged over channels and recordings; the bar spans the"
            " quartiles, the circle is the median."
            + (
                f" AUC: how well the single feature alone ranks {outcome.label[1]} above {outcome.label[0]} in these"
                f" very subjects; below .5 means lower values in {outcome.label[1]}. It is not validated and several"
                " features were looked at."
                if outcome
                else ""
            ),
            235 * min(4, len(chosen)),
        )
    )


def dynamics(page, store, outcome):
    page.heading("Dynamical modes")
    found = data.var_modes(store)
    if found is None:
        page.absent('No analysis of this store holds coefficients of the model "var", so there are no modes to show.')
        return
    analysis, subjects, values, fs_hz = found
    image = figures.modes(subjects, values, fs_hz, outcome)
    known = (
        " Grey lines mark radii at which a mode falls to 1/e in the time written beside them."
        if np.isfinite(fs_hz)
        else " The sampling rate is not in the store."
    )
    page.add(
        page.figure(
            image,
            "Eigenmodes of the vector autoregressive model.",
            (
                f"Each dot is a mode of one window (the middle one of a recording, {len(values)} recordings, analysis"
                f' "{analysis}"): its frequency and its radius, how slowly it fades.{known}'
            ),
            860,
        )
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

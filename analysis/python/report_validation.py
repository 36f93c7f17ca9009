"""The report's chapter on the prognosis: curves, measures, coefficients of each result."""

import numpy as np

import report_figures as figures
import report_prognosis as prognosis


def validation(page, results, outcome, asked):
    page.heading("Prognosis")
    if not results:
        page.absent(
            "No prognosis file was given: this page describes the cohort only."
            if not asked
            else "The prognosis file holds no result."
        )
        return
    for result in results:
        if len(results) > 1:
            page.subheading(result.name)
        one_result(page, result, outcome.label[1] if outcome else "positive")


def one_result(page, result, positive):
    n, n1 = len(result.y), int((result.y == 1).sum())
    page.text(
        f"{n} subjects, {n1} with a {positive} outcome, {result.n_columns} columns in the design. All probabilities"
        " are out of fold: no subject's probability comes from a model that saw the subject. They are averaged over"
        f" {result.n_repeats} repeat(s) of the folds."
    )
    if result.left_out:
        page.text("Left out: " + ", ".join(f"{k} with {reason}" for reason, k in result.left_out.items()) + ".")
    if result.permuted:
        page.text("The outcomes were permuted among subjects: this is a null check, not a prognosis.", "warn")
    if n < 100:
        page.text(f"With {n} subjects every number below is uncertain: read the intervals, not the points.", "warn")
    usable = [(k, p) for k, p in result.probability.items() if len(set(result.y[np.isfinite(p)])) == 2]
    if usable:
        curves_of(page, result, usable, positive)
    else:
        page.absent("No learner has out-of-fold probabilities in both outcomes, so there is no curve.")
    measures(page, result)
    coefficients(page, result)


def curves_of(page, result, usable, positive):
    rates, curves = np.linspace(0, 1, 201), []
    for i, (learner, probability) in enumerate(usable):
        keep = np.isfinite(probability)
        area = result.metric["auc"][1][result.learners.index(learner)] if "auc" in result.metric else np.nan
        make = prognosis.curve_with_band if i == 0 else lambda *a: (prognosis.curve(*a), None, None)
        curves.append((learner, rates, *make(probability[keep], result.y[keep], rates), f"{learner}, AUC {area:.2f}"))
    first, probability = usable[0]
    keep = np.isfinite(probability)
    p, y = probability[keep], result.y[keep]
    left = page.figure(
        figures.roc(curves),
        "ROC curve.",
        (
            f"Out-of-fold probabilities of {len(y)} subjects; shaded: pointwise 95 % band of {first} from 2,000"
            " bootstrap samples of subjects. The AUC beside a name is the mean over folds, not the area under this"
            " pooled curve."
        ),
        430,
    )
    right = page.figure(
        figures.calibration(prognosis.calibration_bins(p, y), p, y, positive),
        "Calibration.",
        (
            f"{first}: {len(y)} subjects in groups of equal size by predicted probability, with 95 % Wilson intervals"
            " of the observed share; ticks are single subjects. On the grey line predictions are right on average."
        ),
        430,
    )
    page.pair(left, right)


def measures(page, result):
    page.subheading("Measures")
    rows = []
    for name, (text, values) in result.metric.items():
        bounds = result.interval.get(name) or result.interval.get(f"{name}_logit") or [(np.nan, np.nan)] * len(values)
        digits = 0 if name == "folds_left_out" else 3
        shown = [
            (
                f"{v:.{digits}f}" + (f" [{b[0]:.3f}, {b[1]:.3f}]" if np.isfinite(b).all() else "")
                if np.isfinite(v)
                else "not defined"
            )
            for v, b in zip(values, bounds)
        ]
        title = name.replace("_", " ").replace("auc", "AUC")
        rows.append([title[0].upper() + title[1:]] + shown + [text])
    page.table(["Measure"] + result.learners + ["What it is"], rows, numeric=range(1, 1 + len(result.learners)))
    page.text("In brackets: 95 % intervals, where the file holds one.", "note")


def coefficients(page, result):
    learner = result.learners[0]
    largest = result.coefficient[learner]
    largest = largest[largest != 0].dropna()
    largest = largest.reindex(largest.abs().sort_values(ascending=False, kind="stable").index)[:10]
    if largest.empty:
        return
    page.subheading(f"Largest coefficients of {learner}")
    page.table(
        ["Column", "Log odds a standard deviation"],
        [[name, f"{value:+.3f}"] for name, value in largest.items()],
        numeric=[1],
    )
    page.text(
        (
            "Of the model refitted on all subjects, for orientation: correlated columns share their weight, and this"
            " model was not validated itself."
        ),
        "note",
    )

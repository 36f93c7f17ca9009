#!/usr/bin/env python3
"""Simulated cohorts with known coefficients, through the commands: does the validation find what is there, and nothing
where nothing is? 50 cohorts of 400 subjects; the design holds the true columns and 10 distractors."""
import csv
import math
import re
import statistics
import sys

from harness import case, eveil, expect, run_cases, write

COHORTS, SUBJECTS, PERMUTED = 50, 400, 200
TRUE = ["z_suppression", "z_exponent", "z_alpha_uv", "z_age"]
NOISE = [f"noise_{i:02d}" for i in range(1, 11)]


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def auc(scores, positive):
    order = sorted(range(len(scores)), key=lambda i: scores[i])
    rank, i = [0.0] * len(scores), 0
    while i < len(order):
        j = i
        while j < len(order) and scores[order[j]] == scores[order[i]]:
            j += 1
        for k in range(i, j):
            rank[order[k]] = (i + j + 1) / 2
        i = j
    m = sum(positive)
    return (sum(r for r, p in zip(rank, positive) if p) - m * (m + 1) / 2) / (m * (len(scores) - m))


def simulate(seed):
    """One cohort; its design as a table; the AUC of the true linear predictor."""
    write("simulate.cfg", f'cohort: {{ root = "cohort{seed}"; }};\n'
          f"simulate: {{ subjects = {SUBJECTS}; duration_s = 1.0; distractors = 10; }};\nrun: {{ seed = {seed}; }};\n")
    expect(eveil("simulate", "simulate.cfg"), 0)
    truth = read(f"cohort{seed}/truth.tsv")
    noise = {row["participant_id"]: row for row in read(f"cohort{seed}/participants.tsv")}
    with open(f"design{seed}.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["subject", "outcome", *TRUE, *NOISE])
        for row in truth:
            table.writerow([row["participant_id"], row["outcome"], *[row[name] for name in TRUE],
                            *[noise[row["participant_id"]][name] for name in NOISE]])
    return auc([float(row["linear_predictor"]) for row in truth], [row["outcome"] == "poor" for row in truth])


def prognose(seed, draw=None):
    permute = f"permute = true; seed = {draw};" if draw is not None else ""
    write("prognose.cfg", f'output: {{ prognosis = "p.h5"; }};\nprognosis: ( {{ name = "main"; table = "design{seed}.csv"; '
          f'outcome = "outcome"; positive = "poor"; learners = ["ridge"]; folds = 5; repeats = {1 if draw else 2}; '
          f'inner_folds = 3; {permute} }} );\n')
    result = eveil("prognose", "prognose.cfg")
    expect(result, 0)
    return float(re.search(r"AUC, mean of folds\s+([0-9.]+)", result.out).group(1))


@case("fold_auc_is_that_of_the_true_predictor_and_half_when_permuted")
def everything():
    found, true, null = [], [], []
    for seed in range(1, COHORTS + 1):
        true.append(simulate(seed))
        found.append(prognose(seed))
        null += [prognose(seed, draw) for draw in range(1, PERMUTED // COHORTS + 1)]
    difference = statistics.mean(found) - statistics.mean(true)
    print(f"# {COHORTS} cohorts of {SUBJECTS}: mean fold-wise AUC {statistics.mean(found):.4f}, "
          f"of the true linear predictor {statistics.mean(true):.4f}, difference {difference:+.4f} (at most .05)")
    error = statistics.stdev(null) / math.sqrt(len(null))
    print(f"# {len(null)} permuted: mean {statistics.mean(null):.4f}, standard error {error:.4f} (within 3.3 of .50)")
    assert abs(difference) <= 0.05, difference
    assert abs(statistics.mean(null) - 0.5) <= 3.3 * error, (statistics.mean(null), error)


if __name__ == "__main__":
    sys.exit(run_cases())

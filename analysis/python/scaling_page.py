"""docs/scaling.md and its figures, from the tables of `make scaling`.

    scaling_page.py TABLES DOCS"""
import csv
import json
import statistics
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import report_figures  # the house's look

TABLES, DOCS = Path(sys.argv[1]), Path(sys.argv[2])
PHASES = (("start", "start, headers, plan", "#4d4d4d"), ("read", "read", "#56b4e9"), ("condition", "condition", "#0072b2"),
          ("compute", "compute", "#009e73"), ("journal", "journal", "#e69f00"), ("wait", "wait", "#cc79a7"),
          ("gather", "gather", "#d55e00"))
GOAL = 0.10


def table(name):
    path = TABLES / f"{name}.tsv"
    if not path.is_file():
        return []
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    for row in rows:
        for key, value in row.items():
            try:
                row[key] = float(value)
            except ValueError:
                pass
    return rows


def measured_phases(row):
    return {"start": row["start"] + row["probe"] + row["plan"], "read": row["read"], "condition": row["condition"],
            "compute": row["compute"] + row["other"], "journal": row["journal"], "wait": row["wait"], "gather": row["gather"]}


def forecast_phases(row):
    return {"start": row["start_s"] + row["probe_s"] + row["plan_s"], "read": row["read_s"], "condition": row["condition_s"],
            "compute": row["compute_s"] + row["other_s"], "journal": row["journal_s"], "wait": row["master_s"] + row["end_s"],
            "gather": row["gather_s"]}


def forecast_tasks_s(row):
    return row["wall_s"] - row["start_s"] - row["probe_s"] - row["plan_s"] - row["gather_s"]


def markdown(heads, rows):
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])


def verdict(error):
    return "met" if abs(error) <= GOAL else "MISSED"


def seconds(s):
    return f"{s:.3g} s" if s < 120 else f"{s / 60:.3g} min" if s < 7200 else f"{s / 3600:.4g} h"


# ---- measured ----

def by_study(runs):
    """{(study, ranks): rows}"""
    groups = {}
    for row in runs:
        groups.setdefault((row["study"], int(row["ranks"])), []).append(row)
    return groups


def efficiencies(groups, study, key):
    """{ranks: one efficiency a repeat, against the least ranks in the same repeat}"""
    ranks = sorted(r for s, r in groups if s == study)
    first = {row["repeat"]: row[key] for row in groups[study, ranks[0]]}
    return {r: [first[row["repeat"]] / row[key] * (ranks[0] / r if study == "strong" else 1) for row in groups[study, r]]
            for r in ranks}


def middle(values):
    return f"{statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def measured_text(runs, predicted):
    groups, rows = by_study(runs), []
    for study in ("strong", "weak"):
        whole, tasks = efficiencies(groups, study, "total"), efficiencies(groups, study, "tasks_s")
        for r in whole:
            group = groups[study, r]
            rows.append([study, r, f"{statistics.median(x['total'] for x in group):.2f}", f"{statistics.median(x['tasks_s'] for x in group):.2f}",
                         middle(whole[r]), middle(tasks[r]), f"{statistics.median(x['imbalance'] for x in group):.3f}",
                         f"{max(x['peak_mb'] for x in group):.0f}"])
    text = markdown(["study", "ranks", "wall s", "of it tasks s", "efficiency", "efficiency of the tasks", "busiest rank over mean",
                     "largest rank MB"], rows)
    text += "\n\nMedian (least to most) of the repeats; efficiency is against the least number of ranks in the same repeat.\n"
    asked = efficiencies(groups, "strong", "tasks_s").get(2)
    if asked:
        value = statistics.median(asked)
        text += f"\nAsked of 2 ranks on compute-bound work: at least 0.93; found {value:.3f}: {'met' if value >= 0.93 else 'MISSED'}.\n"
    return text + "\nPhases beside their forecast, seconds, means over ranks (forecast with the costs of one earlier run):\n\n" + \
        phases_text(groups, predicted)


def phases_text(groups, predicted):
    rows = []
    for p in predicted:
        group, said = groups[p["study"], int(p["ranks"])], forecast_phases(p)
        found = {key: statistics.median(measured_phases(row)[key] for row in group) for key, _, _ in PHASES}
        total = statistics.median(row["total"] for row in group)
        error = p["wall_s"] / total - 1
        rows.append([p["study"], int(p["ranks"]), *(f"{found[key]:.2f} / {said[key]:.2f}" for key, _, _ in PHASES),
                     f"{total:.2f} / {p['wall_s']:.2f}", f"{100 * error:+.1f} %", verdict(error)])
    return markdown(["study", "ranks", *(text for _, text, _ in PHASES), "all", "error", f"within {100 * GOAL:.0f} %"], rows)


def draw_measured(runs, predicted):
    groups = by_study(runs)
    figure, (left, mid, right) = plt.subplots(1, 3, figsize=(11, 3.6))
    for study, colour in (("strong", "#0072b2"), ("weak", "#d55e00")):
        found = efficiencies(groups, study, "tasks_s")
        for r, values in found.items():
            left.plot([r] * len(values), values, ".", color=colour, alpha=0.5)
            right.plot([r] * len(groups[study, r]), [row["imbalance"] for row in groups[study, r]], ".", color=colour, alpha=0.6,
                       label=study if r == min(found) else None)
        left.plot(list(found), [statistics.median(v) for v in found.values()], "-", color=colour, label=study)
        said = {int(p["ranks"]): forecast_tasks_s(p) for p in predicted if p["study"] == study}
        first = min(said)
        left.plot(list(said), [said[first] / said[r] * (first / r if study == "strong" else 1) for r in said], "x", color=colour,
                  label=f"{study}, forecast")
    left.axhline(0.93, color=report_figures.FAINT)
    left.set(title="Efficiency of the tasks", xlabel="ranks", ylim=(0, None))
    left.legend(loc="lower left")
    right.set(title="Busiest rank over the mean", xlabel="ranks", ylim=(0.99, None))
    right.legend()
    names, place = [], 0
    for p in (p for p in predicted if p["study"] == "strong"):
        group = groups["strong", int(p["ranks"])]
        found = {key: statistics.median(measured_phases(row)[key] for row in group) for key, _, _ in PHASES}
        for kind, values in (("run", found), ("forecast", forecast_phases(p))):
            bottom = 0
            for key, text, colour in PHASES:
                mid.bar(place, values[key], bottom=bottom, color=colour, width=0.8, label=text if place == 0 else None)
                bottom += values[key]
            names.append(f"{int(p['ranks'])}\n{kind}")
            place += 1
    mid.set_xticks(range(place), names)
    mid.set(title="Strong scaling: seconds by phase", xlim=(-0.6, place + 1.8))
    handles, labels = mid.get_legend_handles_labels()
    mid.legend(handles[::-1], labels[::-1], loc="upper right", fontsize=7.5)
    for axis in (left, right):
        axis.set_xticks(sorted({r for _, r in groups}))
    figure.savefig(DOCS / "scaling_measured.png")


# ---- replays, the master ----

def replays_text(rows):
    cells = [[r["case"], int(r["ranks"]), r["part"], f"{r['measured_s']:.2f}", f"{r['forecast_s']:.2f}", f"{100 * r['error']:+.1f} %",
              verdict(r["error"]), f"{r['load']:.0f}"] for r in rows]
    missed = sum(abs(r["error"]) > GOAL for r in rows if r["part"] == "tasks")
    n = sum(r["part"] == "tasks" for r in rows)
    return markdown(["case", "ranks", "part", "measured s", "forecast s", "error", f"within {100 * GOAL:.0f} %", "machine's load"], cells) + \
        f"\n\nTasks: {n - missed} of {n} forecasts within {100 * GOAL:.0f} %, {missed} missed.\n"


def master_text(rows):
    cells, best = [], 0
    for window_us in sorted({r["window_us"] for r in rows}):
        group = [r for r in rows if r["window_us"] == window_us]
        rates = [r["requests_a_second"] for r in group]
        if window_us > 0:  # rank 0 computes
            best = max(best, statistics.median(rates))
        cells.append([f"{window_us:g}", f"{statistics.median(rates):.0f}", f"{min(rates):.0f} to {max(rates):.0f}",
                      f"{statistics.median(r['answer_us'] for r in group):.1f}", f"{statistics.median(r['load'] for r in group):.0f}"])
    clients, said_us = int(rows[0]["ranks"]) - 1, rows[0]["request_us"]
    return (f"{clients} clients and the master share this machine's cores; tasks are dealt by the decision function of a run and take next to "
            "nothing on the clients.\n\n" + markdown(["master's window us", "requests/s (median)", "least to most", "us an answer", "machine's load"],
                                                   cells) +
            f"\n\nAsked: at least 20000 requests/s; found {best:.0f} with a master that computes between: {'met' if best >= 20000 else 'MISSED'}. The schedule counts on {said_us:g} us "
            f"a request ({1e6 / said_us:.0f} a second), and deals so that it is asked half as often.\n")


# ---- I-CARE ----

def icare_text(rows, facts):
    text = (f"{facts['recordings']} recordings of {facts['subjects']} patients as the manifest tells; {facts['hours']} h, lengths and rates synthesised. "
            "Costs are those measured here.\n")
    for case in dict.fromkeys(r["case"] for r in rows):
        cells = [[int(r["ranks"]), int(r["nodes"]), seconds(r["wall_s"]), f"{r['ranks'] * r['wall_s'] / 3600:.4g}", f"{r['efficiency']:.3f}", r["limit"],
                  f"{r['imbalance']:.3f}", f"{r['read_mb_s'] / 1000:.3g}", f"{r['write_mb_s'] / 1000:.3g}", f"{r['requests_s']:.4g}"]
                 for r in rows if r["case"] == case]
        text += f"\n**{case[0].upper() + case[1:]}.**\n\n" + markdown(
            ["ranks", "nodes", "wall", "core-h", "efficiency", "limit", "busiest over mean", "GB/s read", "GB/s gathered", "requests/s"], cells)
        text += f"\n\nBeyond {facts['most_ranks'][case]} ranks less than half of the time is work that one rank would do: more is waste.\n"
    at = next((r for r in rows if r["case"] == "any file system" and r["ranks"] == 1024), None)
    if at:
        met = at["efficiency"] >= 0.95
        text += (f"\nAsked of 1,024 ranks: at least 0.95 where the file system gives what is needed; forecast {at['efficiency']:.3f}: "
                 f"{'met' if met else 'MISSED'}. For that it must read {at['read_mb_s'] / 1000:.3g} GB/s while tasks run and write "
                 f"{at['write_mb_s'] / 1000:.3g} GB/s in the gather.\n")
    return text


def draw_icare(rows):
    figure, (left, mid, right) = plt.subplots(1, 3, figsize=(11, 3.6))
    cases = list(dict.fromkeys(r["case"] for r in rows))
    for case, colour in zip(cases, ("#0072b2", "#d55e00", "#009e73")):
        own = [r for r in rows if r["case"] == case]
        ranks = [r["ranks"] for r in own]
        left.loglog(ranks, [r["wall_s"] for r in own], ".-", color=colour, label=case)
        mid.semilogx(ranks, [r["efficiency"] for r in own], ".-", color=colour)
    left.set(title="I-CARE: wall time, s", xlabel="ranks")
    left.legend()
    mid.axhline(0.95, color=report_figures.FAINT)
    mid.axhline(0.5, color=report_figures.FAINT)
    mid.set(title="Efficiency against one rank", xlabel="ranks", ylim=(0, 1.05))
    own = [r for r in rows if r["case"] == cases[0]]
    bottom = np.zeros(len(own))
    for key, text, colour in PHASES:
        share = np.array([forecast_phases(r)[key] / r["wall_s"] for r in own])
        right.bar(range(len(own)), share, bottom=bottom, color=colour, label=text)
        bottom += share
    right.set_xticks(range(len(own)), [f"{int(r['ranks'])}" for r in own], rotation=60)
    right.set(title=f"Share of the time by phase, {cases[0]}", xlabel="ranks", xlim=(-0.6, len(own) + 7))
    handles, labels = right.get_legend_handles_labels()
    right.legend(handles[::-1], labels[::-1], loc="center right", fontsize=7.5)
    figure.savefig(DOCS / "scaling_icare.png")


# ---- threads or not ----

def threads_text(runs, costs, rows, facts):
    run_mb = max(r["peak_mb"] for r in runs if r["study"] == "strong")
    per_window = [1e6 * c["seconds"] / c["units"] for c in costs if c["unit"] == "window"]
    lines = ["One way: ranks alone, one a core, each with single-threaded libraries.\n",
             f"- Memory: the largest rank of the runs above took {run_mb:.0f} MB, gather included."]
    if rows:
        plan_mb, at = facts["icare"]["plan_peak_mb"], max((r for r in rows if r["case"] == "any file system"), key=lambda r: r["ranks"])
        lines += [f"- The study of I-CARE, which every rank holds, and its forecast took {plan_mb:.0f} MB: 40 ranks of a node need "
                  f"{40 * (plan_mb + run_mb) / 1000:.3g} GB at most. Threads would save {39 * plan_mb / 1000:.3g} GB of it.",
                  f"- Messages: {int(at['ranks'])} ranks ask {at['requests_s']:.4g} times a second; there is nothing that fewer askers would relieve.",
                  f"- Files: a journal a rank is {int(at['ranks'])} files at the largest job, gone after the gather."]
    lines += [f"- Inside a window there is little to share out: of {len(per_window)} entries one takes {min(per_window):.0f} to {max(per_window):.0f} us "
              f"a window (median {statistics.median(per_window):.0f} us). Windows, and tasks of hundreds of them, are independent: ranks share those out without "
              "waking anyone."]
    return "\n".join(lines) + "\n"


def main():
    runs, predicted, replays, master, costs, icare = (table(n) for n in ("runs", "forecast_runs", "replays", "master", "costs", "icare"))
    facts = json.loads((TABLES / "facts.json").read_text())
    m = facts["machine"]
    draw_measured(runs, predicted)
    text = ["# Scaling", "Made by `make scaling`, numbers and all; the tables are in `build/scaling`. What a run does is told by `eveil run --timing=FILE`, what "
            "it would do elsewhere by `eveil plan --simulate=RANKS,...`: a simulation, event by event, of the schedule itself with the measured costs.",
            f"Measured on {m['cpu']}, {m['cores']} cores, {m['memory_mb']} MB, compiler {m['compiler']}; load of the machine at the start {m['load_at_start']}, "
            f"at the end {facts['load_at_end']} (others may have been at work: each replay and request count tells its own).",
            f"## Runs\n\nFeature set of the default configuration on recordings of 300 s; strong: {facts['per_rank']} recordings, weak: {facts['per_rank']} a rank; "
            f"{facts['repeats']} repeats, in turn.\n", measured_text(runs, predicted), "![runs](scaling_measured.png)"]
    if master:
        text += ["## The master\n", master_text(master)]
    if replays:
        text += ["## Replays\n\nThe schedule, journals and gather of a run whose tasks sleep for their expected cost: one recording of 24 h beside 400 short ones. "
                 "Start is left out: so many processes on so few cores start as nowhere else. What does not sleep shares the cores: the forecast is told so.\n",
                 replays_text(replays)]
    if icare:
        draw_icare(icare)
        text += ["## I-CARE\n", icare_text(icare, facts["icare"]), "![I-CARE](scaling_icare.png)"]
    text += ["## Threads or not\n", threads_text(runs, costs, icare, facts)]
    (DOCS / "scaling.md").write_text("\n\n".join(part.rstrip("\n") for part in text) + "\n")
    print(f"{DOCS / 'scaling.md'}")


main()

#!/usr/bin/python3
"""Costs that a run measures and the next plan uses; a table of costs that is broken; plans for a batch job; timing."""
import csv
import os
import re
import sys

from harness import case, eveil, expect, files_below, finished, run_cases, study

COSTS = "out/store.h5.costs"


def rows(path, separator="\t"):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=separator))


def core_hours(text):
    return float(re.search(r"cost +([0-9.e+-]+) core-hours", text).group(1))


@case("a run measures what the next plan uses")
def _():
    study()
    before = expect(eveil("plan", "study.cfg"), 0, "estimated: no run has measured it yet")
    expect(eveil("run", "study.cfg", "--timing=timing.tsv"), 0)
    spent = sum(float(row["value"]) for row in rows("timing.tsv") if row["phase"] in ("read", "condition", "compute", "other"))
    after = expect(eveil("plan", "study.cfg"), 0, "of the work were measured here (out/store.h5.costs)")
    # The very tasks that were measured: their sum is what they took, but for margins and windows that gaps left out.
    assert abs(core_hours(after.out) * 3600 - spent) < 0.1 * spent, f"{core_hours(after.out) * 3600} s planned, {spent} s spent"
    assert core_hours(before.out) > 0
    names = {row["name"] for row in rows(COSTS)}
    assert {"open", "read", "hash", "finish", "machine.gather"} <= names and any(".conditioning" in name for name in names), names
    assert all(float(row["seconds"]) >= 0 and float(row["units"]) > 0 for row in rows(COSTS))


@case("costs of another kind of processor are left aside")
def _():
    finished()
    with open(COSTS, encoding="utf-8") as file:
        table = file.read()
    cpu = rows(COSTS)[0]["cpu"]
    with open(COSTS, "w", encoding="utf-8") as file:
        file.write(table.replace(cpu, "Imaginary family 1 model 1"))
    expect(eveil("plan", "study.cfg"), 0, "estimated: no run has measured it yet")


@case("a broken table of costs is a warning")
def _():
    finished()
    with open(COSTS, encoding="utf-8") as file:
        table = file.read()
    for broken in ("", "\n", "name\tunit\nopen\ttask\n", table.replace("\t", ",", 3), table + "open\ttask\tmany\t1\tk\tcpu\n",
                   table + "open\ttask\t1\t0\tk\tcpu\n", table + "open\ttask\tnan\t1\tk\tcpu\n", "\0" * 100):
        with open(COSTS, "w", encoding="utf-8") as file:
            file.write(broken)
        result = eveil("plan", "study.cfg")
        assert result.code == 0 and "warning" in result.err and COSTS in result.err and "no run has measured" in result.out, (broken, result)
    os.remove(COSTS)
    os.mkdir(COSTS)
    result = eveil("plan", "study.cfg")
    assert result.code == 0 and COSTS in result.err, result
    os.rmdir(COSTS)


@case("run.costs names the table")
def _():
    finished(store="other/store.h5", run='costs = "shared.costs";')
    assert os.path.exists("shared.costs") and files_below("other") == ["store.h5"], files_below(".")
    assert not os.path.exists("other/store.h5.costs")


@case("plan --slurm prints options of sbatch alone")
def _():
    study()
    out = expect(eveil("plan", "study.cfg", "--slurm", "--cores-per-node=4", "--limit-h=2"), 0, quiet=True).out
    keys = [line.split("=")[0] for line in out.splitlines()]
    assert keys == ["--nodes", "--ntasks-per-node", "--time", "--mem-per-cpu"], out
    value = dict(line.split("=") for line in out.splitlines())
    assert int(value["--nodes"]) >= 1 and 1 <= int(value["--ntasks-per-node"]) <= 4 and value["--mem-per-cpu"].endswith("M"), out
    hours, minutes, seconds = map(int, value["--time"].split(":"))
    assert 0 < hours * 60 + minutes <= 120 and seconds == 0, out
    for wrong in ("--cores-per-node=0", "--limit-h=x", "--cores-per-node="):
        assert eveil("plan", "study.cfg", "--slurm", wrong).code == 1, wrong


@case("plan says what the disk must hold at once")
def _():
    finished()
    expect(eveil("plan", "study.cfg"), 0, "MB at once:", "of journals", "of store", "of the present store")


if __name__ == "__main__":
    sys.exit(run_cases())

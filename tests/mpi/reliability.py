"""reliability: docs/reliability.md from the numbers of kills_long.py and every_write_long.py (make reliability).

usage: reliability.py KILLS.json WRITES.json > docs/reliability.md
"""
import json
import sys

HEAD = """# What a kill costs

Written by `make reliability`, which kills runs and looks at what is left. A run appends every finished task to a journal and
tells of it only when it is on disk; the store is written beside the old one and renamed. So a run that is killed loses the
tasks that it was computing, and nothing else; the next run, on any number of ranks, goes on. After each kill below three
things are checked: the output is the previous store, or the whole new one, or none; no task whose record is whole runs
again; the store of the resumed run has the total of a run that was never disturbed (`eveil hash`).
"""


def kills_of(found):
    lines = ["## Kills by phase", "",
             "`kill -9` of one rank (mpirun then ends the others) and of everything at once. The phase is what stood on disk at the",
             "kill: *plan* no record, *run* some, *gather* all of them, *rename* from the sync of the whole new store on.", "",
             "| ranks | tasks | phase | one rank killed | all killed |", "|---:|---:|---|---:|---:|"]
    for f in found:
        for phase, n in f["kills"].items():
            lines.append(f"| {f['ranks']} | {f['tasks']} | {phase} | {n['one']} | {n['all']} |")
    n = sum(sum(k.values()) for f in found for k in f["kills"].values())
    wrong = sum(f["failed"] for f in found)
    return lines + ["", f"{n} kills, {wrong} of them with a lost task, another total or a broken store."]


def writes_of(found):
    lines = ["## Ends at write boundaries", "",
             "A library under the program counts its writes, syncs and renames below the output folder and ends the process before the",
             "k-th; *torn*: after half of that write's bytes. Where not all writes were tried they are spread evenly.", "",
             "| ranks | rank | write | writes of a quiet run | tried |", "|---:|---:|---|---:|---:|"]
    for f in found:
        lines.append(f"| {f['ranks']} | {f['rank']} | {'torn' if f['torn'] else 'whole'} | {f['writes']} | {f['tried']} |")
    wrong = sum(f["failed"] for f in found)
    return lines + ["", f"{sum(f['tried'] for f in found)} ends, {wrong} of them with a lost task, another total or a broken store."]


with open(sys.argv[1]) as kills, open(sys.argv[2]) as writes:
    print("\n".join([HEAD] + kills_of(json.load(kills)) + [""] + writes_of(json.load(writes))))

"""Scaling: measured runs with phases apart, the master's requests, replays on more ranks than cores, and beside each what
`eveil plan --simulate` says; then I-CARE on ranks that are not here. Tables for R and Python go to BUILD/scaling; `docs/scaling.md` and its figures
are made of them.

    scaling.py [quick] [runs] [master] [replays] [icare]     parts; none named: all

LAUNCH="srun" RANKS="40 80 160" measures on a cluster: only runs, and the text goes beside the tables."""
import csv
import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys

import icare
from figures import BUILD, EVEIL, HERE, MPIRUN, PROGRAMS, SCRATCH, config, load, machine, sh
from sparse_edf import TEN_TWENTY, sparse_edf

QUICK = "quick" in sys.argv[1:]
PARTS = [word for word in sys.argv[1:] if word != "quick"]
LAUNCH = shlex.split(os.environ.get("LAUNCH") or "")
RANKS = [int(r) for r in (os.environ.get("RANKS") or "1 2").split()]
REPEATS, PER_RANK = (3, 24) if QUICK else (5, 96)
TABLES = BUILD / "scaling"
LEARNED = TABLES / "costs.tsv"  # of the first run: all forecasts use them
ICARE_RANKS = (40, 80, 160, 320, 640, 1024, 1280, 2560, 5120, 10240)
CORES = os.cpu_count()


def launch(ranks, *command):
    return [*(LAUNCH or [*MPIRUN, "--bind-to", "none"]), "-n", ranks, *command]


def write(name, rows):
    with open(TABLES / f"{name}.tsv", "w", newline="") as out:
        writer = csv.DictWriter(out, rows[0], delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def say(text):
    print(f"[load {load():6.2f}] {text}", flush=True)


# ---- runs and forecasts ----

def clean(name):
    for suffix in ("", ".replay.h5"):
        (SCRATCH / f"{name}.h5{suffix}").unlink(missing_ok=True)
        shutil.rmtree(SCRATCH / f"{name}.h5{suffix}.journal", ignore_errors=True)


def timed(name, path, ranks, *options):
    """Mean over ranks of every phase of a fresh run; slowest and mean rank while tasks run."""
    clean(name)
    sh(launch(ranks, EVEIL, "run", path, "--quiet", f"--timing={SCRATCH / 'timing.tsv'}", *options))
    by_rank = {}
    for row in read(SCRATCH / "timing.tsv"):
        by_rank.setdefault(int(row["rank"]), {})[row["phase"]] = float(row["value"])
    if len(by_rank) != ranks:
        sys.exit(f"scaling: {ranks} ranks were asked for, {len(by_rank)} ran: {shlex.join(map(str, launch(ranks)))}")
    mean = {phase: statistics.mean(r[phase] for r in by_rank.values()) for phase in by_rank[0]}
    busy = [r["read"] + r["condition"] + r["compute"] + r["other"] for r in by_rank.values()]
    mean["imbalance"] = max(busy) / statistics.mean(busy)
    mean["peak_mb"] = max(r["peak_mb"] for r in by_rank.values())
    mean["requests"] = by_rank[0]["requests"]
    # What lies between plan and gather, whatever it is called.
    mean["tasks_s"] = mean["total"] - mean["start"] - mean["probe"] - mean["plan"] - mean["gather"]
    return mean


def forecast(path, ranks, *options):
    """By number of ranks; numbers where they are."""
    tsv = SCRATCH / "forecast.tsv"
    sh([EVEIL, "plan", path, "--quiet", f"--simulate={','.join(map(str, ranks))}", f"--simulate-tsv={tsv}", *options])
    table = {}
    for row in read(tsv):
        table[int(row["ranks"])] = {key: value if key == "limit" else float(value) for key, value in row.items()}
    return table


def tasks_s(predicted):
    return predicted["wall_s"] - sum(predicted[k] for k in ("start_s", "probe_s", "plan_s", "gather_s"))


def costs():
    """Measured prices by name: seconds a unit."""
    return {row["name"]: float(row["seconds"]) / float(row["units"]) for row in read(LEARNED)}


# ---- strong and weak scaling ----

def analyses():
    text = sh([EVEIL, "config"])
    text = text[text.index("\nconditioning: {"):text.index("\nprognosis: (")]
    return text[:text.rindex(");") + 2] + "\n"


def simulated(name, subjects, body):
    path = config(name, f"{name}_cohort", f"simulate: {{ subjects = {subjects}; sites = 1; duration_s = 300.0; fs_hz = [250.0]; "
                  f"line_hz = [50.0]; }};\n{body}")
    sh(launch(RANKS[-1], EVEIL, "simulate", path))
    return path


def runs(body):
    """Strong: one cohort; weak: one that grows with the ranks. In turn, so that all meet the same neighbours."""
    rows, predicted = [], []
    studies = [("strong", f"cohort{PER_RANK}", r) for r in RANKS] + [("weak", f"cohort{PER_RANK * r}", r) for r in RANKS]
    paths = {name: simulated(name, int(name[6:]), body) for name in {study[1] for study in studies}}
    first = f"cohort{PER_RANK}"
    timed(first, paths[first], RANKS[0])  # caches warm, costs learned: from here on they are kept
    shutil.copy(SCRATCH / f"{first}.h5.costs", LEARNED)
    for repeat in range(REPEATS):
        for study, name, ranks in studies:
            shutil.copy(LEARNED, SCRATCH / f"{name}.h5.costs")
            row = timed(name, paths[name], ranks)
            rows.append({"study": study, "ranks": ranks, "repeat": repeat, "recordings": int(name[6:]), "load": load(), **row})
            say(f"{study} {ranks} ranks: {row['total']:.2f} s, tasks {row['tasks_s']:.2f} s")
    for study, name, ranks in studies:
        shutil.copy(LEARNED, SCRATCH / f"{name}.h5.costs")
        predicted.append({"study": study, **forecast(paths[name], [ranks])[ranks]})
    write("runs", rows)
    write("forecast_runs", predicted)


# ---- replays: the schedule of many ranks on few cores ----

def mixed_cohort():
    """One recording of 24 h beside 400 short ones."""
    root = SCRATCH / "mixed_cohort"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    labels = [f"EEG {label}-Ref" for label in TEN_TWENTY]
    for i in range(401):
        sparse_edf(root / f"sub-{i:03d}_task-rest_eeg.edf", labels, 250, 86400 if i == 0 else 300 + 7 * i)
    return root


def replays():
    """Of the dearest analysis alone: its rows are few, so that the disk has little to do with what is asked here."""
    rows, here = [], costs()
    root = mixed_cohort()
    body = 'analyses: ( { name = "dynamics"; window_s = 60.0; step_s = 60.0; dynamics = ["var"]; } );\n'
    for schedule in ("dynamic", "static"):
        name = f"mixed_{schedule}"
        path = config(name, root, body + f'run: {{ schedule = "{schedule}"; }};\n')
        shutil.copy(LEARNED, SCRATCH / f"{name}.h5.costs")
        one = forecast(path, [1])[1]
        cost_s = sum(one[k] for k in ("read_s", "condition_s", "compute_s", "other_s"))
        for ranks in (1, 4, 64) if QUICK else (1, 2, 4, 8, 16, 32, 64):
            speed = cost_s / (ranks * 10)  # ten seconds of tasks
            crowd = max(1, ranks / CORES)  # what does not sleep shares the cores
            options = [f"--replay={speed:.4g}", f"--task-us={1e6 * here['machine.task'] * crowd:.6g}",
                       f"--plan-s={here['machine.plan'] * crowd:.6g}", f"--header-us={1e6 * here['machine.header'] * crowd:.6g}",
                       f"--share-us={1e6 * here['machine.share'] * crowd:.6g}", f"--gather-mb-s={1 / (here['machine.gather'] * crowd):.6g}"]
            expected = forecast(path, [ranks], *options)[ranks]
            found = timed(name, path, ranks, options[0])
            for part, measured, said in (("tasks", found["tasks_s"], tasks_s(expected)), ("gather", found["gather"], expected["gather_s"])):
                rows.append({"case": f"replay, {schedule}", "ranks": ranks, "part": part, "measured_s": measured, "forecast_s": said,
                             "error": said / measured - 1, "load": load()})
            clean(name)
            say(f"replay {schedule} {ranks} ranks: tasks {found['tasks_s']:.2f} s, forecast {tasks_s(expected):.2f} s; "
                f"gather {found['gather']:.2f} s, forecast {expected['gather_s']:.2f} s")
    write("replays", rows)


# ---- the master ----

def master(body):
    """A hundred recordings of twenty hours: 12,000 tasks and their costs; work that takes next to nothing."""
    root = SCRATCH / "master_cohort"
    root.mkdir(exist_ok=True)
    for i in range(100):
        sparse_edf(root / f"sub-{i:03d}_task-rest_eeg.edf", [f"EEG {label}-Ref" for label in TEN_TWENTY], 250, 72000 - 60 * i)
    path, rows = config("master", root, body), []
    shutil.copy(LEARNED, SCRATCH / "master.h5.costs")
    for _ in range(REPEATS):
        for window_us in (0, 200):
            row = json.loads(sh([*MPIRUN, "--bind-to", "none", "-n", 65, PROGRAMS / "master", path, window_us, 2]))
            row.update(requests_a_second=row["requests"] / row["seconds"], answer_us=1e6 * row["ticks_s"] / row["requests"], load=load())
            rows.append(row)
            say(f"master, windows of {window_us} us: {row['requests_a_second']:.0f} requests/s")
    write("master", rows)


# ---- I-CARE ----

def predict_icare(body):
    root, recordings, subjects = icare.cohort("icare_cohort")
    path, rows = config("icare", root, body), []
    shutil.copy(LEARNED, SCRATCH / "icare.h5.costs")
    cases = {"any file system": [], "100 times the cost": ["--cost-times=100"],
             "20 GB/s read, 10 GB/s written": ["--read-mb-s=20000", "--write-mb-s=10000"]}
    most = {}
    for case, options in cases.items():
        tsv = SCRATCH / "icare.tsv"
        process = subprocess.Popen([EVEIL, "plan", path, f"--simulate={','.join(map(str, ICARE_RANKS))}", f"--simulate-tsv={tsv}", *options],
                                   cwd=SCRATCH, stdout=subprocess.PIPE, text=True)
        text = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            sys.exit(f"scaling: eveil plan {path}: status {status}\n{text}")
        rows += [{"case": case, **row} for row in read(tsv)]
        most[case] = int(next(line for line in text.splitlines() if "most ranks" in line).split()[2].rstrip(":"))
        say(f"I-CARE, {case}: at most {most[case]} ranks")
    write("icare", rows)
    shutil.rmtree(root)
    return {"recordings": recordings, "subjects": subjects, "hours": icare.HOURS, "most_ranks": most, "plan_peak_mb": usage.ru_maxrss / 1024}


def main():
    parts = {"runs": runs, "master": master, "replays": lambda body: replays(), "icare": predict_icare}
    wanted = PARTS or list(parts)[:1 if LAUNCH else None]
    if not PARTS:
        shutil.rmtree(TABLES, ignore_errors=True)
        TABLES.mkdir(parents=True)
    shutil.rmtree(SCRATCH, ignore_errors=True)
    SCRATCH.mkdir(parents=True)
    kept, body = TABLES / "facts.json", analyses()
    facts = json.loads(kept.read_text()) if kept.is_file() else {}
    facts.setdefault("machine", machine())
    facts.update({"repeats": REPEATS, "per_rank": PER_RANK})
    for part in wanted:
        if part == "icare" and not icare.TABLE.is_file():
            say(f"I-CARE skipped: no {icare.TABLE}")
        else:
            facts[part] = parts[part](body)
    facts["load_at_end"] = load()
    kept.write_text(json.dumps(facts, indent=1) + "\n")
    shutil.rmtree(SCRATCH)
    docs = TABLES if LAUNCH else HERE.parents[1] / "docs"
    page = HERE.parents[1] / "analysis" / "python" / "scaling_page.py"
    sys.exit(subprocess.run([sys.executable, page, TABLES, docs]).returncode)


main()

"""A replay sleeps instead of computing, but schedules, journals and gathers as a run does: one total for any number of ranks,
either schedule and after an interruption; it sleeps what the plan says; it is never taken for a run, and disturbs none."""
import os
import re
import signal
import sys

import h5py

from harness import (Running, check, clear, configure, done, eveil, journal_of, left_in, need, records_of, resumed, said,
                     scratch, slow_writes, store_of, total)

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from sparse_edf import TEN_TWENTY, sparse_edf  # noqa: E402

RUN = "task_s = 10.0; flush_s = 0.0;"
PROGNOSIS = 'prognosis: ( { name = "main"; outcome = "outcome"; positive = "poor"; } );\n'


def replay_of(config):
    return store_of(config) + ".replay.h5"


def n_records(config):
    folder = replay_of(config) + ".journal"
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return sum(len(records_of(os.path.join(folder, name))) for name in names)


def cohort(folder, seconds):
    root = os.path.join(folder, "cohort")
    os.mkdir(root)
    for i, duration_s in enumerate(seconds):
        sparse_edf(os.path.join(root, f"sub-{i:02d}_task-rest_eeg.edf"), TEN_TWENTY, 100 + 28 * (i % 2), duration_s)
    return root


def replayed(config, ranks, speed="0"):
    clear(os.path.dirname(store_of(config)))
    ended = eveil("run", config, f"--replay={speed}", ranks=ranks)
    return total(replay_of(config)) if ended.code == 0 else f"exit {ended.code}: {said(ended.err)}"


def stopped(config, number):
    """The total after a stop in the midst, and what the second run said."""
    clear(os.path.dirname(store_of(config)))
    run = Running("run", config, "--replay=0", ranks=2, env=slow_writes(config))
    reached = run.send_after(lambda: n_records(config) >= 5, number)
    run.end()
    if not reached or os.path.exists(replay_of(config)):
        return "the run ended before it was stopped", ""
    again = eveil("run", config, "--replay=0", ranks=1)
    return (total(replay_of(config)) if again.code == 0 else said(again.err)), again.err


def one_total(folder, root):
    found = {}
    for ranks in (0, 1, 2, 4):
        for schedule in ("dynamic", "static"):
            config = configure(os.path.join(folder, "run.cfg"), root, run=f'{RUN} schedule = "{schedule}";')
            found.setdefault(replayed(config, ranks), []).append(f"np {ranks} {schedule}")
    wanted = next(iter(found))
    check(len(found) == 1 and re.fullmatch("[0-9a-f]{64}", wanted), "one_total", str(found))
    for number, name in ((signal.SIGUSR1, "usr1"), (signal.SIGTERM, "term")):
        result, text = stopped(config, number)
        check(result == wanted and resumed(text)[0] >= 5, f"{name}_and_resumed", f"{result}, expected {wanted}; {text[-300:]}")


def asleep(folder, root):
    """Every task takes its cost at least; one that sleeps for hours still hears a signal."""
    config = configure(os.path.join(folder, "sleep.cfg"), root, run=RUN)
    cost = re.search(r"cost +([0-9.e+-]+) core-hours", eveil("plan", config).out)
    replayed(config, 2, "1")
    with h5py.File(replay_of(config)) as store:
        seconds = float(store["tasks/seconds"][:].sum())
    check(cost and seconds >= 0.999 * 3600 * float(cost.group(1)), "it_sleeps_for_the_cost", f"{seconds} s of tasks, plan: {cost}")
    clear(os.path.dirname(store_of(config)))
    run = Running("run", config, "--replay=1e-6")
    run.send_after(lambda: n_records(config) == 0 and os.path.isdir(replay_of(config) + ".journal"), signal.SIGTERM)
    ended = run.end()
    check(ended.code == 4, "a_sleeper_hears_sigterm", f"exit {ended.code}: {ended.out[-300:]}")


def never_a_run(folder, root):
    """Beside a finished run, and refused as a result."""
    config = configure(os.path.join(folder, "both.cfg"), root, run=RUN + " keep_journals = true;")
    with open(config, "a") as file:
        file.write(PROGNOSIS)
    clear(os.path.dirname(store_of(config)))
    eveil("run", config, ranks=2)
    real, journals = total(store_of(config)), sorted(os.listdir(journal_of(config)))
    eveil("run", config, "--replay=0", ranks=2)
    check(total(store_of(config)) == real and sorted(os.listdir(journal_of(config))) == journals, "a_run_is_not_disturbed")
    check(total(replay_of(config)) not in (real, "") and eveil("run", config, ranks=2).code == 0
          and total(store_of(config)) == real, "another_store", str(left_in(os.path.dirname(store_of(config)))))
    with h5py.File(replay_of(config)) as store, h5py.File(store_of(config)) as other:
        check(store.attrs["replay"] == "1" and "replay" not in other.attrs, "an_attribute_says_it", str(dict(store.attrs)))
    audit = eveil("audit", replay_of(config))
    check(audit.code == 1 and "replay" in audit.err, "audit_refuses", f"exit {audit.code}: {said(audit.err)}")
    os.rename(replay_of(config), store_of(config))
    prognosis = eveil("prognose", config)
    check(prognosis.code == 1 and "replay" in prognosis.err, "prognose_refuses", f"exit {prognosis.code}: {said(prognosis.err)}")
    again = eveil("run", config, ranks=2)
    check(again.code == 1 and "another plan" in again.err, "run_refuses", f"exit {again.code}: {said(again.err)}")


def usage(folder, root):
    config = configure(os.path.join(folder, "usage.cfg"), root)
    for value in ("=", "=-1", "=nan", "=x"):
        ended = eveil("run", config, "--replay" + value)
        check(ended.code == 1 and "--replay" in ended.err, f"usage{value}", f"exit {ended.code}: {said(ended.err)}")


need("mpirun")
with scratch() as place:
    files = cohort(place, (70, 35, 60, 12))
    one_total(place, files)
    asleep(place, files)
    never_a_run(place, files)
    usage(place, files)
done()

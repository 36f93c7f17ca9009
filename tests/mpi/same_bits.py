"""One total over 1 to 4 ranks, both schedules, OMPIO and ROMIO, with and without compression: on a simulated cohort and
on the 48 files of eegmat."""
import contextlib
import os
import re

from harness import ANALYSES, EEGMAT, check, clear, configure, done, eveil, journal_of, need, note, said, scratch, simulate, skip, store_of, total

IO = ("ompio", "romio321")


def one_run(config, ranks, io):
    ended = eveil("run", config, ranks=ranks, io=io)
    if ended.code:
        return f"exit {ended.code}: {said(ended.err)}"
    return total(store_of(config))


def clear_store(config):
    with contextlib.suppress(FileNotFoundError):
        os.remove(store_of(config))


def keep(totals, key, value):
    totals.setdefault(value, []).append(key)


def variant(folder, root, run, name="run.cfg", **more):
    config = configure(os.path.join(folder, name), root, run=run, **more)
    clear(os.path.join(folder, "out"))
    return config


def over_ranks(folder, root, ranks, run, totals, both=False, **more):
    """Computes with every (ranks, schedule) and the I/O libraries in turn; `both`: gathers again with the other one. 0 ranks:
    without mpirun."""
    for n in ranks:
        for i, schedule in enumerate(("dynamic", "static")):
            config = variant(folder, root, f'{run} schedule = "{schedule}"; keep_journals = true;', **more)
            first, second = IO if (n + i) % 2 else IO[::-1]
            keep(totals, f"np {n} {schedule} {first}", one_run(config, n, first))
            if both:
                clear_store(config)
                keep(totals, f"np {n} {schedule} {second} gather", one_run(config, n, second))


def one_total(totals, name):
    n = sum(map(len, totals.values()))
    good = len(totals) == 1 and re.fullmatch("[0-9a-f]{64}", next(iter(totals))) is not None
    check(good, name, "; ".join(f"{value[:120]}: {', '.join(keys)}" for value, keys in totals.items()))
    note(f"{n} stores, total {next(iter(totals))[:64]}")


def simulated(folder):
    root = simulate(folder, "subjects = 6; duration_s = 40.0; fs_hz = (128.0, 200.0);")
    totals, run = {}, "task_s = 10.0; flush_s = 0.0;"
    over_ranks(folder, root, (0, 2, 3, 4), run, totals)
    config = variant(folder, root, run + " compress = false; gather_mb = 16;")
    keep(totals, "np 3 contiguous", one_run(config, 3, "ompio"))
    one_total(totals, "simulated_one_total")
    clear(journal_of(config))
    other = variant(folder, root, run, analyses=ANALYSES.replace('"hjorth"', '"spectral_entropy"'))
    check(one_run(other, 2, "ompio") not in totals, "another_analysis_another_total", "the total does not depend on the features")


def few_tasks(folder):
    """More ranks than tasks; a recording without any window."""
    root = simulate(folder, "subjects = 1; duration_s = 3.0; fs_hz = (128.0);")
    totals = {}
    over_ranks(folder, root, (4,), "", totals)
    one_total(totals, "idle_ranks_one_total")


def real(folder):
    if not os.path.isdir(EEGMAT):
        skip("eegmat_one_total", f"no {EEGMAT}")
        return
    totals = {}
    over_ranks(folder, EEGMAT, (1, 2, 3, 4), "task_s = 20.0;", totals, both=True, conditioning="resample_hz = 125.0;")
    one_total(totals, "eegmat_one_total")


need("mpirun")
for part in (simulated, few_tasks, real):
    with scratch() as place:
        part(place)
done()

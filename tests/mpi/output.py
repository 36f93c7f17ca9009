"""What stands at the output: partial stores, finished ones, stores of other plans, files of other programs; SIGTERM."""
import hashlib
import os
import signal

import h5py
import numpy

from harness import (ANALYSES, Running, build_shim, check, clear, configure, done, eveil, journal_of, left_in, need, records, resumed,
                     said, scratch, simulate, slow_writes, state, stop_after, store_of, total)

TASKS = 12 * 4 + 12
RUN = "task_s = 5.0; flush_s = 0.0;"
PENDING, FAILED = 4, 5  # why


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def cohort(folder):
    """(root, configuration, total of an undisturbed run)."""
    root = simulate(folder, "subjects = 12; duration_s = 20.0; fs_hz = (128.0);")
    config = configure(os.path.join(folder, "run.cfg"), root, run=RUN)
    clear(os.path.join(folder, "out"))
    quiet = eveil("run", config, ranks=2)
    check(quiet.code == 0, "quiet_run", said(quiet.err))
    wanted = total(store_of(config))
    os.rename(store_of(config), os.path.join(folder, "whole.h5"))
    return root, config, wanted


def stopped(config, n=20):
    clear(os.path.dirname(store_of(config)))
    ended = stop_after(config, n, signal.SIGUSR1)
    return check(ended is not None and ended.code == 4, "stopped_halfway", "the run was over before")


def rows(store, name):
    with h5py.File(store) as file:
        group = file["analyses"][name]
        return group["values"][...], group["why"][...], group["summary_why"][...]


def gather_in_the_middle(folder, config, wanted):
    if not stopped(config):
        return
    n = len(records(config))
    ended = eveil("gather", config, ranks=3)
    check(ended.code == 0 and f"{n} of {TASKS} tasks gathered" in ended.err, "gather_partial", f"exit {ended.code}: {said(ended.err)}")
    with h5py.File(store_of(config)) as file:
        status = file["tasks/status"][...]
        check((status == 1).sum() == n and file.attrs["complete"] in ("0", b"0"), "partial_tasks", f"{status.sum()} of {n} finished")
    value, why, _ = rows(store_of(config), "spectral")
    whole_value, whole_why, _ = rows(os.path.join(folder, "whole.h5"), "spectral")
    here = why != PENDING
    good = numpy.array_equal(value[here], whole_value[here], equal_nan=True) and numpy.array_equal(why[here], whole_why[here])
    check(good and numpy.isnan(value[~here]).all() and here.any() and not here.all(), "partial_rows", f"{here.mean():.2f} of the rows are there")
    check(len(records(config)) == n and state(config)[:2] == (n, TASKS), "partial_keeps_journals", f"{state(config)}")
    partial = total(store_of(config))
    with open(store_of(config) + ".tmp.locktest.1", "w"):
        pass  # as a killed gather may leave it
    ended = eveil("run", config, ranks=2)
    check(ended.code == 0 and resumed(ended.err)[0] == n, "partial_is_resumed", f"exit {ended.code}: {said(ended.err)}")
    check(total(store_of(config)) == wanted != partial, "partial_is_replaced", "another total")
    check(left_in(os.path.dirname(store_of(config))) == ["store.h5"], "nothing_left_over", f"{left_in(os.path.dirname(store_of(config)))}")


def gather_with_a_failed_task(folder, root, config):
    """A file that cannot be read for a while: its window tasks fail, its recording is not finished yet."""
    clear(os.path.dirname(store_of(config)))
    file = max(os.path.join(at, name) for at, _, names in os.walk(root) for name in names if name.endswith(".edf"))
    # Before its 108th write, two a task, it waits to be killed: all windows are done, not all recordings.
    run = Running("run", config, env={"LD_PRELOAD": build_shim(folder), "EVL_SHIM_FOLDER": os.path.dirname(store_of(config)),
                                      "EVL_SHIM_AT": 108, "EVL_SHIM_HALT": 1})
    run.wait_for(lambda: len(records(config)) >= 1, 0.002)
    os.rename(file, file + ".away")
    reached = run.wait_for(lambda: any(state == "T" for _, _, state in run.eveils()), 0.002)
    run.kill_all()
    os.rename(file + ".away", file)
    n = len(records(config))
    if not check(reached and 48 < n < TASKS, "failed_task_in_the_midst", f"{n} records"):
        return
    ended = eveil("gather", config, ranks=2)
    _, why, summary_why = rows(store_of(config), "spectral") if ended.code == 0 else (0, numpy.zeros((1, 1)), numpy.zeros((1, 1)))
    check(ended.code == 0 and (summary_why[-1] == FAILED).all() and (why[-1] == FAILED).all() and "1 recordings failed" in ended.err,
          "gather_with_a_failed_task", f"exit {ended.code}: {said(ended.err)}, summary_why {set(summary_why[-1])}")


def nothing_finished(config):
    clear(os.path.dirname(store_of(config)))
    ended = eveil("gather", config, ranks=2)
    check(ended.code == 0 and f"0 of {TASKS} tasks gathered" in ended.err, "gather_of_nothing", f"exit {ended.code}: {said(ended.err)}")
    ended = eveil("run", config)
    check(ended.code == 0, "gather_of_nothing_is_replaced", f"exit {ended.code}: {said(ended.err)}")


def complete(config, wanted):
    before = digest(store_of(config))
    for words, ranks in ((("run",), 0), (("run",), 3), (("gather",), 2)):
        ended = eveil(*words, config, ranks=ranks)
        check(ended.code == 0 and "complete, nothing to do" in ended.err and digest(store_of(config)) == before,
              f"complete_{words[0]}_np_{ranks}", f"exit {ended.code}: {said(ended.err)}")
    check(not os.path.exists(journal_of(config)) and state(config)[:2] == (TASKS, TASKS), "complete_state", f"{state(config)}")
    check(total(store_of(config)) == wanted, "complete_total", "another total")


def another_plan(root, config, wanted):
    before = digest(store_of(config))
    configure(config, root, analyses=ANALYSES.replace("step_s = 2.0", "step_s = 4.0"), run=RUN)
    for command in ("run", "gather"):
        ended = eveil(command, config, ranks=2)
        check(ended.code == 1 and "another plan" in ended.err and store_of(config) in ended.err and digest(store_of(config)) == before
              and left_in(os.path.dirname(store_of(config))) == ["store.h5"],
              f"another_plan_{command}", f"exit {ended.code}: {said(ended.err)}, {left_in(os.path.dirname(store_of(config)))}")
    ended = eveil("run", config, "--replace", ranks=2)
    check(ended.code == 0 and total(store_of(config)) != wanted, "another_plan_replaced", f"exit {ended.code}: {said(ended.err)}")
    configure(config, root, run=RUN)
    ended = eveil("run", config, "--replace")
    check(ended.code == 0 and total(store_of(config)) == wanted, "and_back", f"exit {ended.code}: {said(ended.err)}")


def not_a_store(config, wanted):
    """Other files at the output path: text, and an HDF5 file of somebody else."""
    def text(path):
        with open(path, "w") as file:
            file.write("the only copy of my thesis\n")

    def hdf5(path):
        with h5py.File(path, "w") as file:
            file["data"] = numpy.arange(3)

    def cut(path):
        with open(store_of(config), "rb") as file:
            half = file.read()[:20000]
        with open(path, "wb") as file:
            file.write(half)
    for make in (text, hdf5, cut):
        other = store_of(config) + ".other"
        make(other)
        os.replace(other, store_of(config))
        before = digest(store_of(config))
        ended = eveil("run", config, ranks=2)
        check(ended.code == 1 and store_of(config) in ended.err and digest(store_of(config)) == before, f"{make.__name__}_at_the_output",
              f"exit {ended.code}: {said(ended.err)}")
        ended = eveil("run", config, "--replace", ranks=2)
        check(ended.code == 0 and total(store_of(config)) == wanted, f"{make.__name__}_replaced", f"exit {ended.code}: {said(ended.err)}")


def folder_at_the_output(config):
    os.remove(store_of(config))
    os.mkdir(store_of(config))
    ended = eveil("run", config, ranks=2)
    check(ended.code in (1, 2) and store_of(config) in ended.err and os.path.isdir(store_of(config)), "folder_at_the_output",
          f"exit {ended.code}: {said(ended.err)}")
    os.rmdir(store_of(config))


def terminated(config, wanted, name, ranks, codes, **whom):
    """SIGTERM in the midst of a run."""
    clear(os.path.dirname(store_of(config)))
    tasks = state(config).total
    run = Running("run", config, ranks=ranks, env=slow_writes(config))
    reached = run.send_after(lambda: len(records(config)) >= 15, signal.SIGTERM, **whom)
    ended = run.end()
    n = len(records(config))
    if not check(reached and 15 <= n < tasks and not os.path.exists(store_of(config)), f"term_{name}_in_the_midst", f"{n} records"):
        return
    check(ended.code in codes, f"term_{name}_exit", f"exit {ended.code}, expected one of {codes}")
    check("stopped on request; run again" in ended.out, f"term_{name}_says_so", ended.out[-300:])
    check(state(config)[:2] == (n, tasks), f"term_{name}_info", f"{n} records, {state(config)}")
    again = eveil("run", config, ranks=3)
    check(again.code == 0 and resumed(again.err) == (n, tasks) and total(store_of(config)) == wanted, f"term_{name}_resumed",
          f"exit {again.code}: {said(again.err)}")


def terminated_in_three_ways(folder):
    """To every rank, to a run without mpirun, to mpirun: that passes it on only after a while (a longer run) and returns 1."""
    os.mkdir(os.path.join(folder, "long"))
    root = simulate(os.path.join(folder, "long"), "subjects = 12; duration_s = 40.0; fs_hz = (128.0);")
    config = configure(os.path.join(folder, "long", "run.cfg"), root, run="task_s = 2.0; flush_s = 0.0;")
    quiet = eveil("run", config, ranks=2)
    check(quiet.code == 0, "term_quiet_run", said(quiet.err))
    wanted = total(store_of(config))
    terminated(config, wanted, "ranks", 2, (4,))
    terminated(config, wanted, "alone", 0, (4,))
    terminated(config, wanted, "mpirun", 2, (1, 4, 143), programs=("mpirun", "orterun"))


need("mpirun", "cc")
with scratch() as place:
    data, cfg, quiet_total = cohort(place)
    gather_in_the_middle(place, cfg, quiet_total)
    complete(cfg, quiet_total)
    another_plan(data, cfg, quiet_total)
    not_a_store(cfg, quiet_total)
    folder_at_the_output(cfg)
    nothing_finished(cfg)
    gather_with_a_failed_task(place, data, cfg)
    terminated_in_three_ways(place)
done()

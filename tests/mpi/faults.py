"""Faults and bad input of whole runs: other kinds of machines, other programs, two runs on one output, disks that fail,
scratch folders that are not shared, files that could not be read for a while. Each is told in one message, nothing finished is
lost, and the run that follows has the total of a quiet one. More of them, and at more places: faults_long.py."""
import errno
import os
import re
import shutil
import signal
import subprocess
import time

import h5py

from harness import (EVEIL, MAGIC, Running, build_shim, check, clear, command, configure, done, environment, eveil, journal_of,
                     left_in, need, records, resumed, said, scratch, simulate, skip, state, stop_after, store_of, total)

ANALYSES = '{ name = "spectral"; window_s = 4.0; step_s = 2.0; features = ["band_power", "spectrum"]; dynamics = ["var"]; }'
RUN = "task_s = 5.0; flush_s = 0.0;"


class Cohort:
    """One cohort, its configuration, and the total of a quiet run."""

    def __init__(self, folder, subjects=5):
        self.folder, self.shim = folder, build_shim(folder)
        self.root = simulate(folder, f"subjects = {subjects}; duration_s = 20.0; fs_hz = (128.0);")
        self.config = os.path.join(folder, "run.cfg")
        self.configure()
        self.out, self.store = os.path.join(folder, "out"), store_of(self.config)
        clear(self.out)
        quiet = eveil("run", self.config, ranks=2)
        check(quiet.code == 0 and left_in(self.out) == ["store.h5"], "quiet_run", f"{said(quiet.err)}, {left_in(self.out)}")
        self.total, self.tasks = total(self.store), state(self.config).total

    def configure(self, run=RUN):
        configure(self.config, self.root, analyses=ANALYSES, run=run)

    def halfway(self, n=10):
        """A run stopped after n tasks; the number of finished ones."""
        clear(self.out)
        ended = stop_after(self.config, n, signal.SIGUSR1)
        kept = len(records(self.config))
        check(ended is not None and ended.code == 4 and n <= kept < self.tasks, "stopped_halfway", f"{kept} records")
        return kept

    def fail(self, *words, ranks=2, **shim):
        """A command whose writes fail."""
        env = {f"EVL_SHIM_{key.upper()}": value for key, value in shim.items()}
        return eveil(*(words or ("run",)), self.config, ranks=ranks, env=dict({"LD_PRELOAD": self.shim, "EVL_SHIM_FOLDER": self.out}, **env))

    def resume(self, name, kept=None, ranks=3, words=()):
        """Runs on: nothing of `kept` runs again, the total is the quiet one, nothing is left over."""
        kept = len(records(self.config)) if kept is None else kept
        ended = eveil("run", self.config, *words, ranks=ranks)
        good = ended.code == 0 and total(self.store) == self.total and resumed(ended.err)[0] == kept and left_in(self.out) == ["store.h5"]
        return check(good, name, f"exit {ended.code}, {kept} kept, {resumed(ended.err)}, left {left_in(self.out)}: {said(ended.err)}")


def told(ended, code, name, *words):
    """The exit code, and one message with all of these words."""
    errors = re.findall(r"^eveil: error: .*$", ended.err + ended.out, re.M)
    good = ended.code == code and len(errors) == 1 and all(word in errors[0] for word in words)
    return check(good, name, f"exit {ended.code}, expected {code}; {len(errors)} errors: {said(ended.err + ended.out)}")


# ---- machines and programs ----

def other_kind(cohort):
    kept = cohort.halfway()
    env = {"LD_PRELOAD": build_shim(cohort.folder, "machine_shim"), "EVL_SHIM_MACHINE": "BLAS of elsewhere"}
    before = sorted(os.listdir(journal_of(cohort.config))), [open(r.path, "rb").read() for r in records(cohort.config)]
    for word in ("run", "gather"):
        told(eveil(word, cohort.config, ranks=2, env=env), 1, f"other_kind_{word}_refused", "BLAS of elsewhere", f"{kept} on \"",
             "--allow-other-cpu", "Constrain the job", journal_of(cohort.config))
    after = sorted(os.listdir(journal_of(cohort.config))), [open(r.path, "rb").read() for r in records(cohort.config)]
    check(before == after and not os.path.exists(cohort.store), "other_kind_untouched", "the journals have changed")
    out = eveil("info", cohort.config, env=env).out
    check(f"tasks         {kept} finished of" in out and f"other kinds   {kept} of them" in out, "other_kind_info", out)
    check("other kinds" not in eveil("info", cohort.config).out, "same_kind_info", "other kinds")
    part = eveil("gather", cohort.config, "--allow-other-cpu", ranks=2, env=env)
    check(part.code == 0 and f"{kept} of {cohort.tasks} tasks gathered" in part.err, "other_kind_gather_allowed", said(part.err))
    ended = eveil("run", cohort.config, "--allow-other-cpu", ranks=3, env=env)
    with h5py.File(cohort.store) as file:
        cpu = file.attrs["cpu"]
    cpu = cpu.decode() if isinstance(cpu, bytes) else cpu
    check(ended.code == 0 and resumed(ended.err)[0] == kept and total(cohort.store) == cohort.total, "other_kind_allowed", said(ended.err))
    check("BLAS of elsewhere" in cpu and cpu.count("; ") == 1 and "compiler" in cpu.split("; ")[1], "kinds_in_the_store", cpu)
    again = eveil("run", cohort.config, ranks=2)
    check(again.code == 0 and "nothing to do" in again.err, "complete_is_complete_elsewhere", said(again.err))


def ranks_of_two_kinds(cohort):
    clear(cohort.out)
    env = {"LD_PRELOAD": build_shim(cohort.folder, "machine_shim"), "EVL_SHIM_MACHINE": "BLAS of elsewhere", "EVL_SHIM_RANK": 1}
    told(eveil("run", cohort.config, ranks=3, env=env), 1, "ranks_of_two_kinds_refused", "rank 1 on ", "rank 0 on ", "BLAS of elsewhere",
         "--allow-other-cpu")
    check(left_in(cohort.out) == [], "ranks_of_two_kinds_untouched", f"{left_in(cohort.out)}")
    ended = eveil("run", cohort.config, "--allow-other-cpu", ranks=3, env=env)
    check(ended.code == 0 and total(cohort.store) == cohort.total, "ranks_of_two_kinds_allowed", said(ended.err))


def two_programs(cohort):
    """Rank 1 runs another build."""
    clear(cohort.out)
    other = os.path.join(cohort.folder, "eveil_other")
    shutil.copy(EVEIL, other)
    with open(other, "ab") as file:
        file.write(b"another build")
    words = command(["run", cohort.config, ":", "-np", "1", other, "run", cohort.config], 1)
    ended = subprocess.run(words, env=environment(None, None), capture_output=True, text=True)
    told(type("Ended", (), {"code": ended.returncode, "err": ended.stderr, "out": ended.stdout}), 1, "two_programs_refused", "rank 1 on ",
         "rank 0 on ", "another program", "file ", "Install one build")


def older_journal(cohort):
    cohort.halfway()
    path = records(cohort.config)[0].path
    with open(path, "r+b") as file:
        file.write(MAGIC.replace(b"2", b"1"))
    for word in ("run", "gather"):
        told(eveil(word, cohort.config, ranks=2), 1, f"older_journal_{word}", path, "Eveil journal 1", "Eveil journal 2")
    check(os.path.exists(path), "older_journal_untouched", "it is gone")


# ---- two runs ----

def halted(cohort, ranks, call):
    """A run whose rank 0 stands before one of its writes: (run, its process)."""
    run = Running("run", cohort.config, ranks=ranks, env={"LD_PRELOAD": cohort.shim, "EVL_SHIM_FOLDER": cohort.out, "EVL_SHIM_RANK": 0,
                                                          "EVL_SHIM_AT": call, "EVL_SHIM_HALT": 1})
    run.wait_for(lambda: any(state == "T" for _, _, state in run.eveils()), 0.002)
    return run, run.eveils()[0][1]


def two_runs(cohort):
    clear(cohort.out)
    lock = cohort.store + ".lock"
    run, pid = halted(cohort, 2, 12)
    for word, ranks in (("run", 2), ("gather", 0)):
        told(eveil(word, cohort.config, ranks=ranks), 1, f"second_{word}_refused", lock, f"process {pid} on {os.uname().nodename}", "2 ranks",
             "since 2", "another run")
    os.kill(pid, signal.SIGCONT)
    ended = run.end()
    check(ended.code == 0 and total(cohort.store) == cohort.total and left_in(cohort.out) == ["store.h5"], "first_run_goes_on",
          f"exit {ended.code}, {left_in(cohort.out)}: {said(ended.out)}")


def dead_run(cohort):
    clear(cohort.out)
    run, _ = halted(cohort, 2, 12)
    run.kill_all()
    check(left_in(cohort.out) == ["store.h5.journal", "store.h5.lock"], "dead_run_leaves_its_lock", f"{left_in(cohort.out)}")
    cohort.resume("dead_run_is_taken_over")


def elsewhere(cohort):
    """The lock of a run on another host, which touches it."""
    clear(cohort.out)
    lock = cohort.store + ".lock"
    with open(lock, "w") as file:
        file.write("kernel 00000000-0000-0000-0000-000000000000\nhost far\nprocess 77\nsince 2026-01-01T00:00:00Z\nranks 40\n".ljust(256, "\n"))
    run = Running("run", cohort.config, ranks=2)
    while run.running():
        os.utime(lock)
        time.sleep(0.2)
    told(run.end(), 1, "run_on_another_host_is_alive", lock, "process 77 on far", "40 ranks")
    check(os.path.exists(lock), "lock_of_another_host_stays", "it is gone")


# ---- disks ----

FAILURES = (  # name, arguments of the shim, words of the message
    ("sync_once", dict(calls="sync", at=6, once=1, rank=1, error=errno.EIO), ("rank_000001.journal", "sync failed", "Input/output error", "run again")),
    ("write_once", dict(calls="write", at=7, once=1, rank=1, error=errno.EIO), ("rank_000001.journal", "Input/output error", "nothing finished is lost")),
    ("full", dict(calls="write", at=9, error=errno.ENOSPC), ("No space left", "bytes are free", "make room and run again")),
    ("rename", dict(calls="rename", at=1, error=errno.EIO), ("store.h5.tmp", "renamed", "run again")))


def failing_disks(cohort):
    for name, shim, words in FAILURES:
        clear(cohort.out)
        ended = cohort.fail(**shim)
        told(ended, 2, f"{name}_told", *words)
        check(left_in(cohort.out) == ["store.h5.journal"] and records(cohort.config), f"{name}_leaves_journals", f"{left_in(cohort.out)}")
        cohort.resume(f"{name}_resumed")


def scratch_folders(cohort):
    """run.scratch: made where it is missing; refused where it cannot be, or is another one on some rank."""
    place = os.path.join(cohort.folder, "scratch")
    clear(cohort.out)
    cohort.configure(RUN + f' scratch = "{place}/deep";')
    ended = eveil("run", cohort.config, ranks=2)
    check(ended.code == 0 and total(cohort.store) == cohort.total, "scratch_is_made", said(ended.err))
    cohort.configure(RUN + f' scratch = "{EVEIL}/deep";')
    clear(cohort.out)
    told(eveil("run", cohort.config, ranks=3), 2, "scratch_cannot_be_made", EVEIL, "cannot be made")
    cohort.configure(RUN + f' scratch = "{place}";')
    apart = ("sh", "-c", f'[ $OMPI_COMM_WORLD_RANK = 1 ] || exec "$@"; exec unshare -m sh -c "mount -t tmpfs none {place}; exec \\"\\$@\\"" sh "$@"', "sh")
    if subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", place], capture_output=True).returncode:
        skip("scratch_of_each_node", "no right to mount in a namespace")
    else:
        told(Running("run", cohort.config, ranks=3, wrap=apart).end(), 1, "scratch_of_each_node", "rank 1 on ", place, "all nodes share")
        ended = eveil("run", cohort.config, ranks=3)
        check(ended.code == 0 and total(cohort.store) == cohort.total and os.listdir(place) == ["deep"], "scratch_of_all_nodes", f"{os.listdir(place)}: {said(ended.err)}")
    cohort.configure()


def read_again(cohort):
    """A file that went away in the midst of a run: its recording fails, the next run tries it again, and it alone."""
    clear(cohort.out)
    files = sorted(os.path.join(at, name) for at, _, names in os.walk(cohort.root) for name in names if name.endswith(".edf"))
    run, pid = halted(cohort, 0, 12)
    os.rename(files[-1], files[-1] + ".away")
    os.kill(pid, signal.SIGCONT)
    ended = run.end()
    os.rename(files[-1] + ".away", files[-1])
    check(ended.code == 3 and "1 of 5 recordings failed" in ended.out, "file_went_away", f"exit {ended.code}: {said(ended.out)}")
    again = eveil("run", cohort.config, ranks=3)
    n, m = resumed(again.err)
    check(again.code == 0 and total(cohort.store) == cohort.total, "file_came_back", f"exit {again.code}: {said(again.err)}")
    check(m is not None and 0 < m - n <= 5, "it_alone_is_read_again", f"{n} of {m} finished")


if __name__ == "__main__":
    need("mpirun", "cc")
    with scratch() as place_of_all:
        the = Cohort(place_of_all)
        for part in (other_kind, ranks_of_two_kinds, two_programs, older_journal, two_runs, dead_run, elsewhere, failing_disks,
                     scratch_folders, read_again):
            part(the)
    done()

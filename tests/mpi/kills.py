"""kill -9 of one rank and of all, in the phases plan, run, gather and rename. After each kill the output holds what it held
before or the whole store; no task with a whole record in a journal runs again; resumed on another number of ranks
the total is that of a quiet run. Here a few kills; kills_long.py has at least fifty on a run of more than 300 tasks."""
import collections
import hashlib
import os
import shutil
import time

from harness import (Running, build_shim, check, clear, configure, done, eveil, journal_bytes, journal_of, left_in, need, note, records,
                     resumed, said, scratch, simulate, state, store_of, total)

ANALYSES = """
  { name = "spectral"; window_s = 2.0; step_s = 1.0; features = ["band_power", "spectrum"]; spectrum: { segment_s = 2.0; }; },
  { name = "dynamics"; window_s = 4.0; step_s = 4.0; dynamics = ["var"]; }"""
PHASES = ("plan", "run", "gather", "rename")


def digest(path):
    if not os.path.exists(path):
        return None
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


class Kills:
    """One cohort, and kills of its run."""

    def __init__(self, folder, subjects, ranks):
        self.ranks = ranks  # of the runs that are killed
        self.root = simulate(folder, f"subjects = {subjects}; duration_s = 40.0; fs_hz = (128.0);")
        self.config = os.path.join(folder, "run.cfg")
        self.out = os.path.join(folder, "out")
        self.store, self.temporary = store_of(self.config), store_of(self.config) + ".tmp"
        self.shim = build_shim(folder)
        self.counts = os.path.join(folder, "counts")
        self.previous = os.path.join(folder, "previous.h5")
        self.make_previous()
        self.calls, self.seen, self.failed = {}, collections.Counter(), 0
        self.measure()

    def configure(self, keep):
        """Static, so that the writes of a rank are the same in every run."""
        configure(self.config, self.root, analyses=ANALYSES,
                  run=f'task_s = 4.0; flush_s = 0.0; schedule = "static"; keep_journals = {"true" if keep else "false"};')

    def make_previous(self):
        """The finished store of another plan."""
        clear(self.out)
        configure(self.config, self.root, analyses='{ name = "a"; window_s = 10.0; features = ["hjorth"]; }')
        ended = eveil("run", self.config, ranks=2)
        assert ended.code == 0, ended.err
        shutil.move(self.store, self.previous)

    def start(self, ranks, prefix=None, **shim):
        env = {f"EVL_SHIM_{key.upper()}": value for key, value in shim.items()}
        if prefix:
            env.update(LD_PRELOAD=self.shim, EVL_SHIM_FOLDER=prefix)
        return Running("run", self.config, "--replace", ranks=ranks, env=env)

    def fresh(self, previous, keep=True):
        clear(self.out)
        self.configure(keep)
        if previous:
            shutil.copyfile(self.previous, self.store)

    def counted(self, prefix, keep):
        """Calls of every rank of a quiet run below a path."""
        self.fresh(False, keep)
        with open(self.counts, "w"):
            pass
        ended = self.start(self.ranks, prefix, count=self.counts).end()
        assert ended.code == 0, ended.out
        with open(self.counts) as file:
            return {int(rank): int(n) for rank, n in (line.split() for line in file)}

    def measure(self):
        self.fresh(False)
        run = self.start(self.ranks)
        run.wait_for(run.eveils)
        began = time.monotonic()
        run.wait_for(lambda: records(self.config))
        self.plan_s = time.monotonic() - began
        ended = run.end()
        self.total, self.tasks, self.bytes = total(self.store), state(self.config).total, journal_bytes(self.config)
        check(ended.code == 0 and len(records(self.config)) == self.tasks, "quiet_run", ended.out)
        self.calls["gather"] = self.counted(self.temporary, True)
        self.calls["rename"] = self.counted(self.out, False)

    def kill(self, run, rank):
        """kill -9 of one rank, or of everything where rank is None."""
        if rank is None:
            run.kill_all()
        else:
            run.kill([pid for r, pid, _ in run.eveils() if r == rank])
        return run.end()

    def halted(self, prefix, rank, call):
        """A run whose rank stands before one of its calls."""
        run = self.start(self.ranks, prefix, rank=rank, at=call, halt=1)
        return run, run.wait_for(lambda: any(r == rank and state == "T" for r, _, state in run.eveils()), 0.002)

    def reach(self, phase, part):
        """A run brought into a phase; `part` from 0 to 1 says how far into it."""
        if phase == "plan":
            run = self.start(self.ranks)
            run.wait_for(run.eveils)
            time.sleep(0.9 * part * self.plan_s)
            return run, True
        if phase == "run":
            run = self.start(self.ranks)
            return run, run.wait_for(lambda: journal_bytes(self.config) >= (0.02 + 0.9 * part) * self.bytes)
        if phase == "gather":
            rank = sorted(self.calls["gather"])[int(part * 1000) % len(self.calls["gather"])]
            return self.halted(self.temporary, rank, 1 + int(part * (self.calls["gather"][rank] - 1)))
        # The last calls of rank 0: sync of the file, rename, sync of the folder, removal of two journals, sync.
        return self.halted(self.out, 0, self.calls["rename"][0] - 6 + int(part * 6.99))

    def phase_of(self, phase, before, n):
        """What stood on disk at the kill, not what was meant."""
        if phase == "rename" or n == self.tasks:
            return "rename" if phase == "rename" else "gather"
        return "run" if n else "plan"

    def one(self, phase, part, who, ranks, previous):
        """Kills once and resumes. None, or what is wrong."""
        self.fresh(previous, keep=phase != "rename")
        before = digest(self.store)
        run, reached = self.reach(phase, part)
        self.kill(run, who)
        if not reached:
            return "the run was over before"
        kept = [record.key for record in records(self.config)]
        self.seen[self.phase_of(phase, before, len(kept)), "all" if who is None else "one"] += 1
        whole = os.path.exists(self.store) and total(self.store) == self.total
        if digest(self.store) != before and not whole:
            return "the output is neither the previous nor the whole store"
        if not whole and len(set(kept)) != len(kept):
            return "a task has two records"
        if not whole and state(self.config)[:2] != (len(kept), self.tasks):
            return f"{len(kept)} records, info says {state(self.config)}"
        ended = eveil("run", self.config, "--replace", ranks=ranks)
        if ended.code:
            return f"resume: exit {ended.code}: {said(ended.err)}"
        if not whole and resumed(ended.err)[0] != len(kept):
            return f"{len(kept)} records: {said(ended.err)}"
        if total(self.store) != self.total:
            return f"resumed total {total(self.store)}"
        return self.left_over(phase, kept)

    def left_over(self, phase, kept):
        """Finished tasks that ran again; litter."""
        again = collections.Counter(record.key for record in records(self.config))
        lost = [key for key in kept if phase != "rename" and again[key] != 1]
        if lost or phase != "rename" and (len(again) != self.tasks or sum(again.values()) != self.tasks):
            return f"{len(lost)} finished tasks ran again, {sum(again.values())} records of {len(again)} tasks"
        wanted = {"store.h5"} | ({os.path.basename(journal_of(self.config))} if phase != "rename" else set())
        return None if set(left_in(self.out)) == wanted else f"left over: {left_in(self.out)}"

    def phase(self, phase, n):
        """n kills spread evenly over a phase: of rank 0, of all, of rank 1, of all, ..."""
        wrong = []
        for i in range(n):
            who = (0, None, self.ranks - 1, None)[i % 4]
            text = self.one(phase, (i + 0.5) / n, who, (0, 1, 3, 4)[i % 4], previous=i % 3 == 1)
            if text:
                wrong.append(f"kill {i + 1} of {n} ({'all' if who is None else f'rank {who}'}): {text}")
        self.failed += len(wrong)
        check(not wrong, f"kills_np_{self.ranks}_{phase}_{n}", "; ".join(wrong))

    def table(self):
        note(f"kills of a run of {self.tasks} tasks on {self.ranks} ranks   one rank   all")
        for phase in PHASES:
            note(f"{phase:40s} {self.seen[phase, 'one']:10d} {self.seen[phase, 'all']:5d}")


def kill_everywhere(subjects, n, ranks=2):
    need("mpirun", "cc")
    with scratch() as folder:
        kills = Kills(folder, subjects, ranks)
        for phase in PHASES:
            kills.phase(phase, n)
        kills.table()
        return kills


if __name__ == "__main__":
    kill_everywhere(8, 2)
    done()

"""A run (journals, gather, rename, removal) ended at its writes, whole and torn: afterwards the store is
the previous or the new one, no task reported as synced is lost, and the resumed store has the same bytes.
Here every third call without MPI; `store_kill_long.py` runs on two ranks."""
import os
import shutil
import subprocess

from store_ranks import PROGRAM, done, folder, holds, need, report, run, sha256, tasks

WINDOWS, TASKS, PREVIOUS = 1200, 12, 30


def shim(place):
    library = os.path.join(place, "write_shim.so")
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "write_shim.c")
    subprocess.run(["cc", "-std=c11", "-D_GNU_SOURCE", "-O2", "-fPIC", "-shared", source, "-ldl", "-o", library], check=True)
    return library


class Case:
    """One output folder with a previous store, and how to run into it."""

    def __init__(self, place, ranks, io):
        self.place, self.ranks, self.io = place, ranks, io
        self.library = shim(place)
        self.out = os.path.join(place, "out")
        self.store = os.path.join(self.out, "store.h5")
        os.mkdir(self.out)
        run(0, ["write", self.store, PREVIOUS, 1, 100000])
        self.previous = os.path.join(place, "previous.h5")
        shutil.copy(self.store, self.previous)

    def start(self, ranks, **settings):
        environment = {f"EVL_SHIM_{key.upper()}": str(value) for key, value in settings.items()}
        if settings:
            environment.update(LD_PRELOAD=self.library, EVL_SHIM_FOLDER=self.out)
        return run(ranks, ["run", self.store, WINDOWS, 1, TASKS, os.path.join(self.place, "report")], environment, self.io)

    def fresh(self):
        shutil.rmtree(self.out)
        os.mkdir(self.out)
        shutil.copy(self.previous, self.store)
        for rank in range(8):
            path = os.path.join(self.place, f"report_{rank}")
            if os.path.exists(path):
                os.remove(path)

    def reported(self):
        found = set()
        for rank in range(8):
            path = os.path.join(self.place, f"report_{rank}")
            if os.path.exists(path):
                with open(path) as file:
                    found |= {int(line) for line in file}
        return found

    def calls(self):
        """Of an undisturbed run: calls of each rank, and the bytes of its store."""
        self.fresh()
        counts = os.path.join(self.place, "counts")
        code, text = self.start(self.ranks, count=counts)
        with open(counts) as file:
            numbers = {int(rank): int(n) for rank, n in (line.split() for line in file)}
        assert code == 0 and holds(self.store, WINDOWS), text
        return numbers, sha256(self.store)

    def kill_at(self, rank, k, torn, wanted):
        """What is wrong, or None."""
        self.fresh()
        code, _ = self.start(self.ranks, rank=rank, at=k, torn=torn)
        if code == 0 or code == 124:
            return f"exit {code}"
        new = holds(self.store, WINDOWS)
        if not new and not holds(self.store, PREVIOUS):
            return "neither the previous nor the new store"
        kept = tasks(self.store, TASKS)
        if kept is None:
            return "journals unreadable"
        if not new and self.reported() - kept:
            return f"tasks lost: {sorted(self.reported() - kept)}"
        code, text = self.start(self.ranks if self.ranks == 0 else 1 + k % 3)
        if code != 0:
            return f"resume: exit {code} {text.strip()}"
        if sha256(self.store) != wanted or os.listdir(self.out) != ["store.h5"]:
            return "the resumed store differs"
        return None


def kill_everywhere(ranks, io, step):
    place = folder()
    try:
        case = Case(place, ranks, io)
        numbers, wanted = case.calls()
        for rank, n in sorted(numbers.items()):
            for torn in (0, 1):
                points = range(1 + torn, n + 1, step)
                wrong = [f"call {k}: {text}" for k in points if (text := case.kill_at(rank, k, torn, wanted))]
                name = f"kill_{io or 'serial'}_rank{rank}_{'torn' if torn else 'whole'}_{len(points)}_of_{n}_calls"
                report(not wrong, name, "; ".join(wrong[:5]))
    finally:
        shutil.rmtree(place)


if __name__ == "__main__":
    need("cc", PROGRAM)
    kill_everywhere(0, None, 3)
    done()

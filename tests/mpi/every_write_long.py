"""`eveil run` ended at its writes, whole and torn, in run and gather: on one rank and on two, by a library that counts the
writes below the output folder. No finished task is lost and the resumed total is that of a quiet run. Of many writes
a sample spread evenly is taken (all of them with EVEIL_CAMPAIGN=1). EVEIL_WRITES names a file that receives the numbers
(make reliability)."""
import json
import os

from harness import (build_shim, check, clear, configure, done, eveil, journal_of, left_in, need, note, ran_twice, records, resumed, said, scratch,
                     simulate, state, store_of, total)

ANALYSES = '{ name = "spectral"; window_s = 4.0; step_s = 2.0; features = ["band_power", "spectrum"]; dynamics = ["var"]; }'
POINTS = {0: 40, 2: 10}  # ranks: writes tried of each rank, whole and torn


class Writes:
    def __init__(self, folder):
        self.config = os.path.join(folder, "run.cfg")
        self.out, self.counts, self.shim = os.path.join(folder, "out"), os.path.join(folder, "counts"), build_shim(folder)
        root = simulate(folder, "subjects = 6; duration_s = 32.0; fs_hz = (128.0);")
        configure(self.config, root, analyses=ANALYSES, run='task_s = 4.0; flush_s = 0.0; schedule = "static"; keep_journals = true;')

    def run(self, ranks, **shim):
        env = {f"EVL_SHIM_{key.upper()}": value for key, value in shim.items()}
        return eveil("run", self.config, ranks=ranks, env=dict(env, LD_PRELOAD=self.shim, EVL_SHIM_FOLDER=self.out))

    def quiet(self, ranks):
        """Total, tasks, and the writes of every rank."""
        clear(self.out)
        with open(self.counts, "w"):
            pass
        ended = self.run(ranks, count=self.counts)
        assert ended.code == 0, ended.err
        with open(self.counts) as file:
            return total(store_of(self.config)), state(self.config).total, {int(rank): int(n) for rank, n in (line.split() for line in file)}

    def end_at(self, ranks, rank, call, torn, quiet_total, tasks):
        """None, or what is wrong."""
        clear(self.out)
        ended = self.run(ranks, rank=rank, at=call, torn=torn)
        if ended.code in (0, 124):
            return f"exit {ended.code}"
        kept = [record.key for record in records(self.config)]
        whole = os.path.exists(store_of(self.config))
        if whole and total(store_of(self.config)) != quiet_total:
            return "a broken store"
        if not whole and (len(set(kept)) != len(kept) or state(self.config)[:2] != (len(kept), tasks)):
            return f"{len(kept)} records of {len(set(kept))} tasks, info says {state(self.config)}"
        ended = eveil("run", self.config, ranks=(call + torn) % 3 if ranks else 0)
        if ended.code or total(store_of(self.config)) != quiet_total:
            return f"resume: exit {ended.code}: {said(ended.err)}"
        if not whole and resumed(ended.err)[0] != len(kept) or ran_twice(self.config) or len(records(self.config)) != tasks:
            return f"{len(kept)} finished, {ran_twice(self.config)} ran again, {len(records(self.config))} records: {said(ended.err)}"
        left = set(left_in(self.out)) - {"store.h5", os.path.basename(journal_of(self.config))}
        return f"left over: {left}" if left else None


def sample(n, points):
    """Calls 1 to n, spread evenly."""
    points = n if os.environ.get("EVEIL_CAMPAIGN") else min(n, points)
    return sorted({1 + (i * (n - 1)) // max(points - 1, 1) for i in range(points)})


if __name__ == "__main__":
    need("mpirun", "cc")
    with scratch() as place:
        writes, found = Writes(place), []
        for np, points in POINTS.items():
            expected, all_tasks, numbers = writes.quiet(np)
            for r, calls in sorted(numbers.items()):
                for half in (0, 1):
                    chosen = sample(calls, points)
                    wrong = [f"write {k}: {why}" for k in chosen if (why := writes.end_at(np, r, k, half, expected, all_tasks))]
                    check(not wrong, f"np_{max(np, 1)}_rank_{r}_{'torn' if half else 'whole'}", f"{len(wrong)} of {len(chosen)}: " + "; ".join(wrong[:5]))
                    found.append({"ranks": max(np, 1), "rank": r, "torn": half, "tried": len(chosen), "writes": calls, "failed": len(wrong),
                                  "tasks": all_tasks})
                    note(f"np {max(np, 1)}, rank {r}, {'torn' if half else 'whole'}: {len(chosen)} of {calls} writes, {all_tasks} tasks")
    if os.environ.get("EVEIL_WRITES"):
        with open(os.environ["EVEIL_WRITES"], "w") as file:
            json.dump(found, file, indent=1)
    done()

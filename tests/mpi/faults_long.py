"""Faults at many places: writes of the gather that fail, once or for good, full disks and quotas, a rank whose disk is a hundred times
slower, clocks that jump, journals of 64 ranks taken up by 3, a lock left on another host, a partial gather ended at its
writes. After each the run goes on: nothing finished is lost, and the total is that of a quiet run. Of many writes a sample
spread evenly is taken (all of them with EVEIL_CAMPAIGN=1)."""
import errno
import os
import subprocess

from every_write_long import sample
from faults import RUN, Cohort, told
from harness import (build_shim, check, clear, done, eveil, journal_of, left_in, need, note, ran_twice, records, resumed, said, scratch, skip,
                     state, total)

KEEP = "task_s = 5.0; keep_journals = true;"
LEFT = {"store.h5.journal", "store.h5.lock"}  # what a gather that failed may leave


def counted(cohort, ranks, words=("gather",), **more):
    """Writes of every rank to the new store."""
    counts = os.path.join(cohort.folder, "counts")
    with open(counts, "w"):
        pass
    ended = failing(cohort, ranks, words, count=counts, **more)
    assert ended.code == 0, ended.err
    with open(counts) as file:
        return {int(rank): int(n) for rank, n in (line.split() for line in file)}


def failing(cohort, ranks, words, **shim):
    env = {f"EVL_SHIM_{key.upper()}": value for key, value in shim.items()}
    return eveil(*words, cohort.config, ranks=ranks, env=dict({"LD_PRELOAD": cohort.shim, "EVL_SHIM_FOLDER": cohort.store + ".tmp"}, **env))


def without_store(cohort):
    if os.path.exists(cohort.store):
        os.remove(cohort.store)


def finished(cohort):
    """All tasks in the journals, no store."""
    clear(cohort.out)
    cohort.configure(KEEP)
    ended = eveil("run", cohort.config, ranks=2)
    assert ended.code == 0, ended.err
    without_store(cohort)


def one_failing_gather(cohort, ranks, **shim):
    """None, or what is wrong."""
    without_store(cohort)
    ended = failing(cohort, ranks, ("run",), **shim)
    if ended.code == 0:
        return None if total(cohort.store) == cohort.total else "exit 0 with a wrong store"
    if ended.code != 2 or "store.h5" not in said(ended.err) or "run again" not in said(ended.err):
        return f"exit {ended.code}: {said(ended.err)}"
    return f"left over: {left_in(cohort.out)}" if set(left_in(cohort.out)) - LEFT else None


def failing_gathers(cohort):
    """No write of the gather may fail unseen, and none may hang, crash or leave half a store."""
    finished(cohort)
    for ranks, points in ((0, 10), (2, 6)):
        numbers = counted(cohort, ranks, ("run",), error=errno.EIO, calls="write,sync,truncate,rename")
        for rank, calls in sorted(numbers.items()):
            for once in (0, 1):
                # On several ranks the last writes are HDF5's own: where MPI-IO hides their failure, its ranks wait for each other.
                wrong = [f"call {k}: {why}" for k in sample(calls // 2 if ranks else calls, points)
                         if (why := one_failing_gather(cohort, ranks, rank=rank, at=k, once=once, error=errno.EIO, calls="write,sync,truncate,rename"))]
                check(not wrong, f"gather_np_{max(ranks, 1)}_rank_{rank}_fails_{'once' if once else 'for_good'}", "; ".join(wrong[:4]))
    without_store(cohort)
    ended = eveil("run", cohort.config, ranks=3)
    check(ended.code == 0 and total(cohort.store) == cohort.total and resumed(ended.err)[0] == cohort.tasks, "gather_after_all_that", said(ended.err))


def quotas(cohort):
    """In the run, for all ranks, and in the gather."""
    cohort.configure()
    for name, shim, words in (("sync_all_ranks", dict(calls="sync", at=5, error=errno.EIO), ("sync failed", "run again")),
                              ("quota_run", dict(calls="write", at=9, error=errno.EDQUOT), ("quota exceeded", "make room and run again")),
                              ("write_alone", dict(calls="write", at=9, error=errno.EIO, ranks=0), ("Input/output error", "run again"))):
        clear(cohort.out)
        told(cohort.fail(**shim), 2, f"{name}_told", *words)
        cohort.resume(f"{name}_resumed")
    finished(cohort)
    for name, number in (("full", errno.ENOSPC), ("quota", errno.EDQUOT)):
        ended = failing(cohort, 2, ("run",), at=1, rank=0, error=number, calls="write")
        told(ended, 2, f"{name}_gather_told", "store.h5.tmp", "no space", "run again")
        check(left_in(cohort.out) == ["store.h5.journal"], f"{name}_gather_leaves_journals", f"{left_in(cohort.out)}")
    cohort.configure()
    cohort.resume("full_gather_resumed")


def small_disk(cohort):
    """A real one, of several sizes: in the run or in the gather it is full; on a larger one the run goes on."""
    wrong, codes = [], set()
    cohort.configure()
    for kb in (300, 700, 1500, 16000):
        clear(cohort.out)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kb}k", "tmpfs", cohort.out], capture_output=True).returncode:
            skip("small_disk", "no right to mount a small tmpfs")
            return
        try:
            ended = eveil("run", cohort.config, ranks=2)
            codes.add(ended.code)
            kept = len(records(cohort.config))
            if ended.code == 2 and "run again" in said(ended.err):
                subprocess.run(["mount", "-o", "remount,size=64m", cohort.out], check=True)
                again = eveil("run", cohort.config, ranks=3)
                if again.code or resumed(again.err)[0] != kept:
                    wrong.append(f"{kb} kB: {kept} kept, {said(again.err)}")
            elif ended.code:
                wrong.append(f"{kb} kB: exit {ended.code}: {said(ended.err)}")
            if total(cohort.store) != cohort.total or left_in(cohort.out) != ["store.h5"]:
                wrong.append(f"{kb} kB: {left_in(cohort.out)}")
        finally:
            subprocess.run(["umount", cohort.out], check=True)
    check(not wrong and codes == {0, 2}, "small_disk", f"exits {codes}; " + "; ".join(wrong))


def slow_rank(cohort):
    clear(cohort.out)
    env = {"LD_PRELOAD": cohort.shim, "EVL_SHIM_FOLDER": cohort.out, "EVL_SHIM_SLOW_MS": 100, "EVL_SHIM_RANK": 1}
    for schedule in ("dynamic", "static"):
        clear(cohort.out)
        cohort.configure(RUN + f' schedule = "{schedule}";')
        ended = eveil("run", cohort.config, ranks=3, env=env)
        check(ended.code == 0 and total(cohort.store) == cohort.total, f"slow_rank_{schedule}", f"exit {ended.code}: {said(ended.err)}")


def clocks(cohort):
    """They jump by hours, forward and back, several times while a run goes on; nothing waits for them."""
    for flush_s in (0, 0.2):
        clear(cohort.out)
        cohort.configure(f"task_s = 5.0; flush_s = {flush_s}; keep_journals = true;")
        env = {"LD_PRELOAD": f"{cohort.shim} {build_shim(cohort.folder, 'clock_shim')}", "EVL_SHIM_FOLDER": cohort.out, "EVL_SHIM_SLOW_MS": 20,
               "EVL_CLOCK_EVERY_MS": 200, "EVL_CLOCK_JUMP_S": 7200}
        ended = eveil("run", cohort.config, ranks=2, env=env)
        check(ended.code == 0 and total(cohort.store) == cohort.total and len(records(cohort.config)) == cohort.tasks and not ran_twice(cohort.config),
              f"clocks_jump_flush_{flush_s}", f"exit {ended.code}, {len(records(cohort.config))} records: {said(ended.err)}")


def many_to_few(cohort):
    """The records of a run dealt out to the journals of 64 ranks, some of them empty or torn."""
    finished(cohort)
    folder = journal_of(cohort.config)
    found = records(cohort.config)
    contents = [open(record.path, "rb").read() for record in found]
    ahead = contents[0][:found[0].offset]  # the magic and the kind of machine
    pieces = [content[r.offset:r.offset + 48 + r.bytes] for content, r in zip(contents, found)]
    for name in os.listdir(folder):
        os.remove(os.path.join(folder, name))
    dropped = 3
    for rank in range(64):
        mine = [piece for i, piece in enumerate(pieces[dropped:]) if i * 7 % 64 == rank]
        with open(os.path.join(folder, f"rank_{rank:06d}.journal"), "wb") as file:
            file.write(ahead + b"".join(mine) + (pieces[0][:30] if rank % 5 == 0 else b"") if rank % 9 else b"")
    kept = len(records(cohort.config))
    cohort.configure()
    check(0 < kept < cohort.tasks and state(cohort.config)[:2] == (kept, cohort.tasks), "journals_of_64_ranks", f"{kept} records, {state(cohort.config)}")
    cohort.resume("journals_of_64_ranks_by_3", kept)


def left_on_another_host(cohort):
    """Nobody touches it, so half a minute later it is taken over."""
    cohort.configure()
    kept = cohort.halfway()
    with open(cohort.store + ".lock", "w") as file:
        file.write("kernel 00000000-0000-0000-0000-000000000000\nhost far\nprocess 77\nsince 2026-01-01T00:00:00Z\nranks 40\n".ljust(256, "\n"))
    cohort.resume("lock_left_on_another_host", kept)


def ended_gathers(cohort):
    """`eveil gather` of a run stopped halfway, ended at its writes: the journals stay as they were."""
    cohort.configure()
    kept = cohort.halfway()
    before = [(r.path, r.key) for r in records(cohort.config)]
    numbers = counted(cohort, 2)
    wrong = []
    for rank, calls in sorted(numbers.items()):
        for k in sample(calls, 5):
            without_store(cohort)
            ended = failing(cohort, 2, ("gather",), rank=rank, at=k, torn=k % 2)
            if ended.code == 0 or [(r.path, r.key) for r in records(cohort.config)] != before:
                wrong.append(f"rank {rank}, call {k}: exit {ended.code}, {len(records(cohort.config))} records of {kept}")
    check(not wrong, "ended_gathers", "; ".join(wrong[:4]))
    note(f"gathers ended: {sum(len(sample(n, 5)) for n in numbers.values())}")
    cohort.resume("ended_gathers_resumed", kept)


need("mpirun", "cc")
with scratch() as place:
    the = Cohort(place)
    for part in (failing_gathers, quotas, small_disk, slow_rank, clocks, many_to_few, left_on_another_host, ended_gathers):
        part(the)
done()

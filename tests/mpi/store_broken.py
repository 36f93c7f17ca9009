"""Writing a store on several ranks when one of them fails or the disk is full: no hang, a message, the previous
store untouched, nothing left beside it."""
import os
import shutil
import subprocess

from store_ranks import PROGRAM, done, folder, holds, need, report, run, skip

DRIVERS = ["ompio", "romio321"]


def failing_rank(place, io, compress):
    """Rank 1 cannot fill its rows: all stop with its message."""
    out = os.path.join(place, f"failing_{io}")
    os.mkdir(out)
    store = os.path.join(out, "store.h5")
    run(0, ["write", store, 30, 1, 300000])
    code, text = run(3, ["write", store, 20000, compress, 100000, 1, 9000], io=io)
    good = code == 2 and "recording x.edf: damaged" in text and holds(store, 30) and os.listdir(out) == ["store.h5"]
    report(good, f"failing_rank_{io}_{compress}", f"exit {code}: {text.strip()}")


def disk_full(place, io, compress):
    """Sizes around what is needed: whole, or refused with the previous store in place."""
    small = os.path.join(place, "small")
    os.makedirs(small, exist_ok=True)
    store, outcomes, wrong = os.path.join(small, "store.h5"), set(), []
    for kb in (200, 420, 2500, 8000):
        if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kb}k", "tmpfs", small], stderr=subprocess.DEVNULL).returncode:
            skip(f"disk_full_{io}_{compress}", "no right to mount a small tmpfs")
            return
        try:
            first, _ = run(0, ["write", store, 30, 1, 300000])
            code, text = run(2, ["write", store, 20000, compress, 100000], io=io)
            outcomes.add(code)
            good = code == 0 and holds(store, 20000) or code == 2 and "no space" in text and holds(store, 30)
            if first or not good or os.listdir(small) != ["store.h5"]:
                wrong.append(f"{kb} kB: exit {code}: {text.strip()}; {os.listdir(small)}")
        finally:
            subprocess.run(["umount", small], check=True)
    report(not wrong and outcomes == {0, 2}, f"disk_full_{io}_{compress}", "; ".join(wrong) + f" exits {outcomes}")


need("mpirun", PROGRAM)
place = folder()
try:
    for n, io in enumerate(DRIVERS):
        failing_rank(place, io, n)
        disk_full(place, io, 1 - n)
finally:
    shutil.rmtree(place)
done()

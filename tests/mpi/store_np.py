"""The store on 0 (no MPI) to 4 ranks with OMPIO and ROMIO: the same bytes."""
import os
import shutil

from store_ranks import PROGRAM, done, folder, holds, need, report, run, sha256

DRIVERS = {"ompio": (1, 2, 3, 4), "romio321": (1, 2, 3, 4)}


def same_bytes(place, windows, compress, drivers):
    store = os.path.join(place, "store.h5")
    run(0, ["write", store, windows, compress, 300000])
    wanted, wrong = sha256(store), []
    for io, ranks in drivers.items():
        for n in ranks:
            os.remove(store)
            code, text = run(n, ["write", store, windows, compress, 300000], io=io)
            if code != 0 or not holds(store, windows) or sha256(store) != wanted:
                wrong.append(f"{io} on {n} ranks: exit {code} {text.strip()}")
    report(not wrong, f"same_bytes_{windows}_{'deflate' if compress else 'contiguous'}", "; ".join(wrong))


need("mpirun", PROGRAM)
place = folder()
try:
    same_bytes(place, 20000, 0, DRIVERS)
    same_bytes(place, 20000, 1, DRIVERS)
    same_bytes(place, 2, 1, {"ompio": (4,)})
    same_bytes(place, 0, 1, {"romio321": (3,)})
finally:
    shutil.rmtree(place)
done()

#!/usr/bin/python3
"""Recordings of several files in a BIDS folder, written here: BrainVision with a pause, WFDB with missing samples. From
the folder to the store; a file that changes or goes costs its recording."""
import hashlib
import os
import sys

from harness import case, config, eveil, expect, python_modules, run_cases, total, write

LABELS = "Fp1 Fp2 F3 F4 C3 C4 P3 P4 O1 O2 F7 F8 T7 T8 P7 P8 Fz Cz Pz".split()
FS, SECONDS = 200, 40


def signals(seed):
    import numpy as np

    rng = np.random.default_rng(seed)
    t = np.arange(FS * SECONDS) / FS
    return 30 * np.sin(2 * np.pi * 3 * t) + rng.normal(0, 10, (len(LABELS), len(t)))


def brainvision(root):
    folder = f"{root}/sub-a/eeg"
    os.makedirs(folder)
    x = (signals(1) / 0.1).astype("<i2")
    with open(f"{folder}/sub-a_task-rest_eeg.eeg", "wb") as file:
        file.write(x.T.tobytes())
    lines = "".join(f"Ch{c + 1}={label},,0.1,µV\n" for c, label in enumerate(LABELS))
    write(f"{folder}/sub-a_task-rest_eeg.vhdr",
          "Brain Vision Data Exchange Header File Version 1.0\n[Common Infos]\nDataFile=old name.eeg\n"
          "MarkerFile=old name.vmrk\nDataFormat=BINARY\nDataOrientation=MULTIPLEXED\n"
          f"NumberOfChannels={len(LABELS)}\nSamplingInterval={1000000 // FS}\n[Binary Infos]\nBinaryFormat=INT_16\n"
          f"[Channel Infos]\n{lines}")
    # a pause of 10 s after 20 s
    write(f"{folder}/sub-a_task-rest_eeg.vmrk",
          "Brain Vision Data Exchange Marker File, Version 1.0\n[Marker Infos]\nMk1=New Segment,,1,1,0,20200101000000000000\n"
          f"Mk2=New Segment,,{20 * FS + 1},1,0,20200101000030000000\n")


def wfdb(root):
    folder = f"{root}/sub-b/eeg"
    os.makedirs(folder)
    x = (signals(2) / 0.1).astype("<i2")
    x[5, 10 * FS:12 * FS] = -32768  # missing
    with open(f"{folder}/sub-b_task-rest_eeg.dat", "wb") as file:
        file.write(x.T.tobytes())
    write(f"{folder}/sub-b_task-rest_eeg.hea",
          f"sub-b_task-rest_eeg {len(LABELS)} {FS} {FS * SECONDS}\n" + "".join(
              f"sub-b_task-rest_eeg.dat 16 10/uV 16 0 {x[c, 0]} {x[c].astype(int).sum() & 65535} 0 {label}\n"
              for c, label in enumerate(LABELS)))


def several(root="cohort"):
    python_modules("numpy", "h5py")
    brainvision(root)
    wfdb(root)
    return config(root=root)


def digest(*paths):
    hash = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            hash.update(file.read())
    return hash.hexdigest()


@case("BrainVision and WFDB in a BIDS folder: one store for 1 and 2 ranks, gaps and missing samples marked")
def same_store():
    path = several()
    expect(eveil("run", path), 0)
    one = total()
    os.rename("out", "one")
    expect(eveil("run", path, np=2), 0)
    assert total() == one, "other bits for 2 ranks"
    import h5py
    import numpy as np

    with h5py.File("out/store.h5") as store:
        text = lambda name: [s.decode() for s in store[name][()]]
        a, b = (f"cohort/sub-{s}/eeg/sub-{s}_task-rest_eeg" for s in "ab")
        assert text("recordings/sha256") == [digest(a + ".vhdr", a + ".eeg", a + ".vmrk"), digest(b + ".hea", b + ".dat")]
        assert list(store["recordings/duration_s"][()]) == [SECONDS + 10, SECONDS]
        assert list(store["recordings/bytes"][()]) == [
            sum(os.path.getsize(a + s) for s in (".vhdr", ".eeg", ".vmrk")), sum(os.path.getsize(b + s) for s in (".hea", ".dat"))]
        group = store["analyses/spectral"]
        recording, start, why = group["window_recording"][()], group["window_start_s"][()], group["why"][()]
        names = text("analyses/spectral/column_name")
        delta = [names.index(f"band_power.absolute_delta[{label}]") for label in LABELS]
        pause = (recording == 0) & (start + 4 > 20) & (start < 30)
        assert np.all(why[pause][:, delta] == 6) and pause.sum() >= 3, why[pause][:, delta]
        assert np.all(why[(recording == 0) & ~pause][:, delta] == 0)
        # the channel whose samples are missing has no value there, whatever becomes of the others
        missing = (recording == 1) & (start + 4 > 10) & (start < 12)
        assert missing.sum() >= 1 and np.all(why[missing, delta[5]] == 6), why[missing, delta[5]]
        assert np.all(why[(recording == 1) & ~missing][:, delta] == 0)
        assert not np.any(np.isnan(group["values"][()]) & (why == 0)), "NaN without its why"


@case("a changed sample file of a finished run costs its recording alone; an absent one fails it")
def changed_files():
    path = several()
    expect(eveil("run", path), 0)
    data = "cohort/sub-a/eeg/sub-a_task-rest_eeg.eeg"
    with open(data, "r+b") as file:
        file.truncate(os.path.getsize(data) - 1)
    expect(eveil("run", path, "--replace"), 0)
    shown = expect(eveil("info", "out/store.h5"), 0)
    assert "the last frame is cut" in shown.out, shown
    os.remove(data)
    expect(eveil("run", path, "--replace"), 3, "1 of 2 recordings failed")


sys.exit(run_cases())

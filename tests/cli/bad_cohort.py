#!/usr/bin/python3
"""Folders, manifests and recordings that are not as they should be: what is refused, and what costs only itself."""
import csv
import os
import shutil
import sys
import time

from harness import case, cohort, config, eeg, eveil, expect, python_modules, run_cases, study, total, write


EVERY_WINDOW = 'conditioning: { artefacts = "none"; };\n'  # what the rules mark is not asked here


def exported(name, store="out/store.h5"):
    expect(eveil("export", store, "csv"), 0)
    with open(f"csv/{name}.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def patch(path, offset, data):
    times = os.stat(path)
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(data)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def edit(path, old, new, count=1):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert old in text, f"{path} has no {old!r}"
    write(path, text.replace(old, new, count))


def nothing_written():
    assert not os.path.exists("out"), "something was written"


def one_fails(what, *parts, path=None, number=1, ranks=0):
    """The run ends with code 3, names the recording once, and the others have their values."""
    path = path or "study.cfg"
    result = expect(eveil("run", path, np=ranks), 3, "1 of 4 recordings failed", "eveil info out/store.h5")
    info = expect(eveil("info", "out/store.h5"), 0, "4, ", "1 failed", f"failed      {number:04d}", *parts)
    failed = [line for line in info.out.splitlines() if line.startswith("    failed ")]
    assert len(failed) == 1, f"{what}: {info}"
    rows = exported("spectral_summary")
    for i in range(1, 5):
        of = [row for row in rows if row["subject"] == f"{i:04d}"]
        assert len(of) == 120, f"{len(of)} rows of subject {i}"
        if i == number:
            assert all(row["why"] == "5" and row["mean"] == "" for row in of), f"{what}: cells of the failed recording"
        else:
            assert all(row["why"] == "0" and row["count"] == "15" for row in of), f"{what}: cells of recording {i}"
    return result


# ---- folders ------------------------------------------------------------------------------------


@case("an empty folder")
def _():
    os.mkdir("cohort")
    path = config()
    for command, ranks in (("info", 0), ("plan", 0), ("run", 2)):
        expect(eveil(command, path, np=ranks), 1, "study.cfg: cohort: found no recording below it", "recordings.tsv")
    nothing_written()


@case("a missing root, a file as root, an empty root")
def _():
    expect(eveil("run", config(root="nowhere")), 1, "study.cfg", "nowhere", "No such file")
    expect(eveil("run", config(root="nowhere"), np=2), 1, "nowhere", "No such file")
    write("file", "x")
    expect(eveil("info", config(root="file")), 1, "expected a folder, found the file file")
    expect(eveil("info", config(root="")), 1, "cohort.root: expected a folder")
    nothing_written()


@case("a named table that is not there")
def _():
    cohort()
    expect(eveil("info", config(root='cohort"; recordings = "recs.tsv')), 1, "recs.tsv", "found it in neither")
    expect(eveil("info", config(root='cohort"; participants = "people.tsv')), 1, "people.tsv", "found it in neither")


# ---- recordings ---------------------------------------------------------------------------------


@case("a folder in place of a recording")
def _():
    path = study(more=EVERY_WINDOW)
    os.remove(eeg(1))
    os.mkdir(eeg(1))
    one_fails("folder", "expected a file, found a directory", path=path)


@case("a pipe in place of a recording")
def _():
    path = study(more=EVERY_WINDOW)
    os.remove(eeg(1))
    os.mkfifo(eeg(1))
    expect(eveil("info", eeg(1), seconds=20), 2, eeg(1))
    one_fails("pipe", "pipe", path=path)


@case("a link that leads nowhere")
def _():
    path = study(more=EVERY_WINDOW)
    os.remove(eeg(1))
    os.symlink("nowhere.edf", eeg(1))
    one_fails("link", "No such file", path=path)


@case("a link to itself", long=True)
def _():
    path = study(more=EVERY_WINDOW)
    os.remove(eeg(1))
    os.symlink(os.path.basename(eeg(1)), eeg(1))
    one_fails("loop", "symbolic links", path=path)


@case("an empty recording")
def _():
    path = study(more=EVERY_WINDOW)
    open(eeg(1), "w").close()
    one_fails("empty", "found an empty file", path=path)


@case("a header with zero channels")
def _():
    path = study(more=EVERY_WINDOW)
    patch(eeg(1), 252, b"0   ")
    expect(eveil("info", eeg(1)), 2, eeg(1))
    one_fails("zero channels", "expected at least 1 signal", path=path)


@case("a header with zero channels and the size of that")
def _():
    path = study(more=EVERY_WINDOW)
    with open(eeg(1), "r+b") as file:
        file.truncate(256)
    patch(eeg(1), 184, b"256     ")
    patch(eeg(1), 236, b"0       ")
    patch(eeg(1), 252, b"0   ")
    one_fails("zero channels", "expected at least 1 signal", path=path)


@case("a file of another kind under the name of a recording")
def _():
    path = study(more=EVERY_WINDOW)
    shutil.copy("cohort/participants.tsv", eeg(1))
    one_fails("text", "eeg/sub-0001_task-rest_eeg.edf: expected a recording", path=path)


@case("a recording in which no channel is EEG")
def _():
    path = study(more=EVERY_WINDOW)
    channels = eeg(1).replace("_eeg.edf", "_channels.tsv")
    with open(channels, encoding="utf-8") as file:
        text = file.read()
    write(channels, text.replace("\tEEG\t", "\tECG\t"))
    one_fails("no EEG", "channel", path=path)


@case("a recording cut short keeps its whole records and says so")
def _():
    path = study(more=EVERY_WINDOW)
    with open(eeg(1), "r+b") as file:
        file.truncate(os.path.getsize(eeg(1)) - 30000)
    expect(eveil("run", path), 0)
    expect(eveil("info", "out/store.h5"), 0, "0 failed", "note        0001", "record")
    rows = [row for row in exported("spectral_summary") if row["subject"] == "0001"]
    assert rows and all(0 < int(row["count"]) < 15 for row in rows)


@case("every recording fails", long=True)
def _():
    path = study(more=EVERY_WINDOW)
    for i in range(1, 5):
        open(eeg(i), "w").close()
    expect(eveil("run", path), 3, "4 of 4 recordings failed")
    expect(eveil("info", "out/store.h5"), 0, "4 failed")
    expect(eveil("run", path, np=2), 3, "4 of 4 recordings failed")


@case("a failed recording on two ranks is told once; repaired, only it runs again")
def _():
    path = study(more=EVERY_WINDOW)
    with open(eeg(2), "rb") as file:
        good = file.read()
    with open(eeg(2), "r+b") as file:
        file.truncate(100)
    one_fails("short", "100", path=path, number=2, ranks=2)
    with open(eeg(2), "wb") as file:
        file.write(good)
    # three others: three spans and a finish each
    expect(eveil("run", path), 0, "resuming: 12 of 16 tasks are finished")
    again = total()
    shutil.rmtree("out")
    expect(eveil("run", path, np=2), 0)
    assert total() == again, "not the bits of a fresh run"


@case("recordings of a rate that the configuration does not fit cost only themselves", long=True)
def _():
    os.mkdir("cohort")
    expect(eveil("simulate", write("sim.cfg", 'cohort: { root = "cohort"; };\n'
                                   "simulate: { subjects = 4; duration_s = 60.0; fs_hz = (150.0, 250.0); };\n")), 0)
    path = config(more="conditioning: { resample_hz = 0; band_hz = (0.5, 90.0); };\n")
    expect(eveil("run", path), 3, "2 of 4 recordings failed")
    expect(eveil("info", "out/store.h5"), 0, "2 failed", "band_hz: edge 90 Hz is not below 75 Hz")


# ---- tables -------------------------------------------------------------------------------------


@case("NaN in start_h is unknown, text in start_h is a mistake")
def _():
    path = study(more=EVERY_WINDOW)
    with open("cohort/recordings.tsv", encoding="utf-8") as file:
        lines = file.read().splitlines()
    def with_hours(*hours):
        rows = [line.split("\t") for line in lines]
        for row, hour in zip(rows[1:], hours):
            row[3] = hour
        write("cohort/recordings.tsv", "\n".join("\t".join(row) for row in rows) + "\n")
    with_hours("NaN", "n/a", "", "72.5")
    expect(eveil("run", path), 0, "3 ", "line 2", "line 4")
    assert [row["start_h"] for row in exported("recordings")] == ["", "", "", "72.5"]
    with_hours("NaN", "soon", "inf", "72.5")
    expect(eveil("plan", path), 1, '"soon" in line 3', '"inf" in line 4')


@case("every mistake of a manifest at once")
def _():
    path = study(more=EVERY_WINDOW)
    edit("cohort/recordings.tsv", "0001_task-rest_eeg.edf", "0009_task-rest_eeg.edf")  # missing
    edit("cohort/recordings.tsv", "sub-0003\t", "sub-0077\t")                          # unknown
    edit("cohort/recordings.tsv", "sub-0004/eeg/sub-0004", "sub-0002/eeg/sub-0002")    # twice
    result = expect(eveil("run", path, np=2), 1, "0009_task-rest_eeg.edf in line 2", '"0077" in line 4',
                    "sub-0002/eeg/sub-0002_task-rest_eeg.edf in the lines 3 and 5")
    assert result.err.count("0077") == 1, f"said more than once: {result}"
    nothing_written()


@case("a manifest that lacks a column, one of a header alone, one with a row too long, one with a NUL")
def _():
    path = study(more=EVERY_WINDOW)
    write("cohort/recordings.tsv", "subject\tpath\nsub-0001\tx.edf\n")
    expect(eveil("info", path), 1, 'expected a column "file"', "subject, path")
    write("cohort/recordings.tsv", "subject\tfile\n")
    expect(eveil("info", path), 1, "only a header line")
    write("cohort/recordings.tsv", "subject\tfile\nsub-0001\tx.edf\ty\n")
    assert "recordings.tsv" in expect(eveil("info", path), 2, "2").err
    write("cohort/recordings.tsv", "subject\tfile\nsub-0001\tx\0.edf\n")
    expect(eveil("info", path), 2, "NUL")
    nothing_written()


def wide(path, n):
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    lines[0] += "".join(f"\tcolumn_{j:05d}" for j in range(n))
    for i in range(1, len(lines)):
        lines[i] += "".join(f"\t{i * 100000 + j}" for j in range(n))
    write(path, "\n".join(lines) + "\n")


@case("tables of 10,000 columns", long=True)
def _():
    python_modules("h5py")
    path = study(more=EVERY_WINDOW)
    wide("cohort/participants.tsv", 10000)
    wide("cohort/recordings.tsv", 10000)
    began = time.monotonic()
    expect(eveil("plan", path), 0)
    planned = time.monotonic()
    expect(eveil("run", path, np=2), 0)
    print(f"# 10,000 columns in both tables: plan {planned - began:.1f} s, run {time.monotonic() - planned:.1f} s")
    rows = exported("recordings")
    assert len(rows) == 4
    import h5py
    with h5py.File("out/store.h5") as store:
        for group in ("participants", "recordings"):
            columns = store[group]["columns"]
            assert list(columns["column_09999"][:]) == [109999, 209999, 309999, 409999], group
            assert sum(name.startswith("column_") for name in columns) == 10000, group
    expect(eveil("info", "out/store.h5"), 0)
    total()


# ---- names and places ---------------------------------------------------------------------------


@case("blanks and letters beyond ASCII in every path")
def _():
    os.makedirs("größe 1/über")
    root = cohort("größe 1/Köln α β 脳")
    os.rename(f"{root}/sub-0001", f"{root}/sub-Ünı 1")
    os.rename(f"{root}/sub-Ünı 1/eeg/sub-0001_task-rest_eeg.edf", f"{root}/sub-Ünı 1/eeg/é è \"'$(x)`.edf")
    for name in ("recordings.tsv", "participants.tsv"):
        with open(f"{root}/{name}", encoding="utf-8") as file:
            text = file.read()
        text = text.replace("sub-0001/eeg/sub-0001_task-rest_eeg.edf", "sub-Ünı 1/eeg/é è \"'$(x)`.edf")
        write(f"{root}/{name}", text.replace("sub-0001\t", "sub-Ünı 1\t"))
    path = config("größe 1/étude n° 1.cfg", root="Köln α β 脳", store="sortie été/magasin 1.h5")
    expect(eveil("plan", path), 0, "4 of 4 participants")
    expect(eveil("run", path, np=2), 0, "sortie été/magasin 1.h5: 4 recordings, 0 failed")
    store = "größe 1/sortie été/magasin 1.h5"
    expect(eveil("info", path), 0, "16 finished of 16")
    expect(eveil("audit", store), 0, "100 rows recomputed: 100 equal")
    assert any(row["subject"] == "Ünı 1" for row in exported("recordings", store))
    os.rename(root, "plain")  # the same bits from a plain path
    expect(eveil("run", config("plain.cfg", root="plain")), 0)
    assert total(store) == total(), "the place of the data changed the bits"


@case("a configuration named from elsewhere, by a relative and by an absolute path")
def _():
    os.makedirs("a/b")
    cohort("a/b/cohort")
    config("a/b/study.cfg")
    expect(eveil("run", "a/b/study.cfg"), 0)
    expect(eveil("run", os.path.abspath("a/b/study.cfg")), 0, "complete, nothing to do")
    expect(eveil("run", "study.cfg", cwd="a/b"), 0, "complete, nothing to do")
    expect(eveil("audit", "../b/out/store.h5", cwd="a/b"), 0, "100 equal")
    assert not os.path.exists("out")


@case("EDF files in one folder, without tables")
def _():
    cohort("whole")
    os.mkdir("cohort")
    for i in range(1, 5):
        shutil.copy2(eeg(i, "whole"), f"cohort/patient {i}.EDF")
    path = config()
    expect(eveil("run", path), 0, "4 recordings, 0 failed")
    assert [row["subject"] for row in exported("recordings")] == [f"patient {i}" for i in range(1, 5)]


@case("one subject")
def _():
    path = study(more=EVERY_WINDOW)
    for name in ("recordings.tsv", "participants.tsv"):
        with open(f"cohort/{name}", encoding="utf-8") as file:
            lines = file.read().splitlines()[:2]
        write(f"cohort/{name}", "\n".join(lines) + "\n")
    expect(eveil("run", path, np=2), 0, "1 recordings, 0 failed")


@case("subjects without recordings are told")
def _():
    path = study(more=EVERY_WINDOW)
    os.remove("cohort/recordings.tsv")
    shutil.rmtree("cohort/sub-0004")
    expect(eveil("run", path), 0, '"0004"', "3 recordings, 0 failed")


if __name__ == "__main__":
    sys.exit(run_cases())

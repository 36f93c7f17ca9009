#!/usr/bin/python3
"""info, hash, export, audit and report: of recordings, of runs before, during and after, of stores, of damaged ones."""
import csv
import os
import re
import shutil
import signal
import subprocess
import sys
import time

from harness import (EVEIL, SAME, SECONDS, Skip, case, cohort, config, eeg, eveil, expect, files_below, finished, python_modules, run,
                     run_cases, study, total, write)


def edited(path, dataset, at, value):
    import h5py
    with h5py.File(path, "r+") as store:
        store[dataset][at] = value


def rows_of(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# ---- info ---------------------------------------------------------------------------------------


@case("info of a recording")
def _():
    cohort()
    result = expect(eveil("info", eeg(1)), 0, "format        EDF+", "records       60 of 1 s", "duration      60 s in 1 stretch",
                    "signals       20", "is Fp1", "is O2", "annotations", quiet=True)
    assert f"size          {os.path.getsize(eeg(1))} bytes" in result.out, result
    both = expect(eveil("info", eeg(1), eeg(2)), 0, quiet=True)
    assert both.out.startswith(result.out) and eeg(2) in both.out


@case("info of several files: each is described, a bad one costs only itself")
def _():
    cohort()
    with open(eeg(2), "r+b") as file:
        file.truncate(1000)
    result = eveil("info", "none.edf", eeg(2), eeg(1))
    assert result.code == 2 and len(result.errors()) == 2, result
    assert "none.edf" in result.errors()[0] and eeg(2) in result.errors()[1], result
    assert "duration      60 s" in result.out, result


@case("info with --quiet and --verbose")
def _():
    cohort()
    plain = expect(eveil("info", eeg(1)), 0)
    for word in ("--quiet", "--verbose"):
        assert expect(eveil("info", word, eeg(1)), 0).out == plain.out


@case("info of a run: before, stopped halfway, after")
def _():
    path = study()
    expect(eveil("info", path), 0, "out/store.h5, not there yet", "tasks         0 finished of 16", quiet=True)
    assert not os.path.exists("out"), "info wrote something"
    # a stop asked for from the start: ends with 4 after at most a task, and the rest goes on
    process = subprocess.Popen([EVEIL, "run", path], env=dict(os.environ, **SAME), stderr=subprocess.PIPE)
    for _ in range(3000):
        if os.path.isdir("out/store.h5.journal") or process.poll() is not None:
            break
        time.sleep(0.001)
    process.send_signal(signal.SIGUSR1)
    process.communicate(timeout=60)
    if process.returncode == 4:
        result = expect(eveil("info", path), 0, "finished of 16", "recordings    ", " records, ", "out/store.h5.journal")
        n = int(re.search(r"tasks +(\d+) finished", result.out)[1])
        assert n < 16, result
        expect(eveil("run", path), 0, *([f"resuming: {n} of 16"] if n else []))
    else:
        assert process.returncode == 0, process.returncode
        print("# the run was over before the signal")
    expect(eveil("info", path), 0, "complete", "16 finished of 16", quiet=True)
    assert files_below("out") == ["store.h5"], files_below("out")


@case("info during a run", long=True)
def _():
    root = os.path.join(os.path.dirname(cohort()), "long")
    os.makedirs("long")
    expect(eveil("simulate", write("sim.cfg", 'cohort: { root = "long"; };\nsimulate: { subjects = 8; duration_s = 600.0; fs_hz = (200.0); };\n')), 0)
    path = config(root=root, run="flush_s = 0.0;")
    process = subprocess.Popen([EVEIL, "run", path], env=dict(os.environ, **SAME), stderr=subprocess.PIPE)
    seen = []
    while process.poll() is None:
        result = expect(eveil("info", path), 0, " finished of 248")
        seen.append(int(re.search(r"tasks +(\d+) finished", result.out)[1]))
    assert process.returncode == 0, process.stderr.read()
    assert seen == sorted(seen) and len(seen) > 2, f"tasks seen: {seen}"
    assert any(0 < n < 248 for n in seen), f"never seen in the middle: {seen}"


@case("info of a store")
def _():
    finished()
    expect(eveil("info", "out/store.h5"), 0, "out/store.h5", "eveil_version", "seed          20260101", "command       eveil run study.cfg",
           "complete      1", "recordings    4, 0.06667 h, 0 failed", "analysis      dynamics: 12 windows, 50 columns",
           "analysis      spectral: 60 windows, 120 columns", quiet=True)


@case("info, hash, export and audit of what is no store")
def _():
    finished()
    with open("out/store.h5", "rb") as file:
        good = file.read()
    for what, data in (("cut", good[:len(good) // 2]), ("head", good[:100]), ("zeros", good[:8] + bytes(5000)), ("empty", b""),
                       ("text", b"not a store\n" * 500)):
        with open(f"{what}.h5", "wb") as file:
            file.write(data)
        for words in (["info"], ["hash"], ["audit"], ["export", "csv"]):
            result = eveil(words[0], f"{what}.h5", *words[1:])
            expect(result, 2, f"{what}.h5")
            assert "HDF5-DIAG" not in result.err, f"the library's own words: {result}"
        assert not os.path.exists("csv") or not os.listdir("csv"), f"{what}: files left behind: {os.listdir('csv')}"
    for words in (["hash", "none.h5"], ["info", "none.h5"], ["audit", "none.h5"], ["export", "none.h5", "csv"], ["report", "none.h5"]):
        expect(eveil(*words), 2, "none.h5")
    os.mkdir("folder.h5")
    for words in (["hash", "folder.h5"], ["info", "folder.h5"], ["audit", "folder.h5"], ["export", "folder.h5", "csv"]):
        expect(eveil(*words), 2, "folder.h5")


@case("an HDF5 file of another program")
def _():
    python_modules("h5py")
    import h5py
    with h5py.File("other.h5", "w") as file:
        file["x"] = [1, 2, 3]
    expect(eveil("info", "other.h5"), 2, "other.h5", "not a store")
    expect(eveil("audit", "other.h5"), 2, "other.h5", "not a store")
    expect(eveil("export", "other.h5", "csv"), 2, "other.h5")
    expect(eveil("report", "other.h5", "--output=page.html"), 2, "other.h5")
    assert not os.path.exists("page.html")


def texts_of(path):
    """Bytes of the texts of a store: the heaps and what points into them. HDF5 1.10 reads both without looking at bounds
    (H5HG_read, H5T__conv_vlen): damage there makes the library itself fall or fill its memory, in every program."""
    import h5py
    with open(path, "rb") as file:
        data = file.read()
    ranges, at = [], data.find(b"GCOL")
    while at >= 0:
        ranges.append(range(at, at + int.from_bytes(data[at + 8:at + 16], "little")))
        at = data.find(b"GCOL", at + 4)
    with h5py.File(path) as store:
        def look(_, thing):
            if isinstance(thing, h5py.Dataset) and thing.dtype.kind == "O" and thing.id.get_offset() is not None:
                ranges.append(range(thing.id.get_offset(), thing.id.get_offset() + 16 * thing.size))
        store.visititems(look)
    return ranges


def falls_in_library(command, path):
    """Whether the innermost frame that is not of the C library is one of HDF5, which is not safe everywhere."""
    if not shutil.which("gdb"):
        return True
    trace = subprocess.run(["gdb", "-batch", "-ex", "run", "-ex", "backtrace 16", "--args", EVEIL, command, path],
                           capture_output=True, text=True, timeout=SECONDS).stdout
    frames = [line for line in trace.splitlines() if line.startswith("#") and " at src/" in line or "libhdf5" in line]
    return bool(frames) and "libhdf5" in frames[0]


@case("a store in which bytes are flipped: found or harmless, never a crash", long=True)
def _():
    python_modules("h5py")
    finished()
    with open("out/store.h5", "rb") as file:
        good = file.read()
    texts = texts_of("out/store.h5")
    codes, crashed, left_out = set(), [], 0
    for i in range(250):
        at = (i * 2654435761) % len(good) if i > 20 else i * 97  # the first 2 kB, then everywhere
        if any(at in part for part in texts):
            left_out += 1
            continue
        data = bytearray(good)
        data[at] ^= 0xFF
        with open("bad.h5", "wb") as file:
            file.write(data)
        for command in ("hash", "info"):
            done = subprocess.run(["timeout", "-k", "5", "30", EVEIL, command, "bad.h5"], capture_output=True)
            if done.returncode < 0:
                assert falls_in_library(command, "bad.h5"), f"{command}, byte {at}: signal {-done.returncode}"
                crashed.append(at)
            else:
                assert done.returncode in (0, 2), f"{command}, byte {at}: code {done.returncode}, {done.stderr}"
                codes.add(done.returncode)
    assert codes == {0, 2}, f"codes {codes}"
    print(f"# {left_out} bytes of texts left out; the library itself fell {len(crashed)} times")


# ---- hash and export ----------------------------------------------------------------------------


@case("hash: stable, moved with the store, changed by a value")
def _():
    python_modules("h5py")
    path = finished()
    first = expect(eveil("hash", "out/store.h5"), 0, quiet=True).out
    os.rename("out/store.h5", "moved.h5")
    assert eveil("hash", "moved.h5").out == first
    expect(eveil("run", path, np=2), 0)
    assert total() == total("moved.h5")
    edited("moved.h5", "/recordings/seconds", 0, 99.0)
    assert total("moved.h5") == total(), "the time that a recording took is in the total"
    edited("moved.h5", "/analyses/spectral/values", (7, 3), 1.0)
    assert total("moved.h5") != total(), "a changed value is not in the total"
    lines = [set(text.splitlines()) for text in (first, eveil("hash", "moved.h5").out)]
    assert len([line for line in lines[1] - lines[0] if "/analyses/" in line]) == 1, lines[1] - lines[0]


@case("export: every number of the tables is the store's, bit for bit")
def _():
    python_modules("h5py", "numpy")
    import h5py
    import numpy
    finished()
    result = expect(eveil("export", "out/store.h5", "csv"), 0, quiet=True)
    assert sorted(os.path.basename(line) for line in result.out.splitlines()) == sorted(os.listdir("csv"))
    assert all(os.path.exists(line) for line in result.out.splitlines())
    n_cells = 0
    with h5py.File("out/store.h5") as store:
        ids = [text.decode() for text in store["recordings/id"]]
        recordings = rows_of("csv/recordings.csv")
        assert [row["id"] for row in recordings] == ids
        for name in ("duration_s", "fs_hz", "start_h", "bytes"):
            assert [float(row[name]) for row in recordings] == list(store[f"recordings/{name}"][:]), name
        for name in ("subject", "file", "message"):
            assert [row[name] for row in recordings] == [text.decode() for text in store[f"recordings/{name}"]], name
        for analysis in store["analyses"]:
            group = store["analyses"][analysis]
            columns = [text.decode() for text in group["column_name"]]
            windows = rows_of(f"csv/{analysis}.csv")
            values, why = group["values"][:], group["why"][:]
            assert len(windows) == len(values)
            for i, row in enumerate(windows):
                assert row["recording"] == ids[group["window_recording"][i]]
                assert float(row["start_s"]) == group["window_start_s"][i]
                for j, column in enumerate(columns):
                    n_cells += 1
                    if why[i, j]:
                        assert row[column] == "", f"{analysis} row {i} {column}: {row[column]} with why {why[i, j]}"
                    else:
                        assert float(row[column]) == values[i, j], f"{analysis} row {i} {column}"
            statistics = [text.decode() for text in group["summary_statistic"]]
            summary = iter(rows_of(f"csv/{analysis}_summary.csv"))
            for r in range(len(ids)):
                for j, column in enumerate(columns):
                    row = next(summary)
                    assert (row["recording"], row["column"]) == (ids[r], column)
                    assert int(row["count"]) == group["summary_count"][r, j] and int(row["why"]) == group["summary_why"][r, j]
                    stored = group["summary"][r, j]
                    printed = [float(row[name]) if row[name] else numpy.nan for name in statistics]
                    assert numpy.array_equal(stored, printed, equal_nan=True), f"{ids[r]} {column}: {stored} {printed}"
                    n_cells += len(statistics)
    assert n_cells > 8000, n_cells


@case("export into a folder that is there, below one that is not, over a file")
def _():
    finished()
    os.mkdir("csv")
    write("csv/notes.txt", "mine")
    expect(eveil("export", "out/store.h5", "csv"), 0)
    assert "notes.txt" in os.listdir("csv") and "recordings.csv" in os.listdir("csv")
    expect(eveil("export", "out/store.h5", "no/such/folder"), 2, "no/such/folder", "No such file")
    write("file", "x")
    expect(eveil("export", "out/store.h5", "file"), 2, "file")


@case("export: commas, quotes and line breaks in names are kept")
def _():
    path = study()
    for name in ("recordings.tsv", "participants.tsv"):
        with open(f"cohort/{name}", encoding="utf-8") as file:
            text = file.read()
        write(f"cohort/{name}", text.replace("sub-0002\t", 'sub-a, "b" c\t'))
    expect(eveil("run", path), 0)
    expect(eveil("export", "out/store.h5", "csv"), 0)
    assert [row["subject"] for row in rows_of("csv/recordings.csv")][1] == 'a, "b" c'
    assert 'a, "b" c' in {row["subject"] for row in rows_of("csv/spectral_summary.csv")}


# ---- audit --------------------------------------------------------------------------------------


@case("audit of a good store")
def _():
    finished()
    expect(eveil("audit", "out/store.h5"), 0, "100 rows recomputed: 100 equal, 0 different, 0 not checked", quiet=True)
    expect(eveil("audit", "out/store.h5", "--rows=7", "--seed=3"), 0, "7 rows recomputed: 7 equal", quiet=True)
    for rows in ("0", "x", "-1", "1e9", "2.5", ""):
        expect(eveil("audit", "out/store.h5", f"--rows={rows}"), 1, "rows")
    assert files_below("out") == ["store.h5"]


@case("audit finds a changed value and a changed why")
def _():
    python_modules("h5py")
    finished()
    shutil.copy("out/store.h5", "good.h5")
    edited("out/store.h5", "/analyses/spectral/values", (17, 5), 123.25)
    result = expect(eveil("audit", "out/store.h5", "--rows=1000"), 2, "differs  spectral, 0002//", "stored 123.25", "rows differ from the store")
    assert result.out.count("\ndiffers") + result.out.startswith("differs") >= 1
    shutil.copy("good.h5", "out/store.h5")
    edited("out/store.h5", "/analyses/dynamics/why", (2, 0), 3)
    expect(eveil("audit", "out/store.h5", "--rows=1000"), 2, "differs  dynamics, 0001//", "(why 3)")


@case("audit of a store whose recordings changed, were lost, or whose configuration changed")
def _():
    path = finished()
    with open(eeg(1), "r+b") as file:  # a sample in the middle
        file.seek(os.path.getsize(eeg(1)) // 2)
        file.write(b"\x10\x20\x30")
    expect(eveil("audit", "out/store.h5", "--rows=1000"), 2, "recordings or this machine are not those that the store was made from", "rows differ from the store")
    os.rename("cohort", "elsewhere")
    expect(eveil("audit", "out/store.h5"), 1, "cohort")
    os.rename("elsewhere", "cohort")
    os.remove(eeg(1))
    expect(eveil("audit", "out/store.h5"), 1, "45 rows", "60")
    config(path, analyses='analyses: ( { name = "spectral"; window_s = 4.0; features = ["hjorth", "spectral_edge", "band_power"]; } );\n')
    expect(eveil("audit", "out/store.h5"), 1, 'analysis "spectral"', "120")
    os.remove(path)
    expect(eveil("audit", "out/store.h5"), 1, "study.cfg", "No such file")


@case("audit of a study that was moved as a whole")
def _():
    os.mkdir("a")
    cohort("a/cohort")
    expect(eveil("run", config("a/study.cfg")), 0)
    os.rename("a", "b")
    expect(eveil("audit", "b/out/store.h5"), 1, "a/study.cfg")
    expect(eveil("audit", "b/out/store.h5", "--config=b/study.cfg"), 0, "100 equal", quiet=True)


# ---- report -------------------------------------------------------------------------------------


@case("report: one page, self-contained, without the network", long=True)
def _():
    python_modules("h5py", "numpy", "pandas", "matplotlib")
    finished()
    expect(eveil("report", "out/store.h5"), 0)
    assert files_below("out") == ["report.html", "store.h5"], files_below("out")
    with open("out/report.html", encoding="utf-8") as file:
        page = file.read()
    assert page.lstrip().lower().startswith("<!doctype html") and "</html>" in page
    assert len(re.findall(r"<img[^>]+src=[\"']data:image/", page)) + page.count("<svg") >= 1, "no figure"
    page = re.sub(r"data:image/[^\"'>]*", "data:", page)
    loaded = re.findall(r"(?:src|href)\s*=\s*[\"']?(?!data:|#)([^\"'> ]+)|url\((?!data:|#)([^)]+)\)|@import\s+([^;]+)", page)
    assert not loaded, f"the page loads {loaded}"
    assert "<script" not in page and not re.search(r"https?://(?!doi\.org)", page), "a script or an address"
    expect(eveil("report", "out/store.h5", "--output=my page é.html"), 0)
    assert os.path.getsize("my page é.html") > 10000


@case("report without its script or its Python", long=True)
def _():
    finished()
    expect(eveil("report", "out/store.h5", env={"EVEIL_ANALYSIS": "/nowhere"}), 2, "/nowhere/python/report.py", "EVEIL_ANALYSIS")
    expect(eveil("report", "out/store.h5", env={"EVEIL_PYTHON": "no-such-python"}), 2, "no-such-python")
    expect(eveil("report", "out/store.h5", "--output=/no/such/folder/page.html"), 2, "/no/such/folder")
    assert files_below("out") == ["store.h5"]


if __name__ == "__main__":
    sys.exit(run_cases())

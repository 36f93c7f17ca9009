#!/usr/bin/python3
"""Outputs that cannot be written, disks that fill up, journals that are damaged: nothing finished is lost, nobody hangs."""
import glob
import os
import shutil
import subprocess
import sys

import harness
from harness import Skip, case, cohort, config, eveil, expect, files_below, finished, run_cases, study, total, write

JOURNAL = "out/store.h5.journal"
N_TASKS = 16


class Disk:
    """A small file system of its own."""

    def __init__(self, folder, size):
        self.folder = os.path.abspath(folder)
        os.makedirs(folder)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "eveil-test", self.folder], capture_output=True, text=True)
        if done.returncode:
            raise Skip(f"a file system cannot be mounted here: {done.stderr.strip()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.chdir("/" if os.getcwd().startswith(self.folder) else os.getcwd())
        subprocess.run(["umount", self.folder], check=True)

    def again(self, options):
        subprocess.run(["mount", "-o", f"remount,{options}", self.folder], check=True)

    def fill(self, leave):
        """Leaves about that many bytes."""
        disk = os.statvfs(self.folder)
        with open(os.path.join(self.folder, "ballast"), "wb") as file:
            file.write(bytes(max(0, disk.f_bavail * disk.f_bsize - leave)))


def undisturbed():
    """The total of a run that nothing disturbed."""
    kept = os.path.join(harness.shared, "total")
    if not os.path.exists(kept):
        os.mkdir("quiet")
        cohort("quiet/cohort")
        expect(eveil("run", config("quiet/study.cfg")), 0)
        write(kept, total("quiet/out/store.h5"))
        shutil.rmtree("quiet")
    with open(kept, encoding="utf-8") as file:
        return file.read()


def tasks_done(path):
    out = expect(eveil("info", path), 0).out
    words = [line.split() for line in out.splitlines() if line.startswith("  tasks ")]
    assert words and words[0][2:] == ["finished", "of", str(N_TASKS)], out
    return int(words[0][1])


# ---- full disks ---------------------------------------------------------------------------------

for ranks in (0, 2):
    @case(f"the disk fills up during the run{', two ranks' if ranks else ''}: with room it goes on", long=ranks > 0)
    def _(ranks=ranks):
        wanted = undisturbed()
        path = study(run="flush_s = 0.0;")
        with Disk("out", "172k") as disk:
            expect(eveil("run", path, np=ranks), 2, JOURNAL, "No space left on device", "nothing finished is lost")
            assert not os.path.exists("out/store.h5") and not os.path.exists("out/store.h5.tmp")
            n = tasks_done(path)
            assert 0 < n < N_TASKS, f"{n} tasks finished"
            expect(eveil("run", path, np=ranks), 2, "No space left on device")  # still full: still said
            assert tasks_done(path) >= n, "finished tasks were lost"
            n = tasks_done(path)
            disk.again("size=8m")
            expect(eveil("run", path, np=ranks), 0, f"resuming: {n} of {N_TASKS} tasks are finished")
            assert total() == wanted, "not the bits of an undisturbed run"
            assert files_below("out") == ["store.h5"], files_below("out")

    @case(f"the disk fills up while the store is gathered{', two ranks' if ranks else ''}: with room no task runs again", long=ranks > 0)
    def _(ranks=ranks):
        wanted = undisturbed()
        path = study()
        with Disk("out", "8m") as disk:
            expect(eveil("run", config("kept.cfg", run="keep_journals = true;")), 0)
            os.remove("out/store.h5")
            for leave in (0, 8192, 100000, 300000):
                if os.path.exists("out/ballast"):
                    os.remove("out/ballast")
                disk.fill(leave)
                expect(eveil("run", path, np=ranks), 2, "out/store.h5", "run again")
                left = [name for name in files_below("out") if not name.startswith("store.h5.journal/")]
                assert left == ["ballast"], f"left behind: {left}"
                assert tasks_done(path) == N_TASKS, "finished tasks were lost"
            os.remove("out/ballast")
            expect(eveil("run", path, np=ranks), 0, f"resuming: {N_TASKS} of {N_TASKS} tasks are finished")
            assert total() == wanted
            assert files_below("out") == ["store.h5"], files_below("out")


@case("the disk fills up while a finished store is replaced: the old one stays", long=True)
def _():
    path = study()
    with Disk("out", "8m") as disk:
        expect(eveil("run", path), 0)
        old = total()
        config(path, run="seed = 7; keep_journals = true;")
        disk.fill(420000)
        expect(eveil("run", path, "--replace"), 2, "nothing finished is lost")
        assert total() == old, "the old store is damaged"
        os.remove("out/ballast")
        expect(eveil("run", path, "--replace"), 0)
        expect(eveil("info", "out/store.h5"), 0, "seed          7")


@case("a full disk under simulate, export and report", long=True)
def _():
    with Disk("small", "300k") as disk:
        path = write("sim.cfg", 'cohort: { root = "small/cohort"; };\nsimulate: { subjects = 2; duration_s = 60.0; fs_hz = (200.0); };\n')
        for ranks in (0, 2):
            expect(eveil("simulate", path, np=ranks), 2, "small/cohort", "No space left on device")
            left = [name for name in files_below("small") if name.endswith((".tmp", ".edf"))]
            assert not left, f"half a recording left behind: {left}"
    finished()
    with Disk("small2", "100k"):
        expect(eveil("export", "out/store.h5", "small2/csv"), 2, "small2/csv", "No space left on device")
        result = eveil("report", "out/store.h5", "--output=small2/page.html")
        if "No module" not in result.err:
            expect(result, 2, "small2/page.html", "No space left on device")
            assert "page.html" not in files_below("small2")


# ---- read-only places ---------------------------------------------------------------------------


@case("a read-only output", long=True)
def _():
    path = study()
    with Disk("out", "8m") as disk:
        disk.again("ro")
        for ranks in (0, 2):
            expect(eveil("run", path, np=ranks), 2, "out", "Read-only file system")
        expect(eveil("gather", path), 2, "out", "Read-only file system")
        expect(eveil("info", path), 0, "0 finished of 16")
        disk.again("rw")
        expect(eveil("run", path), 0)
        disk.again("ro")
        expect(eveil("run", path, np=2), 0, "complete, nothing to do")
        expect(eveil("info", path), 0, "16 finished of 16")
        expect(eveil("audit", "out/store.h5"), 0, "100 equal")
        expect(eveil("report", "out/store.h5"), 2, "Read-only file system")


@case("a read-only cohort is enough")
def _():
    with Disk("data", "8m") as disk:
        cohort("data/cohort")
        disk.again("ro")
        expect(eveil("run", config(root="data/cohort"), np=2), 0)
        assert files_below("out") == ["store.h5"]


@case("a read-only cohort cannot be simulated", long=True)
def _():
    with Disk("data", "8m") as disk:
        disk.again("ro")
        path = write("sim.cfg", 'cohort: { root = "data/cohort"; };\nsimulate: { subjects = 2; duration_s = 60.0; };\n')
        for ranks in (0, 2):
            expect(eveil("simulate", path, np=ranks), 2, "data/cohort", "Read-only file system")


# ---- what stands at the output ------------------------------------------------------------------


@case("a folder at the output, a file where a folder must be, an empty path", long=True)
def _():
    path = study()
    os.makedirs("out/store.h5")
    for ranks in (0, 2):
        expect(eveil("run", path, np=ranks), 1, "out/store.h5", "folder")
        expect(eveil("run", path, "--replace", np=ranks), 1, "out/store.h5", "folder")
    assert os.listdir("out") == ["store.h5"] and not os.listdir("out/store.h5"), files_below("out")
    shutil.rmtree("out")
    write("out", "a file")
    for ranks in (0, 2):
        expect(eveil("run", path, np=ranks), 2, "out: ", "folder")
    os.remove("out")
    expect(eveil("run", config(store="")), 1, "output.store")
    expect(eveil("run", config(store="out/")), 1, 'output.store: expected the path of a file, found "out/"')
    assert not os.path.exists("out") or not os.listdir("out"), files_below("out")


@case("a dangling link and a link to a store at the output")
def _():
    path = study()
    os.makedirs("elsewhere")
    os.makedirs("out")
    os.symlink("../elsewhere/store.h5", "out/store.h5")
    expect(eveil("run", path), 0)
    expect(eveil("info", path), 0, "16 finished of 16")
    total()


@case("the finished store of another plan", long=True)
def _():
    path = finished()
    old = total()
    config(path, run="seed = 5;")
    for ranks in (0, 2):
        expect(eveil("run", path, np=ranks), 1, "out/store.h5: holds the finished store of another plan", "--replace")
    expect(eveil("gather", path), 1, "another plan")
    expect(eveil("info", path), 0, "of another plan")
    assert total() == old and files_below("out") == ["store.h5"]
    expect(eveil("run", path, "--replace", np=2), 0)
    expect(eveil("info", "out/store.h5"), 0, "seed          5")


@case("a file of another program at the output")
def _():
    path = study()
    os.mkdir("out")
    write("out/store.h5", "my thesis")
    expect(eveil("run", path, np=2), 1, "out/store.h5", "is not a whole store of this program", "--replace")
    with open("out/store.h5", encoding="utf-8") as file:
        assert file.read() == "my thesis"
    expect(eveil("run", path, "--replace"), 0)
    total()


@case("the output and the prognosis in one file")
def _():
    path = study(store="out/prognosis.h5", more='prognosis: ( { outcome = "outcome"; positive = "poor"; } );\n')
    for command in ("run", "prognose"):
        expect(eveil(command, path), 1, "study.cfg:2: output.store and output.prognosis: expected two files")


@case("journals in run.scratch")
def _():
    wanted = undisturbed()
    path = study(run='scratch = "fast disk";')
    expect(eveil("run", path, np=2), 0)
    assert total() == wanted and files_below("out") == ["store.h5"] and files_below("fast disk") == []
    expect(eveil("run", config(run='scratch = "study.cfg";', store="out2/store.h5")), 2, "study.cfg", "folder")


# ---- journals -----------------------------------------------------------------------------------


def journaled():
    """A study whose tasks are all in the journal, and no store; the journal's path."""
    path = study()
    expect(eveil("run", config("kept.cfg", run="keep_journals = true;")), 0)
    os.remove("out/store.h5")
    found = glob.glob(f"{JOURNAL}/*")
    assert len(found) == 1, found
    return path, found[0]


@case("a journal with a torn tail")
def _():
    wanted = undisturbed()
    path, journal = journaled()
    with open(journal, "r+b") as file:
        file.truncate(os.path.getsize(journal) - 1000)
    expect(eveil("run", path), 0, "1 journal(s) end in a torn record", f"resuming: {N_TASKS - 1} of {N_TASKS}")
    assert total() == wanted and files_below("out") == ["store.h5"]


@case("a flipped byte in a journal", long=True)
def _():
    wanted = undisturbed()
    for at in (0.02, 0.3, 0.6, 0.97):
        path, journal = journaled()
        with open(journal, "r+b") as file:
            file.seek(int(at * os.path.getsize(journal)))
            byte = file.read(1)[0]
            file.seek(-1, 1)
            file.write(bytes([byte ^ 4]))
        expect(eveil("run", path, np=2), 0, "run again" if at < 0.9 else "")
        assert total() == wanted and files_below("out") == ["store.h5"]
        shutil.rmtree("cohort")
        shutil.rmtree("out")


@case("other programs' files in the journal folder")
def _():
    wanted = undisturbed()
    path, journal = journaled()
    write(f"{JOURNAL}/notes.txt", "mine")
    os.mkdir(f"{JOURNAL}/rank_000007.journal")
    write(f"{JOURNAL}/rank_000008.journal", "not a journal at all\n" * 100)
    result = expect(eveil("run", path, np=2), 0, f"resuming: {N_TASKS} of {N_TASKS}", f"{JOURNAL}/notes.txt: not a journal, left alone",
                    f"{JOURNAL}/rank_000008.journal: not a journal, left alone")
    assert result.err.count("notes.txt") == 1, result
    assert total() == wanted
    assert files_below("out") == ["store.h5", "store.h5.journal/notes.txt", "store.h5.journal/rank_000008.journal"], files_below("out")


@case("another program's file under the name of this rank's journal", long=True)
def _():
    path, journal = journaled()
    shutil.rmtree(JOURNAL)
    os.mkdir(JOURNAL)
    write(journal, "not a journal at all\n")
    for ranks in (0, 2):
        expect(eveil("run", path, np=ranks), 1, journal, "a journal of an Eveil run expected")
    with open(journal, encoding="utf-8") as file:
        assert file.read() == "not a journal at all\n"


@case("a file in place of the journal folder", long=True)
def _():
    path = study()
    os.mkdir("out")
    write(JOURNAL, "x")
    for ranks in (0, 2):
        expect(eveil("run", path, np=ranks), 2, JOURNAL)


if __name__ == "__main__":
    sys.exit(run_cases())

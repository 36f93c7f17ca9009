#!/usr/bin/python3
"""Annotations that a configuration keeps, and windows chosen by them, by hours and by cleanness: in the store, the same
for any number of ranks; free text stays in the file."""
import os
import re
import sys

from harness import case, edf, eveil, expect, files_below, python_modules, run_cases, total, write

SECRET = "Mrs Harriet Haagse moved"

MARKS = [(4.0, 8, "EC start"), (12.0, 4, "ec 2"), (18.0, None, "EO"), (26.0, None, SECRET), (30.0, 2, "T1"), (33.0, None, "EC last")]
KEEP = 'annotations: { keep: { closed = "EC*"; open = ["EO", "eyes open"]; T1 = "T1"; }; };\n'
RULES = {"all": ("", "all windows"),
         "inside": ('choose = "annotation"; annotation = ["closed"];', "windows inside closed"),
         "outside": ('exclude = ["T1", "open"];', "windows outside T1, open"),
         "hours": ('choose = "hours"; hours = (72, 73);', "windows that start 72 to 73 h after the event"),
         "clean": ('choose = "cleanest"; seconds = 8; exclude = "T1";', "windows outside T1, of these the 4 cleanest")}


def study(keep=KEEP, run="", rules=RULES):
    """Three recordings of 40 s: with annotations, without, and with a gap."""
    if not os.path.isdir("cohort"):
        os.mkdir("cohort")
        edf("cohort/a.edf", 40, MARKS, artefacts=(0, 1, 20))
        edf("cohort/b.edf", 40, [], seed=2)
        edf("cohort/c.edf", 40, [(3625.5, 2, "T1")], gaps=(19,), seed=3)
        write("cohort/recordings.tsv", "subject\tfile\tstart_h\ns1\ta.edf\t71.995\ns2\tb.edf\t72\ns3\tc.edf\tn/a\n")
    analyses = ", ".join(f'{{ name = "{name}"; window_s = 2.0; features = ["hjorth"]; epochs: {{ {rule[0]} }}; }}'
                         for name, rule in rules.items())
    return write("study.cfg", f'cohort: {{ root = "cohort"; recordings = "recordings.tsv"; }};\noutput: {{ store = "out/store.h5"; }};\n'
                 f'run: {{ task_s = 10.0; {run} }};\nconditioning: {{ montage = ["Cz", "Pz"]; reference = "none"; }};\n{keep}'
                 f'analyses: ( {analyses} );\n')


def opened():
    python_modules("h5py", "numpy")
    import h5py
    return h5py.File("out/store.h5", "r")


def windows(file, name, recording):
    """Starts of the windows that count, of all."""
    g = file[f"analyses/{name}"]
    mine = g["window_recording"][:] == recording
    start, chosen, why = g["window_start_s"][:][mine], g["window_chosen"][:][mine] == 1, g["why"][:][mine]
    return start[chosen], start, why, chosen


@case("kept annotations are a table, others a number, their texts nowhere")
def _():
    expect(eveil("run", study()), 0)
    with opened() as file:
        table = file["recordings/annotations"]
        names = [t.decode() for t in table["annotation_name"][:]]
        assert names == ["closed", "closed", "open", "T1", "closed", "T1"], names
        assert list(table["annotation_recording"][:]) == [0, 0, 0, 0, 0, 2]
        assert list(table["annotation_onset_s"][:]) == [4, 12, 18, 30, 33, 3625.5], table["annotation_onset_s"][:]
        assert list(table["annotation_duration_s"][:]) == [8, 4, 0, 2, 0, 2]
        assert table["annotation_onset_s"].attrs["units"] == "s"
        assert list(file["recordings/annotations_kept"][:]) == [5, 0, 1]
        assert list(file["recordings/annotations_others"][:]) == [1, 0, 0]
    for name in files_below("out"):
        content = open(os.path.join("out", name), "rb").read()
        assert b"Haagse" not in content and b"EC start" not in content, name


@case("windows of every rule, why 7 elsewhere, their rule in words")
def _():
    expect(eveil("run", study()), 0)
    with opened() as file:
        for name, rule in RULES.items():
            assert file[f"analyses/{name}"].attrs["epochs"] in (rule[1], rule[1].encode()), name
            assert list(file[f"analyses/{name}/why"].attrs["flag_values"]) == list(range(8))
        assert list(windows(file, "inside", 0)[0]) == [4, 6, 8, 10, 12, 14, 34, 36, 38]  # the last lasts to the end
        assert len(windows(file, "inside", 1)[0]) == 0
        # T1 from 30 to 32, "open" is a moment at 18
        assert list(windows(file, "outside", 0)[0]) == [t for t in range(0, 40, 2) if t not in (18, 30)]
        assert list(windows(file, "hours", 0)[0]) == list(range(18, 40, 2))  # 71.995 h + 18 s is 72 h
        assert len(windows(file, "hours", 1)[0]) == 20 and len(windows(file, "hours", 2)[0]) == 0
        for name in ("inside", "outside", "hours"):
            for r in range(3):
                _, start, why, chosen = windows(file, name, r)
                assert (why[~chosen] == 7).all() and not (why[chosen] == 7).any(), (name, r)
                clean = file[f"analyses/{name}/window_clean"][:][file[f"analyses/{name}/window_recording"][:] == r]
                assert ((clean != clean) == ~chosen).all(), (name, r)
                n = file[f"analyses/{name}/summary_count"][r]
                assert n.max() <= chosen.sum() and (chosen.any() or (file[f"analyses/{name}/summary_why"][r] == 7).all())


@case("a chosen window has the values that it has among all; a summary is that of its windows")
def _():
    import numpy as np
    expect(eveil("run", study()), 0)
    with opened() as file:
        every = file["analyses/all/values"][:]
        for name in RULES:
            g = file[f"analyses/{name}"]
            values, why, chosen = g["values"][:], g["why"][:], g["window_chosen"][:] == 1
            good = why == 0
            assert np.array_equal(values[good], every[good]) and np.isnan(values[~good]).all(), name
            for r in range(3):
                mine = chosen & (g["window_recording"][:] == r)
                for c in range(values.shape[1]):
                    x = values[mine, c][why[mine, c] == 0]
                    assert g["summary_count"][r, c] == len(x), (name, r, c)
                    mean = g["summary"][r, c, 0]
                    assert abs(mean - x.mean()) <= 1e-12 * abs(mean) if len(x) else np.isnan(mean), (name, r, c)


@case("the cleanest windows: the highest shares, earlier ones first, none without a value")
def _():
    import numpy as np
    expect(eveil("run", study()), 0)
    with opened() as file:
        g = file["analyses/clean"]
        for r in range(3):
            mine = g["window_recording"][:] == r
            clean, chosen, why = g["window_clean"][:][mine], g["window_chosen"][:][mine] == 1, g["why"][:][mine]
            able = (why == 0).any(axis=1)
            order = [i for i in np.lexsort((np.arange(len(clean)), -clean)) if able[i]]
            assert sorted(order[:4]) == list(np.flatnonzero(chosen)), (r, clean, np.flatnonzero(chosen))
            assert chosen.sum() == 4
            assert (why[able & ~chosen] != 7).any()  # what ran keeps its values


@case("the same bits on 1 and 3 ranks")
def _():
    path = study()
    expect(eveil("run", path), 0)
    alone = total()
    for name in files_below("out"):
        os.remove(os.path.join("out", name))
    expect(eveil("run", path, np=3), 0)
    assert total() == alone


@case("other patterns cost the recordings' own tasks alone")
def _():
    path = study(run="keep_journals = true;", rules={"all": RULES["all"]})
    expect(eveil("run", path), 0)
    study(keep='annotations: { keep = ["EO"]; };\n', run="keep_journals = true;", rules={"all": RULES["all"]})
    state = expect(eveil("info", path), 0).out
    done, of = map(int, re.search(r"tasks +(\d+) finished of (\d+)", state).groups())
    assert of - done == 3, state
    expect(eveil("run", path, "--replace"), 0)
    with opened() as file:
        assert [t.decode() for t in file["recordings/annotations/annotation_name"][:]] == ["EO"]
        assert list(file["recordings/annotations_others"][:]) == [5, 0, 1]
    state = expect(eveil("info", path), 0).out
    assert "complete" in state, state


@case("more annotations than annotations.most: the first, and a word about the rest")
def _():
    expect(eveil("run", study(keep='annotations: { keep: { any = "*"; }; most = 2; };\n', rules={"all": RULES["all"]})), 0)
    with opened() as file:
        assert len(file["recordings/annotations/annotation_name"]) == 3  # two of the first, one of the third
        assert list(file["recordings/annotations_kept"][:]) == [6, 0, 1]
        message = file["recordings/message"][0].decode()
        assert "4 annotations beyond the first 2 (annotations.most)" in message, message


@case("no annotation at all: an empty table")
def _():
    expect(eveil("run", study(keep="", rules={"all": RULES["all"]})), 0)
    with opened() as file:
        assert file["recordings/annotations/annotation_name"].shape == (0,)
        assert list(file["recordings/annotations_others"][:]) == [6, 0, 1]


@case("every group opens in xarray")
def _():
    python_modules("xarray", "h5netcdf")
    import xarray
    expect(eveil("run", study()), 0)
    for group in ("recordings", "recordings/annotations", "analyses/inside"):
        with xarray.open_dataset("out/store.h5", group=group, engine="h5netcdf") as data:
            data.load()
    with xarray.open_dataset("out/store.h5", group="recordings/annotations", engine="h5netcdf") as data:
        assert [str(t) for t in data["annotation_name"].values][:3] == ["closed", "closed", "open"]
        assert data["annotation_onset_s"].dims == ("annotation",)


@case("copies and descriptions of a store have them")
def _():
    expect(eveil("run", study()), 0)
    expect(eveil("export", "out/store.h5", "csv"), 0, "csv/annotations.csv")
    lines = open("csv/annotations.csv").read().splitlines()
    assert lines[0] == "recording,onset_s,duration_s,name" and len(lines) == 7 and lines[1].endswith(",4,8,closed"), lines
    lines = open("csv/inside.csv").read().splitlines()
    assert lines[0].startswith("recording,start_s,clean,chosen,") and lines[1].split(",")[3] == "0", lines[:2]
    assert [line.split(",")[3] for line in lines[3:8]] == ["1"] * 5, lines[:8]
    out = expect(eveil("info", "out/store.h5"), 0).out
    assert "counts        windows that start 72 to 73 h after the event" in out and "Haagse" not in out, out


@case("an audit computes chosen windows again")
def _():
    expect(eveil("run", study()), 0)
    expect(eveil("audit", "out/store.h5", "--rows=60"), 0)


@case("mistakes name the place and the nearest")
def _():
    def wrong(rule, *parts, keep=KEEP):
        expect(eveil("run", study(keep=keep, rules={"all": (rule, "")})), 1, "study.cfg:", *parts)
        assert not os.path.exists("out/store.h5")
    wrong('choose = "annotation"; annotation = "closd";', '"closd" is no name of annotations.keep; did you mean "closed"?')
    wrong('choose = "hours";', "expected two hours")
    wrong("seconds = 3;", 'no effect without "cleanest"')
    wrong('chose = "all";', 'unknown key "chose"', 'did you mean "choose"')
    wrong("", '"EC*" needs a name', keep='annotations: { keep = ["EC*"]; };\n')
    wrong("", 'unknown key "kep"', keep='annotations: { kep = ["EC"]; };\n')


@case("info counts by the names of a configuration, never by text")
def _():
    path = study()
    out = expect(eveil("info", f"--config={path}", "cohort/a.edf"), 0).out
    assert re.search(r"annotations   6\n    closed +3\n    open +1\n    T1 +1\n    \(not kept\) +1\n", out), out
    out = expect(eveil("info", "cohort/a.edf"), 0).out
    assert "annotations   6" in out and "Haagse" not in out and "closed" not in out, out


sys.exit(run_cases())

#!/usr/bin/python3
"""prognose on a small simulated cohort and on tables: counts, the same numbers on any ranks, what is refused."""
import os
import re
import shutil
import sys

import harness
from harness import case, config, eveil, expect, files_below, python_modules, run_cases, simulated, write

ANALYSES = 'analyses: ( { name = "spectral"; window_s = 4.0; features = ["hjorth"]; } );\n'
KEYS = 'folds = 3; repeats = 2; inner_folds = 2; columns = ("hjorth.mobility*"); covariates = ("age", "sex"); site = "hospital";'


def cohort():
    """24 subjects with two recordings of 8 s each, run once for the script; the store and the tables are copied here."""
    root = simulated("prognosis", "subjects = 24; recordings = 2; duration_s = 8.0; fs_hz = (200.0); pops_per_min = 0.0;")
    store = os.path.join(harness.shared, "store.h5")
    if not os.path.exists(store):
        path = config("first.cfg", root=root, store=store, analyses=ANALYSES)
        expect(eveil("run", path), 0)
    os.makedirs("out", exist_ok=True)
    shutil.copy(store, "out/store.h5")
    return root


def prognosis(keys=KEYS, name="main", outcome="outcome", positive="poor"):
    return (f'prognosis: ( {{ name = "{name}"; outcome = "{outcome}"; positive = "{positive}";\n{keys} }} );\n')


def changed(root, edit):
    """A copy of the cohort whose participants are edited, and its store."""
    shutil.copytree(root, "cohort")
    with open("cohort/participants.tsv", encoding="utf-8") as file:
        rows = [line.split("\t") for line in file.read().splitlines()]
    at = rows[0].index("outcome")
    edit(rows, at)
    write("cohort/participants.tsv", "\n".join("\t".join(row) for row in rows) + "\n")
    path = config(analyses=ANALYSES, more=prognosis())
    expect(eveil("run", path, "--replace"), 0)
    return path


def digests(path):
    return expect(eveil("hash", path), 0).out


@case("a prognosis: numbers on stdout, a file, nothing else")
def _():
    path = config(root=cohort(), analyses=ANALYSES, more=prognosis())
    result = expect(eveil("prognose", path), 0, 'prognosis "main": 24 subjects (', "24 rows", "3 folds x 2 repeats", "left out:", "ridge",
                    "AUC, mean of folds", "AUC, pooled (biased)", "Brier", "calibration slope", quiet=True)
    assert files_below("out") == ["prognosis.h5", "store.h5"], files_below("out")
    auc = float(re.search(r"AUC, mean of folds +([0-9.]+)", result.out)[1])
    assert 0 <= auc <= 1
    python_modules("h5py")
    import h5py
    with h5py.File("out/prognosis.h5") as file:
        groups = set(file["main"])
        assert {"design", "folds", "predictions", "metrics", "intervals", "model"} <= groups, groups


@case("the same numbers on one rank, on two and on three")
def _():
    path = config(root=cohort(), analyses=ANALYSES, more=prognosis(KEYS + ' learners = ("ridge", "elastic_net");'))
    outs, hashes = [], []
    for ranks in (0, 1, 2, 3):
        outs.append(expect(eveil("prognose", path, np=ranks), 0).out)
        hashes.append(digests("out/prognosis.h5"))
    assert outs[1:] == outs[:-1], "what is printed differs"
    assert hashes[1:] == hashes[:-1], "the files differ"


@case("the seed of the run is the seed of the folds, unless it is given")
def _():
    root, hashes = cohort(), []
    for run, own in (("seed = 1;", ""), ("seed = 2;", ""), ("seed = 2;", "seed = 1;")):
        expect(eveil("prognose", config(root=root, analyses=ANALYSES, run=run, more=prognosis(KEYS + own))), 0)
        hashes.append([line for line in digests("out/prognosis.h5").splitlines() if line.split()[1].startswith("/main/folds")])
    assert hashes[0] != hashes[1] and hashes[0] == hashes[2] and hashes[0], "seeds"


@case("subjects without outcome are left out and counted")
def _():
    def edit(rows, at):
        rows[1][at] = "n/a"
        rows[2][at] = ""
        rows[3][at] = "unknown"
    path = changed(cohort(), edit)
    result = eveil("prognose", path)
    # three values and no negative: which one stands against "poor" must be said
    expect(result, 1, "good", "unknown")
    config(path, analyses=ANALYSES, more=prognosis(KEYS + ' negative = ("good");'))
    result = expect(eveil("prognose", path), 0, 'prognosis "main": 21 subjects (', "21 rows")
    line = [text for text in result.out.splitlines() if "left out:" in text][0]
    assert line.strip() == "left out: 2 no outcome, 1 unknown outcome value", line


@case("recordings are chosen by hours, subjects outside are counted")
def _():
    root = cohort()
    path = config(root=root, analyses=ANALYSES, more=prognosis(KEYS + " select: { hours = (0.0, 1.0); };"))
    expect(eveil("prognose", path), 1, "study.cfg")
    path = config(root=root, analyses=ANALYSES, more=prognosis(KEYS.replace("folds = 3", "folds = 2") + ' select: { hours = (72.0, 93.0); recordings = "first"; };'))
    result = expect(eveil("prognose", path), 0)
    n = int(re.search(r'"main": (\d+) subjects', result.out)[1])
    line = [text for text in result.out.splitlines() if "left out:" in text][0]
    assert 0 < n < 24 and f" {24 - n} " in line and "hours" in line, line


@case("all outcomes equal", long=True)
def _():
    def edit(rows, at):
        for row in rows[1:]:
            row[at] = "poor"
    path = changed(cohort(), edit)
    for ranks in (0, 2):
        expect(eveil("prognose", path, np=ranks), 1, "study.cfg", "expected both outcomes, found all 24 subjects positive")
    assert not os.path.exists("out/prognosis.h5")


@case("one subject", long=True)
def _():
    root = cohort()
    shutil.copytree(root, "cohort")
    for name in ("recordings.tsv", "participants.tsv"):
        with open(f"cohort/{name}", encoding="utf-8") as file:
            lines = file.read().splitlines()
        write(f"cohort/{name}", "\n".join(line for line in lines if line.startswith(("subject", "participant_id", "sub-0001"))) + "\n")
    path = config(analyses=ANALYSES, more=prognosis())
    expect(eveil("run", path, "--replace"), 0)
    for ranks in (0, 2):
        expect(eveil("prognose", path, np=ranks), 1, "study.cfg", "outcome")
    assert not os.path.exists("out/prognosis.h5")


@case("a design in which one subject's rows could fall into two folds")
def _():
    root = cohort()
    many = KEYS + ' rows = "recordings";'
    path = config(root=root, analyses=ANALYSES, more=prognosis(many + ' folds_by = "row";'))
    for ranks in (0, 2):
        expect(eveil("prognose", path, np=ranks), 1, 'prognosis "main"', "could fall into two folds")
    assert not os.path.exists("out/prognosis.h5")
    expect(eveil("prognose", config(root=root, analyses=ANALYSES, more=prognosis(many))), 0, "24 subjects", "48 rows")


@case("a subject twice in a table")
def _():
    rows = [f"s{i},{'poor' if i % 2 else 'good'},{i * 37 % 11},{i * 5 % 7}" for i in range(20)]
    write("table.csv", "\n".join(["subject,outcome,a,b"] + rows) + "\n")
    path = config(root="nowhere", more=prognosis('table = "table.csv"; folds = 3; inner_folds = 2;'))
    one = expect(eveil("prognose", path), 0, "20 subjects (10 positive)").out
    assert expect(eveil("prognose", path, np=2), 0).out == one
    write("table.csv", "\n".join(["subject,outcome,a,b"] + rows + ["s3,poor,1,1"]) + "\n")
    for ranks in (0, 2):
        expect(eveil("prognose", path, np=ranks), 1, "table.csv", '"s3" stands in lines 5 and 22')
    write("table.csv", "\n".join(["subject,outcome,a,b"] + rows + ["s3,good,1,1"]) + "\n")
    expect(eveil("prognose", config(root="nowhere", more=prognosis('table = "table.csv"; rows = "recordings"; folds = 3; inner_folds = 2;'))), 1,
           "s3", "two outcomes")


@case("names that do not exist name the nearest", long=True)
def _():
    root = cohort()
    for text, parts in ((prognosis(outcome="outcom"), ('"outcom"', 'did you mean "outcome"?')),
                        (prognosis(KEYS.replace('"age"', '"agee"')), ('"agee"', 'did you mean "age"?')),
                        (prognosis(KEYS.replace('"hospital"', '"hospitl"')), ('"hospitl"', 'did you mean "hospital"?')),
                        (prognosis(KEYS.replace("hjorth.mobility*", "hjort.mobility*")), ('"hjort.mobility*"',)),
                        (prognosis(KEYS + ' analyses = ("spectrl");'), ('"spectrl"',)),
                        (prognosis(KEYS + ' statistics = ("medan");'), ('"medan"',)),
                        (prognosis(positive="por"), ('"por"',))):
        expect(eveil("prognose", config(root=root, analyses=ANALYSES, more=text)), 1, *parts)
    assert not os.path.exists("out/prognosis.h5")


@case("too few subjects for the folds")
def _():
    path = config(root=cohort(), analyses=ANALYSES, more=prognosis(KEYS.replace("folds = 3", "folds = 20")))
    expect(eveil("prognose", path), 1, "expected at least 20", "one a fold")


@case("a store that is not there, is damaged, is no store; a table that is not there", long=True)
def _():
    path = config(more=prognosis())
    for ranks in (0, 2):
        expect(eveil("prognose", path, np=ranks), 2, "out/store.h5", "No such file")
    os.mkdir("out")
    write("out/store.h5", "x" * 5000)
    expect(eveil("prognose", path), 2, "out/store.h5")
    path = config(more=prognosis('table = "none.csv";'))
    result = eveil("prognose", path)
    assert result.code in (1, 2) and "none.csv" in result.err and len(result.errors()) == 1, result


@case("two prognoses in one file; one from a table among them")
def _():
    root = cohort()
    text = ('prognosis: ( { name = "a"; outcome = "outcome"; positive = "poor";\n' + KEYS + " },\n"
            '{ name = "b"; outcome = "outcome"; positive = ["poor"]; negative = ["good"]; learners = ["elastic_net"];\n' + KEYS + " } );\n")
    expect(eveil("prognose", config(root=root, analyses=ANALYSES, more=text), np=2), 0, 'prognosis "a"', 'prognosis "b"', "elastic_net")
    python_modules("h5py")
    import h5py
    with h5py.File("out/prognosis.h5") as file:
        assert {"a", "b"} <= set(file)
    expect(eveil("info", "out/prognosis.h5"), 0, "eveil_version")
    expect(eveil("export", "out/prognosis.h5", "csv"), 2, "not a store")
    assert not os.path.exists("csv")


@case("an output folder that is not there yet, one that cannot be made")
def _():
    root = cohort()
    text = prognosis()
    path = write("study.cfg", f'cohort: {{ root = "{root}"; }};\noutput: {{ store = "out/store.h5"; prognosis = "new/folder/prognosis.h5"; }};\n{text}')
    expect(eveil("prognose", path), 0)
    assert os.path.exists("new/folder/prognosis.h5")
    write("file", "x")
    write("study.cfg", f'output: {{ store = "out/store.h5"; prognosis = "file/prognosis.h5"; }};\n{text}')
    for ranks in (0, 2):
        expect(eveil("prognose", path, np=ranks), 2, "file")


@case("a partial store: recordings not computed yet are left out")
def _():
    root = cohort()
    path = config(root=root, store="out/partial.h5", analyses=ANALYSES, more=prognosis())
    expect(eveil("gather", path), 0, "0 of 96 tasks gathered")
    expect(eveil("prognose", path), 1, "study.cfg")


if __name__ == "__main__":
    sys.exit(run_cases())

#!/usr/bin/python3
"""Mistakes in a configuration: each is refused with the file, the line, what was expected, what was found."""
import csv
import os
import re
import sys

from harness import case, config, eeg, eveil, expect, run_cases, study, write

BANDS = 'features = ["band_power"];'


def analysis(text, name="a", window="4.0"):
    return f'analyses: (\n  {{ name = "{name}"; window_s = {window};\n{text} }} );\n'


def prognosis(text):
    return f'prognosis: ( {{ outcome = "outcome"; positive = "poor";\n{text} }} );\n'


# name: (command, what config() is told, what the message says besides file and line, line or None)
MISTAKES = {
    "a group of the top level": ("info", dict(more="outptu: { };\n"), ['unknown key "outptu"', 'did you mean "output"?'], 8),
    "a key of cohort": ("info", dict(root='cohort"; partcipants = "x'), ['unknown key "partcipants" in cohort', '"participants"?'], 1),
    "a key of output": ("info", dict(store='a"; stor = "b'), ['unknown key "stor" in output', '"store"?'], 2),
    "a key of run": ("info", dict(run="sheduel = 1;"), ['unknown key "sheduel" in run', '"schedule"?'], 3),
    "a key of conditioning": ("info", dict(more="conditioning: {\n  refrence = 1; };\n"), ['"refrence" in conditioning', '"reference"?'], 9),
    "a key of an analysis": ("info", dict(analyses=analysis(BANDS + "\nwindows_s = 2.0;")), ['"windows_s" in analysis', '"window_s"?'], 7),
    "a key of an analysis's conditioning": ("info", dict(analyses=analysis(BANDS + " conditioning: { band_hs = 1.0; };")),
                                            ['"band_hs" in conditioning', '"band_hz"?'], 6),
    "a key of an entry": ("info", dict(analyses=analysis(BANDS + "\nband_power: { tapr = 1; };")), ['"tapr" in band_power', '"taper"?'], 7),
    "a key of a model": ("info", dict(analyses=analysis('dynamics = ["var"]; var: { oder = 2; };', window="20.0")), ['"oder" in var', '"order"?'], 6),
    "a key of simulate": ("simulate", dict(more="simulate: { subject = 2; };\n"), ['"subject" in simulate', '"subjects"?'], 8),
    "a group beside simulate": ("simulate", dict(more="simulat: { subjects = 2; };\n"), ['"simulat" in the configuration', '"simulate"?'], 8),
    "a key of prognosis": ("prognose", dict(more=prognosis("fold = 3;")), ['"fold" in prognosis', '"folds"?'], 9),
    "a key of select": ("prognose", dict(more=prognosis("select: { hour = (1, 2); };")), ['"hour" in select', '"hours"?'], 9),
    "a key of a learner": ("prognose", dict(more=prognosis("ridge: { ratioo = 0.1; };")), ['"ratioo" in ridge', '"ratio"?'], 9),
    "a group beside prognosis": ("prognose", dict(more="prognosys: ( );\n"), ['"prognosys" in the configuration', '"prognosis"?'], 8),

    "a number above its range": ("info", dict(run="flush_s = 3601;"), ["run.flush_s = 3601 is outside 0 to 3600 s"], 3),
    "a number below its range": ("info", dict(analyses=analysis(BANDS, window="0.001")), ["analysis.window_s = 0.001 is outside 0.01 to 86400 s"], 5),
    "a negative seed": ("info", dict(run="seed = -1;"), ["run.seed = -1 is outside"], 3),
    "a seed beyond what a double holds": ("info", dict(run="seed = 9007199254740993L;"), ["run.seed: expected an integer of at most 53 bits"], 3),
    "a number of a list out of range": ("info", dict(more="conditioning: { band_hz = (-1.0, 45.0); };\n"), ["conditioning.band_hz = -1 is outside"], 8),
    "too many subjects": ("simulate", dict(more="simulate: { subjects = 100001; };\n"), ["simulate.subjects = 100001 is outside 1 to 100000"], 8),
    "an infinite number": ("info", dict(run="flush_s = 1e999;"), ["run.flush_s: expected a finite number"], 3),
    "text where a number is meant": ("info", dict(run='flush_s = "ten";'), ["run.flush_s: expected a number"], 3),
    "a number where text is meant": ("info", dict(run="schedule = 1;"), ["run.schedule: expected a string"], 3),
    "a fraction where an integer is meant": ("info", dict(run="seed = 1.5;"), ["run.seed: expected an integer"], 3),
    "a number where true or false is meant": ("info", dict(run="compress = 2;"), ["run.compress: expected true or false"], 3),
    "a list where a number is meant": ("info", dict(run="flush_s = (1.0);"), ["run.flush_s: expected a number"], 3),
    "a group where a number is meant": ("info", dict(run="flush_s: { a = 1; };"), ["run.flush_s: expected a number"], 3),
    "a number where a group is meant": ("info", dict(more="conditioning = 5;\n"), ["conditioning must be a group"], 8),
    "a group where a list is meant": ("info", dict(analyses='analyses: { name = "a"; };\n'), ["analyses must be a list of groups"], 4),
    "a list of numbers where groups are meant": ("info", dict(analyses="analyses: ( 1, 2 );\n"), ["analyses must be a list of groups"], 4),
    "a choice that does not exist": ("info", dict(run='schedule = "greedy";'), ['run.schedule = "greedy" is not one of dynamic|static'], 3),
    "an integer of 32 bits without L": ("info", dict(run="seed = 3000000000;"), ["the integer 3000000000 needs more than 31 bits: write 3000000000L"], 3),
    "an integer of 64 bits": ("info", dict(run="seed = 99999999999999999999L;"), ["needs more than 63 bits"], 3),
    "a band whose edges are exchanged": ("info", dict(analyses=analysis(BANDS + "band_power: { bands: { a = (12.0, 8.0); }; };")),
                                         ["band_power.bands: expected the lower edge of a band first"], 6),
    "a band of one number": ("info", dict(analyses=analysis(BANDS + "band_power: { bands: { a = (12.0); }; };")), ["expected a band as name = (low, high)"], 6),
    "no band": ("info", dict(analyses=analysis(BANDS + "band_power: { bands: { }; };")), ["expected at least one band"], 6),
    "a pass band whose edges are exchanged": ("plan", dict(more="conditioning: { band_hz = (45.0, 0.5); };\n"), ["band_hz", "45", "0.5"], None),
    "a pass band of three numbers": ("plan", dict(more="conditioning: { band_hz = (1.0, 2.0, 3.0); };\n"), ["band_hz", "two"], None),
    "a pass band above Nyquist": ("plan", dict(more="conditioning: { band_hz = (0.5, 130.0); };\n"), ["band_hz: edge 130 Hz is not below 100 Hz"], None),

    "an unknown feature": ("info", dict(analyses=analysis('features = ["band_powr"];')), ['unknown feature "band_powr"; did you mean "band_power"?'], 5),
    "an unknown model": ("info", dict(analyses=analysis('dynamics = ["vr"];')), ['unknown dynamical model "vr"; did you mean "var"?'], 5),
    "an unknown montage": ("info", dict(more='conditioning: { montage = "10-21"; };\n'), ["montage", '"10-21"'], None),
    "an unknown reference": ("info", dict(more='conditioning: { reference = "averge"; };\n'), ["reference", '"averge"', "average"], None),
    "an unknown learner": ("prognose", dict(more=prognosis('learners = ["rige"];')), ['no learner "rige"; did you mean "ridge"?'], 8),
    "two analyses of one name": ("info", dict(analyses='analyses: (\n { name = "a"; window_s = 4.0; features = ["hjorth"]; },\n'
                                              ' { name = "a"; window_s = 2.0; features = ["hjorth"]; } );\n'), ['a second analysis named "a"'], 6),
    "one feature twice": ("info", dict(analyses=analysis('features = ["hjorth", "hjorth"];')), ["hjorth", "twice"], None),
    "two prognoses of one name": ("prognose", dict(more='prognosis: (\n { outcome = "o"; positive = "p"; },\n { outcome = "o"; positive = "p"; } );\n'),
                                  ['two elements of prognosis are named "main"'], 10),
    "no analyses": ("info", dict(analyses=""), ["no analyses: expected analyses: ("], None),
    "an empty list of analyses": ("info", dict(analyses="analyses: ( );\n"), ["no analyses"], None),
    "an analysis of nothing": ("info", dict(analyses=analysis("")), ['analysis "a" names no feature and no model'], 5),
    "an analysis without a name": ("info", dict(analyses='analyses: ( { window_s = 4.0; features = ["hjorth"]; } );\n'), ["analysis.name must be given"], 4),
    "an analysis without windows": ("info", dict(analyses='analyses: ( { name = "a"; features = ["hjorth"]; } );\n'), ["analysis.window_s must be given"], 4),
    "an analysis with a slash in its name": ("info", dict(analyses=analysis(BANDS, name="a/b")), ['"a/b"', "use letters, digits"], 5),
    "an analysis with an empty name": ("info", dict(analyses=analysis(BANDS, name="")), ['analysis name ""'], 5),
    "parameters of an entry that is not run": ("info", dict(analyses=analysis(BANDS + "hjorth: { };")), ["parameters for hjorth, which this analysis does not run"], 6),
    "no cohort": ("info", dict(root="\"; }; # "), ["cohort.root"], None),
    "no prognosis": ("prognose", dict(), ["expected a list prognosis", "found none"], None),
    "a prognosis without an outcome": ("prognose", dict(more='prognosis: ( { positive = "poor"; } );\n'), ["prognosis.outcome must be given"], 8),
    "two values of which only one is taken": ("simulate", dict(more="simulate: { age = (60.0); };\n"), ["simulate: age: expected two numbers, found 1"], 8),
    "a missing semicolon is no mistake of ours, a missing brace is": ("info", dict(more="conditioning: { notch = \"none\";\n"), ["syntax error"], None),
    "a key given twice": ("info", dict(run="flush_s = 1.0; flush_s = 2.0;"), ["duplicate setting name"], 3),
    "a comment that never ends": ("info", dict(more="/* for ever\n"), ["a comment that never ends"], 8),
    "an include": ("info", dict(more='@include "other.cfg"\n'), ["@include is not supported"], 8),
}

for what, (command, keys, parts, line) in MISTAKES.items():
    @case(what)
    def _(command=command, keys=keys, parts=parts, line=line):
        path = study(**keys)
        result = expect(eveil(command, path), 1, *parts)
        assert f"{path}:{line}: " in result.err if line else path in result.err, f"expected the place {path}:{line}: {result}"
        assert not os.path.exists("out"), "something was written"


@case("a mistake on two ranks is said once, by one rank")
def _():
    expect(eveil("run", study(run="sheduel = 1;"), np=2), 1, "study.cfg:3: ", '"schedule"?')
    assert not os.path.exists("out")


@case("a mistake on two ranks, in the other commands", long=True)
def _():
    path = study(run="sheduel = 1;")
    for command in ("plan", "gather"):
        expect(eveil(command, path, np=2), 1, f"{path}:3: ", '"schedule"?')
    expect(eveil("simulate", config(more="simulate: { subject = 2; };\n"), np=2), 1, '"subjects"?')
    expect(eveil("prognose", config(more=prognosis("fold = 3;")), np=2), 1, '"folds"?')
    assert not os.path.exists("out")


@case("lists of numbers in any brackets, integers where fractions are meant")
def _():
    for brackets in ("(0.5, 45)", "[0.5, 45]", "[0.5, 45.0]", "(1, 45)", "[1, 45]"):
        path = config(more=f"conditioning: {{ band_hz = {brackets}; }};\n") if os.path.isdir("cohort") else study()
        expect(eveil("info", path), 0, "0 finished of 16", quiet=True)


@case("wide integers with L, in full")
def _():
    path = study(run="seed = 9007199254740992L;")
    expect(eveil("run", path), 0)
    expect(eveil("info", "out/store.h5"), 0, "seed          9007199254740992")


@case("brackets, numbers and braces within texts and comments are left alone")
def _():
    path = study(more='# [0.5, 45] { 3000000000\n/* 99999999999 [ */ // "\nprognosis: ( { outcome = "a [b] 3000000000 (c"; positive = "[x]"; } );\n')
    expect(eveil("info", path), 0, quiet=True)


@case("a band above the rate of the recordings is told, and its cells say why")
def _():
    # at 200 Hz, kept as they are: nothing above 100 Hz can be told
    bands = "band_power: { bands: { alpha = (8.0, 12.0); ripple = (80.0, 120.0); }; };"
    path = study(analyses=analysis(BANDS + bands), more="conditioning: { resample_hz = 0; };\n")
    expect(eveil("run", path), 0, 'analysis "a": 60 of 120 columns have a value in no recording',
           "band_power.absolute_ripple[Fp1] (undefined here")
    expect(eveil("export", "out/store.h5", "csv"), 0)
    with open("csv/a_summary.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    ripple = [row for row in rows if "_ripple[" in row["column"]]
    assert len(ripple) == 4 * 57 and all(row["why"] == "2" and row["count"] == "0" and row["mean"] == "" for row in ripple)
    alpha = [row for row in rows if "_alpha[" in row["column"]]
    assert len(alpha) == 4 * 57 and all(row["why"] == "0" and float(row["mean"]) == float(row["mean"]) for row in alpha)


@case("a montage of which no recording has a channel")
def _():
    path = study(more='conditioning: { montage = ["AF7", "AF8"]; };\n')
    result = eveil("run", path)
    assert result.code in (1, 3) and re.search("AF7|no channel|montage", result.err), result


@case("a missing configuration")
def _():
    for command in ("plan", "run", "gather", "simulate", "prognose", "info"):
        expect(eveil(command, "none.cfg"), 1, "none.cfg", "No such file")


@case("a missing configuration on two ranks", long=True)
def _():
    expect(eveil("run", "none.cfg", np=2), 1, "none.cfg", "No such file")
    expect(eveil("prognose", "none.cfg", np=2), 1, "none.cfg", "No such file")
    expect(eveil("simulate", "none.cfg", np=2), 1, "none.cfg", "No such file")


@case("a folder in place of the configuration", long=True)
def _():
    os.mkdir("folder.cfg")
    for command in ("plan", "run", "simulate", "prognose", "info"):
        expect(eveil(command, "folder.cfg"), 1, "folder.cfg", "folder")


@case("a pipe in place of the configuration")
def _():
    os.mkfifo("pipe.cfg")
    for command in ("run", "info"):
        expect(eveil(command, "pipe.cfg", seconds=20), 1, "pipe.cfg")


@case("an empty configuration")
def _():
    write("empty.cfg", "")
    expect(eveil("run", "empty.cfg"), 1, "cohort.root must be given")
    expect(eveil("simulate", "empty.cfg"), 1, "cohort.root must be given")
    expect(eveil("prognose", "empty.cfg"), 1, "expected a list prognosis")


@case("a recording in place of the configuration")
def _():
    study()
    expect(eveil("run", eeg(1)), 1, eeg(1))
    os.symlink(eeg(1), "eeg.cfg")
    expect(eveil("info", "eeg.cfg"), 1, "eeg.cfg")


@case("a configuration that is not UTF-8, one with a NUL byte, one with CR LF")
def _():
    path = study()
    with open(path, "rb") as file:
        good = file.read()
    with open("cr.cfg", "wb") as file:
        file.write(good.replace(b"\n", b"\r\n"))
    expect(eveil("info", "cr.cfg"), 0, quiet=True)
    with open("nul.cfg", "wb") as file:
        file.write(good + b"\0 run_more: { };\n")
    expect(eveil("info", "nul.cfg"), 1, "nul.cfg", "NUL")
    with open("latin.cfg", "wb") as file:
        file.write(good.replace(b'"spectral"', b'"sp\xe9ctral"'))
    expect(eveil("info", "latin.cfg"), 1, "latin.cfg")


if __name__ == "__main__":
    sys.exit(run_cases())

#!/usr/bin/env python3
"""Text series through the program: the configurations of docs/own-recordings.md on real data, keys of the formats, what
is wrong with a file, and that what changes values changes the keys of the tasks."""
import os
import sys

from harness import ROOT, Skip, case, eveil, expect, run_cases, write

DATA = os.path.abspath(os.environ.get("EVEIL_TEST_DATA", os.path.join(ROOT, "..", "shared", "data")))


def of_the_docs(name, root):
    """A configuration of the docs, with the place of the data."""
    lines = open(os.path.join(ROOT, "docs", "own-recordings.md"), encoding="utf-8").read().split(f"    # {name}.cfg\n")[1].splitlines()
    text = "\n".join(lines[:next(i for i, line in enumerate(lines) if not line.startswith("    "))])
    if not os.path.isdir(os.path.join(DATA, root)):
        raise Skip("no real recordings")
    return text.replace(f'root = "{root}"', f'root = "{os.path.join(DATA, root)}"').replace(
        'recordings = "', f'recordings = "{os.getcwd()}/')


def table(name, rows):
    write(name, "\n".join("\t".join(row) for row in rows) + "\n")


def lorenz(n, numpy):
    """[n][3] samples 0.01 apart."""
    def flow(v):
        return numpy.array([10 * (v[1] - v[0]), v[0] * (28 - v[2]) - v[1], v[0] * v[1] - 8 / 3 * v[2]])
    x, v, h = numpy.empty((n, 3)), numpy.array([1.0, 2.0, 25.0]), 0.0025
    for t in range(n):
        for _ in range(4):
            a = flow(v)
            b = flow(v + h / 2 * a)
            c = flow(v + h / 2 * b)
            v = v + h / 6 * (a + 2 * b + 2 * c + flow(v + h * c))
        x[t] = v
    return x


@case("the equations of a measured system by the configuration of the docs, in its own units")
def states():
    (numpy,) = stores()
    os.makedirs("lorenz", exist_ok=True)
    text = open(os.path.join(ROOT, "docs", "own-recordings.md"), encoding="utf-8").read().split("    # lorenz.cfg\n")[1]
    write("lorenz.cfg", text[:text.index("\n\n")])
    x = lorenz(10000, numpy)
    random = numpy.random.default_rng(3)
    for share in (1, 5):
        numpy.save(f"lorenz/noise{share}.npy", x + 0.01 * share * x.std(0) * random.standard_normal(x.shape))
    table("lorenz/lorenz.tsv", [("subject", "file"), ("one", "noise1.npy"), ("five", "noise5.npy")])
    expect(eveil("run", "lorenz.cfg"), 0, "2 recordings, 0 failed")
    store, numpy = stores("lorenz.h5")
    group = store["analyses/states"]
    names = [name.decode() for name in group["column_name"]]
    values = group["values"][()]
    assert (values[:, names.index("sindy.terms")] == 7).all(), values[:, names.index("sindy.terms")]
    for term, truth in (("x:x", -10), ("x:y", 10), ("y:x", 28), ("y:x z", -1), ("z:x y", 1)):
        found = values[:, names.index(f"sindy.coef_{term}")]
        assert (abs(found / truth - 1) < 0.02).all(), f"{term}: {found}"


def stores(*names):
    try:
        import h5py
        import numpy
    except ImportError as why:
        raise Skip("h5py or numpy is not installed") from why
    return [h5py.File(name) for name in names] + [numpy]


@case("the Bonn set runs by the configuration of the docs")
def bonn():
    write("bonn.cfg", of_the_docs("bonn", "bonn"))
    files = [f"{folder}/{folder[-1]}{number:03d}.{'TXT' if folder == 'C_N' else 'txt'}"
             for folder in ("A_Z", "B_O", "C_N", "D_F", "E_S") for number in (1, 50, 100)]
    table("bonn.tsv", [("subject", "file", "set")] + [(os.path.basename(f)[:4], f, f[0]) for f in files])
    expect(eveil("run", "bonn.cfg"), 0, "15 recordings, 0 failed")
    store, numpy = stores("bonn.h5")
    group = store["analyses/spectral"]
    names = [name.decode() for name in group["column_name"]]
    values, why = group["values"][()], group["why"][()]
    assert values.shape[0] == 15 * 10 and "band_power.db_delta[EEG]" in names, f"{values.shape}, {names[:3]}"
    power = values[:, names.index("band_power.db_delta[EEG]")]
    good = why[:, names.index("band_power.db_delta[EEG]")] == 0
    of = group["window_recording"][()]
    sets = [text.decode() for text in store["recordings/columns/set"]]
    seizure = numpy.array([sets[r] == "E" for r in of])
    assert good[~seizure].mean() > 0.9, f"{good[~seizure].mean()} of the windows have a value"
    assert numpy.median(power[good & seizure]) > numpy.median(power[good & ~seizure]) + 5, "seizures have no more power"


@case("SKAB runs by the configuration of the docs, and its windows are those of numpy")
def skab():
    write("skab.cfg", of_the_docs("skab", "skab/data/valve1"))
    table("skab.tsv", [("subject", "file"), ("run0", "0.csv"), ("run2", "2.csv")])
    expect(eveil("run", "skab.cfg"), 0, "2 recordings, 0 failed")
    store, numpy = stores("skab.h5")
    import pandas
    group = store["analyses/sensors"]
    names = [name.decode() for name in group["column_name"]]
    rows = pandas.read_csv(os.path.join(DATA, "skab/data/valve1/0.csv"), sep=";", parse_dates=[0])
    seconds = (rows.datetime - rows.datetime[0]).dt.total_seconds().to_numpy()
    compared = touched = 0
    for sensor in ("Current", "Volume Flow RateRMS"):
        column = names.index(f"hjorth.activity[{sensor}]")
        for row in numpy.flatnonzero(group["window_recording"][()] == 0):
            start = group["window_start_s"][row]
            inside = (seconds >= start) & (seconds < start + 10)
            if inside.sum() < 10:
                touched += 1
                assert group["why"][row, column] == 6, f"{sensor} at {start} s: a row is missing, why {group['why'][row, column]}"
                continue
            expected, found = rows[sensor][inside].var(ddof=0), group["values"][row, column]
            if expected == 0:
                assert group["why"][row, column] == 2, f"{sensor} at {start} s is constant, why {group['why'][row, column]}"
                continue
            compared += 1
            assert abs(found - expected) <= 1e-9 * max(1, expected), f"{sensor} at {start} s: {found}, expected {expected}"
    assert compared > 30 and touched > 30, f"{compared} windows compared, {touched} with a gap"


ROWS = "\n".join(str((i * 7919) % 200 - 100) for i in range(80000)) + "\n"
CONFIG = """cohort: { root = "."; recordings = "recordings.tsv"; };
output: { store = "out.h5"; prognosis = "p.h5"; };
formats: { text: { fs_hz = %s; unit = "%s"; }; };
conditioning: { montage = "file"; reference = "none"; resample_hz = 0; band_hz = (0, 0); artefacts = "none"; notch = "none"; };
analyses: ( { name = "a"; window_s = 10.0; features = ["hjorth"]; } );
"""


@case("a word in row 70,000 fails its recording alone, with file, line and column")
def a_word():
    rows = ROWS.split("\n")
    rows[69999] = "artefact"
    write("good.txt", ROWS)
    write("bad.txt", "\n".join(rows))
    table("recordings.tsv", [("subject", "file"), ("p1", "good.txt"), ("p2", "bad.txt")])
    write("study.cfg", CONFIG % ("100", "uV"))
    expect(eveil("run", "study.cfg"), 3, "2 recordings, 1 failed")
    expect(eveil("info", "out.h5"), 0, "line 70000, column 1", "artefact", "bad.txt")
    expect(eveil("info", "--config=study.cfg", "bad.txt"), 2, "bad.txt: line 70000, column 1: expected a number, found \"artefact\"")


@case("rate and unit of the formats are part of what a store is of")
def keys():
    write("good.txt", ROWS)
    table("recordings.tsv", [("subject", "file"), ("p1", "good.txt")])
    totals = []
    for fs_hz, unit in (("100", "uV"), ("200", "uV"), ("100", "mV"), ("100", "uV")):
        write("study.cfg", CONFIG % (fs_hz, unit))
        result = eveil("run", "study.cfg")
        if totals and totals[-1][0] != (fs_hz, unit):
            expect(result, 1, "out.h5")  # a store of another plan is not overwritten
            expect(eveil("run", "--replace", "study.cfg"), 0)
        totals.append(((fs_hz, unit), eveil("hash", "out.h5").out.strip().splitlines()[-1]))
    assert totals[0][1] == totals[3][1] and len({total for _, total in totals}) == 3, totals
    expect(eveil("run", "study.cfg"), 0, "complete")


@case("keys of formats: the nearest name, ranges, and a text on the command line")
def options():
    write("x.txt", "1\n2\n3\n")
    expect(eveil("info", "x.txt"), 1, "formats.text.fs_hz", "SamplingFrequency")
    expect(eveil("info", "--formats=text: { fs_hz = 10; };", "x.txt"), 0, "0.3 s in 1 stretch", "10 Hz")
    expect(eveil("info", "--formats=text: { fs = 10; };", "x.txt"), 1, "fs_hz")
    expect(eveil("info", "--formats=txt: { };", "x.txt"), 1, "did you mean \"text\"")
    expect(eveil("info", "--formats=text: { fs_hz = -1; };", "x.txt"), 1, "outside 0 to 1000000")
    expect(eveil("info", "--formats=text: {", "x.txt"), 1, "syntax error")
    expect(eveil("list", "readers", "text"), 0, "formats.text", "delimiter", "fs_hz")


@case("MATLAB, EEGLAB and NumPy files of one signal give the same rows, on one rank and on two")
def same_rows():
    try:
        import numpy
        import scipy.io
    except ImportError as why:
        raise Skip("numpy or scipy is not installed") from why
    if eveil("list", "readers", "matlab").code:
        raise Skip("built without libmatio")
    x = numpy.random.default_rng(6).normal(size=(3, 20000)) * 30
    scipy.io.savemat("a.mat", {"x": x})
    scipy.io.savemat("b.mat", {"x": x.T, "fs": 100.0}, do_compression=True)
    scipy.io.savemat("c.set", {"EEG": {"nbchan": 3.0, "pnts": 20000.0, "srate": 100.0, "trials": 1.0, "data": x}}, appendmat=False)
    numpy.save("d.npy", x)
    numpy.savetxt("e.txt", x.T)
    table("recordings.tsv", [("subject", "file")] + [(name[0], name) for name in ("a.mat", "b.mat", "c.set", "d.npy", "e.txt")])
    write("study.cfg", (CONFIG % ("100", "uV")).replace("text: {", "matlab: { fs_hz = 100; }; npy: { fs_hz = 100; }; text: {"))
    expect(eveil("run", "study.cfg", np=2), 0, "5 recordings, 0 failed")
    two = eveil("hash", "out.h5").out.strip().splitlines()[-1]
    store, _ = stores("out.h5")
    values = store["analyses/a/values"][()].reshape(5, 20, -1)
    store.close()
    assert numpy.isfinite(values).all() and all((values[k] == values[0]).all() for k in range(5)), "rows differ"
    os.remove("out.h5")
    expect(eveil("run", "study.cfg"), 0)
    assert eveil("hash", "out.h5").out.strip().splitlines()[-1] == two, "other bits on one rank"


@case("a BIDS sidecar tells the rate")
def sidecar():
    write("x_eeg.txt", ROWS)
    write("x_eeg.json", '{"SamplingFrequency": 125}')
    table("recordings.tsv", [("subject", "file"), ("p1", "x_eeg.txt")])
    write("study.cfg", CONFIG % ("0", "uV"))
    expect(eveil("run", "study.cfg"), 0, "1 recordings, 0 failed")
    store, _ = stores("out.h5")
    assert store["recordings/fs_hz"][()].tolist() == [125.0], store["recordings/fs_hz"][()]


sys.exit(run_cases())

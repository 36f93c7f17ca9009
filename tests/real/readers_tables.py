"""Text series and arrays against numpy and pandas: files of the data sets, and files written here in
many layouts."""
import os
import sys
import tempfile

from harness import DATA, Recording, check, failed, np, refused, report, same, write

try:
    import pandas
except ImportError:
    print("skip readers_tables: pandas is not installed")
    sys.exit(0)


# ---- data sets ----

def data_sets():
    if not os.path.isdir(DATA):
        return report_skip("readers_tables: no real recordings")
    path = os.path.join(DATA, "bonn", "E_S", "S001.txt")
    same("bonn S001", Recording(path, "text: { fs_hz = 173.61; };", 3.0), [np.loadtxt(path)])
    path = os.path.join(DATA, "skab", "data", "valve1", "2.csv")
    table = pandas.read_csv(path, sep=";", parse_dates=[0])
    ours = Recording(path, 'text: { unit = ""; };')
    same("skab 2", ours, table.iloc[:, 1:].to_numpy().T)
    check("skab 2: names", ours.labels, list(table.columns[1:]))
    seconds = (table.datetime - table.datetime[0]).dt.total_seconds().to_numpy()
    starts = [0.0] + [seconds[i] for i in range(1, len(seconds)) if seconds[i] - seconds[i - 1] > 1.5]
    check("skab 2: gaps", [start for start, _ in ours.stretches], starts)
    check("skab 2: start", ours.facts["start"][0], str(table.datetime[0].date()))
    some = Recording(path, 'text: { unit = ""; columns = ["Pressure", "3"]; labels = ["p", "a"]; };')
    same("skab 2: two columns", some, table[["Pressure", "Accelerometer2RMS"]].to_numpy().T)
    check("skab 2: their names", some.labels, ["p", "a"])
    path = os.path.join(DATA, "plrnn_eeg", "EEG_train.npy")
    same("plrnn array", Recording(path, 'npy: { fs_hz = 160; unit = ""; };', 7.0), np.load(path).T)


def report_skip(text):
    print("skip " + text)


# ---- text ----

RATE = "text: { fs_hz = 100; };"


def text_layouts(folder):
    rng = np.random.default_rng(1)
    x = np.round(rng.normal(size=(500, 3)) * 100, 4)
    plain = "\n".join(",".join(map(str, row)) for row in x)
    variants = {
        "commas": plain, "commas with an end": plain + "\n", "Windows": plain.replace("\n", "\r\n") + "\r\n",
        "semicolons": plain.replace(",", ";"), "tabs": plain.replace(",", "\t"), "blanks": plain.replace(",", " "),
        "aligned": "\n".join("".join(f"{v:14.4f}" for v in row) + "  " for row in x), "empty lines at the end": plain + "\n\n\r\n",
        "quotes": "\n".join(",".join(f'"{v}"' for v in row) for row in x), "comments": "# made\n% by hand\n" + plain,
        "BOM": "\ufeff" + plain, "blanks around": plain.replace(",", " , ")}
    for name, content in variants.items():
        same(f"text: {name}", Recording(write(folder, "x.txt", content), RATE, 0.7), x.T)
    names = Recording(write(folder, "x.csv", "Fp1,Fp2,\"C,3\"\n" + plain), RATE)
    same("text: header", names, x.T)
    check("text: header names", names.labels, ["Fp1", "Fp2", "C,3"])
    latin = Recording(write(folder, "x.csv", "Fü,b,c\n".encode("latin-1") + plain.encode()), RATE)
    check("text: latin-1 header", latin.labels, ["Fü", "b", "c"])
    check("text: UTF-8 header", Recording(write(folder, "x.csv", "Fü,b,c\n" + plain), RATE).labels, ["Fü", "b", "c"])
    for style in ("%.18e", "%.3f", "%g", "%.17g", "%+.9E"):
        big = rng.normal(size=(300, 4)) * 10.0 ** rng.integers(-30, 30, size=(300, 4))
        np.savetxt(os.path.join(folder, "x.txt"), big, fmt=style)
        same(f"text: numpy.savetxt {style}", Recording(os.path.join(folder, "x.txt"), RATE, 1.1),
             np.loadtxt(os.path.join(folder, "x.txt")).T)
    holes = x.copy()
    holes[7, 1] = holes[499, 0] = holes[0, 2] = np.nan
    frame = pandas.DataFrame(holes, columns=["a", "b", "c"])
    for word in ("", "NaN", "n/a", "NA"):
        frame.to_csv(os.path.join(folder, "x.csv"), index=False, na_rep=word)
        same(f"text: missing as \"{word}\"", Recording(os.path.join(folder, "x.csv"), RATE, 2.3), holes.T)
    same("text: millivolts", Recording(write(folder, "x.txt", plain), 'text: { fs_hz = 100; unit = "mV"; };'), 1000 * x.T,
         1e-15)
    wide = rng.integers(-9999, 9999, size=(40, 3000))
    np.savetxt(os.path.join(folder, "x.tsv"), wide, fmt="%d", delimiter="\t")
    same("text: 3,000 columns", Recording(os.path.join(folder, "x.tsv"), RATE), wide.T)
    long = rng.integers(-99, 99, size=(70000, 2))
    np.savetxt(os.path.join(folder, "x.txt"), long, fmt="%d")
    same("text: 70,000 rows in pieces", Recording(os.path.join(folder, "x.txt"), RATE, 33.3), long.T)


def text_times(folder):
    n, fs = 2000, 256.0
    t = np.arange(n) / fs
    x = np.arange(n) % 97
    def table(times, name="time"):
        return write(folder, "t.csv", f"{name},Cz\n" + "\n".join(f"{a},{b}" for a, b in zip(times, x)))
    exact = Recording(table([f"{v:.6f}" for v in t]))
    check("times: rate", (exact.fs(), exact.labels, len(exact.stretches)), (256.0, ["Cz"], 1))
    rounded = Recording(table([f"{v:.3f}" for v in t]))
    check("times: rounded to ms", (rounded.fs(), len(rounded.stretches)), (256.0, 1))
    ms = Recording(table([round(1000 * v) for v in t]), 'text: { time_unit = "ms"; };')
    check("times: in ms", (ms.fs(), len(ms.stretches)), (256.0, 1))
    clock = pandas.Timestamp("2021-03-04 23:59:58.5") + pandas.to_timedelta(t, unit="s")
    stamps = Recording(table([str(c) for c in clock], "timestamp"))
    check("times: dates", (stamps.fs(), stamps.facts["start"]), (256.0, ["2021-03-04", "86398.500000000"]))
    late = t + np.where(np.arange(n) >= 700, 5.0, 0) + np.where(np.arange(n) >= 1500, 2 / fs, 0)
    gaps = Recording(table([f"{v:.6f}" for v in late]), piece_s=0.5)
    check("times: gaps", [n for _, n in gaps.stretches], [700, 800, 500])
    starts = [start for start, _ in gaps.stretches]
    report("times: where gaps are", None if np.allclose(starts, late[[0, 700, 1500]], atol=2e-6) else str(starts))
    same("times: samples beside gaps", gaps, [x])
    fixed = Recording(table([f"{v:.6f}" for v in t]), "text: { fs_hz = 256; time = \"1\"; };")
    check("times: by number of the column", (fixed.fs(), fixed.labels), (256.0, ["Cz"]))
    none = Recording(table([f"{v:.6f}" for v in t]), "text: { fs_hz = 256; time = \"none\"; };")
    check("times: not wanted", none.labels, ["time", "Cz"])
    refused("times: another rate", Recording(table([f"{v:.6f}" for v in t]), "text: { fs_hz = 100; };"), "0.003906")
    refused("times: a rate that drifts away",
            Recording(table([f"{v:.6f}" for v in t]), "text: { fs_hz = 250; };"), "250 Hz", "line 2")
    back = t.copy()
    back[1200] = back[1199]
    refused("times: one twice", Recording(table([f"{v:.6f}" for v in back])), "line 1202, column 1", "0 s")
    refused("times: a word", Recording(table(["later" if i == 900 else v for i, v in enumerate(t)])), "line 902", "later")


def text_refusals(folder):
    rows = [f"{i},{i / 8},{-i}" for i in range(80000)]
    def at(row, content, name="x.csv"):
        changed = list(rows)
        changed[row] = content
        return Recording(write(folder, name, "\n".join(changed)), RATE)
    for row in (70000, 1, 79999):
        refused(f"text: a word in row {row}", at(row, "1,lead off,3"), f"line {row + 1}, column 2", "lead off", "x.csv")
    refused("text: a short row", at(70000, "1,2"), "line 70001", "3 cells", "found 2")
    refused("text: a long row", at(70000, "1,2,3,4"), "line 70001", "3 cells", "found 4")
    refused("text: an empty row", at(70000, ""), "line 70001", "an empty line")
    refused("text: a NUL", at(70000, "1,2\0,3"), "line 70001, column 2", "NUL")
    refused("text: hexadecimal", at(70000, "1,0x10,3"), "line 70001, column 2", "0x10")
    refused("text: infinite", at(70000, "1,inf,3"), "line 70001, column 2", "inf")
    refused("text: too large", at(70000, "1,1e999,3"), "line 70001, column 2", "1e999")
    points = "\n".join("1.5;2,5;3" for _ in range(50))
    refused("text: decimal commas in cells", Recording(write(folder, "x.txt", points), RATE), "line 1, column 2", "2,5", "point")
    one = "\n".join("12,5" for _ in range(50))
    refused("text: decimal commas of one column", Recording(write(folder, "x.txt", one), RATE), "line 2", "12,5", "delimiter")
    two = Recording(write(folder, "x.txt", one), 'text: { fs_hz = 100; delimiter = "comma"; };')
    same("text: two columns said to be two", two, [[12] * 50, [5] * 50])
    refused("text: a word in the first row", Recording(write(folder, "x.txt", "1,x,2\n" * 9), RATE), "header")
    secret = Recording(write(folder, "x.txt", "1,Smith,2\n" * 9), 'text: { fs_hz = 100; header = "no"; };')
    refused("text: a column of words", secret, "line 1, column 2", "text of 5 bytes")
    report("text: words of a column are not told", "Smith was told" if "Smith" in secret.error else None)
    frame = pandas.DataFrame(np.arange(30.0).reshape(10, 3) + 0.5)
    frame.to_csv(os.path.join(folder, "x.csv"))
    refused("text: numbered columns", Recording(os.path.join(folder, "x.csv"), RATE), "header")
    for name, content in {"empty": "", "blank": "\n\n", "comments": "# a\n# b\n", "names alone": "a,b\n", "NULs": "\0" * 999,
                          "UTF-16": "1,2\n".encode("utf-16"), "old Mac": "1,2\r3,4\r", "bytes": bytes(range(256)) * 9}.items():
        refused(f"text: {name}", Recording(write(folder, "x.txt", content), RATE), "x.txt")
    refused("text: an endless line", Recording(write(folder, "x.txt", "1," * 200000), RATE), "longer")
    refused("text: no rate", Recording(write(folder, "x.txt", "1\n2\n")), "formats.text.fs_hz", "SamplingFrequency")
    refused("text: other labels", Recording(write(folder, "x.txt", "1;2\n"), 'text: { fs_hz = 1; labels = ["a"]; };'), "2 labels")
    refused("text: an unknown column", Recording(write(folder, "x.txt", "Fp1,Fp2\n1,2\n"),
                                                 'text: { fs_hz = 1; columns = ["Fp3"]; };'), "Fp3", "did you mean")
    refused("text: an unknown key", Recording(write(folder, "x.txt", "1\n"), "text: { fs = 1; };"), "fs_hz")


# ---- arrays ----

def arrays(folder):
    rng = np.random.default_rng(2)
    rate = "npy: { fs_hz = 100; };"
    path = os.path.join(folder, "x.npy")
    for kind in ("f4", "f8", "i2", "i4", ">f4", ">f8", ">i2", ">i4"):
        x = (rng.normal(size=(1000, 7)) * 50).astype(kind)
        for name, y in (("C", x), ("Fortran", np.asfortranarray(x)), ("C, rows", x.T.copy()), ("Fortran, rows", np.asfortranarray(x.T))):
            np.save(path, y)
            same(f"npy: {kind} {name}", Recording(path, rate, 1.7), x.T)
    x = rng.normal(size=(3, 5))
    np.save(path, x)
    same("npy: rows are channels", Recording(path, 'npy: { fs_hz = 100; channels = "rows"; };'), x)
    same("npy: columns are channels", Recording(path, 'npy: { fs_hz = 100; channels = "columns"; };'), x.T)
    np.save(path, rng.normal(size=77))
    same("npy: one dimension", Recording(path, rate), [np.load(path)])
    x = rng.normal(size=(200, 4)).astype("f4")
    x[3, 1], x[5, 2] = np.nan, np.inf
    np.save(path, x)
    same("npy: what is not finite is missing", Recording(path, rate), np.where(np.isfinite(x), x, np.nan).T)
    x = rng.normal(size=(40, 9999))
    np.save(path, x.T.copy())
    same("npy: 40 samples of 9,999 channels", Recording(path, 'npy: { fs_hz = 100; channels = "rows"; };'), x.T)
    with open(path, "wb") as file:
        np.lib.format.write_array(file, np.ones((50, 2)), version=(3, 0))
    same("npy: version 3", Recording(path, rate), np.ones((2, 50)))
    np.save(path, np.ones((20, 20)))
    refused("npy: a square", Recording(path, rate), "formats.npy.channels")
    np.save(path, np.ones((4, 5, 6)))
    refused("npy: three dimensions", Recording(path, rate), "one or two sizes")
    for name, y in (("complex", np.ones(9, "c16")), ("half", np.ones(9, "f2")), ("wide", np.ones(9, "i8")), ("bytes", np.ones(9, "u1")), ("words", np.array(["a"])),
                    ("fields", np.zeros(9, [("a", "f8")])), ("objects", np.array([1, None], dtype=object))):
        np.save(path, y)
        refused(f"npy: {name}", Recording(path, rate), "f4, f8" if name != "fields" else "'descr'")
    np.save(path, np.arange(2000.0).reshape(500, 4))
    whole = open(path, "rb").read()
    for cut in (0, 3, 6, 8, 9, 10, 40, 100, 127, 128, 129, 4000, len(whole) - 1):
        refused(f"npy: cut to {cut} bytes", Recording(write(folder, "y.npy", whole[:cut]), rate), "y.npy")
    check("npy: bytes behind it", "after the array" in Recording(write(folder, "y.npy", whole + b"xyz"), rate).facts["note"][0], True)
    for name, old, new in (("absurd sizes", b"(500, 4)", b"(1<<99,)"), ("a huge size", b"(500, 4), ", b"(99999999999999, 4), "),
                           ("a negative size", b"(500, 4)", b"(-50, 4)"), ("size 0", b"(500, 4)", b"(000, 4)"),
                           ("no order", b"fortran_order", b"fortran_xrder"), ("version 9", b"NUMPY\x01", b"NUMPY\x09"),
                           ("no end of the shape", b"(500, 4)", b"(500, 4 ")):
        changed = whole.replace(old, new, 1)
        refused(f"npy: {name}", Recording(write(folder, "y.npy", changed), rate), "y.npy")


with tempfile.TemporaryDirectory() as scratch:
    data_sets()
    text_layouts(scratch)
    text_times(scratch)
    text_refusals(scratch)
    arrays(scratch)
sys.exit(len(failed) > 0)

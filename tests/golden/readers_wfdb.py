"""WFDB records written here from the specification (header(5), signal(5), annot(5)), decoded by the reader: every sample
format, frames of several rates, several files, segments, shifts, MATLAB clothes, checksums, annotations, damage."""
import os
import struct
import subprocess
import sys

try:
    import numpy as np
except ImportError:
    print("skip readers_wfdb: numpy is not installed")
    sys.exit(0)
import readers_frames as frames
from readers_frames import Recording, case, check_refusal, checksums, same

EVEIL = os.path.abspath(os.environ.get("EVEIL", os.path.join(frames.BUILD, "eveil")))
BITS = {8: 8, 16: 16, 24: 24, 32: 32, 61: 16, 80: 8, 160: 16, 212: 12, 310: 10, 311: 10}


def encode(fmt, v):
    """Bytes of the samples v, in the order of the file."""
    v = np.asarray(v, dtype=np.int64)
    if fmt == 16:
        return v.astype("<i2").tobytes()
    if fmt == 61:
        return v.astype(">i2").tobytes()
    if fmt == 32:
        return v.astype("<i4").tobytes()
    if fmt == 24:
        return v.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    if fmt in (8, 80):
        return (v + (128 if fmt == 80 else 0)).astype(np.int64).astype(np.uint8).tobytes()
    if fmt == 160:
        return (v + 32768).astype("<u2").tobytes()
    n = {212: 2, 310: 3, 311: 3}[fmt]
    padded = np.concatenate([v, np.zeros(-len(v) % n, dtype=np.int64)])
    if fmt == 212:
        a, b = padded.reshape(-1, 2).T & 0xFFF
        out = np.stack([a & 0xFF, (a >> 8) | (b >> 8) << 4, b & 0xFF], axis=1)
        cut = {0: 0, 1: 2}[len(v) % 2]
    else:
        a, b, c = padded.reshape(-1, 3).T & 0x3FF
        word = a << 1 | b << 17 | (c & 0x1F) << 11 | (c >> 5) << 27 if fmt == 310 else a | b << 10 | c << 20
        out = np.stack([word >> s & 0xFF for s in (0, 8, 16, 24)], axis=1)
        cut = {0: 0, 1: 2, 2: 4 if fmt == 310 else 3}[len(v) % 3]
    data = out.astype(np.uint8).tobytes()
    return data[:len(data) - out.shape[1] + cut] if cut else data


def digital(rng, fmt, n):
    """Samples of a format; the missing code among them where there is one."""
    if fmt == 8:
        return np.cumsum(rng.integers(-128, 128, n))
    low, high = -(1 << (BITS[fmt] - 1)), (1 << (BITS[fmt] - 1)) - 1
    v = rng.integers(low + 1, high + 1, n)
    v[rng.integers(0, n, 1 + n // 50)] = low
    v[0], v[-1] = high, low + 1
    return v


def physical(fmt, v, gain, baseline, factor=1.0):
    x = (v - baseline) / gain * factor
    return x if fmt == 8 else np.where(v == -(1 << (BITS[fmt] - 1)), np.nan, x)


def checksum(v):
    return int(np.sum(v) & 0xFFFF) - (0x10000 if np.sum(v) & 0x8000 else 0)


def interleave(values, per_frame):
    n = len(values[0]) // per_frame[0]
    return np.concatenate([v.reshape(n, k) for v, k in zip(values, per_frame)], axis=1).reshape(-1)


def write(name, text, newline="\n"):
    with open(name, "wb") as file:
        file.write(text.replace("\n", newline).encode() if isinstance(text, str) else text)


def simple(name, fmt, n_signals, n, seed=1, gain=50.0, baseline=3, fs=250, unit="uV", newline="\n", promised=None,
           first_line=None):
    """A record of one file; its samples in microvolt."""
    rng = np.random.default_rng(seed)
    values = [digital(rng, fmt, n) for _ in range(n_signals)]
    initial = [int(v[0]) for v in values]
    stored = [np.concatenate([[0], np.diff(v)]) for v in values] if fmt == 8 else values
    write(f"{name}.dat", encode(fmt, interleave(stored, [1] * n_signals)))
    lines = [first_line or f"{name} {n_signals} {fs} {n if promised is None else promised}"]
    for s, v in enumerate(values):
        lines.append(f"{name}.dat {fmt} {gain}({baseline})/{unit} {BITS[fmt]} 0 {initial[s]} {checksum(v)} 0 lead {s}")
    write(f"{name}.hea", "\n".join(lines) + "\n# a comment\n", newline)
    return [physical(fmt, v, gain, baseline) for v in values]


@case
def every_format():
    for fmt in BITS:
        for n_signals, n in ((1, 1), (1, 301), (2, 300), (3, 1000), (19, 5003), (33, 257)):
            expected = simple("r", fmt, n_signals, n, seed=fmt + n)
            for block in (1e9, 0.7):
                r = Recording("r.hea", block)
                assert r.header["n_records"] == n and len(r.stretches) == 1 and not r.header["truncated"]
                assert [s["label"] for s in r.signals] == [f"lead {s}" for s in range(n_signals)]
                for s in range(n_signals):
                    same(r.x[0][s], expected[s], 1e-14, f"format {fmt}, {n_signals} signals, {n} frames, block {block}")
            assert checksums("r.hea") == ""


@case
def wrong_checksums():
    for fmt in BITS:
        simple("r", fmt, 3, 400, seed=fmt)
        data = bytearray(open("r.dat", "rb").read())
        data[5 if fmt in (212, 310, 311) else len(data) // 2] ^= 1
        write("r.dat", bytes(data))
        check_refusal("r.hea", "r.dat", "checksum", "of signal")
    simple("r", 16, 2, 400)
    text = open("r.hea").read().split("\n")
    for i in (1, 2):
        fields = text[i].split(" ")
        fields[6] = "0"
        text[i] = " ".join(fields)
    write("r.hea", "\n".join(text))
    Recording("r.hea")  # zeros everywhere: never computed


@case
def large_files_are_checked_while_they_are_hashed():
    simple("r", 16, 4, 300000)
    data = bytearray(open("r.dat", "rb").read())
    data[1234568] ^= 4
    write("r.dat", bytes(data))
    Recording("r.hea", 100)  # opening looks at small files alone
    assert "checksum" in checksums("r.hea") and "signal" in checksums("r.hea")
    done = subprocess.run([EVEIL, "convert", "r.hea"], capture_output=True, text=True)
    assert done.returncode == 2 and "checksum" in done.stderr, done


@case
def several_files_rates_and_shifts():
    rng = np.random.default_rng(5)
    n, per_frame = 700, [4, 1, 2, 1, 3]
    fmts = [212, 212, 16, 16, 24]
    values = [digital(rng, f, n * k) for f, k in zip(fmts, per_frame)]
    write("a.dat", encode(212, interleave(values[:2], per_frame[:2])))
    write("b.dat", b"prolog--" + encode(16, interleave(values[2:4], per_frame[2:4])))
    write("c.dat", encode(24, values[4]))
    skew = [0, 0, 0, 5, -3]
    names = ["a.dat", "a.dat", "b.dat", "b.dat", "c.dat"]
    text = f"m 5 100/1000(7) {n} 12:34:56.5 24/12/2019\n"
    for s in range(5):
        shift = f":{skew[s]}" if skew[s] > 0 else f":{skew[s]}" if skew[s] else ""
        offset = "+8" if names[s] == "b.dat" else ""
        text += f"{names[s]} {fmts[s]}x{per_frame[s]}{shift}{offset} 2/mV 12 0 0 {checksum(values[s])} 0 s{s}\n"
    write("m.hea", text)
    for block in (1e9, 0.33):
        r = Recording("m.hea", block)
        h = r.header
        assert (h["year"], h["month"], h["day"], h["start_clock_s"]) == (2019, 12, 24, 45296.5), h
        assert [s["fs_hz"] for s in r.signals] == [400, 100, 200, 100, 300] and h["n_files"] == 4
        for s in range(5):
            x = physical(fmts[s], values[s], 2.0, 0, 1000.0).reshape(n, per_frame[s])
            moved = np.full_like(x, np.nan)
            if skew[s] > 0:
                moved[:-skew[s]] = x[skew[s]:]
            elif skew[s] < 0:
                moved[-skew[s]:] = x[:skew[s]]
            else:
                moved = x
            same(r.x[0][s], moved.reshape(-1), 1e-14, f"signal {s}")
    assert checksums("m.hea") == ""


@case
def segments_of_a_fixed_layout():
    whole, parts = [], []
    for i, n in enumerate((300, 200, 150)):
        whole.append(simple(f"s{i}", (16, 212, 16)[i], 3, n, seed=i, gain=(10.0, 4.0, 2.5)[i], baseline=i))
        parts.append(f"s{i} {n}")
    write("m.hea", "m/5 3 250 1150\n" + "\n".join([parts[0], parts[1], "~ 400", parts[2], "~ 100"]) + "\n")
    for block in (1e9, 0.31):
        r = Recording("m.hea", block)
        assert [(a, n) for a, _, n in r.stretches] == [(0.0, 500), (900 / 250, 150)], r.stretches
        assert r.header["format"] == "WFDB segments" and abs(r.header["duration_s"] - 1050 / 250) < 1e-12
        for s in range(3):
            same(r.x[0][s], np.concatenate([whole[0][s], whole[1][s]]), 1e-14)
            same(r.x[1][s], whole[2][s], 1e-14)
    write("m.hea", "m/2 3 250 500\ns0 300\ns1 199\n")
    check_refusal("m.hea", "expected 199 samples", "found 200")
    write("m.hea", "m/2 3 250 600\ns0 300\ns1 200\n")
    check_refusal("m.hea", "600 samples in all segments", "found 500")
    write("m.hea", "m/2 3 250 500\ns0 300\nabsent 200\n")
    check_refusal("m.hea", "absent.hea")
    write("m.hea", "m/2 3 500 500\ns0 300\ns1 200\n")
    check_refusal("m.hea", "expected the record's 500 Hz, found 250 Hz")
    # a cut segment leaves a gap
    write("m.hea", "m/2 3 250 500\ns0 300\ns1 200\n")
    write("s0.dat", open("s0.dat", "rb").read()[:6 * 100 + 3])
    r = Recording("m.hea")
    assert [(a, n) for a, _, n in r.stretches] == [(0.0, 100), (300 / 250, 200)] and r.header["truncated"]


@case
def segments_of_a_variable_layout():
    a = simple("a", 16, 3, 100, seed=1, gain=10.0)
    b = simple("b", 16, 2, 80, seed=2, gain=7.0)
    write("b.hea", open("b.hea").read().replace("lead 0", "lead 2").replace("lead 1", "other"))
    write("layout.hea", "layout 3 250 0\n" + "".join(f"~ 0 200/uV 12 0 0 0 0 lead {s}\n" for s in range(3)))
    write("v.hea", "v/3 3 250 180\nlayout 0\na 100\nb 80\n")
    for block in (1e9, 0.13):
        r = Recording("v.hea", block)
        nothing = np.full(80, np.nan)
        assert len(r.stretches) == 1 and [s["label"] for s in r.signals] == ["lead 0", "lead 1", "lead 2"]
        same(r.x[0][0], np.concatenate([a[0], nothing]), 1e-14)
        same(r.x[0][1], np.concatenate([a[1], nothing]), 1e-14)
        same(r.x[0][2], np.concatenate([a[2], b[0]]), 1e-14)


@case
def more_segments_than_open_files():
    parts = [simple(f"s{i}", (16, 8)[i % 2], 2, 30 + i, seed=i) for i in range(40)]
    total = sum(30 + i for i in range(40))
    write("m.hea", f"m/40 2 250 {total}\n" + "".join(f"s{i} {30 + i}\n" for i in range(40)))
    for block in (1e9, 0.1):
        r = Recording("m.hea", block)
        assert r.header["n_files"] == 81 and len(r.stretches) == 1
        for s in range(2):
            same(r.x[0][s], np.concatenate([p[s] for p in parts]), 1e-14)
    assert checksums("m.hea") == ""


def matlab(rows, columns, digit, name=b"val\0"):
    return struct.pack("<5i", 10 * digit, rows, columns, 0, len(name)) + name


@case
def matlab_clothes():
    from scipy.io import loadmat

    for fmt, digit, dtype in ((16, 3, "<i2"), (80, 5, "u1"), (32, 2, "<i4")):
        expected = simple("r", fmt, 19, 500, seed=fmt)
        data = open("r.dat", "rb").read()
        write("r.mat", matlab(19, 500, digit) + data)
        write("r.hea", open("r.hea").read().replace(f"r.dat {fmt}", f"r.mat {fmt}+24"))
        r = Recording("r.hea", 0.5)
        peer = loadmat("r.mat")["val"].astype(float) - (128 if fmt == 80 else 0)
        for s in range(19):
            same(r.x[0][s], expected[s], 1e-14)
            same(np.nan_to_num(r.x[0][s], nan=-1e9), np.where(np.isnan(expected[s]), -1e9, (peer[s] - 3) / 50), 1e-14)
        assert checksums("r.hea") == ""
        write("r.mat", matlab(20, 500, digit) + data)
        check_refusal("r.hea", "19 x 500", "found 20 x 500")
        write("r.mat", matlab(19, 501, digit) + data)
        check_refusal("r.hea", "found 19 x 501")
        write("r.mat", matlab(19, 500, 0) + data)
        check_refusal("r.hea", "r.mat", "type 0")
        write("r.mat", matlab(19, 500, digit, b"values\0\0") + data)
        check_refusal("r.hea", "ends at byte 28")
        write("r.mat", matlab(19, 500, digit) + data[:-1])
        assert Recording("r.hea").header["truncated"]
        write("r.mat", b"MATLAB 5.0 MAT-file, Platform" + data)
        check_refusal("r.hea", "level 4", "level 5")
        write("r.mat", b"short")
        check_refusal("r.hea", "MATLAB header of 20 bytes")


@case
def headers():
    expected = simple("r", 16, 2, 300, newline="\r\n")
    same(Recording("r.hea").x[0][1], expected[1], 1e-14)
    write("r.hea", b"\xef\xbb\xbf# made by a test\n\n" + open("r.hea", "rb").read())
    same(Recording("r.hea").x[0][1], expected[1], 1e-14)
    head = "r 2 250 300\n"
    line = "r.dat 16 50(3)/uV 16 0 0 0 0 lead"
    good = head + f"{line} 0\n{line} 1\n"
    v = np.frombuffer(open("r.dat", "rb").read(), "<i2").reshape(-1, 2).T.astype(int)

    def read(text):
        write("r.hea", text)
        return Recording("r.hea")

    r = read(good.replace("lead 0", "F\xe9z".encode("latin-1").decode("latin-1")))
    assert r.signals[0]["label"] == "F\xe9z"
    write("r.hea", good.encode().replace(b"lead 0", b"\xb5 lead"))
    assert Recording("r.hea").signals[0]["label"] == "\xb5 lead"
    r = read("r 2\nr.dat 16 50\nr.dat 16 50\n")  # the least that is allowed: 250 Hz, mV, no length
    assert r.signals[1]["fs_hz"] == 250 and r.header["n_records"] == 300 and r.signals[1]["label"] == "signal 2"
    same(r.x[0][0], physical(16, v[0], 50, 0, 1000.0), 1e-14)
    r = read(good.replace("50(3)/uV 16 0", "50/uV 12 7", 1))  # without a baseline: the converter's zero
    same(r.x[0][0], physical(16, v[0], 50, 7), 1e-14)
    assert abs(r.signals[0]["physical_min"] + 2048 / 50) < 1e-9 and abs(r.signals[0]["physical_max"] - 2047 / 50) < 1e-9
    r = read(good.replace("50(3)/uV", "0(3)/uV", 1))  # not calibrated: no voltage, decoded by 200 steps a unit
    assert [s["kind"] for s in r.signals] == [1, 0] and "gain of 0" in r.header["note"]
    same(r.x[0][0], physical(16, v[0], 200, 3), 1e-14)
    r = read(good.replace("/uV", "/nu") + "#Utility frequency: 60\n")
    assert r.signals[0]["kind"] == 0 and "nu" in r.header["note"] and r.header["line_hz"] == 60
    r = read(good.replace("50(3)/uV", "50.000000000000003(3)/mmHg", 1))
    assert r.signals[0]["kind"] == 1 and r.signals[0]["unit"] == "mmHg"
    for text, *words in (
            ("", "empty file"), ("# nothing\n", "record line"), ("r\n", "number of signals"),
            ("r x\n", "number of signals"), ("r 0\n", "at least 1 signal"), ("r 99999\n", "number of signals"),
            ("r 2 0\n", "sampling frequency"), ("r 2 -5\n", "sampling frequency"), ("r 2 fast\n", "sampling frequency"),
            ("r 2 250 -1\n", "number of samples"), ("r 2 250 many\n", "number of samples"),
            (head + f"{line} 0\n", "expected 2 signals, found 1"), (good + f"{line} 2\n", "another line"),
            (good.replace("50(3)", "0(3)"), "gain", "calibrated"), (good.replace("50(3)", "5O(3)"), "gain"),
            (good.replace("50(3)/uV", "50(x)/uV"), "gain"), (good.replace(" 16 50", " 17 50"), "sample format"),
            (good.replace(" 16 50", " 516 50"), "compressed"), (good.replace(" 16 50", " 16x0 50"), "sample format"),
            (good.replace(" 16 50", " 16+-2 50"), "sample format"), (good.replace("r.dat", "../r.dat"), "beside"),
            (good.replace("r.dat", "/etc/passwd"), "beside"), (good.replace("r.dat", "absent.dat"), "absent.dat"),
            (good.replace("r.dat", "r.hea", 1), "r.dat", "bytes of 2"), (good.replace("16 0 0 0 0", "16 0 0 twelve 0"), "checksum"),
            (good.replace("r.dat 16 50", "r.dat 32 50", 1), "one format"),
            ("r/0 2\n", "number of segments"), ("r/2 2 250\nr 300\n", "expected 2 segments, found 1")):
        write("r.hea", text)
        check_refusal("r.hea", *words)


@case
def other_sizes():
    expected = simple("r", 16, 4, 1000)
    data = open("r.dat", "rb").read()
    write("r.dat", data[:8 * 600 + 5])
    r = Recording("r.hea")
    assert r.header["truncated"] and "600 of 1000" in r.header["note"]
    same(r.x[0][2], expected[2][:600], 1e-14)
    write("r.dat", data + b"\0\0\0")
    assert "after the last frame" in Recording("r.hea").header["note"]
    write("r.dat", data + bytes(2000))  # five signals
    check_refusal("r.hea", "4 samples in each of 1000 frames", "bytes of 5")
    write("r.dat", data[:6000])
    check_refusal("r.hea", "bytes of 3")
    write("r.dat", b"")
    check_refusal("r.hea", "expected frames of samples, found none")
    os.remove("r.dat")
    check_refusal("r.hea", "r.dat", "could not be opened")


def annotation(code, interval):
    return struct.pack("<H", code << 10 | interval)


@case
def annotations():
    simple("r", 16, 2, 5000)
    text = b"burst suppression"
    data = annotation(1, 100) + annotation(5, 30) + annotation(60, 7) + annotation(61, 1)
    data += annotation(22, 0) + annotation(63, len(text)) + text + b"\0"
    data += annotation(59, 0) + struct.pack("<HH", 1, 2) + annotation(28, 0) + annotation(63, 2) + b"(N" + b"\0\0"
    write("r.atr", data)
    found = Recording("r.hea").header["annotations"]
    expected = [(100, "N"), (130, "V"), (130, text.decode()), (130 + 65536 + 2, "(N")]
    assert [(a["onset_s"], a["text"]) for a in found] == [(t / 250, text) for t, text in expected], found
    note = b"## time resolution: 1000"
    write("r.atr", annotation(22, 0) + annotation(63, len(note)) + note + annotation(1, 500) + b"\0\0")
    found = Recording("r.hea").header["annotations"]
    assert [(a["onset_s"], a["text"]) for a in found] == [(0.5, "N")], found
    write("r.atr", data[:-5])
    assert len(Recording("r.hea").header["annotations"]) == 4


@case
def header_of_icare():
    """The true header of ../shared/data with samples made up to its checksums and initial values."""
    path = os.path.join(frames.DATA, "icare", "0284_001_004_EEG.hea")
    if not os.path.exists(path):
        raise frames.Skip("no real recordings")
    check_refusal(path, "0284_001_004_EEG.mat", "could not be opened")  # the header alone is there
    lines = open(path).read().split("\n")
    n = 1578500
    rng = np.random.default_rng(7)
    values = rng.integers(-1000, 1000, (19, n)).astype(np.int64)
    specs = [line.split() for line in lines[1:20]]
    for s, f in enumerate(specs):
        values[s, 0] = int(f[5])
        short = (int(f[6]) - int(np.sum(values[s]))) % 65536
        values[s, 1:67] += np.diff(np.linspace(0, short, 67).astype(np.int64))
    write("0284_001_004_EEG.mat", matlab(19, n, 3) + values.T.astype("<i2").tobytes())
    write("0284_001_004_EEG.hea", open(path).read())
    r = Recording("0284_001_004_EEG.hea", 600)
    assert r.header["line_hz"] == 50 and r.header["start_clock_s"] is None
    assert [s["label"] for s in r.signals][:4] == ["Fp1", "Fp2", "F3", "F4"] and r.header["duration_s"] == 3157
    for s, f in enumerate(specs):
        gain, baseline = f[2].split("/")[0].rstrip(")").split("(")
        same(r.x[0][s], (values[s] - int(baseline)) / float(gain), 1e-14)
    assert checksums("0284_001_004_EEG.hea") == ""


frames.run_cases("eveil-wfdb-")

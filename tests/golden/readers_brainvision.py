"""BrainVision files: those of ../shared/data against MNE, and files written here from the specification: sample formats,
layouts, units, markers and segments, names, positions, encodings, damage."""
import glob
import os
import sys
import warnings

try:
    import numpy as np
except ImportError:
    print("skip readers_brainvision: numpy is not installed")
    sys.exit(0)
import readers_frames as frames
from readers_frames import Recording, case, check_refusal, same

MNE_FOLDER = os.path.join(frames.DATA, "brainvision", "mne")
DTYPES = {"INT_16": "<i2", "UINT_16": "<u2", "INT_32": "<i4", "IEEE_FLOAT_32": "<f4"}


def write(name, data):
    with open(name, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())


def header(n, form="INT_16", orientation="MULTIPLEXED", data="r.eeg", markers="r.vmrk", extra="", channels=None, us=4000,
           sections=""):
    lines = channels or [f"Ch{c + 1}=C{c},,0.5,µV" for c in range(n)]
    return f"""Brain Vision Data Exchange Header File Version 1.0
; a comment
[Common Infos]
Codepage=UTF-8
DataFile={data}
{"MarkerFile=" + markers if markers else ""}
DataFormat=BINARY
DataOrientation={orientation}
NumberOfChannels={n}
SamplingInterval={us}
{extra}
[Binary Infos]
BinaryFormat={form}

[Channel Infos]
""" + "\n".join(lines) + f"\n\n{sections}\n[Comment]\n[Channel Infos]\nCh1=nothing of this counts\n"


def markers(*lines):
    return "Brain Vision Data Exchange Marker File, Version 1.0\n\n[Common Infos]\nDataFile=r.eeg\n\n[Marker Infos]\n" + \
        "\n".join(lines) + "\n"


def samples(form, n_channels, n, seed=1):
    rng = np.random.default_rng(seed)
    if form == "IEEE_FLOAT_32":
        v = rng.normal(0, 30, (n_channels, n)).astype("<f4")
        v.flat[3:5] = np.nan, np.inf
        return v
    info = np.iinfo(DTYPES[form])
    v = rng.integers(info.min, info.max, (n_channels, n), endpoint=True).astype(DTYPES[form])
    v.flat[:2] = info.min, info.max
    return v


def finite(v):
    return np.where(np.isfinite(v), v, np.nan)


@case
def against_mne():
    if not os.path.isdir(MNE_FOLDER):
        raise frames.Skip("no real recordings")
    try:
        import mne
    except ImportError:
        raise frames.Skip("MNE-Python is not installed")
    warnings.filterwarnings("ignore")
    mne.set_log_level("ERROR")
    files = sorted(glob.glob(os.path.join(MNE_FOLDER, "*.vhdr")))
    assert len(files) == 13, files
    for path in files:
        name = os.path.basename(path)
        raw = mne.io.read_raw_brainvision(path, preload=True)
        for block in (1e9, 0.4):
            r = Recording(path, block)
            assert [s["label"] for s in r.signals] == raw.ch_names, name
            assert all(s["fs_hz"] == raw.info["sfreq"] for s in r.signals)
            for c, signal in enumerate(r.signals):
                found = np.concatenate([x[c] for x in r.x])
                # of other units MNE reads some as SI units and some as they are
                theirs, scale = raw.get_data(picks=[c])[0], 1e6
                if signal["kind"] != 0 and np.any(theirs):
                    most = np.argmax(np.abs(theirs))
                    scale = 10.0 ** round(np.log10(found[most] / theirs[most]))
                    assert scale in (1, 1e6), f"{name} {signal['label']}: {scale} of MNE"
                same(found, theirs * scale, 1e-12, f"{name} {signal['label']}")
        start = raw.info["meas_date"]
        h = r.header
        if start and start.year > 1970:
            assert (h["year"], h["month"], h["day"]) == (start.year, start.month, start.day), name
            clock = start.hour * 3600 + start.minute * 60 + start.second + 1e-6 * start.microsecond
            assert abs(h["start_clock_s"] - clock) < 1e-5, name
        n = sum(s[2] for s in r.stretches) / raw.info["sfreq"]
        inside = [a for a in h["annotations"] if a["onset_s"] < n]
        theirs = [(a["onset"], a["description"]) for a in raw.annotations]
        assert len(inside) == len(theirs), f"{name}: {len(inside)} annotations, MNE {len(theirs)}"
        for a, (onset, text) in zip(inside, theirs):
            assert abs(a["onset_s"] - onset) < 1e-9, f"{name}: {a}, {onset} {text}"
            # MNE writes the number of a stimulus anew ("S253" is "S253", "S  1" is "S  1")
            assert a["text"].split("/")[0] == text.split("/")[0], f"{name}: {a}, {text}"


@case
def facts_of_real_files():
    if not os.path.isdir(MNE_FOLDER):
        raise frames.Skip("no real recordings")
    r = Recording(os.path.join(MNE_FOLDER, "test_units.vhdr"))
    plain = Recording(os.path.join(MNE_FOLDER, "test.vhdr"))
    for c in range(26):  # nV, mV, V, uV: the same microvolts
        same(r.x[0][c], plain.x[0][c], 1e-12)
    assert [s["kind"] for s in r.signals[24:]] == [0, 0] + [1] * 6 and r.signals[28]["unit"] == "ARU"
    old = Recording(os.path.join(MNE_FOLDER, "test_old_layout_latin1_software_filter.vhdr"))
    # two segments, a microsecond apart by their dates: a break without a gap
    assert [s[2] for s in old.stretches] == [1, 250] and old.signals[0]["unit"] == "µV", old.stretches
    raw = np.fromfile(os.path.join(MNE_FOLDER, "test_old_layout_latin1_software_filter.eeg"), "<f4").reshape(29, 251)
    for c in range(29):
        same(np.concatenate([old.x[0][c], old.x[1][c]]), raw[c].astype(float) * 0.1, 1e-14)
    assert Recording(os.path.join(MNE_FOLDER, "test_old_layout_latin1_software_filter_longname.vhdr")).signals[1][
        "label"] == "F3 3 part"
    v2 = Recording(os.path.join(MNE_FOLDER, "testv2.vhdr"))
    fp1, cz, last = v2.signals[0], v2.signals[16], v2.signals[31]
    assert abs(fp1["x"] + 0.30901699) < 1e-6 and abs(fp1["y"] - 0.95105652) < 1e-6 and abs(fp1["z"]) < 1e-6
    assert abs(cz["z"] - 1) < 1e-6 and last["x"] is None
    assert any(a["text"] == "Comment/comment using [square] brackets" for a in v2.header["annotations"])


@case
def every_format_and_layout():
    for form, dtype in DTYPES.items():
        for n_channels, n in ((1, 50), (3, 1001), (8, 640), (33, 777)):
            v = samples(form, n_channels, n)
            for orientation in ("MULTIPLEXED", "VECTORIZED"):
                for swapped in (False, True):
                    stored = v.astype(dtype.replace("<", ">")) if swapped else v
                    write("r.eeg", (stored if orientation == "VECTORIZED" else stored.T).tobytes())
                    text = header(n_channels, form, orientation, markers="")
                    text = text.replace(f"={form}\n", f"={form}\nUseBigEndianOrder={'YES' if swapped else 'NO'}\n")
                    write("r.vhdr", text.replace("\n", "\r\n"))
                    r = Recording("r.vhdr", 1.1)
                    assert r.header["n_records"] == n and r.signals[0]["fs_hz"] == 250
                    for c in range(n_channels):
                        same(r.x[0][c], finite(v[c].astype(float)) * 0.5, 1e-14, f"{form} {orientation} {swapped}")
    assert r.signals[0]["physical_max"] is None
    write("r.eeg", samples("INT_16", 2, 10).T.tobytes())
    write("r.vhdr", header(2, markers=""))
    signal = Recording("r.vhdr").signals[0]
    assert (signal["physical_min"], signal["physical_max"]) == (-16384, 16383.5)


@case
def segments_and_markers():
    v = samples("INT_16", 2, 2000)
    write("r.eeg", v.T.tobytes())
    write("r.vhdr", header(2))
    write("r.vmrk", markers("Mk1=New Segment,,1,1,0,20200229235959500000", "Mk2=Stimulus,S  1,101,5,0",
                            "Mk3=New Segment,,501,1,0,20200301000009500000",  # 10 s after the start, 8 s of gap
                            r"Mk4=Comment,a\1 b, 1001,1,0", "Mk5=New Segment,,1001,1,0,20200301000011500000",
                            "Mk6=New Segment,,1501,1,0", "Mk7=Comment,late,3000,1,0", "Mk8=broken"))
    for block in (1e9, 0.7):
        r = Recording("r.vhdr", block)
        # the third segment follows the second by its date and is no segment; the fourth has no date
        assert [(s[0], s[2]) for s in r.stretches] == [(0, 500), (10, 1000), (14, 500)], r.stretches
        assert "without a date" in r.header["note"] and r.header["duration_s"] == 16
        at = 0
        for i, (_, _, n) in enumerate(r.stretches):
            same(r.x[i][1], v[1, at:at + n] * 0.5, 1e-14)
            at += n
    h = r.header
    assert (h["year"], h["month"], h["day"], h["start_clock_s"]) == (2020, 2, 29, 86399.5)
    found = [(a["onset_s"], a["duration_s"], a["text"]) for a in h["annotations"] if "Segment" not in a["text"]]
    assert found == [(0.4, 0.02, "Stimulus/S  1"), (12, 0.004, "Comment/a, b"), (14 + 1499 / 250, 0.004, "Comment/late")], found
    write("r.vmrk", markers("Mk1=New Segment,,1,1,0", "Mk2=New Segment,,1001,1,0"))
    write("r.vhdr", header(2, extra="SegmentationType=MARKERBASED\nSegmentDataPoints=500"))
    assert [s[2] for s in Recording("r.vhdr").stretches] == [500] * 4
    write("r.vmrk", markers("Mk1=Comment,\xb5V".encode().decode("latin-1"), "Mk2=Comment,µ,5,1,0"))
    assert [a["text"] for a in Recording("r.vhdr").header["annotations"]] == ["Comment/µ"]
    write("r.vmrk", markers("Mk1=Comment,A,5,1,0").encode().replace(b"A", b"\xb5"))
    assert [a["text"] for a in Recording("r.vhdr").header["annotations"]] == ["Comment/µ"]


@case
def names_of_files():
    v = samples("INT_16", 2, 300)
    for data, marker in (("$b.eeg", "$b.vmrk"), ("C:\\Raw Files\\r.eeg", "D:/x/r.vmrk"), ("old name.eeg", "old name.vmrk")):
        write("r.eeg", v.T.tobytes())
        write("r.vmrk", markers("Mk1=Comment,x,5,1,0"))
        write("r.vhdr", header(2, data=data, markers=marker))
        r = Recording("r.vhdr")
        assert r.header["n_files"] == 3 and ("not there" in r.header["note"]) == ("old" in data), r.header
    os.rename("r.eeg", "other.eeg")
    check_refusal("r.vhdr", "r.vhdr", "found neither")
    os.rename("other.eeg", "r.eeg")
    os.remove("r.vmrk")
    assert "marker file is not there" in Recording("r.vhdr").header["note"]
    write("r.vhdr", header(2, data="..", markers=""))
    check_refusal("r.vhdr", "DataFile")


@case
def headers():
    v = samples("INT_16", 3, 300)
    write("r.eeg", v.T.tobytes())
    good = header(3, markers="")

    def read(text):
        write("r.vhdr", text)
        return Recording("r.vhdr")

    r = read(good.replace("Ch1=C0,,0.5,µV", "Ch1=a\\1b,ref,,mV").replace("Ch2=C1,,0.5,µV", "Ch2=C1,,0,µV"))
    assert [s["label"] for s in r.signals] == ["a,b", "C1", "C2"] and [s["kind"] for s in r.signals] == [0, 1, 0]
    assert "resolution of 0" in r.header["note"]
    same(r.x[0][0], v[0] * 1000.0, 1e-14)
    read("\ufeff" + good)
    write("r.vhdr", good.replace("Codepage=UTF-8\n", "").encode("latin-1"))
    assert Recording("r.vhdr").signals[0]["unit"] == "µV"
    read(good.replace("Brain Vision Data Exchange Header File Version 1.0", "BrainVision Data Exchange Header File, Version 2.0"))
    read(good.replace("DataOrientation=MULTIPLEXED\n", ""))
    r = read(header(3, markers="", sections="[Coordinates]\nCh1=1,90,0\nCh2=0,0,0\nCh3=2,0,0"))
    xyz = [[s[k] for k in "xyz"] for s in r.signals]
    assert np.allclose(xyz[0], [1, 0, 0]) and xyz[1] == [None] * 3 and np.allclose(xyz[2], [0, 0, 2])
    for text, *words in (
            (good.replace("=BINARY", "=ASCII"), "ASCII"), (good.replace("=MULTIPLEXED", "=SIDEWAYS"), "DataOrientation"),
            (good.replace("BinaryFormat=INT_16", "BinaryFormat=INT_12"), "INT_12"), (good.replace("BinaryFormat=INT_16", ""), "BinaryFormat"),
            (good.replace("SamplingInterval=4000", "SamplingInterval=0"), "SamplingInterval"),
            (good.replace("SamplingInterval=4000", ""), "SamplingInterval"),
            (good.replace("DataFile=r.eeg", ""), "DataFile"), (good.replace("NumberOfChannels=3", ""), "NumberOfChannels"),
            (good.replace("NumberOfChannels=3", "NumberOfChannels=2"), "Ch1 to Ch2", "Ch3"),
            (good.replace("NumberOfChannels=3", "NumberOfChannels=4"), "no Ch4"),
            (good.replace("NumberOfChannels=3", "NumberOfChannels=-3"), "NumberOfChannels"),
            (good.replace("Ch2=", "Ch1="), "Ch1 again"), (good.replace("0.5", "0"), "resolution above 0"),
            (good.replace("Ch1=C0,,0.5", "Ch1=C0,,half"), "resolution", "Ch1"),
            (good.replace("DataFormat=BINARY", "DataFormat=BINARY\nDataType=FREQUENCYDOMAIN"), "DataType"),
            ("Brain Vision Data Exchange Header File Version 1.0\n", "DataFile"),
            (header(3, markers="", sections="[Coordinates]\nCh1=1,east,0"), "theta")):
        write("r.vhdr", text)
        check_refusal("r.vhdr", "r.vhdr", *words)


@case
def other_sizes():
    v = samples("INT_16", 4, 1000)
    data = v.T.tobytes()
    write("r.eeg", data[:4999])
    write("r.vhdr", header(4, markers=""))
    r = Recording("r.vhdr")
    assert r.header["truncated"] and r.header["n_records"] == 624
    same(r.x[0][3], v[3, :624] * 0.5, 1e-14)
    write("r.vhdr", header(4, markers="", extra="DataPoints=1000"))
    assert "624 of 1000" in Recording("r.vhdr").header["note"]
    write("r.eeg", data + b"xyz")
    r = Recording("r.vhdr")
    assert "3 bytes after" in r.header["note"] and not r.header["truncated"] and r.header["n_records"] == 1000
    write("r.eeg", v[:3].T.tobytes())
    check_refusal("r.vhdr", "r.eeg", "4 channels of 1000 points", "bytes of 3 channels")
    write("r.eeg", data[:4999])
    for extra in ("", "DataPoints=1000"):
        write("r.vhdr", header(4, orientation="VECTORIZED", markers="", extra=extra))
        check_refusal("r.vhdr", "r.eeg", "whole channels")
    write("r.vhdr", header(4, markers="") + "Number of channels: 3\n")
    write("r.eeg", v[:3, :999].T.tobytes())
    check_refusal("r.vhdr", "r.eeg", "4 channels", "the bytes of 3")
    write("r.eeg", b"1234567")
    check_refusal("r.vhdr", "r.eeg", "frames of 8 bytes", "7")
    write("r.eeg", b"")
    check_refusal("r.vhdr", "r.eeg")


frames.run_cases("eveil-brainvision-")

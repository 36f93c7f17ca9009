"""MATLAB matrices and EEGLAB data sets, written here by scipy in many layouts, against what was written; data sets
against MNE-Python where it is installed; files that are cut or damaged."""
import os
import struct
import subprocess
import sys
import tempfile
import warnings

from harness import BUILD, ROOT, Recording, check, failed, np, refused, report, same, write

try:
    import scipy.io
except ImportError:
    print("skip readers_matlab: scipy is not installed")
    sys.exit(0)
RATE = "matlab: { fs_hz = 100; };"


def save(folder, name, variables, **options):
    path = os.path.join(folder, name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scipy.io.savemat(path, variables, appendmat=False, **options)
    return path


def matrices(folder):
    rng = np.random.default_rng(3)
    for kind in ("f8", "f4", "i2", "i4"):
        x = (rng.normal(size=(6, 3000)) * 300).astype(kind)
        for name, options in (("5", {}), ("5 compressed", {"do_compression": True}), ("4", {"format": "4"})):
            for side, y in (("rows", x), ("columns", x.T)):
                ours = Recording(save(folder, "x.mat", {"x": y}, **options), RATE, 0.9)
                same(f"matlab {name}: {kind}, {side} are channels", ours, x)
    whole = save(folder, "x.mat", {"x": np.round(x).astype("f8")})  # doubles that a byte or two hold are stored as such
    same("matlab: doubles that are whole numbers", Recording(whole, RATE, 3.1), np.round(x))
    x = rng.normal(size=(3, 50))
    x[1, 7], x[2, 8] = np.nan, np.inf
    for packed in (False, True):
        labels = np.array(["Fp1", "Cz", "Gödel"], dtype=object)
        path = save(folder, "x.mat", {"fs": 256.0, "labels": labels, "x": x, "note": "free text"}, do_compression=packed)
        ours = Recording(path)
        same(f"matlab: what is not finite is missing, compressed {packed}", ours, np.where(np.isfinite(x), x, np.nan))
        check(f"matlab: rate and names, compressed {packed}", (ours.fs(), ours.labels), (256.0, ["Fp1", "Cz", "Gödel"]))
    path = save(folder, "x.mat", {"a": x[:, :20], "b": {"eeg": x, "hz": 64.0, "names": np.array(["A ", "B ", "C "])}})
    ours = Recording(path, 'matlab: { variable = "b.eeg"; fs_variable = "b.hz"; labels_variable = "b.names"; };')
    check("matlab: parts of a structure", (ours.fs(), ours.labels), (64.0, ["A", "B", "C"]))
    same("matlab: a matrix in a structure", ours, np.where(np.isfinite(x), x, np.nan))
    refused("matlab: two matrices", Recording(save(folder, "x.mat", {"p": x, "q": x}), RATE), "p, q", "formats.matlab.variable")
    refused("matlab: no such variable", Recording(path, 'matlab: { variable = "c"; };'), "found no \"c\"")
    refused("matlab: a square", Recording(save(folder, "x.mat", {"x": np.ones((9, 9))}), RATE), "formats.matlab.channels")
    refused("matlab: no rate", Recording(save(folder, "x.mat", {"x": x})), "formats.matlab.fs_hz")
    for name, y in (("complex", x + 1j), ("text", "abc"), ("bytes", np.ones((4, 99), "u1")), ("empty", np.zeros((0, 9))),
                    ("sparse", scipy.sparse.eye(9))):
        refused(f"matlab: {name}", Recording(save(folder, "x.mat", {"x": y}), RATE), "x.mat")
    refused("matlab: version 7.3", Recording(write(folder, "x.mat", b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM" + bytes(999)),
                                             RATE), "7.3", "HDF5", "-v7")


def data_set(trials=1, n=1200, channels=5, kind="f4"):
    rng = np.random.default_rng(4)
    x = (rng.normal(size=(channels, n * trials)) * 20).astype(kind)
    names = ["Fp1", "Fp2", "Cz", "O1", "O2"]
    places = np.array([(name, 1.0 + i, 2.0 - i, 3.0 + i) for i, name in enumerate(names)],
                      dtype=[(key, "O") for key in ("labels", "X", "Y", "Z")])
    events = np.array([(1.0, "start", 0.0), (301.0, "sq", 25.0), (700.5, "boundary", 500.0), (801.0, 7.0, 1.0)],
                      dtype=[(key, "O") for key in ("latency", "type", "duration")])
    eeg = {"setname": "made", "nbchan": float(channels), "pnts": float(n), "trials": float(trials), "srate": 250.0, "xmin": 0.0,
           "xmax": (n - 1) / 250.0, "data": x, "chanlocs": places, "event": events, "icawinv": np.zeros((0, 0)),
           "icaweights": np.zeros((0, 0)), "icasphere": np.zeros((0, 0)), "icachansind": np.zeros((0, 0)), "epoch": np.zeros((0, 0))}
    return eeg, x


def check_set(name, ours, x, samples=(700, 500)):
    same(f"{name}: samples", ours, x)
    if ours.error:
        return
    check(f"{name}: gap at the boundary", ours.stretches, [(0.0, samples[0]), (1200 / 250, samples[1])])
    check(f"{name}: names", ours.labels, ["Fp1", "Fp2", "Cz", "O1", "O2"])
    check(f"{name}: events behind a gap are later", ours.annotations,
          [(0.0, 0.0, "start"), (1.2, 0.1, "sq"), (1300 / 250, 0.004, "7")])
    # EEGLAB: X to the nose, Y to the left; ours: right, front, up
    check(f"{name}: positions", [float(v) for v in ours.signals[2][4:7]], [0.0, 3.0, 5.0])


def data_sets(folder):
    eeg, x = data_set()
    for packed in (False, True):
        check_set(f"eeglab, compressed {packed}", Recording(save(folder, "a.set", {"EEG": eeg}, do_compression=packed), "", 0.7), x)
    check_set("eeglab, fields as variables", Recording(save(folder, "b.set", eeg, do_compression=True)), x)
    double, y = data_set(kind="f8")
    check_set("eeglab, doubles", Recording(save(folder, "c.set", {"EEG": double})), y)
    beside = dict(eeg, data="d.fdt", datfile="d.fdt")
    fdt = write(folder, "d.fdt", x.T.astype("<f4").tobytes())
    check_set("eeglab, fdt", Recording(save(folder, "d.set", {"EEG": beside}), "", 1.3), x)
    far = dict(eeg, data="C:\\work\\d.fdt")
    check_set("eeglab, fdt with a path", Recording(save(folder, "e.set", {"EEG": far}, do_compression=True)), x)
    write(folder, "f.fdt", x.T.astype("<f4").tobytes())
    renamed = Recording(save(folder, "f.set", {"EEG": dict(eeg, data="gone.fdt")}))
    check_set("eeglab, both files renamed", renamed, x)
    check("eeglab, renamed: a note", "f.fdt" in renamed.facts["note"][0], True)
    write(folder, "g.dat", x.astype("<f4").tobytes())
    check_set("eeglab, dat: channel after channel", Recording(save(folder, "g.set", {"EEG": dict(eeg, data="g.dat")})), x)
    trials, z = data_set(trials=4, n=300)
    trials["data"] = z.reshape(5, 4, 300).transpose(0, 2, 1)
    trials["event"] = np.array([(301.0, "go")], dtype=[("latency", "O"), ("type", "O")])
    epoched = Recording(save(folder, "h.set", {"EEG": trials}, do_compression=True), "", 0.4)
    same("eeglab, trials: samples", epoched, z)
    check("eeglab, trials: stretches", epoched.stretches, [(k * 300 / 250, 300) for k in range(4)])
    check("eeglab, trials: events", epoched.annotations, [(1.2, 0.0, "go")])
    refused("eeglab, fdt too short", Recording(save(folder, "d.set", {"EEG": dict(beside, pnts=1201.0)})), fdt, "24020 bytes", "24000")
    refused("eeglab, no fdt", Recording(save(folder, "i.set", {"EEG": dict(eeg, data="none.fdt")})), "none.fdt")
    refused("eeglab, fdt elsewhere", Recording(save(folder, "i.set", {"EEG": dict(eeg, data="/etc/passwd")})), "passwd")
    for key, value in (("nbchan", 6.0), ("pnts", 5.0), ("pnts", 1199.5), ("srate", 0.0), ("srate", np.nan), ("trials", 2.0), ("nbchan", -5.0)):
        refused(f"eeglab, {key} = {value}", Recording(save(folder, "i.set", {"EEG": dict(eeg, **{key: value})})), "i.set", "EEG")
    refused("eeglab, no structure", Recording(save(folder, "i.set", {"x": x})), "structure EEG")
    refused("eeglab, version 7.3", Recording(write(folder, "i.set", b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM" + bytes(999))), "7.3")


def against_mne(folder):
    try:
        import mne
    except ImportError:
        print("skip eeglab_against_mne: MNE-Python is not installed")
        return
    warnings.filterwarnings("ignore")
    mne.set_log_level("ERROR")
    eeg, x = data_set()
    eeg["event"] = eeg["event"][[0, 1, 3]]
    for name, content in (("inside", eeg), ("beside", dict(eeg, data="m.fdt"))):
        write(folder, "m.fdt", x.T.astype("<f4").tobytes())
        path = save(folder, "m.set", {"EEG": content})
        raw, ours = mne.io.read_raw_eeglab(path, preload=True), Recording(path)
        same(f"eeglab {name}: samples of MNE", ours, 1e6 * raw.get_data(), 1e-12)
        check(f"eeglab {name}: names of MNE", ours.labels, raw.ch_names)
        theirs = [(a["onset"], a["description"]) for a in raw.annotations]
        good = len(theirs) == len(ours.annotations) and all(
            abs(a - b[0]) < 1e-9 and t.rstrip("0").rstrip(".") == b[2] for (a, t), b in zip(theirs, ours.annotations))
        report(f"eeglab {name}: events of MNE", None if good else f"{ours.annotations}, expected {theirs}")
        places = np.array([c["loc"][:3] for c in raw.info["chs"]])
        found = np.array([[float(v) for v in s[4:7]] for s in ours.signals])
        # MNE's head frame may be moved and turned; distances between electrodes are kept but for the unit
        def apart(p):
            d = np.linalg.norm(p[:, None] - p[None], axis=2)
            return d / d.max()
        report(f"eeglab {name}: positions of MNE", None if np.allclose(apart(places), apart(found), atol=1e-6) else "others")


def damage(folder):
    eeg, _ = data_set(n=300)
    plain = {"x": np.arange(2000.0).reshape(4, 500), "fs": 100.0}
    files = {"plain 5": save(folder, "a.mat", plain), "compressed 5": save(folder, "b.mat", plain, do_compression=True),
             "plain 4": save(folder, "c.mat", plain, format="4"), "a set": save(folder, "a.set", {"EEG": eeg}),
             "a compressed set": save(folder, "b.set", {"EEG": eeg}, do_compression=True)}
    rng = np.random.default_rng(5)
    for name, path in files.items():
        whole = open(path, "rb").read()
        cut = os.path.join(folder, "cut" + path[-4:])
        accepted = []
        cuts = sorted({1, 19, 20, 21, 100, 127, 128, 129, 135, 136, 140, 184, len(whole) - 1, len(whole) - 8,
                       *rng.integers(1, len(whole), 40).tolist()})
        for n in cuts:
            with open(cut, "wb") as file:
                file.write(whole[:n])
            ours = Recording(cut, 'matlab: { variable = "x"; fs_hz = 100; };')
            # variables that end where the file is cut are all there: "x" comes first
            if not ours.error and (ours.all().size != 2000 or "cut" in path or not path.endswith(".mat")):
                accepted.append(n)
            elif ours.error and ours.code != 1:
                accepted.append(-n)
        report(f"cut at {len(cuts)} places: {name}", f"accepted at {accepted} of {len(whole)}" if accepted else None)
    whole = bytearray(open(files["compressed 5"], "rb").read())
    whole[400] ^= 0x40
    refused("a changed byte of a compressed matrix", Recording(write(folder, "z.mat", bytes(whole)), RATE), "damaged")
    whole = bytearray(open(files["plain 5"], "rb").read())
    at = whole.find(struct.pack("<II", 9, 16000))
    for name, n in (("fewer bytes than numbers", 800), ("more bytes than numbers", 17000), ("an absurd size", 0x7FFFFFF0)):
        changed = bytearray(whole)
        changed[at + 4:at + 8] = struct.pack("<I", n)
        refused(f"matlab: {name}", Recording(write(folder, "z.mat", bytes(changed)), RATE), "z.mat")


if subprocess.run([os.path.join(BUILD, "eveil"), "list", "readers", "matlab"], capture_output=True, cwd=ROOT, check=False).returncode:
    print("skip readers_matlab: built without libmatio")
    sys.exit(0)
with tempfile.TemporaryDirectory() as scratch:
    matrices(scratch)
    data_sets(scratch)
    against_mne(scratch)
    damage(scratch)
sys.exit(len(failed) > 0)

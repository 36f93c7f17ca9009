"""The reader against other programs on real files: EEGLAB/BioSig exports (.mat, .txt), MNE-Python where it
is installed, and the header reference of edfio. Decodings come from build/tests/real/readers_edf."""
import json
import os
import subprocess
import sys
import warnings

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("BUILD", os.path.join(ROOT, "build"))
DATA = os.environ.get("EVEIL_TEST_DATA", os.path.join(ROOT, "..", "shared", "data"))
READER = os.path.join(BUILD, "tests", "real", "readers_edf")
failed = 0


def report(name, problem):
    global failed
    failed += problem is not None
    print(f"ok {name}" if problem is None else f"not ok {name}: {problem}", flush=True)


def ours(path, signal):
    """Samples of a signal in microvolt or the file's unit."""
    out = subprocess.run([READER, "samples", os.path.join(DATA, path), str(signal)], capture_output=True, check=True)
    return np.frombuffer(out.stdout)


def our_annotations(path):
    out = subprocess.run([READER, "annotations", os.path.join(DATA, path)], capture_output=True, check=True)
    rows = [line.split("\t", 2) for line in out.stdout.decode().splitlines()]
    return [(float(onset), float(duration), text) for onset, duration, text in rows]


def all_near(name, path, theirs, tolerance):
    """theirs[signal]: samples; `tolerance` in the same unit."""
    worst = 0.0
    for signal, expected in theirs.items():
        found = ours(path, signal)
        if len(found) != len(expected):
            return report(name, f"signal {signal}: {len(found)} samples, expected {len(expected)}")
        worst = max(worst, float(np.max(np.abs(found - expected))))
    report(name, None if theirs and worst <= tolerance else f"largest difference {worst:g}, allowed {tolerance:g}")


def eeglab():
    from scipy.io import loadmat

    exports = os.path.join(DATA, "edf", "mne")
    exact = loadmat(os.path.join(exports, "test_edf_eeglab.mat"))["data"]
    all_near("test_edf_eeglab.mat", "edf/mne/test.edf", dict(enumerate(exact.astype(float))), 1e-5)
    # EEGLAB scales 24 bit with single precision: within 0.0051 uV
    for name in ("test_bdf_eeglab.mat", "test_eeglab.mat"):
        export = loadmat(os.path.join(exports, name))["data"]
        all_near(name, "edf/mne/test.bdf", dict(enumerate(export.astype(float))), 0.0051)
    # the first 717 samples with one decimal, from a decoder that is off by up to one digital step
    text = np.loadtxt(os.path.join(exports, "test_edf_stim_channel.txt"))
    worst = 0.0
    for signal, expected in enumerate(text.T):
        found = ours("edf/mne/test_edf_stim_channel.edf", signal)
        step = np.min(np.diff(np.unique(found)))
        worst = max(worst, float(np.max(np.abs(found[:len(expected)] - expected)) / (0.05 + 1.01 * step)))
    report("test_edf_stim_channel.txt", None if worst <= 1 else f"{worst:g} of the allowed difference")
    held = loadmat(os.path.join(exports, "test_uneven_samp.mat"))["data"].astype(float)
    # sample and hold at 1,600 Hz of 100 and 12.8 Hz
    for signal, hold in ((0, 16), (1, 125)):
        found = ours("edf/mne/test_uneven_samp.edf", signal)
        expected = held[signal][::hold]
        scale = 1e6 if signal == 0 else 1.0
        worst = np.max(np.abs(found / scale - expected)) if len(found) == len(expected) else np.inf
        report(f"test_uneven_samp.mat[{signal}]", None if worst < 1e-5 else f"largest difference {worst:g}")


def edfio_header():
    reference = json.load(open(os.path.join(DATA, "edf/edfio/short_psg_header_reference.json")))
    for suffix in ("edf", "bdf"):
        path = f"edf/edfio/short_psg.{suffix}"
        wrong = [r["label"] for s, r in enumerate(reference) if len(ours(path, s)) != 300 * r["sampling_frequency"]]
        report(f"edfio {path}", f"other lengths: {wrong}" if wrong else None)


MNE_FILES = """edfio/mne_test.edf edfio/mne_test.bdf edfio/short_psg.edf edfio/short_psg.bdf edfio/test_subsecond.edf
edfio/test_subsecond.bdf mne/test.bdf mne/test.edf mne/test_bdf_stim_channel.bdf mne/test_edf_stim_channel.edf
mne/test_stim_channel.edf pyedflib/test_generator.bdf pyedflib/test_generator.edf
pyedflib/test_generator_datarec_generator_0_5.bdf pyedflib/test_generator_datarec_generator_2.bdf
pyedflib/test_legacy.edf pyedflib/test_subsecond.edf pyedflib/test_utf8.edf""".split()


def against_mne(path):
    """Signals of the highest rate (MNE resamples the others) and, of EDF+, the annotations."""
    read = mne.io.read_raw_bdf if path.endswith("bdf") else mne.io.read_raw_edf
    raw = read(os.path.join(DATA, path), stim_channel=False, preload=True)
    extras = raw._raw_extras[0]
    most, worst, compared = max(extras["n_samps"]), 0.0, 0
    for channel, name in enumerate(raw.ch_names):
        if extras["n_samps"][channel] != most or raw._orig_units.get(name) == "n/a":
            continue
        signal = int(extras["sel"][channel])
        expected = 1e6 * raw.get_data(picks=[channel])[0]
        found = ours(path, signal)
        if len(found) != len(expected):
            return report(f"MNE {path}", f"{name}: {len(found)} samples, expected {len(expected)}")
        span = np.max(np.abs(expected)) or 1.0
        worst = max(worst, float(np.max(np.abs(found - expected)) / span))
        compared += 1
    if not compared or worst > 1e-11:
        return report(f"MNE {path}", f"{compared} signals, largest relative difference {worst:g}")
    theirs = [(a["onset"], a["duration"], a["description"]) for a in raw.annotations]
    found = our_annotations(path)
    same = len(found) == len(theirs) and all(
        abs(o - p) < 2e-6 and abs(d - e) < 2e-6 and t == u for (o, d, t), (p, e, u) in zip(found, theirs))
    report(f"MNE {path}", None if same else f"annotations {found[:3]}, expected {theirs[:3]}")


if not os.path.isdir(DATA):
    print("skip readers_against_peers: no real recordings")
    sys.exit(0)
try:
    import numpy as np
    import scipy.io
except ImportError:
    print("skip readers_against_peers: numpy or scipy is not installed")
    sys.exit(0)
eeglab()
edfio_header()
try:
    import mne
except ImportError:
    print("skip readers_against_mne: MNE-Python is not installed")
    sys.exit(failed > 0)
warnings.filterwarnings("ignore")
mne.set_log_level("ERROR")
for name in MNE_FILES:
    against_mne("edf/" + name)
for name in ("eegmat/data/Subject00_1.edf", "eegmat/data/Subject35_2.edf", "eegmmidb/S001R03.edf"):
    against_mne(name)
sys.exit(failed > 0)

#!/usr/bin/python3
"""Artefacts from file to store: which cells they cost, what the store tells of them, and that nothing is dropped silently.

Recordings are BrainVision floats with planted trouble, so that samples can be missing."""
import os
import sys

from harness import case, eveil, expect, python_modules, run_cases, total, write

NAMES = ["Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3", "Cz", "C4", "T8", "P7", "P3", "Pz", "P4", "P8", "O1", "O2"]
FS_HZ, DURATION_S = 200, 60
ANALYSES = """analyses: (
  { name = "short"; window_s = 2.0; features = ["band_power"]; },
  { name = "all"; window_s = 2.0; conditioning: { artefacts = "none"; }; features = ["band_power"]; },
  { name = "long"; window_s = 20.0; conditioning: { reference = "bipolar"; }; features = ["hjorth"]; } );
"""


def background(seed):
    """19 channels of smooth 1/f noise, 20 uV rms, shared by neighbours."""
    import numpy
    random = numpy.random.default_rng(seed)
    n = FS_HZ * DURATION_S
    spectrum = numpy.fft.rfft(random.standard_normal((20, n)))
    frequency = numpy.fft.rfftfreq(n, 1 / FS_HZ)
    spectrum *= 1 / numpy.maximum(frequency, 1) * (frequency > 0.3)
    source = numpy.fft.irfft(spectrum, n)
    x = numpy.array([0.6 * source[c] + 0.8 * source[19] for c in range(19)])
    return 20 * x / x.std()


def save(subject, x, root="cohort"):
    import numpy
    folder = f"{root}/{subject}/eeg"
    os.makedirs(folder)
    stem = f"{subject}_task-rest_eeg"
    x.T.astype("<f4").tofile(f"{folder}/{stem}.eeg")
    channels = "\n".join(f"Ch{i + 1}={name},,1,uV" for i, name in enumerate(NAMES))
    write(f"{folder}/{stem}.vhdr", "Brain Vision Data Exchange Header File Version 1.0\n[Common Infos]\nCodepage=UTF-8\n"
          f"DataFile={stem}.eeg\nDataFormat=BINARY\nDataOrientation=MULTIPLEXED\nNumberOfChannels={len(x)}\n"
          f"SamplingInterval={1e6 / FS_HZ:g}\n[Binary Infos]\nBinaryFormat=IEEE_FLOAT_32\n[Channel Infos]\n{channels}\n")
    assert numpy.isfinite(x).any()


def cohort():
    """clean; a pop in Cz at 30.5 s; Pz without signal; 1.5 s of T7 missing; C3 flat from 20 s to 30 s."""
    import numpy
    t = numpy.arange(FS_HZ * DURATION_S) / FS_HZ
    x = background(1)
    save("sub-clean", x)
    pop = background(2)
    pop[NAMES.index("Cz")] += 300 * (t >= 30.5) * numpy.exp(-(t - 30.5) / 0.2)
    save("sub-pop", pop)
    dead = background(3)
    dead[NAMES.index("Pz")] = 0
    save("sub-dead", dead)
    missing = background(4)
    missing[NAMES.index("T7"), (t >= 40.25) & (t < 41.75)] = numpy.nan
    save("sub-missing", missing)
    flat = background(5)
    flat[NAMES.index("C3"), (t >= 20) & (t < 30)] = 7
    save("sub-flat", flat)
    return write("study.cfg", 'cohort: { root = "cohort"; };\noutput: { store = "out/store.h5"; };\n'
                              f"run: {{ task_s = 15.0; }};\n{ANALYSES}")


class Store:
    def __init__(self, path="out/store.h5"):
        import h5py
        self.file = h5py.File(path)
        text = self.file["recordings/subject"].asstr()[:]
        self.recording = {"sub-" + name: i for i, name in enumerate(text)}

    def why(self, analysis, subject, channel):
        """[window]: of the first column of a channel."""
        g = self.file["analyses"][analysis]
        column = list(g["column_channel"].asstr()[:]).index(channel)
        return g["why"][:][g["window_recording"][:] == self.recording[subject], column]

    def share(self, analysis, subject, channel, cause):
        g = self.file["analyses"][analysis]
        return g["quality"][self.recording[subject], list(g["channel_name"].asstr()[:]).index(channel),
                            list(g["cause_name"].asstr()[:]).index(cause)]

    def status(self, analysis, subject, channel):
        g = self.file["analyses"][analysis]
        return g["channel_status"][self.recording[subject], list(g["channel_name"].asstr()[:]).index(channel)]


def run_study():
    path = cohort()
    expect(eveil("run", path), 0, "5 recordings, 0 failed")
    return Store()


@case("artefacts cost the channels and windows they touch, and no others")
def touched():
    python_modules("numpy", "h5py")
    s = run_study()
    windows = {"pop": ("Cz", "sub-pop", {15}), "missing": ("T7", "sub-missing", {20}), "flat": ("C3", "sub-flat", {10, 11, 12, 13, 14})}
    for what, (channel, subject, lost) in windows.items():
        why = s.why("short", subject, channel)
        assert len(why) == 30, f"{what}: {len(why)} windows"
        found = {i for i in range(30) if why[i] == 6}
        assert lost <= found and len(found - lost) <= 2, f"{what}: windows {sorted(found)} have why 6, expected {sorted(lost)}"
    for subject in s.recording:
        for channel in NAMES:
            if (channel, subject) in [("Cz", "sub-pop"), ("T7", "sub-missing"), ("C3", "sub-flat"), ("Pz", "sub-dead")]:
                continue
            why = s.why("short", subject, channel)
            assert (why == 0).all(), f"{subject} {channel}: why {why}"


@case("without rules every window has values, but those of a dead channel")
def without():
    python_modules("numpy", "h5py")
    s = run_study()
    for subject, channel in (("sub-pop", "Cz"), ("sub-clean", "Cz"), ("sub-missing", "T7")):
        assert (s.why("all", subject, channel) == 0).all(), f"{subject} {channel}: {s.why('all', subject, channel)}"
    assert s.share("all", "sub-pop", "Cz", "any") == 0


@case("the table quality tells the share of each cause; a dead channel is found bad and costs itself alone")
def table():
    import math
    python_modules("numpy", "h5py")
    s = run_study()
    assert 0.025 <= s.share("short", "sub-missing", "T7", "missing") <= 0.04, s.share("short", "sub-missing", "T7", "missing")
    assert 0.15 <= s.share("short", "sub-flat", "C3", "flat") <= 0.2, s.share("short", "sub-flat", "C3", "flat")
    assert 0 < s.share("short", "sub-pop", "Cz", "step") < 0.05, s.share("short", "sub-pop", "Cz", "step")
    assert s.share("short", "sub-clean", "Cz", "any") == 0
    assert s.status("short", "sub-dead", "Pz") == 3 and s.status("short", "sub-dead", "Cz") == 0
    assert (s.why("short", "sub-dead", "Pz") == 6).all()
    g = s.file["analyses/short"]
    clean = g["window_clean"][:][g["window_recording"][:] == s.recording["sub-pop"]]
    assert clean.min() < 1 and clean[0] == 1 and math.isclose(clean.mean(), 1, abs_tol=0.01), clean


@case("a pair has the artefacts of both of its electrodes; long windows bear a tenth of them")
def pairs():
    python_modules("numpy", "h5py")
    s = run_study()
    assert s.share("long", "sub-pop", "Fz-Cz", "step") == s.share("long", "sub-pop", "Cz-Pz", "step") > 0
    assert list(s.why("long", "sub-pop", "Fz-Cz")) == [0, 0, 0]
    assert list(s.why("long", "sub-flat", "F3-C3")) == [0, 6, 0]


@case("the same bits on 1, 2 and 3 ranks; the store opens in xarray")
def ranks():
    python_modules("numpy", "h5py", "xarray", "h5netcdf")
    import xarray
    path = cohort()
    expect(eveil("run", path), 0)
    one = total()
    for n in (2, 3):
        os.rename("out", f"out{n - 1}")
        expect(eveil("run", path, np=n), 0)
        assert total() == one, f"np {n}"
    with xarray.open_dataset("out/store.h5", group="analyses/short", engine="h5netcdf") as data:
        assert data["quality"].dims == ("recording", "channel", "cause"), data["quality"].dims


sys.exit(run_cases())

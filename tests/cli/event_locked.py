#!/usr/bin/python3
"""Stimuli kept as annotations: evoked potentials, slopes, contrasts and reactivity of the store are those of the file, for
any number of ranks; heart rates of real recordings are those of another detector."""
import os
import sys

from harness import ROOT, Skip, case, edf, eveil, expect, files_below, python_modules, run_cases, total, write

FS, SECONDS, WINDOW, STEP = 100, 92, 20, 18
ONSETS = [0.5 + 1.3 * i for i in range(69)]
MARKS = [(f"{t:.2f}", None, ("sound 1", "sound 2")[i % 4 == 3]) for i, t in enumerate(ONSETS)]
DATA = os.environ.get("EVEIL_TEST_DATA", os.path.join(ROOT, "..", "shared", "data"))


def response(channel, sample):
    """30 uV for 0.1 s, 0.3 s behind each deviant, in Cz."""
    since = [sample / FS - t for i, t in enumerate(ONSETS) if i % 4 == 3]
    return 30 if channel == 0 and any(0.295 <= s <= 0.405 for s in since) else 0


def study():
    os.mkdir("cohort")
    edf("cohort/a.edf", SECONDS, [(float(t), d, text) for t, d, text in MARKS], fs_hz=FS, add=response)
    write("cohort/recordings.tsv", "subject\tfile\ns1\ta.edf\n")
    return write("study.cfg", f"""cohort: {{ root = "cohort"; recordings = "recordings.tsv"; }};
output: {{ store = "out/store.h5"; }};
run: {{ task_s = 18.0; }};
conditioning: {{ montage = ["Cz", "Pz"]; reference = "none"; band_hz = (); notch = "none"; resample_hz = {FS}.0; }};
annotations: {{ keep: {{ standard = "*1"; deviant = "*2"; }}; }};
analyses: ( {{ name = "events"; window_s = {WINDOW}.0; step_s = {STEP}.0;
  features = ["evoked", "cnv", "event_contrast", "reactivity", "heart"];
  evoked: {{ kinds = ["deviant"]; to_s = 1.0; windows: {{ P3 = (0.3, 0.4); late = (0.6, 0.9); }}; }};
  event_contrast: {{ to_s = 1.0; windows: {{ P3 = (0.3, 0.4); }}; }}; }} );
""")


def opened():
    python_modules("h5py", "numpy", "scipy")
    import h5py
    return h5py.File("out/store.h5", "r")


def column(g, name, stage=""):
    names = [n.decode() for n in g[f"{stage}column_name"][:]]
    return g["recording_values" if stage else "values"][:, names.index(name)]


def signals():
    """The file's own samples, [channel][sample], uV."""
    import numpy as np
    raw = np.fromfile("cohort/a.edf", dtype=np.uint8)[1024:].reshape(SECONDS, -1)[:, :2 * FS * 2]
    return np.ascontiguousarray(raw).view("<i2").reshape(SECONDS, 2, FS).transpose(1, 0, 2).reshape(2, -1) * 0.1


def trials(x, window, deviants):
    """Of a window, [trial][sample from -0.2 to 1 s], less the baseline; and which ones begin before the next window."""
    import numpy as np
    found, own = [], []
    for i, t in enumerate(ONSETS):
        at = round((t - window * STEP) * FS)
        if (i % 4 == 3) != deviants or at - 20 < 0 or at + 101 > WINDOW * FS:
            continue
        piece = x[window * STEP * FS:][at - 20:at + 101]
        found.append(piece - piece[:21].mean())
        own.append(at - 20 < STEP * FS)
    return np.array(found), np.array(own)


@case("evoked potentials and contrasts of windows and recordings are those of the file")
def _():
    import numpy as np
    from scipy import stats
    expect(eveil("run", study()), 0)
    with opened() as file:
        g = file["analyses/events"]
        for c, name in enumerate(("Cz", "Pz")):
            x, all_a, all_b = signals()[c], [], []
            for w in range(5):
                a, own_a = trials(x, w, True)
                b, own_b = trials(x, w, False)
                curve = stats.trim_mean(a, 0.1, axis=0)
                part = slice(50, 61)
                assert column(g, "evoked.trials")[w] == len(a), (w, len(a))
                found = [column(g, f"evoked.amplitude_P3[{name}]")[w], column(g, f"evoked.peak_P3[{name}]")[w],
                         column(g, f"event_contrast.difference_P3[{name}]")[w], column(g, f"event_contrast.t_P3[{name}]")[w]]
                peak = curve[part][np.argmax(np.abs(curve[part]))]
                t = stats.ttest_ind(a[:, part].mean(axis=1), b[:, part].mean(axis=1)).statistic
                known = [curve[part].mean(), peak, curve[part].mean() - stats.trim_mean(b, 0.1, axis=0)[part].mean(), t]
                assert np.allclose(found, known, rtol=1e-9, atol=1e-9), (name, w, found, known)
                all_a += list(a[own_a][:, part].mean(axis=1))
                all_b += list(b[own_b][:, part].mean(axis=1))
            assert len(all_a) == 17 and len(all_b) == 52, (len(all_a), len(all_b))
            found = [column(g, f"{key}[{name}]", "recording_")[0] for key in
                     ("evoked.recording_amplitude_P3", "evoked.recording_t_P3", "event_contrast.recording_difference_P3",
                      "event_contrast.recording_t_P3")]
            known = [np.mean(all_a), stats.ttest_1samp(all_a, 0).statistic, np.mean(all_a) - np.mean(all_b),
                     stats.ttest_ind(all_a, all_b).statistic]
            assert np.allclose(found, known, rtol=1e-9, atol=1e-9), (name, found, known)
            assert (found[3] > 8) == (name == "Cz"), (name, found)
        assert (g["why"][:][:, [n.startswith(b"heart.") for n in g["column_name"][:]]] == 2).all()  # no such channel


@case("slopes of windows are those of the file")
def _():
    import numpy as np
    from scipy import stats
    expect(eveil("run", study()), 0)
    with opened() as file:
        g, x = file["analyses/events"], signals()[1]
        for w in range(5):
            at = [round((t - w * STEP) * FS) for t in ONSETS]
            pieces = [x[w * STEP * FS:][a:a + 61] for a in at if a >= 0 and a + 61 <= WINDOW * FS]
            slopes = [np.polyfit(np.arange(61) / FS, piece, 1)[0] for piece in pieces]
            assert np.isclose(column(g, "cnv.slope[Pz]")[w], stats.trim_mean(slopes, 0.1), rtol=1e-9), w


@case("the same bits on 1 and 3 ranks")
def _():
    path = study()
    expect(eveil("run", path), 0)
    alone = total()
    for name in files_below("out"):
        os.remove(os.path.join("out", name))
    expect(eveil("run", path, np=3), 0)
    assert total() == alone


@case("a kind or a channel that is not there is a mistake")
def _():
    path = study()
    text = open(path).read()
    write(path, text.replace('kinds = ["deviant"]', 'kinds = ["deviants"]'))
    expect(eveil("run", path), 1, 'evoked.kinds: expected names of annotations.keep, found "deviants"')
    write(path, text.replace('evoked: {', 'heart: { channel = "EKG"; }; evoked: {'))
    expect(eveil("run", path), 1, "heart.channel: expected a pattern")


def peaks_rate(x, fs):
    """Beats a minute by scipy: energy of 5 to 15 Hz, peaks of 0.6 of the usual height (T waves of some have half of it),
    mean of the intervals near the median."""
    import numpy as np
    from scipy import signal
    y = signal.sosfiltfilt(signal.butter(2, [5, 15], "band", fs=fs, output="sos"), x)
    y = np.sqrt(np.convolve(y * y, np.ones(int(0.1 * fs)) / int(0.1 * fs), "same"))
    typical = np.median([piece.max() for piece in np.array_split(y, int(len(y) / fs / 2))])
    at = signal.find_peaks(y, height=0.6 * typical, distance=int(0.27 * fs))[0]
    rr = np.diff(at) / fs
    return 60 / rr[np.abs(rr - np.median(rr)) < 0.25 * np.median(rr)].mean()


@case("resting heart rates of 24 recorded subjects are those of scipy's peaks")
def _():
    python_modules("h5py", "numpy", "scipy")
    import numpy as np
    root = os.path.join(DATA, "eegmat", "data")
    if not os.path.isdir(root):
        raise Skip(f"no {root}")
    files = sorted(f for f in os.listdir(root) if f.endswith("_1.edf"))
    write("recordings.tsv", "subject\tfile\n" + "".join(f"{f[:9]}\t{f}\n" for f in files))
    write("heart.cfg", f"""cohort: {{ root = "{root}"; recordings = "{os.path.abspath('recordings.tsv')}"; }};
output: {{ store = "out/store.h5"; }};
conditioning: {{ montage = ["Fp1", "Cz", "O1", "ECG ECG"]; }};
analyses: ( {{ name = "heart"; window_s = 60.0; features = ["heart"]; }} );
""")
    expect(eveil("run", "heart.cfg"), 0)
    with opened() as file:
        rate = column(file["analyses/heart"], "heart.rate")
        assert len(files) == 24 and len(rate) == 24 and ((rate > 40) & (rate < 130)).all(), rate
        known = []
        for f in files:
            raw = open(os.path.join(root, f), "rb").read()
            n, records, head = int(raw[252:256]), int(raw[236:244]), int(raw[184:192])
            labels = [raw[256 + 16 * i:272 + 16 * i].decode().strip() for i in range(n)]
            counts = [int(raw[256 + 216 * n + 8 * i:264 + 216 * n + 8 * i]) for i in range(n)]
            fs, i = counts[0] / float(raw[244:252]), labels.index("ECG ECG")
            all_records = np.frombuffer(raw[head:], dtype="<i2").reshape(records, -1)
            x = all_records[:, sum(counts[:i]):sum(counts[:i + 1])].ravel().astype(float)
            known.append(peaks_rate(x[:int(60 * fs)], fs))
        off = np.abs(rate / np.array(known) - 1)
        assert (off < 0.02).sum() >= 22, np.round(off, 3)


sys.exit(run_cases())

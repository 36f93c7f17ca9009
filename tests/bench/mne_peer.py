"""Band powers of EDF files by MNE-Python: read, band-pass, resample, average reference, Welch.
usage: mne_peer.py OUT.npy FILE...; the last line is JSON: processor seconds (best of several, imports left out), version,
filter."""
import json
import sys
import time

import mne
import numpy as np

OLD = {"T3": "T7", "T4": "T8", "T5": "P7", "T6": "P8"}
TEN_TWENTY = "Fp1 Fp2 F7 F3 Fz F4 F8 T7 C3 Cz C4 T8 P7 P3 Pz P4 P8 O1 O2".split()
REPEATS = 3
BANDS = [(1, 4), (4, 8), (8, 12), (12, 30), (30, 45)]
FILTERS = {"Butterworth, forward and backward": dict(method="iir", iir_params=dict(order=4, ftype="butter")),
           "FIR, its default": {}}


def powers(path, how):
    raw = mne.io.read_raw_edf(path, preload=True, verbose="error")
    raw.rename_channels({c: OLD.get(c.replace("EEG ", ""), c.replace("EEG ", "")) for c in raw.ch_names})
    raw.pick_channels(TEN_TWENTY, ordered=True)
    raw.filter(0.5, 45.0, verbose="error", **how)
    raw.resample(250.0)
    raw.set_eeg_reference("average", projection=False, verbose="error")
    density, hz = mne.time_frequency.psd_array_welch(raw.get_data() * 1e6, 250.0, fmin=0, fmax=125, n_fft=1000, n_per_seg=1000,
                                                     n_overlap=500, window="hann", verbose="error")
    return [[density[c, (hz >= low) & (hz < high)].sum() * 0.25 for c in range(len(TEN_TWENTY))] for low, high in BANDS]


def main():
    files = sys.argv[2:]
    powers(files[0], {})  # what it imports and plans at first use is left out
    seconds = {}
    for name, how in FILTERS.items():
        seconds[name] = float("inf")
        for _ in range(REPEATS):
            began = time.process_time()
            result = np.array([powers(path, how) for path in files])
            seconds[name] = min(seconds[name], time.process_time() - began)
        if how:
            np.save(sys.argv[1], result)
    fastest = min(seconds, key=seconds.get)
    print(json.dumps({"cpu_s": seconds[fastest], "filter": fastest, "version": mne.__version__, "all": seconds}))


main()

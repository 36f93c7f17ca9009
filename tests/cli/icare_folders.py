#!/usr/bin/python3
"""A cohort in the folders of I-CARE, written here: from the folders to the store, the same bits for any number of ranks;
damage of a record costs that record."""
import csv
import gzip
import os
import struct
import sys

from harness import ROOT, Skip, case, config, eveil, expect, python_modules, run_cases, total, write

LABELS = "Fp1 Fp2 F3 F4 C3 C4 P3 P4 O1 O2 F7 F8 T3 T4 T5 T6 Fz Cz Pz".split()
PATIENTS = {"0284": ("A", "53", "Male", "Good", "1"), "0286": ("B", "nan", "Female", "Poor", "5"),
            "0296": ("B", "71", "nan", "Poor", "4")}
FS = 250


def record(folder, name, seconds, seed, spoil=False):
    """Rhythms of 2 and 10 Hz and noise, each channel scaled to the full range as mat2wfdb does."""
    import numpy as np

    rng = np.random.default_rng(seed)
    t = np.arange(seconds * FS) / FS
    x = 40 * np.sin(2 * np.pi * 2 * t) + rng.normal(0, 10, (len(LABELS), len(t)))
    x[8:10] += 20 * np.sin(2 * np.pi * 10 * t)
    gain = 60000 / (x.max(1) - x.min(1))
    baseline = np.round(-30000 - x.min(1) * gain).astype(int)
    v = np.round(x * gain[:, None] + baseline[:, None]).astype("<i2")
    data = struct.pack("<5i", 30, len(LABELS), len(t), 0, 4) + b"val\0" + v.T.tobytes()
    if spoil:
        data = data[:-1000] + bytes([data[-1000] ^ 1]) + data[-999:]
    with open(f"{folder}/{name}.mat", "wb") as file:
        file.write(data)
    lines = [f"{name} {len(LABELS)} {FS} {len(t)}"]
    for c, label in enumerate(LABELS):
        total_of = v[c].astype(int).sum() & 65535
        lines.append(f"{name}.mat 16+24 {gain[c]!r}({baseline[c]})/nu 16 0 {v[c, 0]} {total_of} 0 {label}")
    write(f"{folder}/{name}.hea", "\n".join(lines) + "\n#Utility frequency: 50\n#Start time: 4:00:10\n")


def icare(root="cohort", spoil=None):
    python_modules("numpy")
    for i, (patient, (hospital, age, sex, outcome, cpc)) in enumerate(PATIENTS.items()):
        folder = f"{root}/training/{patient}"
        os.makedirs(folder)
        write(f"{folder}/{patient}.txt", f"Patient: {patient}\nHospital: {hospital}\nAge: {age}\nSex: {sex}\nROSC: nan\n"
              f"OHCA: True\nShockable Rhythm: False\nTTM: 33\nOutcome: {outcome}\nCPC: {cpc}\n")
        for segment, hour in ((1, 4 + i), (2, 30 + i)):
            name = f"{patient}_{segment:03d}_{hour:03d}"
            long = name.startswith(spoil) if spoil else False
            record(folder, f"{name}_EEG", 250 if long else 45, 10 * i + segment, spoil=long)
        record(folder, f"{name}_ECG", 5, 99)
    return config(root=root)


@case("folders of I-CARE become a cohort: the same store for 1 and 2 ranks")
def same_store():
    path = icare()
    expect(eveil("plan", path), 0, "6", "other signals than EEG left out")
    expect(eveil("run", path), 0)
    one = total()
    os.rename("out", "one")
    expect(eveil("run", path, np=2), 0)
    assert total() == one, "other bits for 2 ranks"
    python_modules("h5py")
    import h5py
    import numpy as np

    with h5py.File("out/store.h5") as store:
        text = lambda name: [s.decode() for s in store[name][()]]
        assert text("recordings/session") == ["001", "002"] * 3, text("recordings/session")
        assert list(store["recordings/start_h"][()]) == [4, 30, 5, 31, 6, 32]
        assert text("participants/subject") == list(PATIENTS)
        assert np.array_equal(store["participants/columns/age"][()], [53, np.nan, 71], equal_nan=True)
        assert text("participants/columns/outcome") == ["Good", "Poor", "Poor"]
        assert list(store["participants/columns/cpc"][()]) == [1, 5, 4]
        assert np.all(store["recordings/line_hz"][()] == 50), store["recordings/line_hz"][()]
        names = text("analyses/spectral/column_name")
        power = store["analyses/spectral/values"][:, names.index("band_power.absolute_delta[Cz]")]
        alpha = store["analyses/spectral/values"][:, names.index("band_power.absolute_alpha[O1]")]
        # amplitudes of 40 and 20 microvolt, less what the common average takes away
        assert np.all(power < 900) and np.all(np.abs(alpha - 200 * (17 / 19) ** 2) < 40), (power[:3], alpha[:3])


@case("a wrong checksum, found while hashing, costs its recording")
def wrong_checksum():
    path = icare(spoil="0286_002")
    result = expect(eveil("run", path), 3, "1 of 6 recordings failed")
    shown = expect(eveil("info", "out/store.h5"), 0)
    assert "checksum" in shown.out and "0286_002_031_EEG.mat" in shown.out, (result, shown)


@case("the records of real patients by their names: subjects, sessions and hours")
def real_names():
    table = os.path.join(os.environ.get("EVEIL_TEST_DATA", os.path.join(ROOT, "..", "shared", "data")), "icare",
                         "unofficial_phase_metadata.csv.gz")
    if not os.path.exists(table):
        raise Skip("no real recordings")
    with gzip.open(table, "rt") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 23528 and len({row["subject"] for row in rows}) == 607
    some = sorted({row["subject"] for row in rows})[::40]
    rows = [row for row in rows if row["subject"] in some and row["record"]]  # some have none in version 2
    with open("samples", "wb") as file:
        file.write(bytes(2 * 2 * 10 * FS))
    for subject in some:
        os.makedirs(f"cohort/{subject}")
        write(f"cohort/{subject}/{subject}.txt", f"Patient: {subject}\nAge: nan\n")
    for row in rows:
        at = f"cohort/{row['subject']}/{row['record']}"
        os.link("samples", f"{at}.dat")
        lines = "".join(f"{row['record']}.dat 16 10/uV 16 0 0 0 0 {c}\n" for c in ("Cz", "Fz"))
        write(f"{at}.hea", f"{row['record']} 2 {FS} {10 * FS}\n{lines}")
    path = config(analyses='analyses: ( { name = "short"; window_s = 5.0; features = ["hjorth"]; } );\n')
    expect(eveil("plan", path), 0, f"{len(rows)} of {len(some)} participants")
    expect(eveil("run", path), 0)
    expect(eveil("export", "out/store.h5", "csv"), 0)
    with open("csv/recordings.csv", encoding="utf-8", newline="") as file:
        found = {os.path.basename(row["file"])[:-4]: row for row in csv.DictReader(file)}
    assert len(found) == len(rows)
    for row in rows:
        ours = found[row["record"]]
        assert ours["subject"] == row["subject"] and float(ours["start_h"]) == float(row["hour"]), (row, ours)
        assert ours["session"] == row["record"].split("_")[1], ours


@case("what a record does not say is said by the configuration")
def options():
    write("r.hea", "r 2 250 300\nr.dat 16 50(3)/nu 16 0 0 0 0 Fp1\nr.dat 16 0/uV 16 0 0 0 0 Cz\n")
    with open("r.dat", "wb") as file:
        file.write(bytes(1200))
    plain = expect(eveil("info", "r.hea"), 0, "a gain of 0", "taken as microvolt")
    assert [line.split()[2] for line in plain.out.splitlines() if " Hz " in line] == ["voltage", "other"], plain
    keys = 'wfdb: { nu = "none"; gain_0 = "standard"; };'
    told = expect(eveil("info", f"--formats={keys}", "r.hea"), 0, "taken as 200 steps a unit")
    assert [line.split()[2] for line in told.out.splitlines() if " Hz " in line] == ["other", "voltage"], told
    expect(eveil("info", '--formats=wfdb: { nu = "mV"; };', "r.hea"), 1, "nu")


sys.exit(run_cases())

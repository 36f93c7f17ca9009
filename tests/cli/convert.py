#!/usr/bin/python3
"""eveil convert and eveil info over every format: names, notes, refusals, BIDS folders, conditioned channels; nothing of
a patient leaves the file."""
import glob
import json
import os
import re
import sys

from harness import ROOT, Skip, case, cohort, config, eeg, eveil, expect, files_below, python_modules, run_cases, write

DATA = os.environ.get("EVEIL_TEST_DATA", os.path.join(ROOT, "..", "shared", "data"))
PATIENT = b"MCH-0234567 F 02-MAY-1951 Haagse_Harriet "


def data(pattern):
    found = sorted(glob.glob(os.path.join(DATA, pattern)))
    if not found:
        raise Skip("no real recordings (EVEIL_TEST_DATA)")
    return found[0]


def field(text, name):
    return re.search(rf"^  {name} +(.*)$", text, re.M).group(1)


@case("a recording into the present folder, told in words")
def _():
    cohort()
    result = expect(eveil("convert", eeg(1)), 0, "sub-0001_task-rest_eeg.edf", "from ", quiet=True)
    assert field(result.out, "format") == "EDF+C" and field(result.out, "duration") == "60 s in 1 stretch", result
    assert field(result.out, "signals") == "19" and "note" not in result.out, result
    assert sorted(os.listdir(".")) == ["cohort", "sub-0001_task-rest_eeg.edf"]
    # the same samples under the same header fields
    a, b = (expect(eveil("info", path), 0).out.splitlines()[1:] for path in (eeg(1), "sub-0001_task-rest_eeg.edf"))
    assert [line for line in a if "uV" in line] == [line for line in b if "uV" in line], (a[:8], b[:8])


@case("--to a folder, a file; --format; --replace")
def _():
    cohort()
    expect(eveil("convert", eeg(1), eeg(2), "--to=a/b"), 0)
    assert files_below("a") == [f"b/sub-000{i}_task-rest_eeg.edf" for i in (1, 2)]
    expect(eveil("convert", eeg(1), "--to=x.bdf"), 0, "BDF+C")
    expect(eveil("convert", eeg(1), "--to=a", "--format=bdf"), 0)
    assert "sub-0001_task-rest_eeg.bdf" in os.listdir("a")
    expect(eveil("convert", eeg(1), "--to=x.bdf"), 1, "x.bdf: is there already; --replace")
    expect(eveil("convert", eeg(2), "--to=x.bdf", "--replace"), 0)


@case("usage mistakes")
def _():
    cohort()
    expect(eveil("convert", eeg(1), eeg(2), "--to=x.edf"), 1, "--to=x.edf: expected a folder for several files")
    expect(eveil("convert", eeg(1), "--format=mat"), 1, "--format=mat: expected edf or bdf")
    expect(eveil("convert", eeg(1), "--bids"), 1, "--bids: expected its folder, as in --to=DIR")
    expect(eveil("convert", eeg(1), "--conditioned=spectral"), 1, "expected the configuration", "--config=CFG")
    expect(eveil("convert", "missing.edf"), 2, "missing.edf")
    expect(eveil("convert", eeg(1), f"--to={os.path.dirname(eeg(1))}"), 1, "would take the place of the input")
    expect(eveil("convert", eeg(1), f"--to={os.path.dirname(eeg(1))}", "--replace"), 1, "would take the place of the input")
    assert os.listdir(".") == ["cohort"]
    write("notes.txt", "not a recording at all\n")
    result = eveil("convert", "notes.txt", eeg(1), "--to=out")
    assert result.code == 2 and "notes.txt" in result.err and os.listdir("out") == ["sub-0001_task-rest_eeg.edf"], result


@case("no name, no date, no free text; annotations by configured names alone")
def _():
    cohort()
    with open(eeg(1), "r+b") as file:
        file.seek(8)
        file.write(PATIENT.ljust(80) + b"Startdate 02-MAR-2002 EMG561 Dr_Kildare TECHNIK77 ".ljust(80))
    write("c.cfg", 'annotations: { keep: { event = "pop*"; }; };\n')
    for name, words in (("a", []), ("b", ["--config=c.cfg"]), ("c", ["--bids", "--config=c.cfg"])):
        result = expect(eveil("convert", eeg(1), f"--to={name}", *words), 0)
        for path in files_below(name):
            content = open(os.path.join(name, path), "rb").read()
            for secret in (b"Haagse", b"MCH-0234567", b"1951", b"Kildare", b"TECHNIK77", b"2002"):
                assert secret not in content and secret.decode() not in result.out, (path, secret)
            assert b"pop " not in content, path


@case("a BIDS folder is a cohort of its own: the same values")
def _():
    python_modules("h5py", "numpy")
    import h5py
    import numpy as np
    cohort()
    files = [eeg(i) for i in range(1, 5)]
    result = expect(eveil("convert", *files, "--bids", "--to=bids"), 0)
    assert result.out.count("format") == 4
    expect(eveil("convert", files[0], "--bids", "--to=bids"), 1, "participants.tsv: is there already")
    about = json.load(open("bids/dataset_description.json"))
    assert about["BIDSVersion"] and about["DatasetType"] == "raw"
    stem = "bids/sub-0001/eeg/sub-0001_task-rest"
    side = json.load(open(stem + "_eeg.json"))
    assert side["TaskName"] == "rest" and side["SamplingFrequency"] == 200 and side["RecordingDuration"] == 60, side
    rows = [line.split("\t") for line in open(stem + "_channels.tsv").read().splitlines()]
    assert rows[0] == ["name", "type", "units", "sampling_frequency"] and len(rows) == 20
    assert all(row[1:] == ["EEG", "uV", "200"] for row in rows[1:]), rows
    values = []
    for root in ("cohort", "bids"):
        path = config(path=f"{root}.cfg", root=root, store=f"{root}.h5")
        expect(eveil("run", path), 0)
        with h5py.File(f"{root}.h5") as store:
            values.append(store["analyses/spectral/values"][:])
    assert np.array_equal(values[0], values[1], equal_nan=True)


@case("files of unknown names become numbered subjects")
def _():
    cohort()
    os.rename(eeg(1), "Haagse Harriet 1951.edf")
    os.rename(eeg(2), "b.edf")
    expect(eveil("convert", "Haagse Harriet 1951.edf", "b.edf", eeg(3), "--bids", "--to=bids"), 0)
    names = files_below("bids")
    assert "sub-001/eeg/sub-001_task-unspecified_eeg.edf" in names and "sub-0003/eeg/sub-0003_task-rest_eeg.edf" in names, names
    assert open("bids/participants.tsv").read() == "participant_id\nsub-001\nsub-002\nsub-0003\n"
    assert not any("Haagse" in name for name in names)


@case("the conditioned channels of an analysis")
def _():
    cohort()
    path = config(more='conditioning: { montage = ["Cz", "Pz"]; reference = "none"; resample_hz = 100.0; };\n')
    result = expect(eveil("convert", eeg(1), "--conditioned=spectral", f"--config={path}", "--to=c.bdf"), 0)
    assert field(result.out, "signals") == "2" and "conditioned as for spectral" in result.out, result
    out = expect(eveil("info", "c.bdf"), 0).out
    assert re.search(r"0  Cz +voltage +100 Hz", out) and field(out, "duration") == "60 s in 1 stretch", out
    expect(eveil("convert", eeg(1), "--conditioned=spectra", f"--config={path}", "--to=d.bdf"), 1, 'did you mean "spectral"?')
    assert not os.path.exists("d.bdf")


@case("every format is described and converted")
def _():
    plain = "text: { fs_hz = 173.61; }; npy: { fs_hz = 160; }; matlab: { fs_hz = 512; };"
    wanted = {"edf/edfio/short_psg.bdf": "BDF", "edf/mne/test.edf": "EDF+C", "brainvision/mne/test.vhdr": "BrainVision",
              "bonn/*/*.txt": "", "plrnn_eeg/*train.npy": "", "edf/mne/test_edf_eeglab.mat": ""}
    for pattern, format in wanted.items():
        path = data(pattern)
        out = expect(eveil("info", f"--formats={plain}", path), 0, quiet=True).out
        assert field(out, "format").startswith(format) and field(out, "duration") and field(out, "signals"), out
        assert "(null)" not in out and "nan" not in out.lower().replace("nand", ""), out
        result = expect(eveil("convert", f"--formats={plain}", path, "--to=out", "--replace"), 0, quiet=True)
        made = result.out.splitlines()[0]
        again = expect(eveil("info", made), 0, quiet=True).out
        assert field(again, "format") == field(result.out, "format"), (again, result.out)


@case("several files of a recording and its steps are told")
def _():
    out = expect(eveil("info", data("brainvision/mne/test.vhdr")), 0).out
    assert re.search(r"bytes in 3 files\n    with test.eeg, \d+ bytes\n    with test.vmrk, \d+ bytes", out), out
    assert "steps of 0.5 uV" in out, out


sys.exit(run_cases())

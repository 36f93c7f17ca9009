#!/usr/bin/python3
"""Names, birth dates and free text of a header enter no store, no log, no message, no table, no page."""
import os
import sys

from harness import case, eeg, eveil, expect, files_below, python_modules, run_cases, study, write

PATIENT = b"MCH-0234567 F 02-MAY-1951 Haagse_Harriet "
SECRETS = [b"Harriet", b"harriet", b"Haagse", b"MCH-0234567", b"02-MAY-1951", b"born 1951", b"Dr_Kildare", b"Kildare", b"TECHNIK77", b"Zimmer_99"]
RECORDING = b"Startdate 02-MAR-2002 EMG561 Dr_Kildare TECHNIK77_Zimmer_99 "


def marked(path):
    """The patient and recording fields of the header hold secrets, as they do in hospitals."""
    with open(path, "r+b") as file:
        file.seek(8)
        file.write(PATIENT.ljust(80))
        file.write(RECORDING.ljust(80))


def annotated(path, text):
    """An annotation of the file says `text`: put over the free bytes of the annotation channel of record 20."""
    with open(path, "r+b") as file:
        head = file.read(256)
        n, size, header = int(head[252:256]), 0, int(head[184:192])
        fields = file.read(header - 256)
        samples = [int(fields[216 * n + 8 * i:216 * n + 8 * i + 8]) for i in range(n)]
        labels = [fields[16 * i:16 * i + 16].strip() for i in range(n)]
        a = labels.index(b"EDF Annotations")
        size = 2 * sum(samples)
        at = header + 20 * size + 2 * sum(samples[:a])
        file.seek(at)
        chunk = file.read(2 * samples[a])
        used = chunk.index(b"\0")
        extra = b"+20.5\x14" + text + b"\x14\0"
        assert used + 1 + len(extra) <= len(chunk), (used, len(chunk))
        file.seek(at + used + 1)
        file.write(extra)


def searched(folder):
    for name in files_below(folder):
        with open(os.path.join(folder, name), "rb") as file:
            content = file.read()
        for secret in SECRETS:
            assert secret not in content, f"{secret.decode()} is in {name}"


def silent(result):
    for secret in SECRETS:
        assert secret.decode() not in result.out + result.err, f"{secret.decode()}: {result}"
    return result


@case("a patient's name, birth date, technician and room")
def _():
    path = study(run="compress = false; keep_journals = true;")
    for i in range(1, 5):
        marked(eeg(i))
    silent(expect(eveil("info", eeg(1)), 0, "format        EDF+"))
    silent(expect(eveil("plan", path, "--verbose"), 0))
    silent(expect(eveil("run", path, "--verbose", np=2), 0))
    silent(expect(eveil("info", path), 0))
    silent(expect(eveil("info", "out/store.h5"), 0))
    silent(expect(eveil("export", "out/store.h5", "out/csv"), 0))
    searched("out")
    assert os.path.isdir("out/store.h5.journal") and len(files_below("out/csv")) > 4


@case("in the page of a report", long=True)
def _():
    python_modules("h5py", "numpy", "pandas", "matplotlib")
    path = study(run="compress = false;")
    for i in range(1, 5):
        marked(eeg(i))
    expect(eveil("run", path), 0)
    silent(expect(eveil("report", "out/store.h5"), 0))
    searched("out")
    with open("out/report.html", encoding="utf-8") as file:
        assert "_eeg.edf" not in file.read(), "a file is named on the page"


@case("in what is said of damaged files")
def _():
    path = study(run="compress = false;")
    for i in range(1, 5):
        marked(eeg(i))
    with open(eeg(1), "r+b") as file:
        file.seek(236)
        file.write(b"Harriet ")  # no number of records
    with open(eeg(2), "r+b") as file:
        file.seek(168)
        file.write(b"02-MAY-1951 Harr")  # no date, no time
    with open(eeg(3), "r+b") as file:
        file.truncate(200)
    for i in (1, 2, 3):
        silent(eveil("info", eeg(i)))
    result = silent(eveil("run", path, np=2))
    assert result.code == 3, result
    silent(expect(eveil("info", "out/store.h5"), 0))
    searched("out")


@case("in annotations")
def _():
    path = study(run="compress = false; keep_journals = true;")
    for i in range(1, 5):
        annotated(eeg(i), b"Harriet called Dr_Kildare")
    before = expect(eveil("info", eeg(1)), 0, "annotations").out
    assert "Harriet" not in before
    silent(expect(eveil("run", path), 0))
    silent(expect(eveil("export", "out/store.h5", "out/csv"), 0))
    searched("out")


@case("a comment of a sidecar")
def _():
    path = study(run="compress = false; keep_journals = true;")
    sidecar = eeg(1).replace("_eeg.edf", "_eeg.json")
    with open(sidecar, encoding="utf-8") as file:
        text = file.read()
    write(sidecar, text.replace("{", '{\n  "SubjectArtefactDescription": "Harriet Haagse, born 1951",', 1))
    events = eeg(1).replace("_eeg.edf", "_events.tsv")
    write(events, "onset\tduration\ttrial_type\n1.0\t0.0\tHarriet moves\n")
    silent(expect(eveil("run", path, "--verbose"), 0))
    searched("out")


if __name__ == "__main__":
    sys.exit(run_cases())

"""What the tests of readers in this folder share: our decoding of a file, by build/tests/real/readers_tables."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("BUILD", os.path.join(ROOT, "build"))
DATA = os.environ.get("EVEIL_TEST_DATA", os.path.join(ROOT, "..", "shared", "data"))
READER = os.path.join(BUILD, "tests", "real", "readers_tables")
try:
    import numpy as np
except ImportError:
    print("skip readers: numpy is not installed")
    sys.exit(0)
failed = []


def report(name, problem=None):
    if problem is not None:
        failed.append(name)
    print(f"ok {name}" if problem is None else f"not ok {name}: {problem}", flush=True)


class Recording:
    """What our reader finds: format, signals [label, unit, ...], stretches [(start_s, samples)], x[stretch][signal]."""

    def __init__(self, path, formats="", piece_s=0):
        run = subprocess.run([READER, "dump", path, formats, str(piece_s)], capture_output=True, check=False)
        self.error = run.stderr.decode().strip() if run.returncode else None
        self.code = run.returncode
        head, _, data = run.stdout.partition(b"\n\n")
        rows = [line.split("\t") for line in head.decode().splitlines()]
        self.facts = {row[0]: row[1:] for row in rows}
        self.signals = [row[1:] for row in rows if row[0] == "signal"]
        self.labels = [signal[0] for signal in self.signals]
        self.stretches = [(float(row[1]), int(row[2])) for row in rows if row[0] == "stretch"]
        self.annotations = [(float(r[1]), float(r[2]), r[3]) for r in rows if r[0] == "annotation"]
        self.x = []
        if self.error:
            return
        values, at = np.frombuffer(data), 0
        for _, n in self.stretches:
            self.x.append(values[at:at + n * len(self.signals)].reshape(len(self.signals), n))
            at += n * len(self.signals)

    def all(self):
        return np.concatenate(self.x, axis=1)

    def fs(self):
        return float(self.signals[0][3]) if self.signals else self.error


def same(name, found, expected, tolerance=0.0):
    """Equal numbers and equal NaNs, channels x samples."""
    if isinstance(found, Recording):
        if found.error:
            return report(name, found.error)
        found = found.all()
    expected = np.asarray(expected, dtype=float)
    if found.shape != expected.shape:
        return report(name, f"{found.shape}, expected {expected.shape}")
    if not np.array_equal(np.isnan(found), np.isnan(expected)):
        return report(name, "other missing samples")
    worst = np.nanmax(np.abs(found - expected) / np.maximum(1.0, np.abs(expected)), initial=0)
    report(name, None if worst <= tolerance else f"largest difference {worst:g}")


def refused(name, recording, *words):
    """An error, no crash, with these words."""
    message = recording.error or ""
    missing = [word for word in words if word not in message]
    report(name, None if recording.code == 1 and not missing else f"code {recording.code}, \"{message}\": no {missing}")


def check(name, found, expected):
    report(name, None if found == expected else f"{found!r}, expected {expected!r}")


def write(folder, name, content):
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    return path

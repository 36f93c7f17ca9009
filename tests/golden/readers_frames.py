"""What tests of recordings of several files share: a reader's output as Python values, lines of results.
Decodings come from build/tests/unit/readers_planes."""
import json
import os
import subprocess
import sys
import tempfile
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("BUILD", os.path.join(ROOT, "build"))
DATA = os.environ.get("EVEIL_TEST_DATA", os.path.join(ROOT, "..", "shared", "data"))
READER = os.path.abspath(os.path.join(BUILD, "tests", "unit", "readers_planes"))
failed = 0
cases = []


class Skip(Exception):
    pass


def case(function):
    cases.append(function)
    return function


def run_cases(prefix):
    """Each case in a scratch folder of its own."""
    global failed
    for function in cases:
        name = function.__name__
        with tempfile.TemporaryDirectory(prefix=prefix) as folder:
            os.chdir(folder)
            try:
                function()
                print(f"ok {name}", flush=True)
            except Skip as why:
                print(f"skip {name}: {why}", flush=True)
            except AssertionError as why:
                failed += 1
                line = traceback.extract_tb(why.__traceback__)[1].lineno
                print(f"not ok {name}: line {line}: {why}", flush=True)
            os.chdir("/")
    sys.exit(failed > 0)


class Recording:
    """Header facts, and x[stretch][signal]: samples in microvolt or the file's unit."""

    def __init__(self, path, block_s=1e9):
        import numpy as np

        done = subprocess.run([READER, "dump", path, str(block_s)], capture_output=True, timeout=60)
        assert done.returncode == 0, f"{path}: {done.stderr.decode()}"
        line, data = done.stdout.split(b"\n", 1)
        self.header = json.loads(line)
        self.signals, self.stretches = self.header["signals"], self.header["stretches"]
        self.x, values = [], np.frombuffer(data)
        fastest = self.signals[0]["fs_hz"]
        for _, _, n in self.stretches:
            self.x.append([])
            for signal in self.signals:
                m = int(round(n * signal["fs_hz"] / fastest))
                self.x[-1].append(values[:m])
                values = values[m:]
        assert len(values) == 0, f"{path}: {len(values)} samples too many"


def refusal(path):
    """The message of a file that is refused; fails where it is not."""
    done = subprocess.run([READER, "dump", path, "1e9"], capture_output=True, timeout=60)
    assert done.returncode == 1, f"{path}: read (code {done.returncode}) although it is damaged: {done.stderr.decode()}"
    return done.stderr.decode().strip()


def check_refusal(path, *words):
    message = refusal(path)
    assert all(w in message for w in words), f"{path}: expected {words} in: {message}"


def checksums(path):
    """The message about the checksums of the files; "" where they are right."""
    done = subprocess.run([READER, "check", path], capture_output=True, timeout=60)
    return done.stderr.decode().strip()


def same(found, expected, tolerance=0.0, what=""):
    import numpy as np

    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape, f"{what}: {found.shape} samples, expected {expected.shape}"
    missing = np.isnan(expected)
    assert np.array_equal(np.isnan(found), missing), f"{what}: other samples are missing"
    worst = np.max(np.abs(found - expected)[~missing] / np.maximum(1.0, np.abs(expected[~missing])), initial=0.0)
    assert worst <= tolerance, f"{what}: largest relative difference {worst:g}"

"""What the tests of the commands share: scratch folders, a small simulated cohort, running eveil, lines of results.

A case is a function with @case("name"); it runs in a scratch folder of its own and fails by an AssertionError.
"""
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EVEIL = os.path.abspath(os.environ.get("EVEIL", os.path.join(ROOT, "build", "eveil")))
SECONDS = 100  # after which a command counts as hung
SAME = dict(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", OMP_NUM_THREADS="1", LC_ALL="C.UTF-8")

ANALYSES = """analyses: (
  { name = "spectral"; window_s = 4.0; features = ["band_power"];
    band_power: { bands: { delta = (1.0, 4.0); alpha = (8.0, 12.0); }; }; },
  { name = "dynamics"; window_s = 20.0; features = ["spectrum"]; dynamics = ["var"]; var: { order = 2; }; } );
"""

cases = []
shared = None  # folder of the script: one cohort, made once


class Skip(Exception):
    pass


def case(name, long=False):
    """Long ones are run by cases_long.py."""
    def keep(function):
        cases.append((name, function, long))
        return function
    return keep


def show(text, most=1500):
    text = " | ".join(text.strip().splitlines())
    return text if len(text) <= most else text[:most] + " ..."


def run_cases(long=False):
    """Runs the quick or the long cases; the exit code of the script."""
    global shared
    failed = 0
    if not os.access(EVEIL, os.X_OK):
        print(f"not ok {os.path.basename(sys.argv[0])}: {EVEIL} is not built")
        return 1
    with tempfile.TemporaryDirectory(prefix="eveil-cli-") as scratch:
        shared = os.path.join(scratch, "shared")
        os.mkdir(shared)
        SAME["OMPI_MCA_orte_tmpdir_base"] = scratch  # so that ranks without a daemon do not meet in one folder
        for number, (name, function, is_long) in enumerate(cases):
            if is_long != long:
                continue
            folder = os.path.join(scratch, f"{number:03d}")
            os.mkdir(folder)
            os.chdir(folder)
            began = time.monotonic()
            try:
                function()
                print(f"ok {name}", flush=True)
            except Skip as why:
                print(f"skip {name}: {why}", flush=True)
            except AssertionError as why:
                failed += 1
                print(f"not ok {name}: {show(str(why))}", flush=True)
            except Exception as error:  # a broken test is a failure too, and says where
                failed += 1
                where = traceback.extract_tb(error.__traceback__)[-1]
                print(f"not ok {name}: {os.path.basename(where.filename)}:{where.lineno}: {show(repr(error))}", flush=True)
            if os.environ.get("EVEIL_TIMES"):
                print(f"# {time.monotonic() - began:6.2f} s {name}", flush=True)
            os.chdir(scratch)
            shutil.rmtree(folder, ignore_errors=True)
    return 1 if failed else 0


# ---- commands -----------------------------------------------------------------------------------


class Result:
    def __init__(self, command, code, out, err):
        self.command, self.code, self.out = command, code, out
        # mpirun's own notices stand between lines of dashes
        lines, inside = [], False
        for line in err.splitlines():
            if line.startswith("-----"):
                inside = not inside
            elif not inside and line.strip() and "mpirun" not in line:
                lines.append(line)
        self.err = "\n".join(lines)

    def errors(self):
        return [line for line in self.err.splitlines() if line.startswith("eveil: error:")]

    def __str__(self):
        return f"{self.command}: code {self.code}, stdout: {show(self.out, 1200)}, stderr: {show(self.err)}"


def run(command, seconds=SECONDS, cwd=None, env=None):
    env = dict(os.environ, **SAME, **(env or {}))
    done = subprocess.run(["timeout", "-k", "5", str(seconds)] + command, capture_output=True, cwd=cwd, env=env,
                          stdin=subprocess.DEVNULL)
    out, err = (text.decode("utf-8", "backslashreplace") for text in (done.stdout, done.stderr))
    at = command.index(EVEIL) + 1 if EVEIL in command else 0
    result = Result("eveil " + " ".join(command[at:]) if at else " ".join(command), done.returncode, out, err)
    assert done.returncode not in (124, 137), f"hung for {seconds} s: {result}"
    assert done.returncode >= 0 and done.returncode not in (134, 136, 139), f"crashed: {result}"
    return result


def eveil(*words, np=0, **more):
    ranks = ["mpirun", "--oversubscribe", "-np", str(np)] if np else []
    if not np:
        more["env"] = {"OMPI_MCA_ess_singleton_isolated": "1", **(more.get("env") or {})}  # no daemon: 0.2 s less each
    return run(ranks + [EVEIL] + [str(w) for w in words], **more)


def expect(result, code, *parts, quiet=False):
    """The exit code, every part in what was printed, and with codes 1 and 2 one error line, said once."""
    assert result.code == code, f"expected code {code}: {result}"
    for part in parts:
        assert part in result.out + "\n" + result.err, f"expected \"{part}\": {result}"
    if code in (1, 2):
        assert len(result.errors()) == 1, f"expected one error line, found {len(result.errors())}: {result}"
    if code == 0:
        assert not result.errors(), f"an error with code 0: {result}"
    if quiet:
        assert not result.err, f"expected nothing on stderr: {result}"
    return result


# ---- a cohort -----------------------------------------------------------------------------------


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def config(path="study.cfg", root="cohort", store="out/store.h5", analyses=ANALYSES, run="", more=""):
    return write(path, f'cohort: {{ root = "{root}"; }};\noutput: {{ store = "{store}"; prognosis = "out/prognosis.h5"; }};\n'
                       f"run: {{ task_s = 20.0; {run} }};\n{analyses}{more}")


def simulated(name, keys):
    """A cohort in the script's folder, simulated once."""
    root = os.path.join(shared, name)
    if not os.path.isdir(root):
        path = write(root + ".cfg", f'cohort: {{ root = "{name}"; }};\nsimulate: {{ {keys} }};\n')
        expect(eveil("simulate", path), 0)
    return root


def cohort(to="cohort"):
    """A copy of the small cohort: 4 subjects, 60 s at 200 Hz. Times of change are kept."""
    root = simulated("small", "subjects = 4; duration_s = 60.0; fs_hz = (200.0); pops_per_min = 0.0;")
    shutil.copytree(root, to)
    return to


def eeg(i, root="cohort"):
    return f"{root}/sub-{i:04d}/eeg/sub-{i:04d}_task-rest_eeg.edf"


def edf(path, seconds, marks, gaps=(), artefacts=(), seed=1, fs_hz=100, add=None):
    """An EDF+ file of Cz and Pz in records of one second, noise of 20 uV. marks: (onset, duration or None, text); gaps:
    records after which an hour is missing; artefacts: seconds in which the signal is flat; add: function of channel and
    sample, microvolt."""
    draw = random.Random(seed)
    tal = 200
    labels = ["Cz", "Pz", "EDF Annotations"]

    def field(text, width):
        return str(text).ljust(width).encode()
    head = [("0", 8), ("X X X X", 80), ("Startdate 01-JAN-2000 X X X", 80), ("01.01.00", 8), ("00.00.00", 8), (1024, 8),
            ("EDF+D" if gaps else "EDF+C", 44), (seconds, 8), (1, 8), (3, 4)]
    columns = [(labels, 16), ([""] * 3, 80), (["uV", "uV", ""], 8), ([-3276.8, -3276.8, -1], 8), ([3276.7, 3276.7, 1], 8),
               ([-32768] * 3, 8), ([32767] * 3, 8), ([""] * 3, 80), ([fs_hz, fs_hz, tal // 2], 8), ([""] * 3, 32)]
    start = 0
    with open(path, "wb") as file:
        for text, width in head:
            file.write(field(text, width))
        for texts, width in columns:
            for text in texts:
                file.write(field(text, width))
        for r in range(seconds):
            for channel in range(2):
                for t in range(fs_hz):
                    x = 0 if r in artefacts else draw.gauss(0, 200) + (10 * add(channel, r * fs_hz + t) if add else 0)
                    file.write(int(max(-32768, min(32767, x))).to_bytes(2, "little", signed=True))
            lists = f"+{start}\x14\x14\0"
            for onset, duration, text in marks:
                if start <= onset < start + 1:
                    lists += f"+{onset}" + (f"\x15{duration}" if duration is not None else "") + f"\x14{text}\x14\0"
            file.write(lists.encode().ljust(tal, b"\0"))
            start += 1 + (3600 if r in gaps else 0)


def study(**keys):
    """A cohort and its configuration in the present folder."""
    cohort()
    return config(**keys)


def finished(store="out/store.h5", **keys):
    """The same, run."""
    path = study(store=store, **keys)
    expect(eveil("run", path), 0)
    return path


def total(store="out/store.h5"):
    result = expect(eveil("hash", store), 0)
    lines = [line.split() for line in result.out.splitlines()]
    totals = [words[0] for words in lines if words[1:] == ["total"]]
    assert len(totals) == 1 and len(totals[0]) == 64, f"no total: {result}"
    return totals[0]


def files_below(folder):
    return sorted(os.path.relpath(os.path.join(at, f), folder) for at, _, files in os.walk(folder) for f in files
                  if not f.endswith(".costs"))


def python_modules(*names):
    for name in names:
        try:
            __import__(name)
        except ImportError:
            raise Skip(f"{name} is not installed for {sys.executable}")

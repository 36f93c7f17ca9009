"""harness: what the tests of whole runs on several ranks share: cohorts, configurations, ranks started and killed, journals
read as bytes (without the program), totals, and lines of results.

Scratch folders lie in memory where there is room (a run syncs after every task); Open MPI's session folders and shared
segments are put into them, so that a killed run leaves nothing behind.
"""
import collections
import contextlib
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
EVEIL = os.path.abspath(os.environ.get("EVEIL", "build/eveil"))
DATA = os.path.abspath(os.environ.get("EVEIL_TEST_DATA", "../shared/data"))
EEGMAT = os.path.join(DATA, "eegmat", "data")
LIMIT_S = 300  # after which a run counts as hung
failures = 0


# ---- results ----

def check(good, name, why=""):
    """One line; `why` is what was found. Returns whether it was good."""
    global failures
    failures += not good
    print(f"ok {name}" if good else f"not ok {name}: {why}", flush=True)
    return bool(good)


def skip(name, why):
    print(f"skip {name}: {why}", flush=True)


def note(text):
    print(f"# {text}", flush=True)


def done():
    sys.exit(1 if failures else 0)


def need(*programs):
    """Ends the test as skipped where a program is missing."""
    for program in programs:
        if not shutil.which(program):
            skip(os.path.basename(sys.argv[0]), f"no {program}")
            sys.exit(0)


# ---- scratch folders ----

@contextlib.contextmanager
def scratch():
    memory = "/dev/shm"
    roomy = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2 << 30
    with tempfile.TemporaryDirectory(prefix="eveil_runs_", dir=memory if roomy else None) as folder:
        folder = os.path.realpath(folder)
        session = os.path.join(folder, "mpi")
        os.mkdir(session)
        os.environ.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
                          OMPI_MCA_orte_tmpdir_base=session, OMPI_MCA_btl_vader_backing_directory=session)
        yield folder


def clear(folder):
    """Leaves an empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)


# ---- programs ----

Result = collections.namedtuple("Result", "code out err seconds")


def command(arguments, ranks, limit_s=None, wrap=()):
    """0 ranks: without mpirun."""
    words = ["timeout", "-k", "5", str(limit_s or LIMIT_S)]
    if ranks:
        words += ["mpirun", "-np", str(ranks), "--oversubscribe", "--bind-to", "none"]
    return words + list(wrap) + [EVEIL] + [str(word) for word in arguments]


def said(text):
    """The program's own lines, without mpirun's."""
    return " | ".join(line for line in text.splitlines() if line.startswith("eveil: ") and "warning: " not in line)[-400:]


def environment(io, more):
    full = dict(os.environ, **{key: str(value) for key, value in (more or {}).items()})
    if io:
        full["OMPI_MCA_io"] = io
    return full


def eveil(*arguments, ranks=0, io=None, env=None):
    """Runs a command to its end."""
    began = time.monotonic()
    ended = subprocess.run(command(arguments, ranks), env=environment(io, env), capture_output=True, text=True, errors="replace")
    return Result(ended.returncode, ended.stdout, ended.stderr, time.monotonic() - began)


class Running:
    """A command on its way: a session of its own, so that its processes are known."""

    def __init__(self, *arguments, ranks=0, io=None, env=None, wrap=()):
        self.log = tempfile.TemporaryFile("w+", errors="replace")
        self.ranks = max(ranks, 1)
        self.process = subprocess.Popen(command(arguments, ranks, wrap=wrap), env=environment(io, env), stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log, start_new_session=True)

    def members(self):
        """Processes of this session: {pid: (name, state)}."""
        found = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat") as file:
                    name, rest = file.read().split("(", 1)[1].rsplit(")", 1)
            except OSError:
                continue
            field = rest.split()
            if int(field[3]) == self.process.pid and field[0] not in "ZX":
                found[int(pid)] = (name, field[0])
        return found

    def eveils(self):
        """The ranks that are there, by rank."""
        found = []
        for pid, (name, state) in self.members().items():
            if name != os.path.basename(EVEIL)[:15]:
                continue
            try:
                with open(f"/proc/{pid}/environ", "rb") as file:
                    rank = re.search(rb"(?:^|\0)OMPI_COMM_WORLD_RANK=(\d+)", file.read())
            except OSError:
                continue
            found.append((int(rank.group(1)) if rank else 0, pid, state))
        return sorted(found)

    def running(self):
        return self.process.poll() is None

    def wait_for(self, condition, pause_s=0.0005):
        """Whether the condition came while the command was running."""
        while not condition():
            if not self.running():
                return False
            time.sleep(pause_s)
        return True

    def kill(self, pids):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def kill_all(self):
        """kill -9 of everything: timeout, mpirun, ranks."""
        self.kill(self.members())
        self.process.wait()

    def send_after(self, condition, number, programs=(os.path.basename(EVEIL)[:15],)):
        """A signal to every process of these names as soon as the condition holds; whether it came in time."""
        self.wait_for(lambda: len(self.eveils()) == self.ranks)
        pids = [pid for pid, (name, _) in self.members().items() if name in programs]
        reached = self.wait_for(condition)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        return reached

    def end(self):
        """Waits until no process is left; the result."""
        try:
            self.process.wait(LIMIT_S)
        finally:
            self.kill(self.members())
        while self.members():
            time.sleep(0.002)
        self.log.seek(0)
        return Result(self.process.returncode, self.log.read(), "", 0)


# ---- configurations and cohorts ----

# Every way of storing: rows in f64, rows and tensors in f32, the summary alone, two recording stages.
ANALYSES = """
  { name = "spectral"; window_s = 4.0; step_s = 2.0; features = ["band_power", "permutation_entropy", "spectrum"]; },
  { name = "single"; window_s = 5.0; step_s = 5.0; precision = "f32"; features = ["hjorth"]; dynamics = ["var"]; },
  { name = "brief"; window_s = 4.0; step_s = 4.0; store = "summary"; features = ["spectral_edge"]; }"""


def configure(path, root, analyses=ANALYSES, conditioning="resample_hz = 100.0;", run="", simulate="", table=""):
    """Writes a configuration whose store is out/store.h5 beside it; returns its path."""
    recordings = f'recordings = "{table}";' if table else ""
    with open(path, "w") as file:
        file.write(f'cohort: {{ root = "{root}"; {recordings} }};\noutput: {{ store = "out/store.h5"; }};\n'
                   f"conditioning: {{ {conditioning} }};\nanalyses: ({analyses}\n);\n"
                   f"run: {{ {run} }};\nsimulate: {{ {simulate} }};\n")
    return path


def store_of(config):
    return os.path.join(os.path.dirname(config), "out", "store.h5")


def journal_of(config):
    return store_of(config) + ".journal"


def simulate(folder, keys):
    """A simulated cohort in FOLDER/cohort; returns its root."""
    config = configure(os.path.join(folder, "simulate.cfg"), "cohort", simulate=keys)
    ended = eveil("simulate", config)
    if ended.code:
        raise RuntimeError("simulate: " + ended.err)
    return os.path.join(folder, "cohort")


# ---- what a run left ----

def total(store):
    """The total of `eveil hash`; a text that equals none where the store cannot be hashed."""
    ended = eveil("hash", store)
    words = ended.out.split()
    return words[-2] if ended.code == 0 and words and words[-1] == "total" else f"no total ({ended.code}): {ended.err.strip()}"


State = collections.namedtuple("State", "finished total failed")


def state(config):
    """What `eveil info CFG` says."""
    out = eveil("info", config).out
    tasks = re.search(r"tasks +(\d+) finished of (\d+)", out)
    failed = re.search(r"recordings +\d+ finished of \d+, (\d+) failed", out)
    return State(int(tasks.group(1)), int(tasks.group(2)), int(failed.group(1)) if failed else 0) if tasks else State(-1, -1, -1)


def left_in(folder):
    """What stands in an output folder, without the costs that runs learn."""
    return sorted(name for name in os.listdir(folder) if not name.endswith(".costs"))


def resumed(text):
    """N and M of the line "resuming: N of M", (0, None) without it."""
    found = re.search(r"resuming: (\d+) of (\d+) tasks", text)
    return (int(found.group(1)), int(found.group(2))) if found else (0, None)


MAGIC = b"Eveil journal 2\n"
HEADER = struct.Struct("<Q16sQIIII")  # magic, key, bytes and CRC of the payload, machine, kind (0: a task), CRC of the header
RECORD_MAGIC = 0xa55a1ee1d0c5b8f7
Record = collections.namedtuple("Record", "path key offset bytes")  # offset: of the header
CRC_TABLE = []
for byte in range(256):
    for _ in range(8):
        byte = byte >> 1 ^ (0x82f63b78 if byte & 1 else 0)
    CRC_TABLE.append(byte)


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc = CRC_TABLE[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xffffffff


def records_of(path):
    """Whole records of an undamaged journal (its tail may be torn), by a reader of our own."""
    with open(path, "rb") as file:
        data = file.read()
    found, at = [], len(MAGIC)
    while data.startswith(MAGIC) and at + HEADER.size <= len(data):
        magic, key, n, _, _, kind, crc = HEADER.unpack_from(data, at)
        if magic != RECORD_MAGIC or crc != crc32c(data[at:at + HEADER.size - 4]) or at + HEADER.size + n > len(data):
            break
        if kind == 0:
            found.append(Record(path, key, at, n))
        at += HEADER.size + n
    return found


def records(config):
    folder = journal_of(config)
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".journal"))
        return [record for name in names for record in records_of(os.path.join(folder, name))]
    except FileNotFoundError:  # not there yet, or just removed
        return []


def journal_bytes(config):
    """Of all journals: grows with every finished task."""
    with contextlib.suppress(OSError), os.scandir(journal_of(config)) as entries:
        return sum(entry.stat().st_size for entry in entries)
    return 0


def ran_twice(config):
    """Tasks with more than one record."""
    return sum(n > 1 for n in collections.Counter(record.key for record in records(config)).values())


def slow_writes(config, pause_ms=20):
    """The environment in which every write of a run waits: a run that a signal cannot miss, on any machine."""
    library = build_shim(os.path.dirname(config))
    return {"LD_PRELOAD": library, "EVL_SHIM_FOLDER": os.path.dirname(store_of(config)), "EVL_SHIM_SLOW_MS": pause_ms}


def stop_after(config, n, number, ranks=2, codes=None):
    """Starts a run and sends every rank a signal once n records stand in the journals. The result; None where the run
    ended before. `codes`: a folder that receives each rank's exit code."""
    note_code = ("sh", "-c", 'trap : USR1 TERM; "$@"; code=$?; echo $code > ' + f"{codes}/$OMPI_COMM_WORLD_RANK; exit $code", "sh")
    run = Running("run", config, ranks=ranks, wrap=note_code if codes else (), env=slow_writes(config))
    reached = run.send_after(lambda: len(records(config)) >= n, number)
    ended = run.end()
    return ended if reached else None


def flip(path, offset):
    with open(path, "r+b") as file:
        file.seek(offset)
        byte = file.read(1)
        file.seek(offset)
        file.write(bytes([byte[0] ^ 0x40]))


def build_shim(folder, name="write_shim"):
    """A library to be preloaded; write_shim ends a process at one of its writes, or lets writes fail."""
    library = os.path.join(folder, name + ".so")
    if os.path.exists(library):
        return library
    subprocess.run(["cc", "-std=c11", "-D_GNU_SOURCE", "-O2", "-fPIC", "-shared", os.path.join(HERE, name + ".c"), "-ldl",
                    "-o", library], check=True)
    return library

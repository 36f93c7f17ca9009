"""nodes: what tests on several machines (see `bed`) share: a test that moves onto a bed, studies that must end with one
store, Slurm's jobs, and cases that wait side by side.

A run is brought into its midst by a slow disk: every write to its journals waits (tests/mpi/write_shim.c)."""
import concurrent.futures
import contextlib
import glob
import os
import re
import signal
import subprocess
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "mpi"))

from harness import (EVEIL, build_shim, check, configure, eveil, journal_of, note, records, simulate, skip,  # noqa: E402
                     state, store_of, total)

BED = os.path.join(HERE, "bed")
ROOT = os.path.realpath(os.path.join(HERE, "..", ".."))
RUN = os.path.join(ROOT, "jobs", "run.slurm")
PATIENCE_S = 240  # after which a job counts as hung
# Finished tasks of some 200 at which trouble comes.
MIDST = (8, 70, 140) if os.environ.get("EVEIL_CAMPAIGN") == "1" else (8,)
SUBJECTS = 10
ANALYSES = """
  { name = "spectral"; window_s = 2.0; step_s = 1.0; features = ["band_power", "spectrum"]; spectrum: { segment_s = 2.0; }; },
  { name = "dynamics"; window_s = 4.0; step_s = 4.0; dynamics = ["var"]; }"""


def move_onto_bed(n, *kind):
    """Starts this test again on the head of a bed of n nodes; skipped, and said so, where none can be made."""
    if "EVL_BED" in os.environ:
        return
    able = subprocess.run(["bash", BED, "check", *kind], capture_output=True, text=True)
    if able.returncode:
        skip(os.path.basename(sys.argv[0]), able.stderr.strip())
        sys.exit(0)
    os.execvp("bash", ["bash", BED, str(n), *kind, sys.executable, *sys.argv])


def bed(*arguments):
    subprocess.run(["bed", *arguments], check=True)


def wait_for(condition, limit_s=PATIENCE_S, pause_s=0.1):
    """Whether the condition came in time."""
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(pause_s)
    return True


def text_of(path):
    try:
        with open(path, errors="replace") as file:
            return file.read()
    except OSError:
        return ""


# ---- studies ----

class Studies:
    """A cohort, the total of a quiet run on one rank, and folders for runs of it. Their paths have a space."""

    def __init__(self, name="studies", keys=f"subjects = {SUBJECTS}; duration_s = 60.0; fs_hz = (128.0);", analyses=ANALYSES,
                 run="task_s = 3.0; flush_s = 0.0;", midst=MIDST[0]):
        self.folder = os.path.join(os.environ["EVL_BED"], f"the {name}")
        os.mkdir(self.folder)
        self.name, self.analyses, self.run, self.midst = name, analyses, run, midst
        self.shim = build_shim(os.environ["EVL_BED"])  # LD_PRELOAD takes no space
        self.root = simulate(self.folder, keys)

    def quiet(self):
        """Takes the total; without this a study has nothing to be compared with."""
        study = self.study("quiet")
        ended = eveil("run", study.config)
        self.total, self.tasks = total(study.store), state(study.config).total
        check(ended.code == 0, f"quiet_run_of_{self.tasks}_tasks", f"exit {ended.code}: {ended.err[-300:]}")
        return self

    def study(self, name, **more):
        return Study(self, name, **more)


def rounds():
    """One round of all cases; the campaign: three, in which trouble comes earlier and later."""
    for midst in MIDST:
        note(f"trouble comes after {midst} tasks")
        yield Studies(f"studies {midst}", midst=midst).quiet()


class Study:
    """One configuration and what came of it. `run`: further keys."""
    GOES_ON = ("next", "ended")

    def __init__(self, studies, name, run=""):
        self.studies, self.name = studies, name
        self.folder = os.path.join(studies.folder, name)
        os.mkdir(self.folder)
        self.config = configure(os.path.join(self.folder, "run.cfg"), studies.root, analyses=studies.analyses,
                                run=studies.run + run)
        self.store = store_of(self.config)

    def pace(self, seconds, ranks):
        """The environment in which a run takes that long: two calls a task wait."""
        return {"LD_PRELOAD": self.studies.shim, "EVL_SHIM_FOLDER": journal_of(self.config),
                "EVL_SHIM_SLOW_MS": str(int(1000 * seconds * ranks / self.studies.tasks / 2))}

    def in_midst(self):
        """Waits until the run is; whether it came."""
        over = lambda: os.path.exists(self.store)
        return wait_for(lambda: len(records(self.config)) >= self.studies.midst or over()) and not over()

    def unfinished(self):
        """Nothing, or what is wrong with a run that should have been interrupted in its midst."""
        n = len(records(self.config))
        finished, of, _ = state(self.config)
        if os.path.exists(self.store) or not self.studies.midst <= n < of or finished != n:
            return f"not interrupted in its midst: {n} records, {finished} tasks finished of {of}"
        return ""

    def whole(self):
        """Nothing, or why this is not the one store of a quiet run."""
        found = total(self.store)
        litter = [name for name in os.listdir(os.path.dirname(self.store)) if name.endswith((".tmp", ".journal", ".lock"))]
        if found != self.studies.total:
            return f"total {found}, quiet run {self.studies.total}; {self.last_words()}"
        return f"left over: {litter}" if litter else ""

    def text(self):
        """The logs of all its jobs, in their order."""
        logs = glob.glob(os.path.join(glob.escape(self.folder), "*.log"))
        return "".join(text_of(path) for path in sorted(logs, key=os.path.getmtime))

    def links(self):
        """The lines of STORE.chain: date job link nodes ranks before after total code next."""
        return [line.split("\t") for line in text_of(self.store + ".chain").splitlines()[1:]]

    def took_up(self, n):
        """Nothing, or why the last run did not go on from n finished tasks."""
        found = re.findall(r"resuming: (\d+) of", self.text())
        return "" if int((found or ["0"])[-1]) == n else f"{n} tasks were finished, resumed {found}"

    def last_words(self):
        return "log: " + " | ".join(self.text().splitlines()[-40:])


# ---- ranks ----

def ranks_on(node):
    """The numbers, on head, of the program's processes there: those in the process namespace of the node's first one."""
    found = []
    with contextlib.suppress(OSError):
        with open(os.path.join(os.environ["EVL_BED"], node + ".pid")) as file:
            home = os.readlink(f"/proc/{int(file.read())}/ns/pid")
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                program = os.path.basename(os.readlink(f"/proc/{pid}/exe"))
                if os.readlink(f"/proc/{pid}/ns/pid") == home and program == os.path.basename(EVEIL):
                    found.append(int(pid))
    return found


def kill_ranks(node):
    for pid in ranks_on(node):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


# ---- Slurm ----

def submit(study, nodes, each, *options, env=None, most=1):
    """Submits jobs/run.slurm: whole nodes, `each` ranks on every one, at most so many links. The job's number."""
    full = {**os.environ, "EVEIL": EVEIL, "EVEIL_SITE": "debian", "EVEIL_JOBS": os.path.dirname(RUN),
            "EVEIL_CHAIN_MOST": str(most), "EVEIL_SBATCH": "--exclusive", "EVEIL_LOGS": study.folder, **(env or {})}
    words = ["sbatch", "--parsable", "--exclusive", f"--nodes={nodes}", f"--ntasks-per-node={each}", "--time=10",
             f"--output={study.folder}/%j.log", *options, RUN, study.config]
    done = subprocess.run(words, env=full, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"sbatch: {done.stderr.strip()}")
    return done.stdout.strip()


def field(job, name):
    """What scontrol says of a job."""
    out = subprocess.run(["scontrol", "show", "job", job], capture_output=True, text=True).stdout
    found = re.search(rf"\b{name}=(\S*)", out)
    return found.group(1) if found else ""


def nodes_of(job):
    words = ["scontrol", "show", "hostnames", field(job, "NodeList")]
    return subprocess.run(words, capture_output=True, text=True).stdout.split()


def slurm(*words):
    subprocess.run(words, check=True, capture_output=True)


def ended(job):
    """Waits; the state in which a job ended, or in which it hangs."""
    over = ("COMPLETED", "CANCELLED", "FAILED", "TIMEOUT", "NODE_FAIL", "PREEMPTED", "OUT_OF_MEMORY")
    wait_for(lambda: field(job, "JobState") in over)
    return field(job, "JobState")


def completed(study, job):
    """Waits. Nothing, or how else the job ended."""
    how = ended(job)
    return "" if how == "COMPLETED" else f"job {job} ended as {how}; {study.last_words()}"


def go_on(study, nodes, each, *options):
    """Another job, at full speed, that must finish the study. Nothing, or what is wrong."""
    n = len(records(study.config))
    job = submit(study, nodes, each, *options)
    return completed(study, job) or study.took_up(n) or study.whole()


# ---- cases side by side ----

def side_by_side(cases, at_once=4):
    """Runs cases [(name, function)] that mostly wait; each returns nothing, or what is wrong. One line each."""
    def timed(case):
        began = time.monotonic()
        try:
            why = case()
        except Exception:  # one case must not hide the others
            why = " | ".join(traceback.format_exc().splitlines()[-3:])
        return why, time.monotonic() - began
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        for (name, _), (why, seconds) in zip(cases, pool.map(timed, [case for _, case in cases])):
            check(not why, name, why)
            note(f"{name}: {seconds:.0f} s")

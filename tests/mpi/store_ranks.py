"""What the store's tests on several ranks share: starting programs, and lines of results."""
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

BUILD = os.environ.get("BUILD", "build")
PROGRAM = os.path.abspath(os.path.join(BUILD, "tests/unit/store_np"))
SECONDS = 60  # after which a run counts as hung

failed = 0


def report(good, name, detail=""):
    global failed
    failed += not good
    print(f"{'ok' if good else 'not ok'} {name}{': ' + detail if detail and not good else ''}", flush=True)


def skip(name, why):
    print(f"skip {name}: {why}", flush=True)


def done():
    sys.exit(1 if failed else 0)


def folder():
    """A scratch folder, in memory where that is possible (thousands of syncs)."""
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    return os.path.realpath(tempfile.mkdtemp(prefix="evl_store_", dir=base))


def run(ranks, arguments, environment=None, io=None):
    """Exit code and stderr; ranks 0: without MPI. 124: it hung."""
    full = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", **(environment or {}))
    if io:
        full["OMPI_MCA_io"] = io
    command = [PROGRAM] + [str(a) for a in arguments]
    if ranks == 0:
        full["EVL_NO_MPI"] = "1"
    else:
        command = ["mpirun", "-np", str(ranks), "--oversubscribe"] + command
    command = ["timeout", "-k", "5", str(SECONDS)] + command
    result = subprocess.run(command, env=full, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return result.returncode, result.stderr


def holds(store, windows):
    return subprocess.run([PROGRAM, "check", store, str(windows)], stderr=subprocess.DEVNULL).returncode == 0


def tasks(store, count):
    """Tasks whose records are whole in the journals, or None where that fails."""
    result = subprocess.run([PROGRAM, "tasks", store, str(count)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return {int(t) for t in result.stdout.split()} if result.returncode == 0 else None


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def need(*programs):
    """Ends the test as skipped where a program is missing."""
    for program in programs:
        if not (os.access(program, os.X_OK) or shutil.which(program)):
            skip(os.path.basename(sys.argv[0]), f"no {program}")
            sys.exit(0)

#!/usr/bin/env python3
"""jobs: what the job scripts decide. sbatch, srun, mpirun, scontrol, squeue and scancel are stand-ins that note how
they were called; eveil is one too, except in the last case. Real jobs are the matter of tests/batch.
Over 400 lines: all cases share the stand-ins."""
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import harness as h
from harness import case, run_cases, write

JOBS = os.path.join(h.ROOT, "jobs")
LIMIT_S = 400  # after which a script counts as hung: some twenty processes each, on a machine that may be overloaded
SCRIPTS = ["plan.slurm", "run.slurm", "prognose.slurm", "report.slurm", "array.slurm", "scaling.slurm", "submit"]
PARTS = ["common.sh", "chain.sh"] + [f"sites/{name}" for name in os.listdir(os.path.join(JOBS, "sites"))]

STAND_INS = {
    # submissions are numbered from 101; "refuse" holds the name of a script that is turned down
    "sbatch": """echo "sbatch link=${EVEIL_LINK-} idle=${EVEIL_IDLE-} $*" >> $FAKE/calls
if [ -s $FAKE/refuse ] && grep -q "$(cat $FAKE/refuse)" <<< "$*"; then echo "sbatch: error: refused" >&2; exit 1; fi
echo x >> $FAKE/numbers; echo $((100 + $(wc -l < $FAKE/numbers)))""",
    "srun": """echo "srun $*" >> $FAKE/calls
while [ "${1#-}" != "$1" ]; do shift; done
exec "$@" """,
    "mpirun": """echo "mpirun $*" >> $FAKE/calls
while [ "$1" != "$EVEIL" ]; do shift; done
exec "$@" """,
    "scontrol": """if [ "$1" = show ]; then
  echo "JobId=77 JobName=eveil"; echo "   JobState=$(cat $FAKE/state) Dependency=(null)"
  echo "   RunTime=00:00:01 TimeLimit=01:30:00 TimeMin=N/A"; echo "   Features=big DelayBoot=00:00:00"
  echo "   Command=$JOBS/run.slurm study.cfg"
else echo "scontrol $*" >> $FAKE/calls; fi""",
    "squeue": """case "$*" in *--name=*) cat $FAKE/same_name ;; *) cat $FAKE/waiting ;; esac 2> /dev/null; true""",
    "scancel": 'echo "scancel $*" >> $FAKE/calls',
    # "run" holds what a run does, in shell; finished, total and gathered are the state of the disk
    "eveil": """case $1 in
  --version) echo eveil 0 ;;
  info) echo "$2"
    if [ -e $FAKE/gathered ]; then echo "  store         $FAKE/out/store.h5, 1.0 MB, complete"
    else echo "  store         $FAKE/out/store.h5, not there yet"; fi
    echo "  tasks         $(cat $FAKE/finished) finished of 9" ;;
  plan) case "$*" in
      *--help*) echo "  --slurm" ;;
      *) if [ -e $FAKE/no_plan ]; then cat $FAKE/no_plan >&2; exit 1; fi
         echo "plan $*" >> $FAKE/calls
         printf '%s\\n' --nodes=3 --ntasks-per-node=40 --time=05:00:00 --mem-per-cpu=600M ;;
    esac ;;
  run) . $FAKE/run ;;
  *) echo "eveil $*" >> $FAKE/calls ;;
esac""",
}


def folder():
    """The stand-ins and a study, in the present folder."""
    fake = os.path.join(os.getcwd(), "fake")
    os.makedirs(os.path.join(fake, "bin"))
    for name, text in STAND_INS.items():
        os.chmod(write(os.path.join(fake, "bin", name), "#!/usr/bin/env bash\n" + text + "\n"), 0o755)
    os.mkdir(os.path.join(fake, "out"))
    write("study.cfg", "")
    for name, text in dict(state="RUNNING Reason=None", finished="0\n", run="exit 0", calls="").items():
        put(name, text)
    return fake


def put(name, text):
    write(os.path.join("fake", name), text)


def got(name):
    path = os.path.join("fake", name)
    return open(path, encoding="utf-8").read() if os.path.exists(path) else ""


def called(tool):
    return [line for line in got("calls").splitlines() if line.startswith(tool + " ")]


def environment(**more):
    fake = os.path.join(os.getcwd(), "fake")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("EVEIL", "SLURM", "SBATCH"))}
    kept.update(PATH=os.path.join(fake, "bin") + ":" + os.environ["PATH"], FAKE=fake, JOBS=JOBS,
                EVEIL=os.path.join(fake, "bin", "eveil"), LC_ALL="C.UTF-8")
    kept.update({name: str(value) for name, value in more.items()})
    return kept


SLURM = dict(SLURM_JOB_ID=77, SLURM_JOB_NUM_NODES=2, SLURM_NTASKS=80, SLURM_NTASKS_PER_NODE=40, SLURM_MEM_PER_CPU=600,
             SLURM_JOB_NODELIST="n[1-2]", SLURM_JOB_ACCOUNT="abc@cpu", SLURM_JOB_PARTITION="cpu_p1")


class Ended:
    def __init__(self, code, text):
        self.code, self.text = code, text

    def __str__(self):
        return f"code {self.code}: {h.show(self.text)}; calls: {h.show(got('calls'))}"


def start(script, *words, **more):
    return subprocess.Popen(["bash", os.path.join(JOBS, script), *words], env=environment(**more), text=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def end(process):
    text, _ = process.communicate(timeout=LIMIT_S)
    return Ended(process.returncode, text)


def job(script="run.slurm", operand="study.cfg", **more):
    return end(start(script, operand, **{**SLURM, **more}))


def submit(*words, **more):
    return end(start("submit", *words, **more))


def expect(ended, code, *parts):
    assert ended.code == code, f"expected code {code}: {ended}"
    for part in parts:
        assert part in ended.text, f"expected \"{part}\": {ended}"
    return ended


def chain(path="fake/out/store.h5.chain"):
    lines = [line.split("\t") for line in open(path, encoding="utf-8").read().splitlines()]
    return [dict(zip(lines[0], line)) for line in lines[1:]] if lines else []


# ---- a link of the chain --------------------------------------------------------------------------


@case("the scripts parse, say their cost, and please shellcheck where it is installed")
def _():
    for name in SCRIPTS + PARTS:
        done = subprocess.run(["bash", "-n", os.path.join(JOBS, name)], capture_output=True, text=True)
        assert done.returncode == 0, f"{name}: {done.stderr}"
    for name in SCRIPTS:
        head = open(os.path.join(JOBS, name), encoding="utf-8").read().split("\n")[1:5]
        assert "Cost: " in "\n".join(head), f"{name}: the first lines tell no cost"
    if shutil.which("shellcheck"):
        done = subprocess.run(["shellcheck", "-x"] + SCRIPTS + PARTS, cwd=JOBS, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


@case("a link that leaves tasks submits the next one, asked for alike")
def _():
    folder()
    put("run", "echo 4 > $FAKE/finished; exit 4")
    put("waiting", "80 afterok:77(unfulfilled)\n81 afterok:77:60(unfulfilled)\n82 afterok:770(unfulfilled)\n"
                   "83 (null)\n")
    expect(job(EVEIL_SBATCH="--nodes=5 --nice=3", EVEIL_LINK=2), 4, "4 of 9 tasks finished, 4 of them by this link")
    line, = called("sbatch")
    for part in ("link=3 idle=0", "--nodes=2", "--ntasks-per-node=40", "--mem-per-cpu=600M", "--account=abc@cpu",
                 "--partition=cpu_p1", "--time=01:30:00", "--constraint=big", "--dependency=singleton",
                 "--signal=B:USR1@120", f"{JOBS}/run.slurm {os.getcwd()}/study.cfg"):
        assert f" {part}" in line, f"expected {part}: {line}"
    assert line.index("--nodes=2") < line.index("--nodes=5 --nice=3"), f"EVEIL_SBATCH does not win: {line}"
    assert "--ntasks=" not in line, line
    moved = [line for line in called("scontrol") if "Dependency=" in line]
    assert moved == ["scontrol update JobId=80 Dependency=afterok:101",
                     "scontrol update JobId=81 Dependency=afterok:101:60"], moved
    entry, = chain()
    date = entry.pop("date")
    assert entry == dict(job="77", link="2", nodes="2", ranks="80", before="0", after="4", total="9", code="4",
                         next="next"), entry
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", date), date


@case("the ranks start with -K1, or by mpirun with a short keepalive")
def _():
    folder()
    put("run", "echo 9 > $FAKE/finished; touch $FAKE/gathered")
    expect(job(EVEIL_SITE="debian"), 0)
    assert called("srun")[0].startswith("srun -K1 --mpi=pmix "), called("srun")
    os.remove("fake/gathered")
    expect(job(EVEIL_SITE="debian", EVEIL_LAUNCH="mpirun"), 0)
    assert called("mpirun")[0].startswith("mpirun -np 80 --mca oob_tcp_keepalive_time 5 "), called("mpirun")
    os.remove("fake/gathered")
    expect(job(EVEIL_LAUNCH="aprun"), 1, "expected srun or mpirun")


@case("a whole store ends the chain, whatever the exit code; so does one that was whole before")
def _():
    folder()
    put("run", "echo 9 > $FAKE/finished; touch $FAKE/gathered; exit 137")
    expect(job(), 0, "is complete")
    expect(job(), 0, "nothing to do")
    assert not called("sbatch") and len(called("srun")) == 1, got("calls")
    assert [entry["next"] for entry in chain()] == ["complete", "complete"], chain()


@case("all tasks finished but no store yet: the chain goes on to the gather")
def _():
    folder()
    put("run", "echo 9 > $FAKE/finished; exit 4")
    expect(job(), 4)
    assert len(called("sbatch")) == 1, got("calls")


@case("a lost rank that left finished tasks is no end of the chain")
def _():
    folder()
    put("run", "echo 2 > $FAKE/finished; exit 137")
    expect(job(), 4, "link 2 is job 101")


@case("the chain is bound by EVEIL_CHAIN_MOST")
def _():
    folder()
    put("run", "echo 2 > $FAKE/finished; exit 4")
    expect(job(EVEIL_CHAIN_MOST=5, EVEIL_LINK=4), 4, "link 5 is job 101")
    put("run", "echo 3 > $FAKE/finished; exit 4")
    expect(job(EVEIL_CHAIN_MOST=5, EVEIL_LINK=5), 4, "5 links ran (EVEIL_CHAIN_MOST)")
    put("run", "echo 4 > $FAKE/finished; exit 4")
    expect(job(EVEIL_LINK=20), 4, "20 links ran")
    assert len(called("sbatch")) == 1, got("calls")


@case("two links in a row without a finished task end the chain; one that finishes some starts the count anew")
def _():
    folder()
    put("run", "exit 2")
    expect(job(), 4, "link 2 is job 101")
    assert "link=2 idle=1" in called("sbatch")[0], got("calls")
    expect(job(EVEIL_LINK=2, EVEIL_IDLE=1), 2, "two links in a row finished no task")
    put("run", "echo 1 > $FAKE/finished; exit 2")
    expect(job(EVEIL_LINK=2, EVEIL_IDLE=1), 4)
    assert len(called("sbatch")) == 2 and "link=3 idle=0" in called("sbatch")[1], got("calls")


@case("a run that refuses its configuration is not submitted again")
def _():
    folder()
    put("run", "echo 'eveil: error: bad' >&2; exit 1")
    expect(job(), 1, "eveil: error: bad", "not submitted again")
    assert not called("sbatch"), got("calls")
    put("run", "echo 3 > $FAKE/finished; exit 1")  # mpirun's code after a SIGTERM
    expect(job(), 4, "link 2 is job 101")


@case("a cancelled or requeued job does not submit itself; one cut by its limit does")
def _():
    folder()
    put("run", "echo 2 > $FAKE/finished; exit 4")
    put("state", "COMPLETING Reason=None")
    expect(job(), 4, "the system ended this job")
    assert not called("sbatch"), got("calls")
    put("state", "COMPLETING Reason=TimeLimit")
    put("run", "echo 3 > $FAKE/finished; exit 4")
    expect(job(), 4, "link 2 is job 101")


@case("a study with another job in the queue gets no second chain")
def _():
    folder()
    put("same_name", "77\n90\n")
    put("run", "echo 2 > $FAKE/finished; exit 4")
    expect(job(), 4, "job 90 goes on")
    put("same_name", "77\n")
    put("run", "echo 3 > $FAKE/finished; exit 4")
    expect(job(), 4, "link 2 is job 101")


@case("a refused submission is told")
def _():
    folder()
    put("refuse", "run.slurm")
    put("run", "echo 2 > $FAKE/finished; exit 4")
    expect(job(), 2, "could not be submitted", "by hand")


@case("a state that cannot be read stops the job")
def _():
    folder()
    put("finished", "many\n")
    expect(job(), 1, "does not tell how far the run is")
    assert not called("srun") and not called("sbatch"), got("calls")


def until(condition, what):
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < LIMIT_S, f"waited {LIMIT_S} s for {what}"
        time.sleep(0.02)


@case("USR1 to the script alone reaches the ranks; the script waits for them and goes on")
def _():
    folder()
    put("run", "trap 'sleep 0.3; echo 5 > $FAKE/finished; exit 4' USR1; touch $FAKE/ready\n"
               "while :; do sleep 0.05; done")
    for launch in ("srun", "mpirun"):
        put("finished", "0\n")
        process = start("run.slurm", "study.cfg", **SLURM, EVEIL_LAUNCH=launch)
        until(lambda: os.path.exists("fake/ready"), "the ranks")
        os.kill(process.pid, signal.SIGUSR1)
        expect(end(process), 4, "asked to end", "ended with code 4: 5 of 9 tasks", "is job")
        os.remove("fake/ready")
    assert len(called("sbatch")) == 2, got("calls")


@case("USR1 before the ranks start: none is started")
def _():
    fake = folder()
    slow = STAND_INS["eveil"].replace('info) echo "$2"', 'info) touch $FAKE/ready; sleep 0.5; echo "$2"')
    write(os.path.join(fake, "bin", "eveil"), "#!/usr/bin/env bash\n" + slow)
    process = start("run.slurm", "study.cfg", **SLURM)
    until(lambda: os.path.exists("fake/ready"), "the first question")
    os.kill(process.pid, signal.SIGUSR1)
    expect(end(process), 4, "asked to end", "0 of 9 tasks finished")
    assert not called("srun"), got("calls")


@case("a chain of links, each as the one before submitted it, finishes a study")
def _():
    folder()
    put("run", "n=$(($(cat $FAKE/finished) + 2)); [ $n -lt 9 ] || { n=9; touch $FAKE/gathered; }\n"
               "echo $n > $FAKE/finished; [ $n = 9 ] || exit 4")
    ended, links, words = job(), 1, {}
    while ended.code == 4 and links < 9:
        line = called("sbatch")[-1]
        words = dict(EVEIL_LINK=re.search(r"link=(\d+)", line)[1], EVEIL_IDLE=re.search(r"idle=(\d+)", line)[1])
        ended = job(SLURM_JOB_ID=100 + links, **words)
        links += 1
    expect(ended, 0, "is complete")
    assert links == 5 and words["EVEIL_LINK"] == "5", ended
    entries = chain()
    assert [entry["before"] for entry in entries] == ["0", "2", "4", "6", "8"], entries
    assert [entry["after"] for entry in entries] == ["2", "4", "6", "8", "9"], entries


@case("an array task runs its line of the list, and goes on as a job of its own")
def _():
    folder()
    write("b.cfg", "")
    write("list", "study.cfg\nb.cfg\n\n")
    put("run", "echo \"run $*\" >> $FAKE/calls; echo 2 > $FAKE/finished; exit 4")
    expect(job("array.slurm", "list", SLURM_ARRAY_JOB_ID=70, SLURM_ARRAY_TASK_ID=2), 4)
    assert called("run") == [f"run run {os.getcwd()}/b.cfg"], got("calls")
    assert called("sbatch")[0].endswith(f"{JOBS}/run.slurm {os.getcwd()}/b.cfg"), got("calls")
    assert re.fullmatch(r"scontrol update JobId=70_2 JobName=eveil-b-\d+", called("scontrol")[0]), got("calls")
    expect(job("array.slurm", "list", SLURM_ARRAY_TASK_ID=3), 1, "expected a configuration in line 3")
    expect(job("array.slurm", "nowhere", SLURM_ARRAY_TASK_ID=1), 1, "nowhere: expected a list")
    ended = job("array.slurm", "list")
    assert ended.code != 0 and "--array=1-N" in ended.text, ended


@case("plan, prognose and report jobs run their command")
def _():
    folder()
    put("gathered", "")
    path = f"{os.getcwd()}/study.cfg"
    expect(job("plan.slurm"), 0)
    expect(job("prognose.slurm"), 0)
    expect(job("report.slurm"), 0)
    assert called("plan") == [f"plan plan {path}"], got("calls")
    assert called("eveil") == [f"eveil prognose {path}", f"eveil report {os.getcwd()}/fake/out/store.h5"], got("calls")
    assert len(called("srun")) == 2, got("calls")


# ---- submit ---------------------------------------------------------------------------------------


@case("submit: four jobs, each after the one before; what is said wins over what is planned")
def _():
    folder()
    ended = submit("--account=abc@cpu", "--nodes=7", "--qos=q", "study.cfg")
    expect(ended, 0, "follow", "scancel 101 102 103 104")
    plan, run, prognose, report = called("sbatch")
    assert called("plan") == [f"plan plan {os.getcwd()}/study.cfg --slurm --cores-per-node=40 --limit-h=20"], ended
    for line, script, before in ((plan, "plan", None), (run, "run", 101), (prognose, "prognose", 102),
                                 (report, "report", 103)):
        assert line.endswith(f" {JOBS}/{script}.slurm {os.getcwd()}/study.cfg"), line
        assert ("--dependency=" in line) == (before is not None), line
        assert before is None or f" --dependency=afterok:{before} --kill-on-invalid-dep=yes" in line, line
        assert " --account=abc@cpu" in line and " --qos=q" in line, line
        assert ("--nodes=7" in line) == (script == "run") == ("--mem-per-cpu=600M" in line), line
    assert run.index("--nodes=3") < run.index("--nodes=7") and " --time=05:00:00" in run, run
    assert os.path.isdir("fake/out/logs"), "no folder for the logs"


@case("submit: the steps that are named")
def _():
    folder()
    expect(submit("study.cfg", "report", "run"), 0)
    run, report = called("sbatch")
    assert "/run.slurm" in run and "--dependency" not in run, run
    assert "/report.slurm" in report and "--dependency=afterok:101" in report, report
    expect(submit("study.cfg", "gather"), 1, "gather: expected a step")


@case("submit refuses what would fail later: one message, nothing submitted")
def _():
    folder()
    write("study.txt", "")
    put("no_plan", "")
    for words, more, message in (
            (["study.cfg"], dict(EVEIL_SITE="jean-zay"), "this machine wants an account"),
            (["study.cfg"], dict(EVEIL_SITE="mars"), "mars.env: expected an environment file"),
            ([], {}, "expected a configuration"),
            (["none.cfg"], {}, "none.cfg: expected a configuration, found no readable file"),
            (["study.txt"], {}, "expected a name that ends in .cfg"),
            (["-n4", "study.cfg"], {}, "-n4: expected --NAME=VALUE"),
            (["study.cfg"], dict(EVEIL="/nowhere/eveil"), "/nowhere/eveil: expected the program there")):
        ended = expect(submit(*words, **more), 1, message)
        assert ended.text.count("error:") == 1, ended
    put("no_plan", "eveil: error: study.cfg:3: unknown key\n")
    expect(submit("study.cfg"), 1, "eveil: error: study.cfg:3: unknown key")
    os.remove("fake/no_plan")
    for time_, message in (("3", "expected more than 180 s"), ("00:02:59", "expected more than 180 s"),
                           ("soon", "expected minutes, HH:MM:SS or D-HH:MM:SS")):
        expect(submit(f"--time={time_}", "study.cfg"), 1, message)
    expect(submit("--time=04:00", "study.cfg", EVEIL_LEAD_S=200), 1, "expected more than 260 s")
    put("same_name", "90\n")
    expect(submit("study.cfg"), 1, "job 90 runs this study")
    assert not called("sbatch"), got("calls")
    put("same_name", "")
    for time_ in ("4", "04:00", "0-1", "1-02:03", "1-02:03:04", "100:00:00"):
        expect(submit(f"--time={time_}", "study.cfg"), 0)
    for account in (dict(EVEIL_ACCOUNT="abc@cpu"), dict(SBATCH_ACCOUNT="abc@cpu")):
        expect(submit("study.cfg", EVEIL_SITE="jean-zay", **account), 0)
    assert not any("--mem" in line for line in called("sbatch")[-8:]), got("calls")  # memory comes with the cores there


@case("a path with blanks: submit and run take it whole, the name of the job has none")
def _():
    folder()
    os.mkdir("my study")
    write("my study/a b.cfg", "")
    expect(submit("my study/a b.cfg", "run"), 0)
    expect(submit("--comment=a b", "my study/a b.cfg"), 1, "expected an option without blanks")
    put("run", "echo 4 > $FAKE/finished; exit 4")
    expect(job(operand="my study/a b.cfg"), 4)
    first, second = called("sbatch")
    for line in (first, second):
        assert line.endswith(f"{JOBS}/run.slurm {os.getcwd()}/my study/a b.cfg"), line
    names = [re.search(r" --job-name=(eveil-a_b-\d+) ", line)[1] for line in (first, second)]
    assert names[0] == names[1], names


@case("submit: a step that sbatch refuses takes the earlier ones back")
def _():
    folder()
    put("refuse", "prognose.slurm")
    expect(submit("study.cfg"), 1, "sbatch refused the step prognose")
    assert called("scancel") == ["scancel 101 102"], got("calls")


# ---- the real program -----------------------------------------------------------------------------


@case("with the real program: USR1 ends a run gracefully, the next link finishes it, same total as at one go")
def _():
    shim = os.path.join(os.path.dirname(h.EVEIL), "tests", "write_shim.so")
    if not os.path.exists(shim):
        raise h.Skip(f"{shim} is not built")
    fake = folder()
    h.cohort()
    real = dict(SLURM, EVEIL=h.EVEIL, SLURM_NTASKS=1, SLURM_NTASKS_PER_NODE=1, SLURM_JOB_NUM_NODES=1,
                OMPI_MCA_ess_singleton_isolated=1, **h.SAME)
    study = h.config(run="flush_s = 0.0;")
    slow = STAND_INS["srun"].replace('exec "$@"', f'EVL_SHIM_FOLDER={os.getcwd()}/out EVL_SHIM_SLOW_MS=400 '
                                                  f'LD_PRELOAD={shim} exec "$@"')
    write(os.path.join(fake, "bin", "srun"), "#!/usr/bin/env bash\n" + slow)
    process = start("run.slurm", study, **real)
    finished = re.compile(r"tasks +([1-9]\d*) finished of (\d+)")
    until(lambda: process.poll() is not None or finished.search(h.eveil("info", study).out), "a finished task")
    os.kill(process.pid, signal.SIGUSR1)
    expect(end(process), 4, "stopped on request", "is job 101")
    entry, = chain("out/store.h5.chain")
    assert 0 < int(entry["after"]) < int(entry["total"]) and entry["code"] == "4", entry
    write(os.path.join(fake, "bin", "srun"), "#!/usr/bin/env bash\n" + STAND_INS["srun"])
    expect(end(start("run.slurm", study, EVEIL_LINK=2, **real)), 0, "is complete")
    whole = h.config(path="whole.cfg", store="whole/store.h5")
    h.expect(h.eveil("run", whole), 0)
    assert h.total() == h.total("whole/store.h5"), "another total"


@case("with the real program: a recording that fails does not keep the chain from its end; once repaired it is run")
def _():
    folder()
    h.cohort()
    real = dict(SLURM, EVEIL=h.EVEIL, SLURM_NTASKS=1, SLURM_NTASKS_PER_NODE=1, SLURM_JOB_NUM_NODES=1,
                OMPI_MCA_ess_singleton_isolated=1, **h.SAME)
    study = h.config()
    shutil.copy2(h.eeg(2), "kept.edf")
    with open(h.eeg(2), "r+b") as file:
        file.truncate(300)
    expect(end(start("run.slurm", study, **real)), 0, "complete but for the recordings that failed")
    shutil.copy2("kept.edf", h.eeg(2))
    expect(end(start("run.slurm", study, EVEIL_LINK=1, **real)), 0, "is complete")
    assert not called("sbatch"), got("calls")
    assert [(entry["code"], entry["next"]) for entry in chain("out/store.h5.chain")] == [("3", "complete"), ("0", "complete")]


if __name__ == "__main__":
    sys.exit(run_cases())

"""Faults under real jobs of jobs/run.slurm: nodes lost, a link cut, the ranks of one node killed; jobs that cannot go
well. No hang, one clear message, nothing finished is lost, and at the end one store: the bits of a quiet run on one rank."""
import os
import re
import shutil
import time

from nodes import (Studies, bed, completed, ended, field, go_on, kill_ranks, move_onto_bed, nodes_of, ranks_on, rounds,
                   side_by_side, slurm, submit, wait_for)
from harness import EVEIL, done, eveil, records

NODES = 8
LONG = """{ name = "dynamics"; window_s = 60.0; step_s = 0.05; store = "summary"; dynamics = ["var"];
            var: { max_order = 64; }; }"""


# ---- faults ----

def begin(name, **more):
    """A study whose job of 2 nodes x 2 ranks is in its midst; (study, job, its nodes)."""
    study = studies.study(name)
    job = submit(study, 2, 2, env=study.pace(20, 4), **more)
    if not study.in_midst():
        raise RuntimeError(f"never in its midst; {study.last_words()}")
    return study, job, nodes_of(job)


def taken_back(study, job):
    """Waits until Slurm has put the job back into its queue, then starts it at once (Slurm itself: after two minutes)."""
    if not wait_for(lambda: field(job, "Restarts") == "1" and field(job, "JobState") == "PENDING"):
        return f"not queued again: {field(job, 'JobState')}; {study.last_words()}"
    n, why = len(records(study.config)), study.unfinished()
    slurm("scontrol", "update", f"JobId={job}", "StartTime=now")
    return why or completed(study, job) or study.took_up(n) or study.whole()


def node_lost():
    """Slurm runs the job again by itself, on other nodes."""
    study, job, nodes = begin("node lost")
    bed("off", nodes[-1])
    why = taken_back(study, job)
    bed("boot", nodes[-1])
    return why


def first_node_lost():
    """With the job's script; it comes back when the node does."""
    study, job, nodes = begin("first node lost")
    bed("off", nodes[0])
    if not wait_for(lambda: field(job, "JobState") != "RUNNING"):
        return "the job goes on without its script"
    bed("boot", nodes[0])
    return taken_back(study, job)


def link_cut():
    """The ranks behind the cut live on and hold their journals: the job, run again, must refuse rather than write beside
    them. Once the link is there Slurm ends them."""
    study, job, nodes = begin("link cut")
    bed("link", nodes[-1], "down")
    why = taken_back(study, job)
    bed("link", nodes[-1], "up")
    if "another run" not in why:
        return f"expected a refusal, found: {why or 'a store'}"
    if not wait_for(lambda: not ranks_on(nodes[-1])):
        return "ranks of the lost job live on after the link is back"
    return go_on(study, 2, 2)


def link_cut_for_a_moment():
    study, job, nodes = begin("link cut for 8 s")
    bed("link", nodes[-1], "down")
    time.sleep(8)
    bed("link", nodes[-1], "up")
    return completed(study, job) or study.whole()


def ranks_killed():
    """srun -K1 ends the step, and the script submits itself again."""
    study, job, nodes = begin("ranks killed", most=2)
    kill_ranks(nodes[-1])
    how = ended(job)
    next_job = re.search(r"link 2 is job (\d+)", study.text())
    if how != "FAILED" or not next_job:
        return f"{how}; {study.last_words()}"
    return completed(study, next_job.group(1)) or study.whole()


# ---- jobs that cannot go well ----

def more_ranks_than_recordings():
    """Eight ranks for one recording of two tasks, and the recording's own."""
    few = Studies(studies.name + " few", "subjects = 1; duration_s = 60.0; fs_hz = (128.0);", run="task_s = 30.0;")
    study = few.quiet().study("many ranks")
    return completed(study, submit(study, 2, 4)) or study.whole()


def limit_below_one_task():
    """Hours for one task: two links without progress, then the chain ends and says why."""
    long = Studies(studies.name + " long", "subjects = 1; duration_s = 300.0; fs_hz = (500.0);", LONG, "task_s = 3600.0;")
    study = long.study("short limit")
    submit(study, 1, 1, "--time=1", "--signal=B:USR1@5", env={"EVEIL_LEAD_S": "5"}, most=5)
    if not wait_for(lambda: study.links() and study.links()[-1][-1] not in study.GOES_ON):
        return f"still going: {study.links()}"
    good = study.links()[-1][-1] == "stuck" and "two links in a row finished no task" in study.text()
    return "" if good else f"{study.links()}; {study.last_words()}"


def refused(study, job, *words):
    """One message of the program with these words, and code 1 or 2, soon."""
    how = ended(job)
    errors = [line for line in study.text().splitlines() if line.startswith("eveil: ") and "warning: " not in line]
    code = field(job, "ExitCode").split(":")[0]
    good = how == "FAILED" and code in "12" and len(errors) == 1 and all(word in errors[0] for word in words)
    return "" if good else f"{how} with code {code}, expected one message with {words}, found {errors}; {study.last_words()}"


def scratch_missing_on_one_node():
    """The folder above run.scratch is there on all nodes but one."""
    disk = os.path.join(studies.folder, "disk")
    os.makedirs(os.path.join(disk, "scratch"))
    study = studies.study("scratch", run=f'scratch = "{disk}/scratch";')
    bed("cover", "node2", "empty", disk)
    job = submit(study, 2, 2, "--nodelist=node[1-2]")
    why = refused(study, job, f"{disk}/scratch")
    bed("uncover", "node2", disk)
    return why or go_on(study, 2, 2)


def other_program_on_one_node():
    """Two versions, which differ in their number only."""
    study = studies.study("two programs")
    program, other = os.path.join(study.folder, "eveil"), os.path.join(study.folder, "other")
    shutil.copy(EVEIL, program)
    with open(EVEIL, "rb") as file:
        image = file.read()
    version = eveil("--version").out.split()[1].encode()
    changed = version[:-1] + (b"9" if version[-1:] != b"9" else b"8")
    with open(other, "wb") as file:
        file.write(image.replace(version, changed))
    os.chmod(other, 0o755)
    bed("cover", "node2", other, program)
    job = submit(study, 2, 2, "--nodelist=node[1-2]", env={"EVEIL": program})
    why = refused(study, job, version.decode(), changed.decode(), "node2")
    bed("uncover", "node2", program)
    return why or go_on(study, 2, 2)


move_onto_bed(NODES, "slurm")
for studies in rounds():
    side_by_side([("limit_shorter_than_one_task", limit_below_one_task), ("node_lost", node_lost),
                  ("first_node_lost", first_node_lost), ("link_cut", link_cut),
                  ("link_cut_for_8_s", link_cut_for_a_moment), ("ranks_of_one_node_killed", ranks_killed),
                  ("more_ranks_than_recordings", more_ranks_than_recordings),
                  ("scratch_missing_on_one_node", scratch_missing_on_one_node),
                  ("other_program_on_one_node", other_program_on_one_node)], NODES // 2)
done()

"""Real jobs of jobs/run.slurm on a Slurm of several nodes: quiet ones, wall-time limits, a chain of links, requeue,
scancel, a drained node, other numbers of nodes and ranks. At the end of each: one store, the bits of a quiet run on one rank."""
import re

from nodes import completed, ended, field, go_on, move_onto_bed, nodes_of, rounds, side_by_side, slurm, submit, wait_for
from harness import done, note

NODES = 8


def quiet(nodes, each):
    def case():
        study = studies.study(f"quiet {nodes} x {each}")
        return completed(study, submit(study, nodes, each)) or study.whole()
    return f"nodes_{nodes}_ranks_{nodes * each}", case


def interrupted(name, trouble, expected, again, options=(), seconds=20, most=1):
    """A job of 2 nodes x 2 ranks in whose midst `trouble(job)` comes; `again`: nodes and ranks a node of the next job."""
    def case():
        study = studies.study(name)
        job = submit(study, 2, 2, *options, env=study.pace(seconds, 4), most=most)
        if not study.in_midst():
            return f"never in its midst; {study.last_words()}"
        trouble(job)
        how = ended(job)
        if how != expected:
            return f"the job ended as {how}, not {expected}; {study.last_words()}"
        return study.unfinished() or next_links(study) or go_on(study, *again)
    return name, case


def next_links(study):
    """Nothing, or the jobs that the script has submitted against the will of whoever ended it."""
    found = [line for line in study.text().splitlines() if re.search(r"link \d+ is job", line)]
    return f"submitted itself again: {found}" if found else ""


def chain():
    """Three wall-time limits at least: one link lasts 25 to 55 s, as Slurm looks at its clock every 30 s."""
    study = studies.study("chain")
    submit(study, 2, 2, "--time=1", "--signal=B:USR1@5", env=dict(study.pace(120, 4), EVEIL_LEAD_S="5"), most=12)
    wait_for(lambda: study.links() and study.links()[-1][-1] not in study.GOES_ON)
    links = study.links()
    steps = [(int(link[5]), int(link[6])) for link in links]
    note(f"chain: finished before and after each link: {steps}")
    if not links or links[-1][-1] != "complete":
        return f"the chain ended so: {links[-1:]}"
    if len(links) < 4 or any(a >= b for a, b in steps) or any(a[1] != b[0] for a, b in zip(steps, steps[1:])):
        return f"expected at least three limits and progress in every link, found {steps}"
    return study.whole()


def requeue():
    """The same job again; Slurm waits two minutes with that unless told."""
    study = studies.study("requeue")
    job = submit(study, 2, 2, env=study.pace(20, 4))
    if not study.in_midst():
        return f"never in its midst; {study.last_words()}"
    slurm("scontrol", "requeue", job)
    if not wait_for(lambda: field(job, "Restarts") == "1" and field(job, "JobState") == "PENDING"):
        return f"not requeued: {field(job, 'JobState')}"
    why = study.unfinished()
    slurm("scontrol", "update", f"JobId={job}", "StartTime=now")
    return why or completed(study, job) or study.whole()


def stop(job):
    slurm("scancel", "--signal=USR1", "--batch", job)


def drained():
    """The first node of the stopped job goes to repair: the next job runs on others."""
    study = studies.study("drained")
    job = submit(study, 2, 2, env=study.pace(20, 4))
    if not study.in_midst():
        return f"never in its midst; {study.last_words()}"
    node = nodes_of(job)[0]
    stop(job)
    how = ended(job)
    slurm("scontrol", "update", f"NodeName={node}", "State=DRAIN", "Reason=repair")
    why = study.unfinished() or go_on(study, 2, 2)
    slurm("scontrol", "update", f"NodeName={node}", "State=RESUME")
    return why or ("" if how == "FAILED" else f"stopped on request, the job ended as {how}, not FAILED (exit 4)")


move_onto_bed(NODES, "slurm")
for studies in rounds():
    cases = [("chain_of_three_limits", chain),
             interrupted("limit_without_warning", lambda job: None, "TIMEOUT", (2, 2), ("--time=1", "--signal=B:URG@1"),
                         200),
             quiet(2, 2), quiet(4, 2), ("requeue", requeue),
             interrupted("scancel", lambda job: slurm("scancel", job), "CANCELLED", (2, 2), most=12),
             interrupted("stopped_then_4_nodes_1_rank", stop, "FAILED", (4, 1)),
             interrupted("stopped_then_1_node_3_ranks", stop, "FAILED", (1, 3)),
             ("drained_node", drained)]
    side_by_side(cases, NODES // 2)
done()

"""mpirun over several hosts, without a batch system: quiet runs, the ranks of one host killed, a host lost, a link cut;
then the run goes on, on another number of hosts. At the end of each: one store, the bits of a quiet run on one rank."""
import os
import subprocess
import time

from nodes import bed, kill_ranks, move_onto_bed, ranks_on, rounds, wait_for
from harness import EVEIL, check, done, records

NODES = 4
LIMIT_S = 120  # a lost host is noticed after some ten seconds (oob_tcp_keepalive in `bed`)


class Hosts:
    """mpirun of a study on hosts, at a pace where seconds are given."""

    def __init__(self, study, hosts, each, seconds=0):
        self.study = study
        pace = study.pace(seconds, len(hosts) * each) if seconds else {}
        exports = [word for name in pace for word in ("-x", name)]
        places = ",".join(f"{host}:{each}" for host in hosts)
        self.log = open(os.path.join(study.folder, f"{len(os.listdir(study.folder))}.log"), "w+")
        self.process = subprocess.Popen(
            ["timeout", "-k", "5", str(LIMIT_S), "mpirun", "--host", places, *exports, EVEIL, "run", study.config],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, env={**os.environ, **pace})

    def end(self):
        """The exit code; `timeout` gives 124 for a run that hung."""
        code = self.process.wait()
        self.log.close()
        return code


def hosts(*numbers):
    return [f"node{i}" for i in numbers]


def whole(study, run, n=None):
    code = run.end()
    why = f"exit {code}; {study.last_words()}" if code else ""
    return why or (study.took_up(n) if n is not None else "") or study.whole()


def quiet(n, each):
    study = studies.study(f"quiet {n} x {each}")
    why = whole(study, Hosts(study, hosts(*range(1, n + 1)), each))
    check(not why, f"hosts_{n}_ranks_{n * each}", why)


def trouble(name, act, repair, again, each):
    """What happens to node2 in the midst of a run on node1 and node2; then the run goes on elsewhere."""
    study = studies.study(name)
    run = Hosts(study, hosts(1, 2), 2, seconds=20)
    if not study.in_midst():
        run.end()
        return check(False, name, f"never in its midst; {study.last_words()}")
    act()
    began = time.monotonic()
    code = run.end()
    hung = time.monotonic() - began >= LIMIT_S
    repair()
    gone = wait_for(lambda: not ranks_on("node1") + ranks_on("node2"))
    why = f"mpirun {'hung' if hung else 'ended well'}; {study.last_words()}" if hung or code == 0 else study.unfinished()
    check(not why and gone, f"{name}_ends_the_run", why or "ranks live on")
    why = whole(study, Hosts(study, again, each), len(records(study.config)))
    check(not why, f"{name}_then_{len(again)}_hosts_{len(again) * each}_ranks", why)


def nothing():
    """The next run needs no repair."""


move_onto_bed(NODES)
for studies in rounds():
    quiet(2, 2)
    quiet(4, 1)
    trouble("ranks_killed", lambda: kill_ranks("node2"), nothing, hosts(1, 2, 3), 1)
    trouble("host_lost", lambda: bed("off", "node2"), lambda: bed("boot", "node2"), hosts(1, 2, 3, 4), 1)
    trouble("link_cut", lambda: bed("link", "node2", "down"), lambda: bed("link", "node2", "up"), hosts(3), 3)
done()

"""Fifty-six kills, fourteen a phase, of a run of 330 tasks on two ranks; with EVEIL_CAMPAIGN=1 as many on 1, 2, 3 and 4. See
kills.py. EVEIL_KILLS names a file that receives the numbers (make reliability)."""
import json
import os

from harness import check, done
from kills import PHASES, kill_everywhere

found = []
for np in (1, 2, 3, 4) if os.environ.get("EVEIL_CAMPAIGN") else (2,):
    kills = kill_everywhere(30, 14, np)
    check(kills.tasks >= 300, f"np_{np}_at_least_300_tasks", f"{kills.tasks}")
    check(sum(kills.seen.values()) >= 50 and all(kills.seen[phase, "one"] + kills.seen[phase, "all"] >= 12 for phase in PHASES),
          f"np_{np}_at_least_50_kills_in_every_phase", f"{dict(kills.seen)}")
    found.append({"ranks": np, "tasks": kills.tasks, "failed": kills.failed,
                  "kills": {phase: {who: kills.seen[phase, who] for who in ("one", "all")} for phase in PHASES}})
if os.environ.get("EVEIL_KILLS"):
    with open(os.environ["EVEIL_KILLS"], "w") as file:
        json.dump(found, file, indent=1)
done()

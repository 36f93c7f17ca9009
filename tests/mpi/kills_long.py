"""Fifty-six kills, fourteen a phase, of a run of 330 tasks; see kills.py."""
from harness import check, done
from kills import PHASES, kill_everywhere

kills = kill_everywhere(30, 14)
check(kills.tasks >= 300, "at_least_300_tasks", f"{kills.tasks}")
check(sum(kills.seen.values()) >= 50 and all(kills.seen[phase, "one"] + kills.seen[phase, "all"] >= 12 for phase in PHASES),
      "at_least_50_kills_in_every_phase", f"{dict(kills.seen)}")
done()

"""Writes of every rank of a two-rank run as the point of a kill, whole and torn; resumed on 1 to 3 ranks. Argument: the
step between points (3; 1 takes every call)."""
import sys

from store_kill import kill_everywhere
from store_ranks import PROGRAM, done, need

need("cc", "mpirun", PROGRAM)
step = int(sys.argv[1]) if len(sys.argv) > 1 else 3
kill_everywhere(2, "ompio", step)
kill_everywhere(2, "romio321", 2 * step)
done()

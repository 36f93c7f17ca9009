"""Every write of every rank of a two-rank run as the point of a kill, whole and torn; resumed on 1 to 3 ranks."""
from store_kill import kill_everywhere
from store_ranks import PROGRAM, done, need

need("cc", "mpirun", PROGRAM)
kill_everywhere(2, "ompio", 1)
kill_everywhere(2, "romio321", 4)
done()

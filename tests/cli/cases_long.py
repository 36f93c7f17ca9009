#!/usr/bin/python3
"""The cases of this folder's other files that take long: more ranks, full disks, wide tables, R."""
import sys

import bad_cohort  # noqa: F401
import bad_output  # noqa: F401
import configuration  # noqa: F401
import describe  # noqa: F401
import privacy  # noqa: F401
import prognose  # noqa: F401
import store_cells  # noqa: F401
from harness import run_cases

if __name__ == "__main__":
    sys.exit(run_cases(long=True))

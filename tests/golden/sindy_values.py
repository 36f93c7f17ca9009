"""Flattens what PySINDy found (dynamics_reference.json) into lines "case<TAB>what<TAB>numbers..." for dynamics_sindy_truth.

Usage: sindy_values.py dynamics_reference.json out.tsv; the system of the weak form lies in data/ beside the former."""
import json
import os
import sys

import numpy as np

with open(sys.argv[1], encoding="utf-8") as source, open(sys.argv[2], "w", encoding="utf-8") as out:
    def put(case, what, values):
        print(case, what, *map(repr, np.ravel(values).astype(float).tolist()), sep="\t", file=out)

    reference = json.load(source)
    put("pysindy", "true", reference["pysindy"]["true_coef"])
    for case, record in reference["pysindy"]["cases"].items():
        put(case, "coef", record["coef"])
    for case, record in reference["pysindy_sweep"].items():
        for which in ("best_exact_support", "best_any"):
            put(case, which, record[which][0])
    system = np.load(os.path.join(os.path.dirname(sys.argv[1]), "data",
                                  "pysindy_weak_noise0_K200_H0.25_a0.05_system.npz"))
    put("system", "theta", system["theta"].T)
    put("system", "y", system["b"].T)

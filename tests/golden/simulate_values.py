"""Flattens what simulate_truth.c and dynamics_robinson_truth.c need of dynamics_reference.json into lines "peer<TAB>feature<TAB>numbers...".

Usage: simulate_values.py dynamics_reference.json out.tsv"""
import json
import sys

with open(sys.argv[1], encoding="utf-8") as source:
    data = json.load(source)
neural, literature = data["nmm"], data["literature_truth"]
lines = {}
for p, found in neural["equilibria"].items():
    for i, equilibrium in enumerate(found):
        values = sorted(equilibrium["eigs"], key=lambda e: (-e[0], -e[1]))
        lines[f"nmm equilibrium_{p}_{i}"] = equilibrium["y"]
        lines[f"nmm eigenvalues_{p}_{i}"] = [part for value in values for part in value]
for name, values in neural["lin_spec"].items():
    lines[f"nmm spectrum_{name}"] = values
lines["nmm frequencies"] = neural["lin_spec_freqs"]
lines["nmm trajectory"] = neural["rk4_p120_dt1e-4_v_every_0.1s"]
lines["nmm hopf"] = [float(p[2:]) for p in neural["equilibria"] if p in ("p=89.83", "p=315.7")]
full = data["robinson_full"]
lines["braintrak frequencies"] = full["freqs"]
lines["braintrak power"] = full["P_unnormalised"]
lines["braintrak params"] = full["example_params"]
lines["braintrak xyz"] = full["XYZ"]
for name, entry in neural["robinson_reduced"]["cases"].items():
    lines[f"braintrak case_{name}"] = entry["X_Y_Z_alpha_beta_t0"]
    lines[f"braintrak stable_{name}"] = [float(entry["stable"])]
    lines[f"braintrak power_{name}"] = entry["P"]
for name in ("lorenz", "roessler"):
    exponents = literature["lorenz" if name == "lorenz" else "rossler"]["LE"]
    lines[f"sprott {name}_largest"] = [exponents[0]]
    lines[f"sprott {name}_sum"] = [sum(exponents)]
with open(sys.argv[2], "w", encoding="utf-8") as out:
    for name, values in lines.items():
        print(*name.split(" "), *map(repr, values), sep="\t", file=out)

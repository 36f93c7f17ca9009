"""Flat table of the linear values of the dynamics reference.

Usage: var_values.py dynamics_reference.json out.tsv   Lines "peer<TAB>feature<TAB>numbers..." as truth_values.py writes."""
import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    reference = json.load(file)
linear = reference["eeg_linear_baseline"]
with open(sys.argv[2], "w", encoding="utf-8") as out:
    for name, value in linear.items():
        numbers = list(value.values()) if isinstance(value, dict) else [value]
        print("linear_baseline", name, *map(repr, numbers), sep="\t", file=out)
    for column, values in enumerate(zip(*reference["nld"]["var1_eeg_win500"]["rows"])):
        print("var1_win500", f"column{column}", *map(repr, values), sep="\t", file=out)

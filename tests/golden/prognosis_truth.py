"""Values of the peers in $EVEIL_TRUTH/trust as lines "name n v1 v2 ..." for tests/golden/prognosis_truth.c."""
import csv
import json
import os
import sys

truth = os.path.join(os.environ.get("EVEIL_TRUTH", "../shared/truth"), "trust")


def put(name, values):
    values = values if isinstance(values, list) else [values]
    print(name.replace(" ", "_"), len(values), *[repr(float(v)) for v in values])


def leaves(prefix, value):
    if isinstance(value, dict):
        for key, inner in value.items():
            leaves(f"{prefix}/{key}", inner)
    elif isinstance(value, list) and value and isinstance(value[0], list):
        for i, inner in enumerate(value):
            leaves(f"{prefix}/{i}", inner)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        put(prefix, value)
    elif isinstance(value, list) and all(isinstance(v, (int, float)) for v in value):
        put(prefix, value)


def columns(prefix, path):
    with open(os.path.join(truth, path), newline="") as file:
        rows = list(csv.DictReader(file))
    for name in rows[0]:
        put(f"{prefix}/{name}", [r[name] for r in rows])


if not os.path.isdir(truth):
    sys.exit(0)
for prefix, path in (("asah", "inputs/asah.csv"), ("cohort", "inputs/cohort_scores.csv"), ("wdbc", "inputs/wdbc.csv"),
                     ("folds", "inputs/wdbc_folds.csv"), ("oof", "outputs/wdbc_oof.csv")):
    columns(prefix, path)
for name in ("delong_pROC", "stats_reference", "calibration_tests_R", "glmnet_cox_ordinal", "models_sklearn"):
    with open(os.path.join(truth, "outputs", name + ".json")) as file:
        values = json.load(file)
    leaves(name, values)
    if name == "models_sklearn":
        for i, fold in enumerate(values["nested_cv_logistic_l2"]["folds"]):
            leaves(f"nested/{i}", fold)

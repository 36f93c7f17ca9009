"""Flattens the nonlinear part of a dynamics_reference.json, with its input series, into lines "peer<TAB>feature<TAB>
numbers..." for the C programs of this folder.

Usage: nonlinear_values.py dynamics_reference.json out.tsv"""
import json
import os
import sys

import numpy


def numbers(value):
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        yield value
        return
    for element in value:
        yield from numbers(element)


data = os.path.join(os.path.dirname(sys.argv[1]), "data")
with open(sys.argv[1], encoding="utf-8") as source, open(sys.argv[2], "w", encoding="utf-8") as out:
    reference = json.load(source)
    for feature, value in reference["nld"].items():
        if feature.startswith("corrsum"):
            for part in value:
                print("brute_force", f"{feature}/{part}", *map(repr, numbers(value[part])), sep="\t", file=out)
        elif not feature.startswith("var1"):
            print("brute_force", feature, *map(repr, numbers(value)), sep="\t", file=out)
    for name in ("nld_lorenz_x3000", "logistic4_10000", "henon_10000"):
        x = numpy.load(os.path.join(data, name + ".npy")).astype(float)
        x = x if x.ndim == 1 else x[:, 0]
        print("series", name, *map(repr, x[:5000].tolist()), sep="\t", file=out)

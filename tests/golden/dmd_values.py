"""Flattens PyDMD's values of a dynamics_reference.json into lines "peer<TAB>feature<TAB>numbers..." for
dynamics_dmd_truth.c.

Usage: dmd_values.py dynamics_reference.json out.tsv"""
import json
import sys


def numbers(value):
    if not isinstance(value, list):
        yield value
        return
    for element in value:
        yield from numbers(element)


with open(sys.argv[1], encoding="utf-8") as source, open(sys.argv[2], "w", encoding="utf-8") as out:
    for case, methods in json.load(source)["pydmd"].items():
        if isinstance(methods, list):
            print("pydmd", case, *map(repr, numbers(methods)), sep="\t", file=out)
            continue
        for method, record in methods.items():
            value = record["eigs"] if isinstance(record, dict) else record
            print("pydmd", f"{case}/{method}", *map(repr, numbers(value)), sep="\t", file=out)

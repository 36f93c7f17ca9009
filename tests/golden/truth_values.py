"""Flattens a peers.json into lines "peer<TAB>feature<TAB>numbers..." for the C programs of this folder.

Usage: truth_values.py peers.json out.tsv"""
import json
import sys


def numbers(value):
    if isinstance(value, list):
        for element in value:
            yield from numbers(element)
    elif isinstance(value, (int, float)):
        yield value


with open(sys.argv[1], encoding="utf-8") as source, open(sys.argv[2], "w", encoding="utf-8") as out:
    for peer, record in json.load(source)["peers"].items():
        for feature, entry in record["features"].items():
            values = list(numbers(entry.get("value")))
            if values:
                print(peer, feature, *map(repr, values), sep="\t", file=out)

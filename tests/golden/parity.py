#!/usr/bin/python3
"""The parity table: every value that other programs returned for the reference signal beside ours, in their conventions.

Runs the golden programs of the features, gathers their lines, and asks that each entry of peers.json is compared and agrees,
or has a sentence in parity_notes.tsv. With a path as argument the table is written there (make parity)."""
import glob
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PROGRAMS = os.path.join(os.environ.get("BUILD", os.path.join(ROOT, "build")), "tests", "golden")
TRUTH = os.environ.get("EVEIL_TRUTH", os.path.join(ROOT, "..", "shared", "truth"))
LINE = re.compile(r"# (.+?)\s+(\S+)\s+(\S+)\s+ours (\S+)\s+theirs (\S+)\s+rel (\S+)\s+tol (\S+)\s+(agrees|DIFFERS)")
MOST_LEFT_OUT = 20


def compared():
    """(peer, feature) -> (our entry, largest relative difference, its tolerance, columns, all agree)."""
    found = {}
    for program in sorted(glob.glob(os.path.join(PROGRAMS, "features_*truth")) + [os.path.join(PROGRAMS, "recording_nice_truth")]):
        out = subprocess.run([program], capture_output=True, text=True, cwd=ROOT).stdout
        for entry, peer, feature, _, _, difference, tolerance, verdict in LINE.findall(out):
            before = found.get((peer, feature), (entry, 0.0, 0.0, 0, True))
            worst = float(difference) if before[1] != before[1] else max(before[1], float(difference))
            found[peer, feature] = (before[0], worst, max(before[2], float(tolerance)), before[3] + 1,
                                    before[4] and verdict == "agrees")
    return found


def noted():
    with open(os.path.join(HERE, "parity_notes.tsv"), encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file if line.strip() and not line.startswith("#")]
    return {(peer, feature): (kind, text) for peer, feature, kind, text in rows}


def judge(known, found, notes):
    """Complaints, none where the table is whole."""
    bad = [f"{peer} {feature}: neither compared nor explained" for peer, feature in sorted(known - set(found) - set(notes))]
    bad += [f"{peer} {feature}: differs by {found[peer, feature][1]:.2g}" for peer, feature in sorted(found)
            if not found[peer, feature][4]]
    bad += [f"{peer} {feature}: a note about no entry" for peer, feature in sorted(set(notes) - known)]
    bad += [f"{peer} {feature}: tolerance {found[peer, feature][2]:.0e} without a note" for peer, feature in sorted(found)
            if found[peer, feature][2] > 1e-9 and (peer, feature) not in notes]
    left = [n for n in notes.values() if n[0] == "left_out"]
    if len(left) > MOST_LEFT_OUT:
        bad.append(f"{len(left)} entries left out: expected {MOST_LEFT_OUT} at most")
    bad += [f"{key}: unknown kind {kind}" for key, (kind, _) in notes.items() if kind not in ("left_out", "defect", "random", "labels")]
    return bad


def cell(peer, feature, found, notes):
    text = f"{found[peer, feature][1]:.0e}".replace("e-0", "e-") if (peer, feature) in found else ""
    if text == "0e+00":
        text = "0"
    if (peer, feature) in notes:
        text += (" " if text else "") + f"({notes[peer, feature][0].replace('_', ' ')})"
    return text


def table(peers, found, notes):
    names = list(peers)
    rows = {}
    for (peer, feature), (entry, *_) in found.items():
        rows.setdefault(entry, {}).setdefault(peer, []).append(feature)
    yield "# Parity with other programs\n"
    yield ("Largest relative difference, over all channels and columns, between our value and theirs for the reference signal of "
           "19 channels and 60 s, each in the convention of that program (a difference relative to the largest value of its "
           "column). Made by `make parity`; asked are 1e-9.\n")
    count = {kind: sum(n[0] == kind for n in notes.values()) for kind in ("left_out", "defect", "random", "labels")}
    entries = sum(len(record["features"]) for record in peers.values())
    yield (f"{entries} entries: {len(found)} compared; {count['left_out']} left out, {count['defect']} with a defect of the peer, "
           f"{count['random']} that the peer draws at random or stops early, {count['labels']} that are names of columns.\n")
    yield "## Measures and peers\n"
    yield "| measure | " + " | ".join(names) + " |"
    yield "|---|" + "---|" * len(names)
    for entry in sorted(rows):
        cells = []
        for peer in names:
            worst = max((found[peer, f][1] for f in rows[entry].get(peer, [])), default=None)
            n = len(rows[entry].get(peer, []))
            cells.append("" if worst is None else ("0" if worst == 0 else f"{worst:.0e}") + (f" ({n})" if n > 1 else ""))
        yield f"| {entry} | " + " | ".join(cells) + " |"
    yield "\nIn brackets: entries compared.\n"
    for peer, record in peers.items():
        yield f"\n## {peer} {record.get('version', '')}\n"
        yield "| entry | parameters there | here | relative difference | |"
        yield "|---|---|---|---|---|"
        for feature, entry in record["features"].items():
            ours = found.get((peer, feature), ("",))[0]
            text = notes.get((peer, feature), ("", ""))[1]
            params = str(entry.get("params", "")).replace("|", "\\|")
            yield f"| {feature} | {params} | {ours} | {cell(peer, feature, found, notes)} | {text} |"


def main():
    path = os.path.join(TRUTH, "ref19x15000.peers.json")
    if not os.path.exists(path):
        print(f"skip parity: no {path}")
        return 0
    with open(path, encoding="utf-8") as file:
        peers = json.load(file)["peers"]
    known = {(peer, feature) for peer, record in peers.items() for feature in record["features"]}
    found, notes = {key: value for key, value in compared().items() if key in known}, noted()
    if len(sys.argv) > 1:
        with open(sys.argv[1], "w", encoding="utf-8") as out:
            out.write("\n".join(table(peers, found, notes)) + "\n")
    bad = judge(known, found, notes)
    for complaint in bad:
        print(f"# {complaint}")
    print(f"not ok parity: {len(bad)} complaints" if bad else f"ok parity of {len(found)} entries, {len(notes)} notes")
    return 1 if bad else 0


sys.exit(main())

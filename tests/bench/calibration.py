"""docs/calibration.md: how often intervals of models hold the truth. Runs the programs it is given, whose rows are
tab-separated: model, parameter, noise, draws, coverage, verdict; what follows (histograms of ranks) stands behind."""
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

HEAD = """# Calibration

Made by `make calibration`. Every row: a parameter known by construction, how often the 90 % interval (of a sampler: of its
posterior) holds it over so many draws of data, and the verdict: asked are 86 to 94 %, or, for posteriors, ranks of the truth
among draws that are uniform. Outside, the row says what the known reason is.
"""


def rows(program):
    began = time.monotonic()
    out = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    cells = [line.split("\t") for line in out.splitlines() if line.count("\t") >= 5]
    print(f"{os.path.basename(program)}: {len(cells)} rows in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return cells


def table(program):
    text = f"\n## {os.path.basename(program).split('_', 1)[1].replace('_', ' ')}\n\n"
    text += "| model | parameter | noise | draws | coverage | verdict | |\n|---|---|---|---|---|---|---|\n"
    for cell in rows(program):
        text += "| " + " | ".join(part.strip() for part in cell[:6] + [" ".join(cell[6:])]) + " |\n"
    return text


def main():
    page, *programs = sys.argv[1:]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        text = HEAD + "".join(pool.map(table, sorted(programs)))
    with open(page, "w", encoding="utf-8") as file:
        file.write(text)


main()

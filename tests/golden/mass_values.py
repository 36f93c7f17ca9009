"""Fixed points, eigenvalues, spectra and bifurcations of Jansen & Rit's column, flat: peer, name, numbers.

mass_values.py DYNAMICS_REFERENCE_JSON TABLE"""
import json
import sys

with open(sys.argv[1]) as file:
    nmm = json.load(file)["nmm"]

with open(sys.argv[2], "w") as table:
    def write(name, numbers):
        table.write("\t".join(["scipy", name, " ".join(repr(float(x)) for x in numbers)]) + "\n")

    for key, points in nmm["equilibria"].items():
        points = sorted(points, key=lambda e: e["v=y1-y2"])
        write("state " + key, [y for e in points for y in e["y"]])
        # by real part, then imaginary part, both ascending
        write("eigenvalues " + key, [part for e in points for z in sorted(map(tuple, e["eigs"]), key=lambda z: (
            round(z[0], 6), z[1])) for part in z])
    for key, power in nmm["lin_spec"].items():
        write("spectrum " + key, power)
    write("frequencies", nmm["lin_spec_freqs"])
    for i, (p, n, stable) in enumerate(nmm["bifurcation_scan_dp0.25"]):
        write(f"scan {i}", [p, n] + [int(s) for s in stable] + [0] * (3 - n))

"""Dynamical models: every program tests/bench/dynamics_*.c, and the default set on recordings of 300 s.

A program prints a line a figure, tab-separated: name, value, unit, bound ("" for none), "most" or "least", what stands beside it."""
import features
from figures import PROGRAMS, figure, sh


def measure():
    for program in sorted(path for path in PROGRAMS.glob("dynamics_*") if not path.suffix):
        for line in sh([program]).splitlines():
            name, value, unit, bound, side, beside = line.split("\t")
            figure(name, float(value), unit, beside, float(bound) if bound else None, most=side == "most")
    features.whole("dynamics", 28.8, 2)  # 8 core-hours for 1,000 patients

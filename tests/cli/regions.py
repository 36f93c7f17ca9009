#!/usr/bin/python3
"""Columns over regions: the statistics of the channels' columns, of usable channels alone, the same bits for any number of
ranks."""
import sys

from harness import case, cohort, config, eveil, expect, python_modules, run_cases, total

POWER = """analyses: ( { name = "power"; window_s = 4.0; features = ["band_power"]; conditioning: { artefacts = "none"; };
  regions: { frontal = ["F*"]; posterior = ["P*", "O?"]; all = "*"; };
  regions_by = ["mean", "sd", "median", "trimmed_mean80"]; } );
"""


@case("the columns of a region are the statistics of its channels' columns, for 1 and 3 ranks")
def _():
    python_modules("h5py", "numpy")
    import h5py
    import numpy as np
    cohort()
    totals = set()
    for ranks in (1, 3):
        store = f"out/store{ranks}.h5"
        expect(eveil("run", config(store=store, analyses=POWER), np=ranks), 0)
        totals.add(total(store))
    assert len(totals) == 1, f"different totals: {totals}"
    with h5py.File("out/store1.h5") as store:
        group = store["analyses/power"]
        names = [name.decode() for name in group["column_name"][:]]
        values, why = group["values"][:], group["why"][:]
    of = {"frontal": lambda c: c.startswith("F"), "posterior": lambda c: c[0] in "PO", "all": lambda c: True}
    channels = [n[n.index("[") + 1:-1] for n in names if n.startswith("band_power.db_alpha[")]
    channels = [c for c in channels if c not in of]
    assert len(channels) == 19, f"channels: {channels}"

    def trimmed(x):
        x = np.sort(x, axis=1)
        k = int(0.1 * x.shape[1])
        return x[:, k:x.shape[1] - k].mean(axis=1)
    statistics = {"": lambda x: x.mean(axis=1), "_sd": lambda x: x.std(axis=1, ddof=1),
                  "_median": lambda x: np.median(x, axis=1), "_trimmed_mean80": trimmed}
    for region, has in of.items():
        members = values[:, [names.index(f"band_power.db_alpha[{c}]") for c in channels if has(c)]]
        assert np.isfinite(members).all(), "a channel without a value"
        for suffix, statistic in statistics.items():
            column = names.index(f"band_power.db_alpha{suffix}[{region}]")
            assert (why[:, column] == 0).all(), f"{names[column]}: why {set(why[:, column])}"
            worst = np.abs(values[:, column] - statistic(members)).max()
            assert worst < 1e-11, f"{names[column]}: off by {worst}"


@case("a region without a channel, and a statistic that there is not, are refused with their names")
def _():
    cohort()
    for old, new, say in (('"P*", "O?"', '"Q*"', "regions.posterior"), ('"median"', '"mode"', '"mode"')):
        expect(eveil("plan", config(analyses=POWER.replace(old, new))), 1, say)


sys.exit(run_cases())

#!/usr/bin/python3
"""docs/adding-a-feature.md followed word for word, in a copy of the sources: parser, store, catalogue and property tests have
the feature."""
import os
import re
import shutil
import subprocess
import sys

import harness
from harness import ROOT, case, cohort, config, expect, python_modules, run, run_cases

GUIDE = os.path.join(ROOT, "docs", "adding-a-feature.md")


def blocks():
    """(language, text) of the guide's code blocks."""
    with open(GUIDE, encoding="utf-8") as file:
        return re.findall(r"^```(\w*)\n(.*?)^```", file.read(), re.M | re.S)


def copy_sources(to):
    """Sources and what is built of them, times kept: only what is new is built."""
    for part in ("Makefile", "src", "include", "tests", "config"):
        (shutil.copytree if os.path.isdir(f"{ROOT}/{part}") else shutil.copy2)(f"{ROOT}/{part}", f"{to}/{part}")
    build = os.path.dirname(harness.EVEIL)
    for part in ("obj", "lib", "revision"):
        if os.path.isdir(f"{build}/{part}"):
            shutil.copytree(f"{build}/{part}", f"{to}/build/{part}", copy_function=shutil.copy2)


def make(*targets):
    done = run(["make", "-C", "tree", "-j2", *targets], seconds=600)
    assert done.code == 0 and "warning" not in done.err, str(done)


@case("a stranger's path: one file, one line")
def _():
    python_modules("h5py", "numpy")
    import h5py
    os.mkdir("tree")
    copy_sources("tree")
    code = [text for language, text in blocks() if language == "c"]
    lines = [text for _, text in blocks() if text.startswith("X(")]
    keys = [text for _, text in blocks() if text.startswith("analyses:")]
    assert len(code) == 2 and len(lines) == 1 and len(keys) == 1, "the guide's blocks are not those expected"
    with open("tree/src/features/turning_points.c", "w", encoding="utf-8") as file:
        file.write(code[0])
    with open("tree/src/features/features.def", "a", encoding="utf-8") as file:
        file.write(lines[0])
    with open("tree/tests/unit/features_turning_points.c", "w", encoding="utf-8") as file:
        file.write(code[1])
    make("all", "build/tests/unit/features_turning_points", "build/tests/property/features_entries")

    own = run(["tree/build/tests/unit/features_turning_points"])
    assert own.code == 0 and "ok test_white_noise" in own.out, str(own)
    properties = run(["tree/build/tests/property/features_entries", "turning_points"])
    assert properties.code == 0 and "not ok" not in properties.out and "turning_points" in properties.out, str(properties)

    harness.EVEIL = os.path.abspath("tree/build/eveil")
    expect(harness.eveil("list", "features"), 0, "turning_points", "Share of samples at which the signal turns.")
    expect(harness.eveil("list", "features", "turning_points"), 0, "lag = 1;", "doi:10.1007/978-3-319-29854-2", "offset, scale")
    expect(harness.eveil("config", "full"), 0, '"turning_points"')
    cohort()
    expect(harness.eveil("plan", config(analyses=keys[0].replace("lag", "lagg"))), 1, "lagg", '"lag"')
    expect(harness.eveil("plan", config(analyses=keys[0].replace("lag = 2", "lag = 0"))), 1, "lag", "1")
    expect(harness.eveil("run", config(analyses=keys[0]), np=2), 0)
    with h5py.File("out/store.h5") as store:
        group = store["analyses/turns"]
        names = [name.decode() for name in group["column_name"][:]]
        assert names[0] == "turning_points.share[Fp1]" and len(names) == 19, names
        values, why = group["values"][:], group["why"][:]
        shares = values[why == 0]
        assert len(shares) > 0.5 * why.size and shares.min() > 0.1 and shares.max() < 0.9, (len(shares), shares.min(), shares.max())


sys.exit(run_cases())

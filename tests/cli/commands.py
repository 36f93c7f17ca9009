#!/usr/bin/python3
"""Commands, options and operands; the tables that are listed; the default configuration."""
import os
import re
import sys

from harness import EVEIL, ROOT, case, cohort, eveil, expect, files_below, run, run_cases, write

COMMANDS = ["plan", "run", "gather", "prognose", "report", "simulate", "info", "convert", "list", "config", "hash", "export", "audit"]
KINDS = ["readers", "conditioning", "features", "dynamics", "learners", "commands"]


def listed(kind):
    out = expect(eveil("list", kind), 0, kind, quiet=True).out
    return [line.split()[0] for line in out.splitlines() if line.startswith("  ")]


@case("help of the program")
def _():
    result = expect(eveil("--help"), 0, "usage: eveil COMMAND", "Exit codes: 0", quiet=True)
    for name in COMMANDS:
        assert re.search(rf"^  {name} ", result.out, re.M), f"{name} is not in the help"
    assert eveil("help").out == result.out
    assert max(map(len, result.out.splitlines())) <= 120


@case("without a command: the help, on stderr, code 1")
def _():
    result = eveil()
    assert result.code == 1 and "usage: eveil COMMAND" in result.err and not result.out, result


@case("version")
def _():
    result = expect(eveil("--version"), 0, quiet=True)
    assert re.fullmatch(r"eveil \d+\.\d+\.\d+ \([0-9a-z-]+\)\n", result.out), result


for name in COMMANDS:
    @case(f"help of {name}")
    def _(name=name):
        before = expect(eveil(name, "--help"), 0, f"usage: eveil {name}", quiet=True)
        # also in the middle of other words, and nothing is done
        assert eveil(name, "no-such-file.cfg", "--help").out == before.out
        assert not os.listdir("."), os.listdir(".")

    @case(f"{name}: unknown option")
    def _(name=name):
        operands = [] if name in ("list", "config") else ["a", "b"] if name == "export" else ["a"]
        expect(eveil(name, *operands, "--nonsense"), 1, "unknown option --nonsense", f"eveil {name} --help")
        assert not os.listdir("."), os.listdir(".")


@case("an option nearly right is named")
def _():
    expect(eveil("audit", "store.h5", "--row=3"), 1, "unknown option --row=3", 'did you mean "--rows"')
    expect(eveil("run", "a.cfg", "--replce"), 1, 'did you mean "--replace"')


@case("an option that takes no value, one that lacks its value")
def _():
    expect(eveil("run", "a.cfg", "--replace=no"), 1, "--replace")
    expect(eveil("report", "a.h5", "--output="), 1, "--output")
    expect(eveil("report", "a.h5", "--prognosis"), 1, "--prognosis")


for name in COMMANDS:
    if name in ("list", "config"):
        continue

    @case(f"{name}: a missing operand")
    def _(name=name):
        expect(eveil(name), 1, f"{name}: expected", "found 0 operands", f"eveil {name} --help")


@case("too many operands")
def _():
    expect(eveil("config", "x"), 1, "config: expected \"full\", \"dynamics\", \"models\" or nothing, found \"x\"")
    expect(eveil("config", "full", "x"), 1, "config: expected")
    expect(eveil("run", "a.cfg", "b.cfg"), 1, "run: expected CFG, found 2 operands")
    expect(eveil("list", "features", "hjorth", "x"), 1, "found 3 operands")


@case("an unknown command names the nearest")
def _():
    expect(eveil("rn", "x.cfg"), 1, 'unknown command "rn"', 'did you mean "run"')
    expect(eveil("simulat"), 1, 'did you mean "simulate"')
    expect(eveil("--quiet"), 1, '"--quiet"')


@case("an unknown command on two ranks is said once")
def _():
    expect(eveil("rn", "x.cfg", np=2), 1, 'did you mean "run"')


for kind in KINDS:
    @case(f"list {kind}, every entry")
    def _(kind=kind):
        names = listed(kind)
        assert names and len(set(names)) == len(names), names
        for name in names:
            result = expect(eveil("list", kind, name), 0, name, quiet=True)
            if kind in ("conditioning", "features", "dynamics", "learners"):
                for part in ("version", "Definition: ", "Source: ", "Parameters"):
                    assert part in result.out, f"{kind} {name} lacks {part}"
            assert "(null)" not in result.out, result
        expect(eveil("list", kind, names[0][:-1] + "q"), 1, f'did you mean "{names[0]}"')


@case("list: all kinds at once, an unknown kind")
def _():
    result = expect(eveil("list"), 0, quiet=True)
    for kind in KINDS:
        assert re.search(rf"^{kind}", result.out, re.M), f"{kind} is not listed"
        for name in listed(kind):
            assert re.search(rf"^  {name} ", result.out, re.M), f"{name} is not listed"
    expect(eveil("list", "feature"), 1, 'unknown kind "feature"', 'did you mean "features"')


@case("a closed pipe ends the command quietly")
def _():
    result = run(["bash", "-c", f'"{EVEIL}" config | head -1; exit ${{PIPESTATUS[0]}}'])
    assert result.code in (0, 2, 141) and not result.err, result


@case("output that cannot be written is an error")
def _():
    if os.path.exists("/dev/full"):
        for words in ("config", "config full", "config dynamics", "list", "--help"):
            result = run(["bash", "-c", f'"{EVEIL}" {words} > /dev/full'])
            assert result.code == 2 and len(result.errors()) == 1, result


@case("the default configuration is accepted when given back")
def _():
    text = expect(eveil("config"), 0, quiet=True).out
    cohort()
    text, n = re.subn(r"^  # root = \.\.\.;$", '  root = "cohort";', text, flags=re.M)
    assert n == 1, "no line for cohort.root"
    write("study.cfg", text)
    expect(eveil("plan", "study.cfg"), 0, "recordings    4 of 4 participants", "spectral", "background", "dynamics")
    assert not os.path.exists("out"), "plan wrote something"


@case("every key of what the default configuration names is explained in it, and everything is in the full one or that of all models")
def _():
    text = expect(eveil("config"), 0).out
    full = expect(eveil("config", "full"), 0).out + expect(eveil("config", "models"), 0).out
    named = set(re.findall(r'"(\w+)"', " ".join(re.findall(r"^    (?:features|dynamics) = \[.*", text, re.M))))
    for kind in ("conditioning", "features", "dynamics", "learners"):
        for name in listed(kind):
            if kind in ("features", "dynamics"):
                assert full.count(f'"{name}"') == 1, f"{name} is in neither configuration, or twice"
                if name not in named:
                    continue
            keys = re.findall(r"^    (?:# )?(\w+) (?:=|:) ", eveil("list", kind, name).out.split("Parameters")[1], re.M)
            for key in keys:
                assert re.search(rf"^ *(# )?{key} [=:]", text, re.M), f"{kind} {name}: {key} is not explained"
    for name in ("band_power", "wsmi", "lempel_ziv", "hjorth", "dfa", "higuchi", "phase_lag", "graph", "burst_suppression", "var"):
        assert name in named, f"{name} is not in the default configuration"
    for group in ("cohort", "output", "conditioning", "analyses", "prognosis", "simulate", "run"):
        assert re.search(rf"^{group}: [({{]", text, re.M), f"no group {group}"


@case("the kept configurations are what eveil config prints, and accepted")
def _():
    kept = {}
    for name, words in (("default", ()), ("full", ("full",)), ("dynamics", ("dynamics",))):
        with open(os.path.join(ROOT, "config", f"{name}.cfg"), encoding="utf-8") as file:
            kept[name] = file.read()
        assert kept[name] == expect(eveil("config", *words), 0).out, f"config/{name}.cfg is old: make docs"
    cohort()
    for name in ("full", "dynamics"):
        write("study.cfg", kept[name].replace('root = "."', 'root = "cohort"'))
        expect(eveil("plan", "study.cfg"), 0, "recordings    4 of 4 participants")


@case("commands without MPI work beside a broken MPI")
def _():
    broken = {"OMPI_MCA_pml": "none-such", "OMPI_MCA_btl": "none-such", "OMPI_MCA_ess": "none-such"}
    expect(eveil("config", env=broken), 0, quiet=True)
    expect(eveil("list", env=broken), 0, quiet=True)
    assert files_below(".") == []


if __name__ == "__main__":
    sys.exit(run_cases())

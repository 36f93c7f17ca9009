"""What the programs of `make bench` share: figures beside their bounds, commands timed, configurations, scratch."""
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

BUILD = Path(os.environ.get("BUILD", "build")).resolve()
EVEIL = os.environ.get("EVEIL", str(BUILD / "eveil"))
DATA = Path(os.environ.get("EVEIL_TEST_DATA", "../shared/data")).resolve()
SCRATCH = BUILD / "bench"
PROGRAMS = BUILD / "tests" / "bench"
MPIRUN = ["mpirun", "--oversubscribe"]
os.environ.setdefault("OMPI_ALLOW_RUN_AS_ROOT", "1")
os.environ.setdefault("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")

SPECTRAL = ('{ name = "spectral"; window_s = 4.0; step_s = 2.0; features = ["band_power", "spectral_edge", '
            '"spectral_entropy", "hjorth", "permutation_entropy", "spectrum"]; }')
figures = []
parts = []  # (name, index of its first figure)


def load():
    return round(os.getloadavg()[0], 2)


def machine():
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
    compiler = subprocess.run(["cc", "--version"], capture_output=True, text=True).stdout.splitlines()[:1]
    return {"cpu": model, "cores": os.cpu_count(), "memory_mb": memory, "kernel": platform.release(),
            "compiler": compiler[0] if compiler else "unknown", "load_at_start": load()}


def figure(name, value, unit, compared, bound=None, most=False, **more):
    """One line: what was measured, beside what, and the asked bound (at least, or at most)."""
    met = None if bound is None else bool(value <= bound if most else value >= bound)
    asked = "" if bound is None else f"asked: at {'most' if most else 'least'} {bound:g}"
    verdict = {None: "", True: "met", False: "MISSED"}[met]
    figures.append({"name": name, "value": value, "unit": unit, "compared_with": compared, "bound": bound,
                    "bound_is": "most" if most else "least", "met": met, "load": load(), **more})
    print(f"{name:46s} {value:12.5g} {unit:14s} {asked:24s} {verdict:7s} {compared}", flush=True)


def skip(name, reason):
    figures.append({"name": name, "skipped": reason})
    print(f"{name:46s} {'SKIP':>12s} {reason}", flush=True)


def sh(command, **more):
    done = subprocess.run([str(part) for part in command], cwd=SCRATCH, capture_output=True, text=True, **more)
    if done.returncode:
        sys.exit(f"bench: {' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def wall(command):
    """Wall seconds and processor seconds of a command and all it started."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    sh(command)
    seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def config(name, root, body):
    """A configuration of its own folder; `body` is what follows cohort and output."""
    path = SCRATCH / f"{name}.cfg"
    path.write_text(f'cohort: {{ root = "{root}"; }};\noutput: {{ store = "{name}.h5"; }};\n{body}')
    return path


def fresh(name, keep_journals=False):
    """Removes what a run, or a replay of it, left."""
    for store in (f"{name}.h5", f"{name}.h5.replay.h5"):
        for path in (SCRATCH / store, SCRATCH / f"{store}.tmp"):
            path.unlink(missing_ok=True)
        if not keep_journals:
            shutil.rmtree(SCRATCH / f"{store}.journal", ignore_errors=True)


def start():
    """An empty scratch folder, and the facts of the machine."""
    shutil.rmtree(SCRATCH, ignore_errors=True)
    SCRATCH.mkdir(parents=True)
    facts = machine()
    print("; ".join(f"{key} {value}" for key, value in facts.items()), flush=True)
    return facts


def part(name):
    """Figures from here on are of that part of the bench."""
    parts.append((name, len(figures)))


def short(value):
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def kept(path):
    """{part: its section} of the page as it is."""
    sections = path.read_text().split("\n## ")[1:] if path.exists() else []
    return {section.split("\n", 1)[0]: f"\n## {section}".rstrip("\n") + "\n" for section in sections}


def page(facts, path):
    """All figures as a page of tables, one a part; parts that were not measured stay as they are."""
    sections = kept(path)
    text = ("# Performance\n\nMade by `make bench`; `make bench PARTS=\"features chain\"` measures and writes these parts anew and leaves "
            "the others. Seconds are of the processor, on one core where nothing else is said; the load of the machine when a figure was taken stands beside it "
            "(more than the number of its cores: other work slowed it).\n\n")
    text += "; ".join(f"{key} {value}" for key, value in facts.items()) + "\n"
    ends = [first for _, first in parts[1:]] + [len(figures)]
    for (name, first), last in zip(parts, ends):
        section = f"\n## {name}\n\n| | measured | asked | | load | beside |\n|---|---|---|---|---|---|\n"
        for f in figures[first:last]:
            if "skipped" in f:
                section += f"| {f['name']} | skipped | | | | {f['skipped']} |\n"
                continue
            asked = "" if f["bound"] is None else f"{'≤' if f['bound_is'] == 'most' else '≥'} {short(f['bound'])}"
            verdict = {None: "", True: "met", False: "**missed**"}[f["met"]]
            section += f"| {f['name']} | {short(f['value'])} {f['unit']} | {asked} | {verdict} | {f['load']} | {f['compared_with']} |\n"
        sections[name] = section
    path.write_text(text + "".join(sections.values()))


def end(facts, name):
    """BUILD/NAME.json, the missed ones, no scratch."""
    facts["load_at_end"] = load()
    path = BUILD / f"{name}.json"
    path.write_text(json.dumps({"machine": facts, "figures": figures}, indent=1) + "\n")
    missed = [f["name"] for f in figures if f.get("met") is False]
    print(f"{len(figures)} figures, {len(missed)} missed{': ' + '; '.join(missed) if missed else ''}; {path}")
    shutil.rmtree(SCRATCH)

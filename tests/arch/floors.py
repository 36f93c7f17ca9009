#!/usr/bin/env python3
"""floors: the tree keeps its floors, and arch.py sees it when it does not."""
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("BUILD", os.path.join(ROOT, "build"))
failed = False


def case(name, good, detail=""):
    global failed
    failed = failed or not good
    print(f"ok {name}" if good else f"not ok {name}: {detail}")


def arch(*arguments):
    run = subprocess.run([sys.executable, os.path.join(HERE, "arch.py"), *arguments], capture_output=True, text=True)
    return run.returncode, run.stdout.strip()


code, text = arch("--root", ROOT, "--objects", os.path.join(BUILD, "obj"))
for line in text.splitlines():
    print("#", line)
case("floors", code == 0, f"{len(text.splitlines())} problems")

PLANTS = {
    "sibling_room": ("features/planted.c", '#include "eveil/dynamics.h"\n'),
    "upper_floor": ("math/planted.c", '#include "eveil/store.h"\n'),
    "mpi_outside": ("recording/planted.c", "#include <mpi.h>\n"),
    "hdf5_outside": ("cohort/planted.c", "#include <hdf5.h>\n"),
    "foreign_private": ("features/planted.c", '#include "worker_priv.h"\n'),
    "same_name_twice": ("math/arena.c", "/* arena */\n"),
    "long_file": ("math/planted.c", "int x;\n" * 401),
}
for name, (path, content) in PLANTS.items():
    with tempfile.TemporaryDirectory() as scratch:
        shutil.copytree(os.path.join(ROOT, "src"), os.path.join(scratch, "src"))
        with open(os.path.join(scratch, "src", path), "w", encoding="utf-8") as file:
            file.write(content)
        code, text = arch("--root", scratch)
        case(f"planted_{name}_is_found", code == 1 and os.path.basename(path) in text, text or "nothing found")
sys.exit(1 if failed else 0)

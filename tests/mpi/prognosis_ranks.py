"""The prognosis file: the same bits for any number of ranks, the same rows for any order of the lines of the table."""
import hashlib
import os
import random
import subprocess
import sys
import tempfile

try:
    import h5py
except ImportError:
    print("skip prognosis_ranks: no h5py")
    sys.exit(0)

program = os.path.abspath(os.path.join(os.environ.get("BUILD", "build"), "eveil"))
mpirun = os.environ.get("MPIRUN", "mpirun").split() + ["--oversubscribe"]
environment = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
if not os.path.exists(program):
    print(f"skip prognosis_ranks: no {program}")
    sys.exit(0)


def datasets(path):
    found = {}
    with h5py.File(path) as file:
        names = []
        file.visit(names.append)
        for name in names:
            if isinstance(file[name], h5py.Dataset):
                found[name] = file[name][()]
    return found


def digest(values):
    total = hashlib.sha256()
    for name in sorted(values):
        value = values[name]
        total.update(name.encode())
        if isinstance(value, bytes):
            total.update(value)
        else:
            total.update(repr(value.tolist()).encode() if value.dtype == object else value.tobytes())
    return total.hexdigest()


failed = False
with tempfile.TemporaryDirectory() as folder:
    generator = random.Random(5)
    lines = []
    for i in range(120):
        x = [generator.gauss(0, 1) for _ in range(8)]
        poor = x[0] - x[1] + generator.gauss(0, 1) > 0
        cells = ["" if generator.random() < 0.05 else repr(v) for v in x]
        lines.append(f"sub-{i:03d},{'poor' if poor else 'good'}," + ",".join(cells))
    head = "subject,outcome," + ",".join(f"x{j}" for j in range(8))
    with open(os.path.join(folder, "study.cfg"), "w") as file:
        outcome = 'table = "t.csv"; outcome = "outcome"; positive = "poor";'
        file.write('output: { prognosis = "p.h5"; };\n'
                   f'prognosis: ( {{ name = "main"; {outcome} repeats = 2; learners = ["ridge", "elastic_net"]; }},\n'
                   f'{{ name = "null"; {outcome} permute = true; repeats = 1; }} );\n')

    def run(ranks, rows):
        with open(os.path.join(folder, "t.csv"), "w") as file:
            file.write("\n".join([head] + rows) + "\n")
        command = ([*mpirun, "-n", str(ranks)] if ranks else []) + [program, "prognose", "study.cfg"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)
        if done.returncode != 0:
            print(f"not ok prognosis_ranks_{ranks}: exit code {done.returncode}: {done.stderr.strip()}")
            sys.exit(1)
        return datasets(os.path.join(folder, "p.h5"))

    plain = run(0, lines)
    for ranks in (1, 2, 3, 4):
        same = digest(run(ranks, lines)) == digest(plain)
        failed |= not same
        print(f"{'ok' if same else 'not ok'} same_bits_on_{ranks}_ranks")
    shuffled = lines[:]
    generator.shuffle(shuffled)
    turned = run(0, shuffled)
    for group in ("main", "null"):
        subject = list(plain[f"{group}/design/subject"])
        to = [subject.index(s) for s in turned[f"{group}/design/subject"]]
        same = (plain[f"{group}/predictions"][:, :, to] == turned[f"{group}/predictions"]).all() and \
            plain[f"{group}/metrics/value"].tobytes() == turned[f"{group}/metrics/value"].tobytes() and \
            plain[f"{group}/model/coefficients"].tobytes() == turned[f"{group}/model/coefficients"].tobytes()
        failed |= not same
        print(f"{'ok' if same else 'not ok'} same_bits_in_any_order_of_lines_{group}")

    with open(os.path.join(folder, "bad.cfg"), "w") as file:
        file.write('output: { prognosis = "q.h5"; };\n'
                   'prognosis: ( { table = "t.csv"; outcome = "outcome"; positive = "none"; } );\n')
    done = subprocess.run([*mpirun, "-n", "3", program, "prognose", "bad.cfg"], cwd=folder, capture_output=True,
                          text=True, env=environment, timeout=60)
    good = (done.returncode == 1 and done.stderr.count('expected value "none"') == 1
            and not os.path.exists(os.path.join(folder, "q.h5")))
    failed |= not good
    print(f"{'ok' if good else 'not ok'} one_bad_design_ends_all_ranks: exit code {done.returncode}")
sys.exit(failed)

#!/usr/bin/python3
"""Studies of real recordings by config/studies/*.cfg: from the files to a validated prognosis, seizures of the Bonn set, mental
arithmetic and its negative control; forecasts of models on held-out time beside those of a linear one. With a path as argument the results are written there (make real-data)."""
import csv
import glob
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
EVEIL = os.path.abspath(os.environ.get("EVEIL", os.path.join(ROOT, "build", "eveil")))
DATA = os.path.abspath(os.environ.get("EVEIL_TEST_DATA", os.path.join(ROOT, "..", "shared", "data")))
ENV = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", OMP_NUM_THREADS="1")
try:
    import h5py
    import numpy as np
    sys.path.insert(0, os.path.join(ROOT, "analysis", "python"))
    import eveil as stores
except ImportError as error:
    print(f"skip studies: {error}")
    sys.exit(0)
failed, page, ahead = 0, [], []


def report(name, good, text):
    global failed
    failed += not good
    print(f"{'ok' if good else 'not ok'} {name}: {text}", flush=True)


def eveil(*words):
    done = subprocess.run(["timeout", "-k", "5", "300", *words], capture_output=True, text=True, env=ENV)
    if done.returncode:
        sys.exit(f"not ok {' '.join(words)}: exit {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def table(path, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter="," if path.endswith(".csv") else "\t").writerows(rows)


def run(name, ranks=2):
    with open(os.path.join(ROOT, "config", "studies", f"{name}.cfg"), encoding="utf-8") as source, open(f"{name}.cfg", "w", encoding="utf-8") as to:
        to.write(source.read())
    eveil("mpirun", "--oversubscribe", "--bind-to", "none", "-np", str(ranks), EVEIL, "run", f"{name}.cfg", "--quiet")


def auc(name, prognosis):
    """(AUC, its interval, rows) of the first learner."""
    with h5py.File(f"{name}_prognosis.h5") as file:
        group = file[prognosis]
        names = [n.decode() for n in group["metrics/metric_name"][:]]
        intervals = [n.decode() for n in group["intervals/interval_name"][:]] if "intervals/interval_name" in group else names
        value = group["metrics/value"][0, names.index("auc")]
        lower, upper = (group[f"intervals/{end}"][0, intervals.index("auc_pooled_biased_logit")] for end in ("low", "high"))
    return value, lower, upper


def area(score, y):
    higher = score[y][:, None] - score[~y][None, :]
    return np.mean((higher > 0) + 0.5 * (higher == 0))


def held_out(x, y, subject):
    """AUC of linear discriminants with half-shrunk covariances, each subject scored by the fit to all others; the interval by
    2,000 draws of subjects."""
    names, score = np.unique(subject), np.zeros(len(y))
    for name in names:
        test = subject == name
        mean, sd = x[~test].mean(axis=0), x[~test].std(axis=0)
        a, b = (((x[~test & side] - mean) / sd) for side in (y, ~y))
        within = (np.cov(a.T) + np.cov(b.T)) / 2
        weights = np.linalg.solve(0.5 * within + 0.5 * np.eye(len(sd)), a.mean(axis=0) - b.mean(axis=0))
        score[test] = (x[test] - mean) / sd @ weights
    draw, areas = np.random.default_rng(1), []
    for _ in range(2000):
        rows = np.concatenate([np.flatnonzero(subject == name) for name in draw.choice(names, len(names))])
        areas.append(area(score[rows], y[rows]))
    return area(score, y), *np.quantile(areas, (0.025, 0.975))


def told(title, cfg, value, lower, upper, beside):
    page.append(f"| {title} | {value:.3f} | {lower:.3f} to {upper:.3f} | {beside} | `config/studies/{cfg}.cfg` |")
    return f"AUC {value:.3f} ({lower:.3f} to {upper:.3f})"


def bonn():
    files = sorted(glob.glob(os.path.join(DATA, "bonn", "*", "*.txt")))
    if not files:
        return print(f"skip bonn: no {DATA}/bonn")
    os.symlink(os.path.join(DATA, "bonn"), "bonn_data")
    os.mkdir("bonn")
    rows = [(os.path.basename(f)[:-4], os.path.join("..", "bonn_data", os.path.relpath(f, os.path.join(DATA, "bonn")))) for f in files]
    table("bonn/recordings.tsv", [("subject", "file"), *rows])
    table("bonn/participants.tsv", [("participant_id", "seizure"), *((s, "yes" if s[0] == "S" else "no") for s, _ in rows)])
    run("bonn")
    eveil(EVEIL, "prognose", "bonn.cfg", "--quiet")
    found = auc("bonn", "seizure")
    text = told("Bonn: seizures (E) against A to D, five band powers, 10 folds", "bonn", *found, "at least .99 asked; .995 by another program")
    report("Bonn, E against A to D", found[0] >= 0.99, text)


def eegmat():
    root = os.path.join(DATA, "eegmat")
    if not os.path.isdir(root):
        return print(f"skip eegmat: no {root}")
    os.symlink(os.path.join(root, "data"), "eegmat_data")
    os.mkdir("eegmat")
    with open(os.path.join(root, "subject-info-dev.csv"), encoding="utf-8") as file:
        people = {row["Subject"]: row for row in csv.DictReader(file)}
    files = sorted(os.listdir("eegmat_data"))
    table("eegmat/recordings.tsv", [("subject", "session", "file"),
                                    *((f[:9], "task" if f[10] == "2" else "rest", f"../eegmat_data/{f}") for f in files if f.endswith(".edf"))])
    table("eegmat/participants.tsv", [("participant_id", "count_quality"), *((s, row["Count quality"]) for s, row in people.items())])
    run("eegmat")
    store = stores.open("eegmat.h5")
    x, of = store.table("spectral", "median"), store.recordings
    columns = [c for c in x.columns if str(c).startswith("band_power.")]
    eveil(EVEIL, "prognose", "eegmat.cfg", "--quiet")
    control = auc("eegmat", "control")
    task = held_out(x[columns].to_numpy(), (of["session"] == "task").to_numpy(), of["subject"].to_numpy())
    text = told("eegmat: task against rest, 19 x 5 band powers, one subject held out", "eegmat", *task, ".696 by another program")
    report("eegmat, task against rest", np.isfinite(task).all(), text)
    text = told("eegmat: good against bad counters, the negative control", "eegmat", *control, ".36 to .45 by another program: no signal")
    report("eegmat, the negative control has no signal", control[1] <= 0.5, text)


def forecasts(name, recordings, title):
    """Held-out errors of every model of the store beside its rivals of the same coordinates, medians over recordings and
    windows."""
    run(name)
    with h5py.File(f"{name}.h5") as file:
        for analysis, group in file["analyses"].items():
            columns = [c.decode() for c in group["column_name"][:]]
            values = np.where(group["why"][:] == 0, group["values"][:], np.nan)

            def median(column):
                found = values[:, columns.index(column)]
                return f"{np.nanmedian(found):.3f}" if np.isfinite(found).any() else "none"

            for model in dict.fromkeys(c.split(".")[0] for c in columns if ".error_ahead" in c):
                steps = [c.rsplit("ahead", 1)[1] for c in columns if c.startswith(f"{model}.error_ahead")]
                errors = [" / ".join(median(f"{model}.{rival}_ahead{h}") for rival in ("error", "error_var", "error_persistence"))
                          for h in steps]
                lost = np.mean(values[:, columns.index(f"{model}.fit")] != 0)
                ahead.append(f"| {title} | {analysis} | {model} | " + " | ".join(errors) + f" | {lost:.0%} | `config/studies/{name}.cfg` |")
                report(f"{name}, {analysis}, {model}", steps == ["1", "5", "20"] and len(values) >= recordings,
                       f"held-out error / VAR / persistence 1, 5, 20 samples ahead: {'; '.join(errors)}; {lost:.0%} without a fit")


def plrnn():
    source = os.path.join(DATA, "plrnn_eeg", "EEG_train.npy")
    if not os.path.isfile(source):
        return print(f"skip plrnn: no {source}")
    os.mkdir("plrnn")
    os.symlink(source, "plrnn/EEG_train.npy")
    table("plrnn/recordings.tsv", [("subject", "file"), ("S001", "EEG_train.npy")])
    forecasts("plrnn", 1, "plrnn_eeg")


def eegmmidb():
    root = os.path.join(DATA, "eegmmidb")
    if not os.path.isdir(root):
        return print(f"skip eegmmidb: no {root}")
    os.mkdir("eegmmidb")
    files = sorted(f for f in os.listdir(root) if f.endswith(".edf"))
    for f in files:
        os.symlink(os.path.join(root, f), f"eegmmidb/{f}")
    table("eegmmidb/recordings.tsv", [("subject", "session", "file"), *((f[:4], f[4:7], f) for f in files)])
    forecasts("eegmmidb", len(files), "eegmmidb, S001")


def main():
    begun = os.getcwd()
    with tempfile.TemporaryDirectory(prefix="eveil-studies-") as scratch:
        os.chdir(scratch)
        bonn()
        eegmat()
        plrnn()
        eegmmidb()
        os.chdir(begun)
    if len(sys.argv) > 1:
        with open(sys.argv[1], "w", encoding="utf-8") as file:
            file.write("# Real recordings\n\nMade by `make real-data`: from the files to a validated prognosis, by configurations that were written "
                       "before their results were seen.\n\n| study | AUC | 95 % interval | beside | configuration |\n|---|---|---|---|---|\n" +
                       "\n".join(page) + "\n\n"
                       "Mean squared errors of forecasts on the last fifth of every minute, in units of the training variance, so many samples "
                       "ahead: of the model / of a ridge VAR of the same coordinates, its order by BIC up to 8 / of persistence. Medians over "
                       "windows. Everything is fitted and chosen on the first four fifths. `components`: eight principal components of the "
                       "channels; `delays`: eight coordinates of the Hankel matrix of the first one.\n\n"
                       "| recordings | coordinates | model | 1 | 5 | 20 | without a fit | configuration |\n|---|---|---|---|---|---|---|---|\n" +
                       "\n".join(ahead) + "\n")
    return 1 if failed else 0


sys.exit(main())

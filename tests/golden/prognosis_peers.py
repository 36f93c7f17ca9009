"""The program's ridge against plain numpy (Newton) and scikit-learn on the same folds, columns and penalties:
coefficients of the refit, out-of-fold probabilities, fold-wise AUC. Also opens every group of the file in xarray."""
import os
import subprocess
import sys
import tempfile

import numpy as np

try:
    import h5py
except ImportError:
    print("skip prognosis_peers: no h5py")
    sys.exit(0)

program = os.path.join(os.environ.get("BUILD", "build"), "eveil")
if not os.path.exists(program):
    print(f"skip prognosis_peers: no {program}")
    sys.exit(0)
program = os.path.abspath(program)
failures = 0


def check(name, difference, tolerance):
    global failures
    good = difference <= tolerance
    failures += not good
    print(f"{'ok' if good else 'not ok'} {name}: difference {difference:.2e}, tolerance {tolerance:.0e}")


def standardised(train, other):
    median = np.nanmedian(train, axis=0)
    train, other = (np.where(np.isnan(a), median, a) for a in (train, other))
    mean, sd = train.mean(axis=0), train.std(axis=0)
    return (train - mean) / sd, (other - mean) / sd


def ridge(x, y, penalty):
    a = np.column_stack([np.ones(len(x)), x])
    b = np.zeros(a.shape[1])
    diagonal = np.r_[0.0, np.full(x.shape[1], penalty)]
    for _ in range(60):
        p = 1 / (1 + np.exp(-a @ b))
        gradient = a.T @ (p - y) / len(y) + diagonal * b
        b = b - np.linalg.solve((a * (p * (1 - p))[:, None]).T @ a / len(y) + np.diag(diagonal), gradient)
    return b


def auc(score, y):
    positive, negative = score[y == 1], score[y == 0]
    return np.mean((positive[:, None] > negative) + 0.5 * (positive[:, None] == negative))


def write_cohort(path):
    generator = np.random.default_rng(20260101)
    x = generator.normal(size=(400, 15)) + 0.4 * generator.normal(size=(400, 1))
    eta = x[:, :5] @ [0.8, -0.6, 0.5, -0.4, 0.3] - 0.3
    y = generator.random(400) < 1 / (1 + np.exp(-eta))
    x[generator.random(x.shape) < 0.03] = np.nan
    with open(path, "w") as file:
        file.write("subject,outcome," + ",".join(f"x{j}" for j in range(15)) + "\n")
        for i, row in enumerate(x):
            cells = ["n/a" if np.isnan(v) else repr(float(v)) for v in row]
            file.write(f"sub-{i:03d},{'poor' if y[i] else 'good'}," + ",".join(cells) + "\n")


with tempfile.TemporaryDirectory() as folder:
    write_cohort(os.path.join(folder, "cohort.csv"))
    with open(os.path.join(folder, "study.cfg"), "w") as file:
        file.write('output: { prognosis = "p.h5"; };\nprognosis: ( { name = "main"; table = "cohort.csv"; '
                   'outcome = "outcome"; positive = "poor"; repeats = 2; learners = ["ridge"]; seed = 7; } );\n')
    done = subprocess.run([program, "prognose", "study.cfg"], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        print(f"not ok prognosis_peers: exit code {done.returncode}: {done.stderr.strip()}")
        sys.exit(1)
    path = os.path.join(folder, "p.h5")
    with h5py.File(path) as file:
        main = file["main"]
        x, y = main["design/x"][()], main["design/y"][()]
        folds, prediction = main["folds"][()], main["predictions"][()][0]
        fold_lambda, fold_auc = main["metrics/fold_lambda"][()][0], main["metrics/fold_auc"][()][0]
        coefficients = np.r_[main["model/intercept"][()][0], main["model/coefficients"][()][0]]
        penalty = main["model/lambda"][()][0]
        names = [n.decode() for n in main["metrics/metric_name"][()]]
        mean_auc = main["metrics/value"][()][0][names.index("auc")]

    z, _ = standardised(x, x)
    check("refit_against_numpy", np.abs(ridge(z, y, penalty) - coefficients).max(), 1e-8)
    ours, theirs, aucs = [], [], []
    peer_sklearn = []
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError:
        LogisticRegression = None
    for repeat in range(2):
        for fold in range(5):
            test = folds[repeat] == fold
            train_z, test_z = standardised(x[~test], x[test])
            b = ridge(train_z, y[~test], fold_lambda[repeat, fold])
            p = 1 / (1 + np.exp(-(b[0] + test_z @ b[1:])))
            ours.append(np.abs(p - prediction[repeat][test]).max())
            aucs.append(auc(p, y[test]))
            theirs.append(abs(aucs[-1] - fold_auc[repeat, fold]))
            if LogisticRegression:
                c = 1 / (fold_lambda[repeat, fold] * (~test).sum())
                peer = LogisticRegression(C=c, tol=1e-9, max_iter=100, solver="newton-cholesky").fit(train_z, y[~test])
                peer_sklearn.append(max(np.abs(peer.coef_[0] - b[1:]).max(),
                                        np.abs(peer.predict_proba(test_z)[:, 1] - prediction[repeat][test]).max()))
    check("out_of_fold_probabilities", max(ours), 1e-9)
    check("fold_auc", max(theirs), 1e-12)
    check("mean_of_folds", abs(np.mean(aucs) - mean_auc), 1e-12)
    if LogisticRegression:
        check("against_scikit_learn", max(peer_sklearn), 1e-6)
    else:
        print("skip against_scikit_learn: not installed")

    try:
        import xarray
    except ImportError:
        print("skip opens_in_xarray: not installed")
        sys.exit(failures > 0)
    groups = ["/"]
    with h5py.File(path) as file:
        file.visititems(lambda name, item: groups.append("/" + name) if isinstance(item, h5py.Group) else None)
    for engine in ("h5netcdf", "netcdf4"):
        try:
            for group in groups:
                with xarray.open_dataset(path, group=group, engine=engine) as data:
                    data.load()
            print(f"ok opens_in_xarray_{engine}: {len(groups)} groups")
        except (ImportError, ModuleNotFoundError) as error:
            print(f"skip opens_in_xarray_{engine}: {error}")
        except ValueError as error:
            if "unrecognized engine" not in str(error):
                raise
            print(f"skip opens_in_xarray_{engine}: not installed")
sys.exit(failures > 0)

"""Ridge VAR of the reference signal by plain numpy: regressors written out, a solver, a loop over orders.

Usage: var_numpy.py ref19x15000.npy out.tsv   Lines "peer<TAB>feature<TAB>numbers..." as truth_values.py writes."""
import sys

import numpy as np

FS, RIDGE, GAP, CUT = 250.0, 1e-3, 250, 0.85


def fit(train, lags, order):
    """Coefficients, those less the bias of the ridge, residual products and the penalised ones, on the samples lags .. n - 1."""
    n = train.shape[1]
    past = np.vstack([train[:, lags - i : n - i] for i in range(1, order + 1)])
    now = train[:, lags:]
    normal = past @ past.T + RIDGE * now.shape[1] * np.eye(len(past))
    beta = np.linalg.solve(normal, past @ now.T)
    error = now - beta.T @ past
    step = unbiased = beta
    for _ in range(3):
        step = RIDGE * now.shape[1] * np.linalg.solve(normal, step)
        unbiased = unbiased + step
    return beta, unbiased, error @ error.T, error @ error.T + RIDGE * now.shape[1] * beta.T @ beta, now.shape[1]


def model(x, lags, choose):
    n_train = int(0.8 * x.shape[1])
    mean = x[:, :n_train].mean(1, keepdims=True)
    sd = x[:, :n_train].std(1, keepdims=True)
    z = (x - mean) / sd
    m, best = len(x), None
    for order in range(1 if choose else lags, lags + 1):
        beta, unbiased, residual, penalised, n = fit(z[:, :n_train], lags, order)
        bic = np.linalg.slogdet(penalised / n + RIDGE * np.eye(m))[1] + order * m * m * np.log(n) / n
        if best is None or bic < best[0]:
            best = bic, order, beta, unbiased, np.trace(residual) / (n * m)
    bic, order, beta, unbiased, train = best
    first = n_train + GAP + order
    past = np.vstack([z[:, first - i : x.shape[1] - i] for i in range(1, order + 1)])
    test = np.mean((z[:, first:] - beta.T @ past) ** 2)
    persistence = np.mean((z[:, first:] - z[:, first - 1 : -1]) ** 2)
    companion = np.zeros((order * m, order * m))
    companion[:m] = unbiased.T
    companion[m:, :-m] = np.eye((order - 1) * m)
    value = np.linalg.eigvals(companion)
    radius = np.sort(np.abs(value))
    pairs = sorted(value[value.imag > 1e-12], key=lambda v: -abs(v))[:4]
    coefficients = np.stack([beta[i * m : (i + 1) * m].T * sd / sd.T for i in range(order)])
    return {
        "order": [order], "bic": [bic], "error_train": [train], "error_held_out": [test],
        "error_persistence": [persistence], "error_ratio": [test / persistence], "lambda_max": [radius[-1]],
        "lambda_top5": [np.median(radius[-max(1, len(radius) // 20) :])], "lambda_above": [np.mean(radius > CUT)],
        "lambda": np.quantile(radius, [0.25, 0.5, 0.75, 0.95]),
        "frequency": [np.angle(v) / (2 * np.pi) * FS for v in pairs],
        "damping": [-np.log(abs(v)) * FS for v in pairs], "coefficients": coefficients.ravel(),
    }


signal = np.load(sys.argv[1])
cases = {"bic": (signal, 8, True), "order8": (signal, 8, False), "average": (signal - signal.mean(0), 3, False)}
with open(sys.argv[2], "w", encoding="utf-8") as out:
    for name, case in cases.items():
        for feature, values in model(*case).items():
            print(f"numpy_{name}", feature, *(repr(float(v)) for v in values), sep="\t", file=out)

"""Originals and surrogates of generated cohorts, and a classifier that is asked to tell them apart."""
import math

import numpy as np

FOLDS = 6
# Nobody is poor: all recordings are originals, closed to circles as those behind the surrogates are.
KINDS = {"original": 'intercept = -100.0; surrogate = "outcome";', "surrogate": 'surrogate = "all";'}


def fit(x, y, ridge=1.0):
    """Logistic regression by Newton's method; x standardised, a column of ones last."""
    weight = np.zeros(x.shape[1])
    penalty = ridge * np.ones(x.shape[1])
    penalty[-1] = 1e-6
    for _ in range(30):
        p = 1 / (1 + np.exp(-np.clip(x @ weight, -30, 30)))
        move = np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + np.diag(penalty), x.T @ (y - p) - penalty * weight)
        weight += move
        if abs(move).max() < 1e-8:
            break
    return weight


def scores(features):
    """Of originals and surrogates, features[kind][subject]; a pair is never split over folds."""
    x = np.asarray(features, float)
    subjects, out = x.shape[1], np.empty(x.shape[:2])
    for fold in range(FOLDS):
        test = np.arange(subjects) % FOLDS == fold
        train = x[:, ~test].reshape(-1, x.shape[2])
        mean, sd = train.mean(0), train.std(0) + 1e-12
        def design(a):
            return np.column_stack([(a.reshape(-1, x.shape[2]) - mean) / sd, np.ones(a.shape[0] * a.shape[1])])
        weight = fit(design(x[:, ~test]), np.repeat([1.0, 0.0], (~test).sum()))
        out[:, test] = (design(x[:, test]) @ weight).reshape(2, -1)
    return out


def auc(s):
    greater, equal = s[0][:, None] > s[1][None], s[0][:, None] == s[1][None]
    return greater.mean() + 0.5 * equal.mean()


def chance(subjects, cohorts):
    """Standard error of the mean AUC where the scores mean nothing (Mann & Whitney)."""
    return math.sqrt((2 * subjects + 1) / (12 * subjects ** 2) / cohorts)

"""Group maps of microstates from the windows of training subjects.

    microstate_maps.py STORE SUBJECTS OUT.tsv [--analysis NAME]

STORE: of a run with `microstates: { maps = "window"; }`. SUBJECTS: a text file, one subject a line: those that a model
is trained on. Maps of others never enter, so that nothing of a test subject reaches its own features; for
cross-validation, one table a fold. OUT.tsv goes into the next run: `microstates: { maps = "OUT.tsv"; }`.

The windows' maps (mean 0, length 1, ordered like the canonical ones) are clustered once more by modified k-means with
polarity ignored (Pascual-Marqui et al. 1995, doi:10.1109/10.391164), from the mean of each state: no random start.
Every subject weighs the same, however many windows it has.
"""

import argparse
import sys

import eveil
import numpy as np


class MapsError(Exception):
    """What was expected and what was found."""


def read_subjects(path):
    with open(path, encoding="utf-8") as file:
        subjects = [line.strip() for line in file if line.strip()]
    if not subjects:
        raise MapsError(f"{path}: expected one subject a line, found none")
    return subjects


def find_analysis(store, name):
    """The analysis with maps of microstates, which must be the only one unless it is named."""
    having = [a for a in store.analyses if ("microstates", "maps") in store.tensors(a)]
    if name in having:
        return name
    if name or len(having) != 1:
        raise MapsError(f"{store.path}: expected one analysis with microstates, found {', '.join(having) or 'none'}")
    return having[0]


def windows_of(store, analysis, subjects):
    """Maps (window, state, channel) of these subjects, the subject of each, names of states and channels."""
    maps = store.tensor(analysis, "microstates", "maps")
    known = store.recordings["subject"].to_numpy(str)
    missing = sorted(set(subjects) - set(known))
    if missing:
        raise MapsError(f"{store.path}: no recording of subject {', '.join(missing[:5])}")
    subject = known[store.group(analysis)["window_recording"][()]]
    chosen = np.isin(subject, subjects)
    states, channels = (np.asarray(maps.coords[d].values, str) for d in maps.dims[1:])
    return np.asarray(maps.values)[chosen], subject[chosen], states, channels


def complete(maps, subject):
    """Without channels that most windows lack, then without windows that lack one."""
    has = np.isfinite(maps).all(axis=1)
    fitted = has.any(axis=1)
    if not fitted.any():
        raise MapsError("no window of these subjects has maps")
    channel = has[fitted].mean(axis=0) > 0.5
    window = fitted & has[:, channel].all(axis=1)
    if channel.sum() < 3 or not window.any():
        raise MapsError("expected windows that share at least 3 channels")
    return maps[window][:, :, channel], subject[window], channel


def first_vector(rows, weight):
    """Unit vector that explains most of the weighted squares of rows."""
    return np.linalg.eigh((rows * weight[:, None]).T @ rows)[1][:, -1]


def cluster(maps, subject):
    """Group maps (state, channel) of mean 0 and length 1, and the share of squares that they explain."""
    maps = maps - maps.mean(axis=2, keepdims=True)
    maps /= np.linalg.norm(maps, axis=2, keepdims=True)
    n_states = maps.shape[1]
    names, which, count = np.unique(subject, return_inverse=True, return_counts=True)
    weight = np.repeat(1.0 / (count[which] * len(names) * n_states), n_states)
    rows, label = maps.reshape(-1, maps.shape[2]), np.tile(np.arange(n_states), len(maps))
    group = np.array([first_vector(rows[label == s], weight[label == s]) for s in range(n_states)])
    for _ in range(1000):
        before, label = label, np.argmax((rows @ group.T) ** 2, axis=1)
        for s in np.unique(label):
            group[s] = first_vector(rows[label == s], weight[label == s])
        if np.array_equal(before, label):
            break
    # As the canonical maps have it: signs of most windows' maps of that state.
    sign = np.sign([np.sum((maps[:, s] @ group[s]) * weight[::n_states]) for s in range(n_states)])
    return group * np.where(sign == 0, 1, sign)[:, None], float(weight @ np.max((rows @ group.T) ** 2, axis=1))


def write_table(path, group, states, channels):
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        print("channel", *states, sep="\t", file=file)
        for channel, row in zip(channels, group.T):
            print(channel, *(f"{v:.17g}" for v in row), sep="\t", file=file)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store")
    parser.add_argument("subjects")
    parser.add_argument("out")
    parser.add_argument("--analysis")
    options = parser.parse_args()
    try:
        subjects = read_subjects(options.subjects)
        with eveil.open(options.store) as store:
            maps, subject, states, channels = windows_of(store, find_analysis(store, options.analysis), subjects)
        maps, subject, channel = complete(maps, subject)
        group, explained = cluster(maps, subject)
    except (MapsError, eveil.StoreError, OSError) as error:
        sys.exit(f"microstate_maps: {error}")
    write_table(options.out, group, states, channels[channel])
    print(
        f"{len(states)} maps of {channel.sum()} channels from {len(maps)} windows of {len(set(subject))} subjects, "
        f"{100 * explained:.1f} % of the windows' maps explained"
    )


if __name__ == "__main__":
    main()

"""Models of a cohort: on two groups of noisy oscillators with different equations the terms of each are found, also without
each fold, every subject is told by the terms of its group, and 1, 2 and 4 ranks give the same bits."""
import os

from harness import check, clear, done, eveil, note, said, scratch, skip, store_of, total

try:
    import h5py
    import numpy
except ImportError:
    skip("cohort_models", "h5py or numpy is not installed")
    done()

FS_HZ, SECONDS, EACH = 100.0, 160.0, 9
# Terms of each equation: van der Pol's, and the normal form of Hopf's bifurcation. All are odd: the mean that is taken off
# each window brings even ones with it, which are not asked for.
TRUE = {"poor": {"X": {"X", "Y"}, "Y": {"X", "Y", "X^2 Y"}},
        "good": {"X": {"X", "Y", "X^3", "X Y^2"}, "Y": {"X", "Y", "X^2 Y", "Y^3"}}}


def told(index):
    """Angle a sample and rate of a subject."""
    random = numpy.random.default_rng([7, index])
    return 2 * numpy.pi * random.uniform(1.5, 2.5) / FS_HZ, random.uniform(0.04, 0.08), random


def record(kind, index):
    """[channel][time] in uV, by one step a sample."""
    angle, rate, random = told(index)
    x, y = 1.0, 0.0
    rows = numpy.empty((2, int(SECONDS * FS_HZ)))
    for i, (a, b) in enumerate(0.03 * random.standard_normal((rows.shape[1], 2))):
        if kind == "poor":
            x, y = x + angle * y + a, y - angle * x + rate * (1 - x * x) * y + b
        else:
            pull = rate * (1 - x * x - y * y)
            x, y = x - angle * y + pull * x + a, y + angle * x + pull * y + b
        rows[:, i] = x, y
    return 20.0 * rows


def cohort(folder):
    """Two groups, and one subject without."""
    root = os.path.join(folder, "data")
    os.mkdir(root)
    kinds = ["poor"] * EACH + ["good"] * EACH + ["n/a"]
    with open(os.path.join(root, "recordings.tsv"), "w") as table, open(os.path.join(root, "participants.tsv"), "w") as people:
        table.write("subject\tfile\n")
        people.write("participant_id\toutcome\n")
        for i, kind in enumerate(kinds):
            numpy.save(os.path.join(root, f"s{i:02d}.npy"), record("poor" if kind == "n/a" else kind, i))
            table.write(f"s{i:02d}\ts{i:02d}.npy\n")
            people.write(f"s{i:02d}\t{kind}\n")
    return root, kinds


def configure(folder, root, models, latent="channels"):
    path = os.path.join(folder, "run.cfg")
    with open(path, "w") as file:
        file.write(f"""cohort: {{ root = "{root}"; recordings = "recordings.tsv"; }};
output: {{ store = "out/store.h5"; }};
formats: {{ npy: {{ fs_hz = {FS_HZ}; labels = ["X", "Y"]; }}; }};
conditioning: {{ montage = "file"; reference = "none"; resample_hz = {FS_HZ}; notch = "none"; band_hz = (); artefacts = "none"; }};
analyses: ( {{ name = "dynamics"; window_s = 20.0; dynamics = ["sindy"];
    sindy: {{ latent = "{latent}"; dimension = 2; degree = 3; block_s = 2.0; resamples = 10; ahead = (1); }}; }} );
cohort_models: ( {models} );
run: {{ seed = 5; task_s = 20.0; }};
""")
    return path


MODEL = '{ name = "both"; analysis = "dynamics"; group = "outcome"; folds = 3; resamples = 12; }'


def texts(group, name):
    return [text.decode() for text in group[name][()]]


def terms_of(support, group):
    """{coordinate: names of the odd terms} of a [term][coordinate] array."""
    names, coordinates = texts(group, "term"), texts(group, "coordinate")
    odd = {"X", "Y", "X^3", "X^2 Y", "X Y^2", "Y^3"}
    return {c: odd & {names[i] for i in numpy.flatnonzero(support[:, j])} for j, c in enumerate(coordinates)}


def look(store, kinds):
    group = store["cohort_models/both"]
    names = texts(group, "group")
    check(names == ["good", "poor"] and texts(group, "subject") == [f"s{i:02d}" for i in range(len(kinds))], "groups_and_subjects", names)
    for g, name in enumerate(names):
        found = terms_of(group["support"][g], group)
        check(found == TRUE[name], f"terms_of_{name}", f"{found}, expected {TRUE[name]}")
        folds = [terms_of(fold, group) for fold in group["fold_support"][g]]
        check(len(folds) == 3 and all(fold == TRUE[name] for fold in folds), f"terms_of_{name}_without_each_fold", folds)
        inclusion, support = group["inclusion"][g], group["support"][g]
        check(inclusion[support == 1].min() > 0.7 and inclusion.min() >= 0 and inclusion.max() <= 1, f"inclusion_of_{name}", inclusion.tolist())
    of, fold = group["subject_group"][()], group["subject_fold"][()]
    check([-1 if kind == "n/a" else names.index(kind) for kind in kinds] == of.tolist(), "subject_group", of.tolist())
    check(all(numpy.bincount(fold[of == g]).tolist() == [3, 3, 3] for g in (0, 1)) and fold[-1] == -1, "folds_are_balanced", fold.tolist())
    bic = group["bic_held_out"][()]
    nearest = bic.argmin(axis=1)
    check((nearest[:-1] == of[:-1]).all() and names[nearest[-1]] == "poor", "each_subject_by_the_terms_of_its_group", bic.tolist())
    coefficients, sd = group["coefficients"][()], group["coef_sd"][()]
    check(numpy.isfinite(coefficients[:-1]).all() and numpy.isnan(coefficients[-1]).all(), "coefficients_of_grouped_subjects", "")
    cell = texts(group, "term").index("Y"), texts(group, "coordinate").index("X")
    good = numpy.flatnonzero(of == 0)  # both coordinates have the same sd: standardising leaves this coefficient
    off = [(coefficients[(k, *cell)] + told(k)[0]) / sd[(k, *cell)] for k in good]
    check(max(map(abs, off)) < 5, "coefficients_are_those_of_the_subjects", off)
    held_out = group["coefficients_held_out"][:-1]
    check((held_out == coefficients[:-1]).all(), "same_terms_same_coefficients", "")


def opens_in_xarray(path):
    try:
        import h5netcdf  # noqa: F401
        import xarray
    except ImportError:
        skip("opens_in_xarray", "xarray or h5netcdf is not installed")
        return
    with xarray.open_dataset(path, group="cohort_models/both", engine="h5netcdf") as data:
        found = data["coefficients"].sel(subject="s00", term="X^2 Y", coordinate="Y").item()
        check(found < 0 and data["support"].dims == ("group", "term", "coordinate"), "opens_in_xarray", found)


def refusals(folder, root):
    for models, latent, told in (
            ('{ name = "a"; analysis = "dynamic"; }', "channels", 'no analysis "dynamic"; did you mean "dynamics"?'),
            ('{ name = "a"; analysis = "dynamics"; }', "pca", 'expected sindy with latent = "regions" or "channels"'),
            ('{ name = "a"; analysis = "dynamics"; grup = "outcome"; }', "channels", "grup"),
            ('{ name = "a"; analysis = "dynamics"; group = "outcom"; }', "channels", 'did you mean "outcome"?'),
            ('{ name = "a/b"; analysis = "dynamics"; }', "channels", "use letters, digits"),
            (MODEL + ", " + MODEL, "channels", 'a second cohort model named "both"')):
        ended = eveil("plan", configure(folder, root, models, latent))
        check(ended.code == 1 and told in ended.err, f"refuses {models[:60]}", f"{ended.code}: {ended.err}")


def main():
    with scratch() as folder:
        root, kinds = cohort(folder)
        totals = {}
        config = configure(folder, root, MODEL)
        for ranks in (0, 2, 4):  # of 4 one has no subject
            clear(os.path.join(folder, "out"))
            ended = eveil("run", config, ranks=ranks)
            value = total(store_of(config)) if ended.code == 0 else f"exit {ended.code}: {said(ended.err)}"
            totals.setdefault(value, []).append(ranks)
        check(len(totals) == 1 and len(next(iter(totals))) == 64, "same_bits_on_1_2_4_ranks", totals)
        if os.path.exists(store_of(config)):
            with h5py.File(store_of(config)) as store:
                look(store, kinds)
            opens_in_xarray(store_of(config))
            listed = eveil("hash", store_of(config)).out
            check("/cohort_models/both/support\n" in listed, "in_the_total", listed[-500:])
        refusals(folder, root)
        note(f"total {next(iter(totals))[:64]}")
    done()


main()

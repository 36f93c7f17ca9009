"""eveil simulate with everything on (every mechanism, every artefact, surrogates, leaks, devices): the same bytes on 1 to
4 ranks, and after kill -9 of all ranks in its midst every file that is there is whole, and running it again completes the
cohort."""
import glob
import hashlib
import os

from harness import Running, check, clear, done, eveil, note, scratch

KEYS = """subjects = %d; recordings = 2; duration_s = 12.0; every_h = 12.0; sites = 3; fs_hz = (128.0, 125.0, 160.0);
  line_hz = (50.0, 60.0); high_pass_hz = (0.0, 0.3); low_pass_hz = (0.0, 0.0, 40.0);
  montage = ["10-20", "bipolar", "reduced"];
  labels = ["ref", "old", "plain"]; mechanism = [%s]; artefacts = [%s];
  outcome_law = "both"; truths = ["age", "rosc_min"]; coefficients = (1.0, 1.0);
  surrogate_iterations = 10; distractors = 2;
  clinical = true; missing_share = 0.2; missing_by = "severity"; wlst_share = 0.2;
  leak_two_ids = 0.1; leak_duplicates = 0.1;
  leak_post_outcome = true;"""


def names(kind):
    listed = eveil("list", kind)
    assert listed.code == 0, listed.err
    return [line.split()[0] for line in listed.out.splitlines()[1:]]


def quoted(words):
    return ", ".join(f'"{word}"' for word in words)


def tree(root):
    """{path below root: SHA-256}."""
    found = {}
    for path in glob.glob(os.path.join(root, "**"), recursive=True):
        if os.path.isfile(path):
            with open(path, "rb") as file:
                found[os.path.relpath(path, root)] = hashlib.sha256(file.read()).hexdigest()
    return found


def differing(a, b):
    return sorted(path for path in a.keys() | b.keys() if a.get(path) != b.get(path))


with scratch() as folder:
    mechanisms, artefacts = names("mechanisms"), names("artefacts")
    config, root = os.path.join(folder, "all.cfg"), os.path.join(folder, "cohort")
    with open(config, "w") as file:
        file.write('cohort: { root = "cohort"; };\nsimulate: { ' + KEYS % (2 * len(mechanisms), quoted(mechanisms),
                   quoted(artefacts)) + " };\n")
    trees = {}
    for ranks in (1, 2, 3, 4):
        clear(root)
        ended = eveil("simulate", config, ranks=ranks)
        trees[ranks] = tree(root)
        if ranks == 1:
            recordings = [path for path in trees[1] if path.endswith("_eeg.edf")]
            check(ended.code == 0 and len(recordings) == 4 * len(mechanisms), "everything on, one rank", ended.err)
        else:
            check(ended.code == 0 and trees[ranks] == trees[1], f"same bytes on {ranks} ranks",
                  f"{ended.err} {differing(trees[1], trees[ranks])[:5]}")
    note(f"{len(mechanisms)} mechanisms, {len(artefacts)} artefacts, {len(recordings)} recordings, {len(trees[1])} files")

    clear(root)
    run = Running("simulate", config, ranks=2)
    made = os.path.join(root, "**", "*_eeg.edf")
    reached = run.wait_for(lambda: len(glob.glob(made, recursive=True)) >= len(recordings) // 4)
    run.kill_all()
    left = {path: digest for path, digest in tree(root).items() if not path.endswith(".tmp")}
    broken = [path for path, digest in left.items() if trees[1].get(path) != digest]
    written = sum(path.endswith("_eeg.edf") for path in left)
    check(reached and 0 < written < len(recordings), "killed in its midst", f"{written} of {len(recordings)} recordings")
    check(not broken, "what is there after a kill is whole", broken[:5])
    ended = eveil("simulate", config, ranks=3)
    again = tree(root)
    check(ended.code == 0 and again == trees[1], "run again after the kill: complete",
          f"{ended.err} {differing(trees[1], again)[:5]}")
done()

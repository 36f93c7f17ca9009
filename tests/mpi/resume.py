"""Only what is new runs: a cohort stopped after 40 of its 48 files, then extended, repaired and resumed in another way;
broken files, which cost themselves alone; patients added to a finished store."""
import os
import shutil
import signal

import h5py
import numpy

from harness import (EEGMAT, check, clear, configure, done, eveil, journal_of, need, note, ran_twice, records, resumed, said,
                     scratch, simulate, state, stop_after, store_of, total)

ANALYSES = """
  { name = "spectral"; window_s = 4.0; step_s = 2.0; features = ["band_power", "permutation_entropy", "spectrum"]; },
  { name = "brief"; window_s = 4.0; step_s = 4.0; store = "summary"; features = ["hjorth"]; }"""
FAILED = 5  # why


def write_table(root, files):
    with open(os.path.join(root, "recordings.tsv"), "w") as table:
        table.write("subject\tfile\n" + "".join(f"{os.path.basename(file)[:-4]}\t{file}\n" for file in files))


def cohort_of_51(folder):
    """48 files and 3 for later, real ones where they are; (root, files)."""
    root = os.path.join(folder, "files")
    os.mkdir(root)
    real = os.path.isdir(EEGMAT)
    source = EEGMAT if real else simulate(folder, "subjects = 48; duration_s = 60.0; fs_hz = (128.0);")
    found = sorted(os.path.join(at, name) for at, _, names in os.walk(source) for name in names if name.endswith(".edf"))[:48]
    names = [f"file{i:02d}.edf" for i in range(51)]
    for i, name in enumerate(names):
        shutil.copyfile(found[i % 48], os.path.join(root, name))
    return root, names, "eegmat" if real else "simulated"


def fresh_total(folder, root, **more):
    """Of an undisturbed run into another output."""
    os.makedirs(os.path.join(folder, "fresh"))
    config = configure(os.path.join(folder, "fresh", "run.cfg"), root, **more)
    ended = eveil("run", config, ranks=2)
    return total(store_of(config)) if ended.code == 0 else said(ended.err)


def cut_inside_header(path):
    """Truncates; returns what was there."""
    with open(path, "rb") as file:
        whole = file.read()
    with open(path, "wb") as file:
        file.write(whole[:300])
    return whole


def restore(path, whole):
    with open(path, "wb") as file:
        file.write(whole)


def forty_of_forty_eight(folder):
    root, names, kind = cohort_of_51(folder)
    broken = os.path.join(root, names[5])
    whole = cut_inside_header(broken)
    write_table(root, names[:48])
    keys = {"analyses": ANALYSES, "conditioning": "resample_hz = 125.0;" if kind == "eegmat" else "resample_hz = 100.0;"}
    config = configure(os.path.join(folder, "run.cfg"), root, run='keep_journals = true; flush_s = 0.0; schedule = "dynamic";', **keys)
    codes = os.path.join(folder, "codes")
    os.mkdir(codes)
    ended = stop_after(config, 40, signal.SIGUSR1, ranks=2, codes=codes)
    if not check(ended is not None, f"{kind}_stopped", "the run was over before 40 files"):
        return
    found = [open(os.path.join(codes, name)).read().strip() for name in sorted(os.listdir(codes))]
    check(found == ["4", "4"] and ended.code == 4, "usr1_exit_4_on_every_rank", f"{found}, mpirun {ended.code}")
    check("stopped on request; run again" in ended.out, "usr1_says_so", ended.out[-300:])
    before = len(records(config))
    check(40 <= before < 95 and state(config)[:2] == (before, 95), "usr1_finished_counts", f"{before} records, {state(config)}")
    restore(broken, whole)
    write_table(root, names)
    configure(config, root, run='keep_journals = true; flush_s = 0.0; schedule = "static";', **keys)
    check(state(config)[:2] == (before, 102), "extended_plan_counts", f"{before} records, {state(config)}")
    ended = eveil("run", config, ranks=3)
    check(ended.code == 0 and resumed(ended.err) == (before, 102), "only_new_tasks_are_planned", f"exit {ended.code}: {said(ended.err)}")
    check(len(records(config)) == 102 and ran_twice(config) == 0, "only_new_tasks_ran", f"{len(records(config))} records, {ran_twice(config)} twice")
    wanted = fresh_total(folder, root, **keys)
    check(total(store_of(config)) == wanted, f"{kind}_total_of_a_fresh_run", f"{total(store_of(config))}, fresh {wanted}")
    note(f"{kind}: stopped with {before} tasks of 95, then 102")


def spoil(path, kind):
    """Breaks a file in one of three ways; returns what was there."""
    whole = cut_inside_header(path)
    if kind == "garbage":
        restore(path, bytes((i * 73 + 41) % 251 for i in range(len(whole))))
    elif kind == "text_mode":  # sent as text, then cut back to the right size: the header stays sound
        restore(path, whole.replace(b"\n", b"\r\n")[:len(whole)])
    return whole


def rows_by_recording(store):
    """{id: (values, why, summary, summary_why)} of the first analysis."""
    with h5py.File(store) as file:
        group, ids = file["analyses/spectral"], [value.decode() for value in file["recordings/id"][...]]
        owner = group["window_recording"][...]
        return {name: [group["values"][...][owner == r], group["why"][...][owner == r], group["summary"][...][r],
                       group["summary_why"][...][r]] for r, name in enumerate(ids)}


def broken_files(folder):
    root = simulate(folder, "subjects = 8; duration_s = 40.0; fs_hz = (128.0);")
    files = sorted(os.path.join(at, name) for at, _, names in os.walk(root) for name in names if name.endswith(".edf"))
    keys = {"analyses": ANALYSES, "run": "task_s = 10.0; flush_s = 0.0;"}
    wanted = fresh_total(folder, root, **keys)
    intact = rows_by_recording(store_of(os.path.join(folder, "fresh", "run.cfg")))
    kinds = {1: "cut", 3: "garbage", 6: "text_mode"}
    saved = {i: spoil(files[i], kind) for i, kind in kinds.items()}
    config = configure(os.path.join(folder, "run.cfg"), root, **keys)
    ended = eveil("run", config, ranks=2)
    check(ended.code == 3 and "3 of 8 recordings failed" in ended.err, "broken_files_exit_3", f"exit {ended.code}: {said(ended.err)}")
    described = eveil("info", config).out
    with h5py.File(store_of(config)) as file:
        ids = [value.decode() for value in file["recordings/id"][...]]
        status, message = file["recordings/status"][...], [value.decode() for value in file["recordings/message"][...]]
    rows = rows_by_recording(store_of(config))
    for i, kind in kinds.items():
        good = status[i] != 0 and message[i] != "" and ids[i] in described and os.path.basename(files[i]) in message[i]
        check(good, f"broken_{kind}_is_listed", f"status {status[i]}, message \"{message[i]}\", info:\n{described}")
        check((rows[ids[i]][3] == FAILED).all() and (rows[ids[i]][1] == FAILED).all() and numpy.isnan(rows[ids[i]][0]).all(),
              f"broken_{kind}_why_5", f"summary_why {set(rows[ids[i]][3])}")
    others = [name for i, name in enumerate(ids) if i not in kinds]
    same = all(numpy.array_equal(a, b, equal_nan=True) for name in others for a, b in zip(rows[name], intact[name]))
    check(same and not status[[ids.index(name) for name in others]].any(), "others_are_unaffected", "rows differ from those of an intact run")
    again = eveil("run", config, ranks=1)
    check(again.code == 3 and state(config).finished == state(config).total, "broken_files_stay_failed", f"exit {again.code}: {said(again.err)}")
    for i in kinds:
        restore(files[i], saved[i])
        ended = eveil("run", config, ranks=3)
        n, m = resumed(ended.err)
        check(m is not None and m - n == 5, f"repair_{kinds[i]}_costs_itself", f"{n} of {m} finished, expected 5 to run: {said(ended.err)}")
    check(ended.code == 0 and total(store_of(config)) == wanted, "repaired_total", f"exit {ended.code}, {total(store_of(config))}, fresh {wanted}")
    check(not os.path.exists(journal_of(config)), "journals_removed", "the journal folder is still there")


def added_to_a_finished_store(folder):
    root = simulate(folder, "subjects = 7; duration_s = 20.0; fs_hz = (128.0);")
    files = sorted(os.path.relpath(os.path.join(at, name), root) for at, _, names in os.walk(root) for name in names if name.endswith(".edf"))
    os.remove(os.path.join(root, "participants.tsv"))
    write_table(root, files[:6])
    keys = {"analyses": ANALYSES, "run": "task_s = 10.0; keep_journals = true;"}
    config = configure(os.path.join(folder, "run.cfg"), root, **keys)
    first = eveil("run", config, ranks=2)
    write_table(root, files)
    refused = eveil("run", config, ranks=2)
    check(first.code == 0 and refused.code == 1 and "another plan" in refused.err, "added_needs_replace", f"exits {first.code}, {refused.code}: {said(refused.err)}")
    ended = eveil("run", config, "--replace", ranks=2)
    check(ended.code == 0 and resumed(ended.err) == (18, 21) and ran_twice(config) == 0, "added_costs_itself", f"exit {ended.code}: {said(ended.err)}")
    check(total(store_of(config)) == fresh_total(folder, root, **keys), "added_total", "differs from a fresh run's")


need("mpirun")
for part in (forty_of_forty_eight, broken_files, added_to_a_finished_store):
    with scratch() as place:
        part(place)
done()

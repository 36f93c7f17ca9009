"""Journals that suffered: torn tails, flipped bytes in payloads and headers, files of other programs. The total stays that
of an undisturbed run, and the run says what it found."""
import hashlib
import os
import shutil
import signal

from harness import (HEADER, MAGIC, check, clear, configure, done, eveil, flip, journal_of, need, records, resumed, said, scratch, simulate,
                     stop_after, store_of, total)

TASKS = 12 * 4 + 12
RUN = "task_s = 5.0; flush_s = 0.0; keep_journals = true;"


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def largest(config):
    """Records of the journal with the most."""
    found = records(config)
    paths = sorted({record.path for record in found}, key=lambda path: (-sum(record.path == path for record in found), path))
    return [record for record in found if record.path == paths[0]]


def torn_end(config):
    """The last record is cut in half."""
    last = largest(config)[-1]
    os.truncate(last.path, last.offset + (HEADER.size + last.bytes) // 2)


def torn_header(config):
    last = largest(config)[-1]
    os.truncate(last.path, last.offset + HEADER.size // 2)


def payload_value(config):
    """A result in the midst of a payload."""
    record = largest(config)[2]
    flip(record.path, record.offset + HEADER.size + record.bytes // 3)


def payload_state(config):
    """The end of a payload: what the recording stage sums."""
    record = largest(config)[2]
    flip(record.path, record.offset + HEADER.size + record.bytes - 300)


def payload_head(config):
    """The status at the front of a payload."""
    record = largest(config)[2]
    flip(record.path, record.offset + HEADER.size)


def payload_last(config):
    record = largest(config)[-1]
    flip(record.path, record.offset + HEADER.size + record.bytes // 2)


def header_length(config):
    record = largest(config)[2]
    flip(record.path, record.offset + 25)


def header_magic(config):
    record = largest(config)[3]
    flip(record.path, record.offset)


def header_last(config):
    record = largest(config)[-1]
    flip(record.path, record.offset + 30)


def file_magic(config):
    flip(largest(config)[0].path, 3)


# damage, lost tasks known at the start, word of the log
DAMAGE = ((torn_end, 1, "torn record"), (torn_header, 1, "torn record"), (payload_last, 1, "torn record"),
          (header_last, 1, "torn record"), (header_length, 1, "damaged bytes"), (header_magic, 1, "damaged bytes"),
          (payload_value, 0, "damaged records found"), (payload_state, 0, "damaged records found"),
          (payload_head, 0, "damaged records found"))


def prepare(folder):
    """A run stopped halfway: its folder out/, kept beside; (config, total of an undisturbed run)."""
    root = simulate(folder, "subjects = 12; duration_s = 20.0; fs_hz = (128.0);")
    config = configure(os.path.join(folder, "run.cfg"), root, run=RUN)
    clear(os.path.join(folder, "out"))
    quiet = eveil("run", config, ranks=2)
    wanted = total(store_of(config))
    check(quiet.code == 0 and len(records(config)) == TASKS, "quiet_run", f"{len(records(config))} records: {said(quiet.err)}")
    clear(os.path.join(folder, "out"))
    ended = stop_after(config, 20, signal.SIGUSR1)
    check(ended is not None and ended.code == 4, "stopped_halfway", "the run was over before")
    shutil.copytree(os.path.join(folder, "out"), os.path.join(folder, "halfway"))
    return config, wanted


def halfway(folder):
    shutil.rmtree(os.path.join(folder, "out"))
    shutil.copytree(os.path.join(folder, "halfway"), os.path.join(folder, "out"))


def damaged(folder, config, wanted):
    for number, (damage, lost, word) in enumerate(DAMAGE):
        halfway(folder)
        before = len(records(config))
        damage(config)
        name = damage.__name__
        ended = eveil("run", config, ranks=number % 3 + 1)
        found = total(store_of(config))
        check(ended.code == 0 and found == wanted, f"{name}_total", f"exit {ended.code}, {found}: {said(ended.err)}")
        check(word in ended.err, f"{name}_is_told", f"expected \"{word}\": {ended.err}")
        check(resumed(ended.err) == (before - lost, TASKS), f"{name}_costs_itself", f"{before} records, {said(ended.err)}")
        # The journals hold the damage and its repair: another gather must choose the repair.
        os.remove(store_of(config))
        again = eveil("run", config, ranks=(number + 1) % 3 + 1)
        check(again.code == 0 and total(store_of(config)) == wanted, f"{name}_total_of_kept_journals", f"exit {again.code}: {said(again.err)}")


def damaged_while_complete(folder, config, wanted):
    """A damaged record that the gather finds although the recording was finished."""
    halfway(folder)
    eveil("run", config, ranks=2)
    os.remove(store_of(config))
    payload_value(config)
    ended = eveil("run", config, ranks=3)
    check(ended.code == 0 and total(store_of(config)) == wanted, "damaged_after_all_total", f"exit {ended.code}: {said(ended.err)}")


def lost_journal(folder, config, wanted):
    """A journal whose first bytes are gone is nobody's: a rank that needs its name says so; moved away, its tasks run again."""
    halfway(folder)
    file_magic(config)
    name = next(name for name in sorted(os.listdir(journal_of(config))) if not has_magic(config, name))
    path = os.path.join(journal_of(config), name)
    before = digest(path)
    ended = eveil("run", config, ranks=2)
    check(ended.code == 1 and "move it away" in ended.err and name in ended.err, "own_name_taken_is_told", f"exit {ended.code}: {said(ended.err)}")
    check(digest(path) == before, "own_name_taken_untouched", "the file changed")
    os.rename(path, os.path.join(folder, "elsewhere"))
    ended = eveil("run", config, ranks=2)
    check(ended.code == 0 and total(store_of(config)) == wanted, "own_name_moved_away_total", f"exit {ended.code}: {said(ended.err)}")


def has_magic(config, name):
    with open(os.path.join(journal_of(config), name), "rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def other_programs(folder, config, wanted):
    halfway(folder)
    configure(config, os.path.join(folder, "cohort"), run=RUN.replace("true", "false"))
    contents = {"notes.txt": b"do not delete\n", "rank_000009.journal": b"a journal of something else\n", "rank_1.journal": b""}
    for name, content in contents.items():
        with open(os.path.join(journal_of(config), name), "wb") as file:
            file.write(content)
    os.mkdir(os.path.join(journal_of(config), "folder"))
    ended = eveil("run", config, ranks=2)
    check(ended.code == 0 and total(store_of(config)) == wanted, "other_programs_total", f"exit {ended.code}: {said(ended.err)}")
    unnamed = [name for name in [*contents, "folder"] if f"{name}: not a journal, left alone" not in ended.err]
    check(not unnamed, "other_programs_are_named", f"{unnamed}: {ended.err}")
    left = sorted(os.listdir(journal_of(config))) if os.path.isdir(journal_of(config)) else []
    same = left == sorted([*contents, "folder"]) and all(open(os.path.join(journal_of(config), n), "rb").read() == c for n, c in contents.items())
    check(same, "other_programs_are_left_alone", f"{left}")


need("mpirun")
with scratch() as place:
    cfg, quiet_total = prepare(place)
    damaged(place, cfg, quiet_total)
    damaged_while_complete(place, cfg, quiet_total)
    lost_journal(place, cfg, quiet_total)
    other_programs(place, cfg, quiet_total)
done()

"""The I-CARE cohort as headers: its patients, recordings and hours from the manifest; rates and lengths synthesised so that
they sum to the hours of the set, no samples."""
import csv
import gzip
import shutil

from figures import DATA, SCRATCH
from sparse_edf import TEN_TWENTY, sparse_edf

TABLE = DATA / "icare" / "unofficial_phase_metadata.csv.gz"
HOURS = 57000
RATES_HZ = (200, 250, 256, 500, 512)


def cohort(name):
    """Its folder, the numbers of recordings and of subjects."""
    root = SCRATCH / name
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    with gzip.open(TABLE, "rt") as file:
        rows = list(csv.DictReader(file))
    labels, mean_s = [f"EEG {label}-Ref" for label in TEN_TWENTY], 3600 * HOURS / len(rows)
    with open(root / "recordings.tsv", "w") as out:
        out.write("subject\tsession\tfile\tstart_h\tquality\n")
        for i, row in enumerate(rows):
            file = f"{row['unofficial_phase_record']}.edf"
            spread = 0.5 + i * 0.6180339887 % 1  # evenly from half to one and a half of the mean
            sparse_edf(root / file, labels, RATES_HZ[int(row["subject"]) % len(RATES_HZ)], round(mean_s * spread))
            out.write(f"{row['subject']}\t{row['hour']}\t{file}\t{row['hour']}\t{row['quality']}\n")
    subjects = sorted({row["subject"] for row in rows})
    (root / "participants.tsv").write_text("participant_id\toutcome\n" + "".join(f"{s}\tn/a\n" for s in subjects))
    return root, len(rows), len(subjects)
